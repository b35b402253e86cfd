//! The oracle: what RFC 3261 asks of a proxy, checked on the wire alone while the datagrams pass. It sees what reaches
//! the proxy and what leaves it, knows nothing of what is inside, and keeps no datagram.

mod ack;
mod branch;
mod invariant;
mod upstream;

use std::net::SocketAddr;

use siphon_sip::Time;

pub use invariant::{Invariant, Violation};

use super::glance::{Glance, Method, Start, hash};
use super::plan::{Decision, Plan};
use super::report::Tally;
use ack::Acknowledgements;
use branch::Branch;
pub(super) use invariant::Faults;
use upstream::Upstream;

/// The timers of the proxy, as it is configured, in microseconds.
pub(super) const T1: u64 = 500_000;
pub(super) const T2: u64 = 4_000_000;
pub(super) const TIMEOUT: u64 = 64 * T1;
pub(super) const TIMER_C: u64 = 185_000_000;
/// What a timer wheel with a tick of a millisecond may be late.
pub(super) const TOLERANCE: u64 = 2_500;

/// What passed on the wire of one session.
#[derive(Default)]
pub(super) struct Record {
    /// Server transactions of the proxy.
    upstreams: Vec<Upstream>,
    /// Its client transactions, but for CANCELs.
    branches: Vec<Branch>,
    acknowledgements: Acknowledgements,
}

/// Where violations go, with what they all say.
pub(super) struct Notes<'a> {
    pub(super) session: u32,
    pub(super) at: Time,
    pub(super) faults: &'a mut Faults,
}

impl Notes<'_> {
    fn now(&self) -> u64 {
        self.at.as_micros()
    }

    fn find(&mut self, invariant: Invariant, what: String) {
        self.faults.find(invariant, self.session, self.at, what);
    }

    fn demand(&mut self, holds: bool, invariant: Invariant, what: impl FnOnce() -> String) {
        if !holds {
            self.find(invariant, what());
        }
    }
}

impl Record {
    /// A datagram has reached the proxy.
    pub(super) fn delivered(&mut self, message: &Glance, notes: &mut Notes<'_>) {
        match message.start {
            Start::Request { method: Method::Ack, .. } => {
                let failed = self.upstreams.iter_mut().find(|upstream| upstream.is_acknowledged_by(message));
                match failed {
                    Some(upstream) => upstream.acknowledged(notes),
                    None => self.acknowledgements.delivered(message),
                }
            }
            Start::Request { method, .. } => match self.upstream(message.branch, method) {
                Some(upstream) => upstream.requested_again(notes.now()),
                None => self.arrived(message, method, notes.now()),
            },
            Start::Response { status } => {
                let is_it = |branch: &&mut Branch| branch.is(message.branch, message.method);
                if let Some(branch) = self.branches.iter_mut().find(is_it) {
                    branch.answered(message, status, notes);
                }
            }
        }
    }

    /// The proxy has sent a datagram.
    pub(super) fn sent(&mut self, message: &Glance, to: SocketAddr, notes: &mut Notes<'_>) {
        match message.start {
            Start::Request { method: Method::Ack, .. } => self.ack_sent(message, to, notes),
            Start::Request { method: Method::Cancel, .. } => self.cancel_sent(message, to, notes),
            Start::Request { method, .. } => self.request_sent(message, method, to, notes),
            Start::Response { status } => self.response_sent(message, status, notes),
        }
    }

    /// What the proxy sent could not be sent, or came to nobody: that branch is over.
    pub(super) fn failed(&mut self, message: &Glance) {
        if let Some(branch) = self.branches.iter_mut().find(|branch| branch.is(message.branch, message.method)) {
            branch.fail();
        }
    }

    /// The proxy has done all that follows from what happened last.
    pub(super) fn settled(&mut self, notes: &mut Notes<'_>) {
        for branch in &mut self.branches {
            branch.settled(notes);
        }
        let now = notes.now();
        for upstream in self.upstreams.iter().filter(|upstream| upstream.was_answered_at(now)) {
            for branch in self.branches.iter().filter(|branch| branch.under == upstream.branch) {
                branch.must_be_cancelled(notes);
            }
        }
    }

    /// Nothing has happened for so long that everything must be over.
    pub(super) fn ended(&self, plan: &Plan, tally: &mut Tally, notes: &mut Notes<'_>) {
        let may_be_silent = plan.routing.decision == Decision::Drop;
        tally.server_transactions += self.upstreams.len() as u64;
        tally.client_transactions += self.branches.iter().map(Branch::transactions).sum::<u64>();
        for upstream in &self.upstreams {
            upstream.ended(may_be_silent, notes);
        }
        for branch in &self.branches {
            branch.ended(notes);
        }
        self.acknowledgements.ended(notes);
    }

    /// A request has come for the first time.
    fn arrived(&mut self, message: &Glance, method: Method, now: u64) {
        let invite = self.upstreams.iter().find(|other| other.is_cancelled_by(message));
        let is_apart = invite.is_none_or(|invite| !invite.is_open());
        self.upstreams.push(Upstream::new(message, method, is_apart, now));
    }

    fn upstream(&mut self, branch: u64, method: Method) -> Option<&mut Upstream> {
        self.upstreams.iter_mut().find(|upstream| (upstream.branch, upstream.method) == (branch, method))
    }

    fn request_sent(&mut self, message: &Glance, method: Method, to: SocketAddr, notes: &mut Notes<'_>) {
        if let Some(branch) = self.branches.iter_mut().find(|branch| branch.is(message.branch, method)) {
            return branch.sent_again(message, notes);
        }
        let branch = Branch::new(message, method, to, notes.now());
        let is_own = message.vias.len() == 1;
        if is_own {
            // The BYE of a dialog that nobody wants is the one request that a proxy makes itself.
            notes.demand(method == Method::Bye, Invariant::ForwardedOnce, || {
                format!("out of nothing: {}", message.summary())
            });
        } else {
            self.forwarded(&branch, message, notes);
        }
        self.branches.push(branch);
    }

    /// A request leaves on a new branch.
    fn forwarded(&mut self, branch: &Branch, message: &Glance, notes: &mut Notes<'_>) {
        let is_copy = |other: &Branch| {
            (other.under, other.method, other.uri, other.to) == (branch.under, branch.method, branch.uri, branch.to)
        };
        let is_repeated = self.branches.iter().any(is_copy);
        notes.demand(!is_repeated, Invariant::ForwardedOnce, || {
            format!("it went there already, with another branch: {}", message.summary())
        });
        match self.upstream(branch.under, branch.method) {
            Some(upstream) => upstream.forwarded(message, notes),
            None => notes.find(Invariant::ForwardedOnce, format!("nobody has sent it: {}", message.summary())),
        }
    }

    fn cancel_sent(&mut self, message: &Glance, to: SocketAddr, notes: &mut Notes<'_>) {
        let invite = self.branches.iter_mut().find(|branch| branch.is(message.branch, Method::Invite));
        match invite {
            Some(invite) => invite.cancelled(message, to, notes),
            None => {
                notes.find(Invariant::CancelMatchesInvite, format!("no INVITE has its branch: {}", message.summary()))
            }
        }
    }

    fn ack_sent(&mut self, message: &Glance, to: SocketAddr, notes: &mut Notes<'_>) {
        match self.branches.iter_mut().find(|branch| branch.is(message.branch, Method::Invite)) {
            Some(invite) => invite.acknowledged(message, to, notes),
            None => self.acknowledgements.sent(message, notes),
        }
    }

    fn response_sent(&mut self, message: &Glance, status: u16, notes: &mut Notes<'_>) {
        let (branch, method) = (message.branch, message.method);
        let tag = message.text(message.to_tag);
        if status > 100 && !tag.is_empty() && !tag.starts_with("ua-") {
            self.own_tag_used(branch, hash(tag.as_bytes()), message, notes);
        }
        match self.upstream(branch, method) {
            Some(upstream) => upstream.responded(message, status, notes),
            None => notes.find(Invariant::OneFinal, format!("nobody has asked: {}", message.summary())),
        }
        if method == Method::Invite && (200..300).contains(&status) && !tag.starts_with("ua-") {
            self.acknowledgements.expect_own(message.cseq);
        }
    }

    /// One tag for all responses that the proxy makes to a request (RFC 3261 8.2.6.2); and for those to its CANCEL
    /// (9.2), unless nothing was left to be cancelled.
    fn own_tag_used(&mut self, branch: u64, tag: u64, message: &Glance, notes: &mut Notes<'_>) {
        let is_apart = self.upstreams.iter().any(|upstream| upstream.branch == branch && upstream.is_late_cancel());
        for upstream in self.upstreams.iter_mut().filter(|upstream| upstream.branch == branch) {
            if is_apart && upstream.method != message.method {
                continue;
            }
            let known = *upstream.own_tag.get_or_insert(tag);
            notes.demand(known == tag, Invariant::OneOwnTag, || {
                format!("another To-tag than before: {}", message.summary())
            });
        }
    }
}
