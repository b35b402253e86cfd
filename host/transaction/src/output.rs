//! What a step of the layer leaves to be done: bytes to send and events for the user. Nothing is done here.

use bytes::Bytes;
use siphon_sip::{Destination, Flow, Response};

use crate::id::{ClientId, Sender, ServerId, User};

/// Outputs in the order in which they arose. The layer only appends; the caller drains.
pub type Outputs = Vec<Output>;

/// One thing to be done.
// As large as a response: see `Event`.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub enum Output {
    /// These bytes leave.
    Send {
        /// One whole message.
        bytes: Bytes,
        /// Where to.
        to: Destination,
        /// Who is told if that fails.
        sender: Sender,
    },
    /// The user of a transaction is told something.
    Event(Event),
}

/// What the user of a transaction is told.
// A response moves from the parser to the user once; a box would be an allocation for each.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub enum Event {
    /// A response that is not a retransmission: every provisional, the first final, every 2xx to an INVITE.
    Response {
        /// The transaction.
        client: ClientId,
        /// Its user.
        user: User,
        /// The response as it was received, our Via on top.
        response: Response,
        /// How it came.
        flow: Flow,
    },
    /// Timer B or F: nothing came in 64*T1. The same as a 408 (RFC 3261 8.1.3.1).
    Timeout {
        /// The transaction, which ends with this.
        client: ClientId,
        /// Its user.
        user: User,
    },
    /// The request, or the ACK of its final response, could not be sent. Before a final response it is the same as a
    /// 503 (RFC 3261 8.1.3.1), after one (an ACK to a non-2xx) there is nothing left to do.
    TransportFailed {
        /// The transaction, which ends with this.
        client: ClientId,
        /// Its user.
        user: User,
    },
    /// The transaction is gone; the last event of a client transaction.
    ClientTerminated {
        /// The transaction.
        client: ClientId,
        /// Its user.
        user: User,
    },
    /// Timer H: the final response to an INVITE was never acknowledged.
    ServerTimeout {
        /// The transaction, which ends with this.
        server: ServerId,
        /// Its user.
        user: User,
    },
    /// A response could not be sent. The transaction goes on (RFC 6026 8.8).
    ServerTransportFailed {
        /// The transaction.
        server: ServerId,
        /// Its user.
        user: User,
    },
    /// The transaction is gone; the last event of a server transaction that was not dropped.
    ServerTerminated {
        /// The transaction.
        server: ServerId,
        /// Its user.
        user: User,
    },
}

/// What a request is to the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Nobody has seen it: the user answers it, through a server transaction or without.
    New,
    /// A retransmission, or the ACK of a non-2xx: done.
    Absorbed,
    /// A new CANCEL; it wants a server transaction of its own.
    Cancel {
        /// The INVITE that it cancels, in whatever state: by its branch (RFC 3261 9.2), else the one unanswered INVITE
        /// with its Call-ID, From tag and CSeq number, as old clients need it.
        invite: Option<ServerId>,
        /// The user of the INVITE.
        user: Option<User>,
    },
    /// An ACK that is not the layer's: to a 2xx, or to nothing that is known.
    Ack {
        /// The INVITE that was answered with the 2xx, as far as branch or Call-ID, From tag and CSeq number tell.
        invite: Option<(ServerId, User)>,
    },
    /// Another transaction has the same Call-ID, From tag and CSeq, and neither a To tag nor our own Via says why: the
    /// same request on two ways (RFC 3261 8.2.2.2). To be answered 482.
    Merged,
}
