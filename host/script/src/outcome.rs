//! What the handlers of one event decided, as data: the core carries it out. Nothing in here has happened yet.

use std::net::SocketAddr;

use siphon_sip::{ByteStr, Flow, StatusCode, TransportProtocol, Uri};

use crate::contact::QValue;
use crate::event::Callback;
use crate::register::RegisterChange;

/// The one answer to an event.
#[derive(Debug)]
pub enum Outcome {
    /// Every handler returned.
    Decided(Box<Decision>),
    /// A handler failed: nothing that any handler of this event did counts. A request gets the failure policy's answer
    /// (`500 Script Error`); a response, or a failure, goes upstream as it was received.
    Failed(Fault),
}

/// How a handler failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In which way.
    pub kind: FaultKind,
    /// One line for the log.
    pub message: String,
    /// The engine's own account with file and line, when it has one.
    pub traceback: Option<String>,
}

/// The ways in which a handler fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It raised.
    Raised,
    /// It passed its deadline.
    TimedOut,
    /// It met a limit of the engine: a full queue, memory, host calls.
    Limit,
}

/// What the handlers decided, with everything that the core needs to carry it out.
#[derive(Debug)]
pub struct Decision {
    /// What shall be done with the transaction.
    pub action: Action,
    /// The request with the handlers' edits: what a relay or a fork sends on.
    pub message: Box<siphon_sip::Request>,
    /// Whether the script asked for a Record-Route on whatever is sent on, retargets included.
    pub record_route: bool,
    /// The flow that a Route of ours, which `loose_route` took off, names
    /// ([`Identity::open_route`](crate::ports::Identity::open_route)). A relay without a flow and a next hop of its
    /// own, and with no Route left, goes there while the flow lives.
    pub route_flow: Option<Flow>,
    /// What `save`, `expire` and `remove` staged: applied in this order, before the action.
    pub registrations: Vec<RegisterChange>,
    /// The digest user that was verified, or what the script wrote over it.
    pub auth_user: Option<String>,
    /// What shall become of the response; always there for reply and failure events, never for others.
    pub reply: Option<ReplyDecision>,
}

/// What shall become of the response of a reply or failure event.
#[derive(Debug)]
pub enum ReplyDecision {
    /// It goes upstream with the handlers' edits.
    Forward(Box<siphon_sip::Response>),
    /// It goes nowhere. A final one has ended its branch.
    Suppress,
    /// `reply.reject` on a 1xx: this error goes upstream and the branches are cancelled.
    Reject {
        /// From 400 to 699.
        status: StatusCode,
        /// The reason phrase.
        reason: ByteStr,
    },
}

/// What shall be done with the transaction.
#[derive(Debug, Default)]
pub enum Action {
    /// For a new request: no answer at all, and the transaction is freed. For other events: nothing more.
    #[default]
    None,
    /// Answer it.
    Reply(LocalReply),
    /// Answer a REGISTER once the staged changes are applied: [`LocalReply::complete`] makes the response out of the
    /// result of the last of them.
    SaveReply(LocalReply),
    /// Send it on to one place. In a failure event: on the same server transaction.
    Relay(Relay),
    /// Send it on to several places. In a failure event: on the same server transaction. Never empty.
    Fork(Fork),
}

/// A response of our own, complete but for the To-tag, the Server header and, for a reliable one, what RFC 3262 adds.
#[derive(Debug)]
pub struct LocalReply {
    /// The response.
    pub response: siphon_sip::Response,
    /// Whether a 1xx shall be sent reliably. Only ever true for an INVITE that offered 100rel and a 101 to 199.
    pub reliable: bool,
}

/// Where one copy of the request goes. The first of `flow`, `next_hop`, top Route and Request-URI that is there
/// decides.
#[derive(Debug, Default)]
pub struct Relay {
    /// Picks the destination and leaves the Request-URI alone.
    pub next_hop: Option<Uri>,
    /// Overrides `next_hop`.
    pub flow: Option<Flow>,
    /// The listener to send from. Always one of ours; another was warned about and dropped.
    pub send_socket: Option<SendSocket>,
    /// Called for every response but 100; it has a forward gate of its own.
    pub on_reply: Option<Callback>,
    /// Called for a final failure.
    pub on_failure: Option<Callback>,
}

/// Several copies of the request.
#[derive(Debug)]
pub struct Fork {
    /// In the order of the script.
    pub targets: Vec<ForkTarget>,
    /// One after the other, not all at once.
    pub sequential: bool,
    /// The listener to send from. Always one of ours.
    pub send_socket: Option<SendSocket>,
}

/// One branch of a fork.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkTarget {
    /// Becomes the Request-URI.
    pub uri: ByteStr,
    /// Becomes this branch's Route set and outranks `flow`.
    pub path: Vec<ByteStr>,
    /// The flow of the binding, when this node owns it.
    pub flow: Option<Flow>,
    /// The preference of the binding. The list is already in the order that the script wants.
    pub q: QValue,
}

/// A listener of ours as scripts name it: `udp:192.0.2.1:5060`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SendSocket {
    /// The transport protocol.
    pub transport: TransportProtocol,
    /// The bound address.
    pub address: SocketAddr,
}
