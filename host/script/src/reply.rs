//! A response as handlers see it: edited in place, with a gate that decides whether it goes upstream. Not for
//! responses of our own, which [`Request`](crate::Request) builds.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use siphon_sip::{ByteStr, Flow, HeaderName, StatusCode};

use crate::context::{Context, Interface};
use crate::error::ApiError;
use crate::headers::{self, one_line, text};
use crate::request::{address_uri, status};
use crate::uri::ScriptUri;

/// A response of one event. Verbs that change it raise once the outcome was taken or the deadline passed.
pub struct Reply {
    context: Arc<Context>,
    source: Option<Flow>,
    state: Mutex<State>,
}

struct State {
    response: siphon_sip::Response,
    gate: Gate,
    /// The number of the decision that set the gate; 0 when nothing did.
    decided_at: u32,
}

/// What shall become of the response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Gate {
    /// No handler has said.
    #[default]
    Undecided,
    /// `relay`.
    Forward,
    /// `reject`; a later `relay` does not undo it.
    Reject { status: StatusCode, reason: ByteStr },
}

impl Reply {
    /// The response of an event, without our Via. `source` is the way that it came in; `None` for one that we made
    /// ourselves: a timeout, a transport failure.
    #[must_use]
    pub const fn new(context: Arc<Context>, response: siphon_sip::Response, source: Option<Flow>) -> Self {
        let state = State { response, gate: Gate::Undecided, decided_at: 0 };
        Self { context, source, state: Mutex::new(state) }
    }

    /// What its verbs act for.
    #[must_use]
    pub const fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Reads the message with the edits so far. `look` must not call a verb of this reply.
    pub fn with_message<R>(&self, look: impl FnOnce(&siphon_sip::Response) -> R) -> R {
        look(&self.state.lock().response)
    }

    /// The status code.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        self.with_message(|response| response.status().as_u16())
    }

    /// The reason phrase.
    #[must_use]
    pub fn reason(&self) -> String {
        self.with_message(|response| text(response.reason()))
    }

    /// The URI of From: a copy.
    #[must_use]
    pub fn from_uri(&self) -> Option<ScriptUri> {
        self.with_message(|response| address_uri(response.headers().from().ok()?))
    }

    /// The URI of To: a copy.
    #[must_use]
    pub fn to_uri(&self) -> Option<ScriptUri> {
        self.with_message(|response| address_uri(response.headers().to().ok()?))
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> Option<String> {
        self.with_message(|response| response.headers().call_id().as_deref().map(text))
    }

    /// The body; `None` when it is empty.
    #[must_use]
    pub fn body(&self) -> Option<Bytes> {
        self.with_message(|response| Some(response.body().clone()).filter(|body| !body.is_empty()))
    }

    /// Content-Type.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        self.with_message(|response| response.headers().first(&HeaderName::ContentType).map(text))
    }

    /// Whether there is a body whose media type begins so, in any case and without parameters.
    #[must_use]
    pub fn has_body(&self, content_type: &str) -> bool {
        self.with_message(|response| headers::has_body(response.headers(), response.body(), content_type))
    }

    /// The way that it came in; `None` for one that we made ourselves.
    #[must_use]
    pub const fn source(&self) -> Option<Flow> {
        self.source
    }

    /// The address that it came from.
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.source.map(|flow| flow.remote.ip().to_canonical())
    }

    /// The port that it came from.
    #[must_use]
    pub fn source_port(&self) -> Option<u16> {
        self.source.map(|flow| flow.remote.port())
    }

    /// The first line of that name as it stands; names in any case and compact form.
    pub fn header(&self, name: &str) -> Result<Option<String>, ApiError> {
        self.with_message(|response| headers::first(response.headers(), name))
    }

    /// Every value of that name: list headers are split at their commas, others give one value a line.
    pub fn headers(&self, name: &str) -> Result<Vec<String>, ApiError> {
        self.with_message(|response| headers::all(response.headers(), name))
    }

    /// Whether the header is there.
    pub fn has_header(&self, name: &str) -> Result<bool, ApiError> {
        self.with_message(|response| headers::contains(response.headers(), name))
    }

    /// Replaces all values of that name. Via, Content-Length, Max-Forwards, CSeq and Call-ID cannot be written.
    pub fn set_header(&self, name: &str, value: &str) -> Result<(), ApiError> {
        self.edit(|state| headers::set(state.response.headers_mut(), name, value))
    }

    /// Adds the header unless there is one.
    pub fn ensure_header(&self, name: &str, value: &str) -> Result<(), ApiError> {
        self.edit(|state| headers::ensure(state.response.headers_mut(), name, value))
    }

    /// Removes all values of that name.
    pub fn remove_header(&self, name: &str) -> Result<(), ApiError> {
        self.edit(|state| headers::remove(state.response.headers_mut(), name))
    }

    /// Removes every header whose name begins so, in any case. What belongs to the server stays.
    pub fn remove_headers_matching(&self, prefix: &str) -> Result<(), ApiError> {
        self.edit(|state| {
            headers::remove_matching(state.response.headers_mut(), prefix);
            Ok(())
        })
    }

    /// Lets the response go upstream with the edits so far and those to come. Scripts also call it `forward`.
    pub fn relay(&self) -> Result<(), ApiError> {
        self.edit(|state| {
            if !matches!(state.gate, Gate::Reject { .. }) {
                state.gate = Gate::Forward;
                state.decided_at = self.context.next_decision();
            }
            Ok(())
        })
    }

    /// Answers the request with this error instead of a 1xx, and cancels its branches. False, without effect, for a
    /// final response.
    pub fn reject(&self, code: i64, reason: Option<&str>) -> Result<bool, ApiError> {
        let status = status(code, 400, 699)?;
        let reason = one_line(reason.unwrap_or(status.default_reason()), "a reason phrase")?;
        self.edit(|state| {
            if state.response.status().is_final() {
                return Ok(false);
            }
            state.gate = Gate::Reject { status, reason };
            state.decided_at = self.context.next_decision();
            Ok(true)
        })
    }

    /// Whether some handler has let it go upstream.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        self.state.lock().gate == Gate::Forward
    }

    /// What the handlers said, and the number of that decision.
    pub(crate) fn gate(&self) -> (Gate, u32) {
        let state = self.state.lock();
        (state.gate.clone(), state.decided_at)
    }

    fn edit<R>(&self, change: impl FnOnce(&mut State) -> Result<R, ApiError>) -> Result<R, ApiError> {
        self.context.check_granted(Interface::Proxy)?;
        let mut state = self.state.lock();
        self.context.check_writable()?;
        change(&mut state)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_message(|response| write!(f, "<Reply {} {}>", response.status(), response.reason()))
    }
}

#[cfg(test)]
mod tests;
