//! What shall be done with a request: `reply`, `relay` and `fork` arm it, and the last call wins. It is carried out
//! after the last handler has returned.

use siphon_sip::{ByteStr, Flow, HeaderName, HeaderValue, Method, StatusCode};

use super::Request;
use crate::contact::{Contact, QValue};
use crate::error::ApiError;
use crate::event::Callback;
use crate::headers::one_line;
use crate::outcome::{Fork, ForkTarget, Relay};
use crate::{send_socket, uri};

/// The action so far.
#[derive(Default)]
pub(crate) enum Armed {
    #[default]
    None,
    Reply(ArmedReply),
    /// The answer of `registrar.save`.
    SaveReply(ArmedReply),
    Relay(Box<Relay>),
    Fork(Fork),
}

/// A response that is built when the handlers are done, from the request as it is then.
pub(crate) struct ArmedReply {
    pub(crate) status: StatusCode,
    /// The usual one when there is none.
    pub(crate) reason: Option<ByteStr>,
    pub(crate) reliable: bool,
    /// What belongs to this response alone: challenges, Min-Expires.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl ArmedReply {
    pub(crate) const fn new(status: StatusCode) -> Self {
        Self { status, reason: None, reliable: false, headers: Vec::new() }
    }
}

/// How to relay. The default follows the top Route, else the Request-URI.
#[derive(Clone, Debug, Default)]
pub struct RelayOptions<'a> {
    /// Where to send it, without changing the Request-URI: a URI or a bare `host[:port]`.
    pub next_hop: Option<&'a str>,
    /// Called for every response but 100.
    pub on_reply: Option<Callback>,
    /// Called for a final failure.
    pub on_failure: Option<Callback>,
    /// Overrides `next_hop`.
    pub flow: Option<Flow>,
    /// The listener to send from: `udp:192.0.2.1:5060`.
    pub send_socket: Option<&'a str>,
}

/// How to fork.
#[derive(Clone, Copy, Debug, Default)]
pub struct ForkOptions<'a> {
    /// One after the other, not all at once.
    pub sequential: bool,
    /// The listener to send from: `udp:192.0.2.1:5060`.
    pub send_socket: Option<&'a str>,
}

impl ForkOptions<'_> {
    /// The options for a `strategy` argument: everything but `sequential` means parallel.
    #[must_use]
    pub fn strategy(strategy: &str) -> Self {
        Self { sequential: strategy == "sequential", send_socket: None }
    }
}

/// A branch of a fork.
#[derive(Clone, Debug)]
pub enum Target {
    /// A URI or a bare `host[:port]`.
    Uri(String),
    /// A binding: its Path and its flow go with it.
    Contact(Box<Contact>),
}

impl Request {
    /// Arms a response. `reliable` counts for a 101 to 199 to an INVITE that offered 100rel (RFC 3262); elsewhere it is
    /// warned about and the response is sent unreliably.
    pub fn reply(&self, code: i64, reason: &str, reliable: bool) -> Result<(), ApiError> {
        let status = status(code, 100, 699)?;
        let reason = one_line(reason, "a reason phrase")?;
        let reliable = reliable && self.can_be_reliable(status);
        self.arm(Armed::Reply(ArmedReply { status, reason: Some(reason), reliable, headers: Vec::new() }))
    }

    fn can_be_reliable(&self, status: StatusCode) -> bool {
        let offered = self.with_message(|message| {
            let offers = |name| message.headers().has_option_tag(name, "100rel");
            offers(&HeaderName::Supported) || offers(&HeaderName::Require)
        });
        let possible =
            offered && self.method == Method::Invite && status.is_provisional() && status != StatusCode::TRYING;
        if !possible {
            tracing::warn!(
                target: "siphon::script",
                tenant = %self.context.tenant,
                call_id = %self.context.call_id,
                "reliable=True needs an INVITE that offers 100rel and a code 101 to 199; {status} goes unreliably"
            );
        }
        possible
    }

    /// Arms forwarding to one place.
    pub fn relay(&self, options: RelayOptions<'_>) -> Result<(), ApiError> {
        let RelayOptions { next_hop, on_reply, on_failure, flow, send_socket } = options;
        let next_hop = next_hop.map(uri::parse_target).transpose()?;
        let send_socket = send_socket::resolve(&self.context, send_socket)?;
        self.arm(Armed::Relay(Box::new(Relay { next_hop, flow, send_socket, on_reply, on_failure })))
    }

    /// Arms forwarding to several places. Without a target the request is answered `500 No Targets`.
    pub fn fork(&self, targets: &[Target], options: ForkOptions<'_>) -> Result<(), ApiError> {
        let targets = targets.iter().map(fork_target).collect::<Result<Vec<_>, _>>()?;
        let send_socket = send_socket::resolve(&self.context, options.send_socket)?;
        if targets.is_empty() {
            let reason = Some(ByteStr::from_static("No Targets"));
            return self.arm(Armed::Reply(ArmedReply { reason, ..ArmedReply::new(StatusCode::SERVER_INTERNAL_ERROR) }));
        }
        self.arm(Armed::Fork(Fork { targets, sequential: options.sequential, send_socket }))
    }

    pub(crate) fn arm(&self, armed: Armed) -> Result<(), ApiError> {
        self.edit(|state| {
            state.armed = armed;
            state.armed_at = self.context.next_decision();
            Ok(())
        })
    }

    /// Whether a handler has armed an action.
    #[must_use]
    pub fn has_action(&self) -> bool {
        self.read(|state| state.armed_at > 0)
    }
}

/// The status of a code from a script, within what the verb takes.
pub(crate) fn status(code: i64, low: u16, high: u16) -> Result<StatusCode, ApiError> {
    u16::try_from(code)
        .ok()
        .filter(|code| (low..=high).contains(code))
        .and_then(StatusCode::new)
        .ok_or(ApiError::InvalidStatus { code, low, high })
}

/// A contact's Path outranks its flow, which counts only where this node owns it.
fn fork_target(target: &Target) -> Result<ForkTarget, ApiError> {
    match target {
        Target::Uri(text) => {
            let uri = uri::parse_target(text)?.to_byte_str();
            Ok(ForkTarget { uri, path: Vec::new(), flow: None, q: QValue::ONE })
        }
        Target::Contact(contact) => Ok(ForkTarget {
            uri: contact.uri.clone(),
            path: contact.path.clone(),
            flow: contact.flow.filter(|_| contact.is_local),
            q: contact.preference(),
        }),
    }
}
