//! One branch of a forwarded request: its targets, its client transaction, its end. What its responses mean for the
//! whole is in `responses.rs`.

use std::collections::VecDeque;
use std::net::SocketAddr;

use siphon_script::{Callback, SendSocket};
use siphon_sip::{ByteStr, Destination, Flow, Request, SipUri};
use siphon_transaction::{ClientId, TimerId};

use crate::io::ResolvedTarget;

/// A branch, from its making to its final response.
pub(crate) struct Branch {
    pub(super) state: BranchState,
    /// The transaction of the target that is tried now.
    pub(super) client: Option<ClientId>,
    /// What is sent: with our Via and Record-Route while there is a transaction. Gone once the branch has ended.
    pub(super) request: Option<Box<Request>>,
    /// The Record-Route lines of ours in it.
    pub(super) record_routes: usize,
    /// The branch parameter of our Via.
    pub(super) id: ByteStr,
    /// The Request-URI, in a buffer of its own.
    pub(super) uri: ByteStr,
    pub(super) destination: Option<Destination>,
    /// What to try when the current target fails, in order.
    pub(super) targets: VecDeque<Target>,
    pub(super) send_socket: Option<SendSocket>,
    pub(super) on_reply: Option<Callback>,
    pub(super) cancel: Cancel,
    /// Timer C ran out: its end is a timeout, whatever it answers to the CANCEL.
    pub(super) gave_up: bool,
    /// A 2xx came on it.
    pub(super) succeeded: bool,
    /// Timer C, or the limit for the answer to a CANCEL.
    pub(super) timer: Option<TimerId>,
}

/// How far a branch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchState {
    /// Its target's name is being resolved.
    Resolving,
    /// It was sent, nothing came back.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// The final response is with the script.
    Judged,
    /// It has nothing more to say, but for late 2xx.
    Ended,
}

/// Whether the branch is being cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    /// It is not.
    No,
    /// As soon as a provisional response comes (RFC 3261 9.1).
    Wanted,
    /// The CANCEL was sent.
    Sent,
}

/// One place to send a branch to.
#[derive(Debug)]
pub(super) enum Target {
    /// The way that something came in.
    Flow(Flow),
    /// What a URI stands for.
    Uri(Box<SipUri>),
    /// An address that a name stands for.
    Address(ResolvedTarget),
    /// Over UDP although the request is large: TCP was tried before (RFC 3261 18.1.1).
    Datagram(SocketAddr),
}

impl Branch {
    pub(super) const fn is_active(&self) -> bool {
        !matches!(self.state, BranchState::Ended)
    }

    /// Whether its transaction waits for a final response.
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.state, BranchState::Resolving | BranchState::Calling | BranchState::Proceeding)
    }

    /// It has nothing more to say; what it held is given back.
    pub(super) fn end(&mut self) {
        self.state = BranchState::Ended;
        self.request = None;
        self.targets = VecDeque::new();
        self.on_reply = None;
    }
}
