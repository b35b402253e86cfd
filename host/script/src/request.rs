//! A request as handlers see it: one object for all handlers of an event, edited in place, with the action that was
//! armed last. Nothing is sent from here: [`Request::finish`] makes a [`Decision`](crate::Decision) of it.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use siphon_sip::{ByteStr, Flow, Method};

use crate::context::{Context, Interface};
use crate::error::ApiError;

mod action;
mod body;
mod finish;
mod headers;
mod identity;
mod local_reply;
mod properties;
mod routing;

pub(crate) use action::{Armed, ArmedReply, status};
pub use action::{ForkOptions, RelayOptions, Target};
pub use local_reply::ALLOW;
use local_reply::ReplyEdit;
pub(crate) use properties::address_uri;

/// A request of one event. Verbs that change it raise once the outcome was taken or the deadline passed; it can be read
/// for as long as somebody holds it.
pub struct Request {
    context: Arc<Context>,
    flow: Flow,
    method: Method,
    received_uri: ByteStr,
    state: Mutex<State>,
}

/// What handlers change.
pub(crate) struct State {
    pub(crate) message: siphon_sip::Request,
    pub(crate) armed: Armed,
    /// The number of the decision that armed it; 0 when nothing was.
    pub(crate) armed_at: u32,
    pub(crate) auth_user: Option<String>,
    /// The realm that `auth_user` was verified for, unless the script wrote it.
    pub(crate) auth_realm: Option<String>,
    record_route: bool,
    consumed_routes: Vec<ByteStr>,
    route_flow: Option<Flow>,
    reply_edits: Vec<ReplyEdit>,
}

impl Request {
    /// The request of an event: `message` as it was received on `flow`.
    #[must_use]
    pub fn new(context: Arc<Context>, message: siphon_sip::Request, flow: Flow) -> Self {
        let (method, received_uri) = (message.method().clone(), message.uri().clone());
        let state = State {
            message,
            armed: Armed::None,
            armed_at: 0,
            auth_user: None,
            auth_realm: None,
            record_route: false,
            consumed_routes: Vec::new(),
            route_flow: None,
            reply_edits: Vec::new(),
        };
        Self { context, flow, method, received_uri, state: Mutex::new(state) }
    }

    /// The same with the digest user that an earlier event of the transaction verified.
    #[must_use]
    pub fn with_auth_user(self, user: Option<String>) -> Self {
        self.state.lock().auth_user = user;
        self
    }

    /// What its verbs act for.
    #[must_use]
    pub const fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The way that it came in.
    #[must_use]
    pub const fn flow(&self) -> Flow {
        self.flow
    }

    /// Reads the message with the edits so far. `look` must not call a verb of this request.
    pub fn with_message<R>(&self, look: impl FnOnce(&siphon_sip::Request) -> R) -> R {
        look(&self.state.lock().message)
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.state.lock())
    }

    /// Changes the state, when it still may be changed. A change that fails must have changed nothing.
    pub(crate) fn edit<R>(&self, change: impl FnOnce(&mut State) -> Result<R, ApiError>) -> Result<R, ApiError> {
        self.context.check_granted(Interface::Proxy)?;
        let mut state = self.state.lock();
        self.context.check_writable()?;
        change(&mut state)
    }

    pub(crate) fn typed_method(&self) -> &Method {
        &self.method
    }

    pub(crate) const fn received_uri(&self) -> &ByteStr {
        &self.received_uri
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Request {} {}>", self.method, self.received_uri)
    }
}

#[cfg(test)]
mod tests;
