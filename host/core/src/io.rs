//! What goes into a shard and what comes out of it. The values only; who makes the sends and runs the scripts is the
//! server.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use siphon_script::{Event, EventId, Generation, Outcome};
use siphon_sip::{ByteStr, Destination, Flow, Message, Method, TransportProtocol};

/// Something that happened. Timers are not here: they are due inside [`Shard::advance`](crate::Shard::advance).
///
/// A message is the common case and moves once: boxing it would cost an allocation for each.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Input {
    /// A message whose Call-ID belongs to this shard, as it was parsed.
    Message {
        /// The message.
        message: Message,
        /// How it came in.
        flow: Flow,
    },
    /// What the script made of an [`Output::Run`].
    Outcome {
        /// The event's id.
        id: EventId,
        /// What the handlers decided.
        outcome: Outcome,
    },
    /// The answer to an [`Output::Resolve`].
    Resolved {
        /// The question's ticket.
        ticket: ResolveTicket,
        /// Where to send, the best first; never an empty list.
        targets: Result<Vec<ResolvedTarget>, ResolveFailure>,
    },
    /// The transport could not deliver something that this shard sent.
    SendFailed {
        /// The tag of the [`Output::Send`].
        tag: SendTag,
    },
    /// ICMP: a datagram came to nobody.
    Unreachable {
        /// The branch of the datagram's topmost Via.
        branch: ByteStr,
        /// The method of the datagram; `None` when it was a response.
        method: Option<Method>,
    },
}

/// Something to be done.
#[derive(Debug)]
pub enum Output {
    /// Give these bytes to the transport, in this order with the other sends.
    Send {
        /// A whole message.
        bytes: Bytes,
        /// Where it goes.
        to: Destination,
        /// What a failure is reported with.
        tag: SendTag,
    },
    /// Resolve a name (RFC 3263). Literal addresses are never asked for.
    Resolve {
        /// What the answer comes with.
        ticket: ResolveTicket,
        /// The name and what is known about it.
        query: ResolveQuery,
    },
    /// Run the handlers of this generation on this event, with the shard given up.
    Run {
        /// What happened.
        event: Event,
        /// Whose handlers.
        generation: Arc<Generation>,
    },
}

/// Names a send. 0 means that nobody wants to hear of a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SendTag(pub u64);

impl SendTag {
    /// Nobody wants to hear of a failure.
    pub const NOBODY: Self = Self(0);
}

/// Names a question to the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResolveTicket {
    /// The shard that asks.
    pub shard: u16,
    /// What it asks for.
    pub key: u64,
}

/// A host name to be resolved by RFC 3263 section 4, and what the URI said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveQuery {
    /// The name, without brackets or a final dot.
    pub host: String,
    /// The port, if one was written: then no SRV is asked.
    pub port: Option<u16>,
    /// The transport, if one was written or follows from the scheme: then no NAPTR is asked.
    pub transport: Option<TransportProtocol>,
    /// Whether only a protected transport will do: the URI is a `sips`.
    pub secure: bool,
}

/// One address that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// The transport to speak there.
    pub transport: TransportProtocol,
    /// Address and port.
    pub address: SocketAddr,
}

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveFailure {
    /// The resolver says that there is none.
    #[error("the name does not exist or has no address")]
    NotFound,
    /// The resolver did not answer in time.
    #[error("the resolver did not answer in time")]
    TimedOut,
    /// The resolver failed in another way, or has too much to do.
    #[error("the resolver failed")]
    Failed,
}
