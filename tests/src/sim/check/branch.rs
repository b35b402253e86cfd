//! A client transaction of the proxy as its server sees it: sent again until it is answered, acknowledged, cancelled,
//! ended by Timer C.

use std::net::SocketAddr;

use super::{Invariant, Notes, T1, T2, TIMEOUT, TIMER_C, TOLERANCE};
use crate::sim::glance::{Glance, Method, hash};

/// One request that the proxy has sent, retransmissions and all; for an INVITE with its CANCEL.
pub(super) struct Branch {
    /// A hash of the branch of the proxy's Via, and of the one under it.
    id: u64,
    pub(super) under: u64,
    pub(super) method: Method,
    pub(super) uri: u64,
    pub(super) to: SocketAddr,
    pub(super) began_at: u64,
    cseq: u32,
    print: u64,
    /// When Timer A or E is due, and its interval.
    due: u64,
    interval: u64,
    /// When the first response came, of any kind.
    heard_at: Option<u64>,
    /// When Timer C began to run for the last time.
    ringing_since: Option<u64>,
    outcome: Outcome,
    cancelled_at: Option<u64>,
    /// The transport said that it is in vain.
    has_failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Open,
    /// A final response that needs no ACK of this hop.
    Answered,
    /// A failure of an INVITE, by a hash of its To-tag; and whether a copy of it waits for its ACK.
    Failed {
        tag: u64,
        at: u64,
        owes_ack: bool,
    },
}

impl Branch {
    pub(super) fn new(request: &Glance, method: Method, to: SocketAddr, now: u64) -> Self {
        Self {
            id: request.branch,
            under: request.under,
            method,
            uri: hash(request.uri().as_bytes()),
            to,
            began_at: now,
            cseq: request.cseq,
            print: hash(request.bytes()),
            due: now + T1,
            interval: T1,
            heard_at: None,
            ringing_since: None,
            outcome: Outcome::Open,
            cancelled_at: None,
            has_failed: false,
        }
    }

    pub(super) fn is(&self, branch: u64, method: Method) -> bool {
        (self.id, self.method) == (branch, method)
    }

    /// Its own and that of its CANCEL.
    pub(super) fn transactions(&self) -> u64 {
        1 + u64::from(self.cancelled_at.is_some())
    }

    pub(super) const fn fail(&mut self) {
        self.has_failed = true;
    }

    /// Timers A and E.
    pub(super) fn sent_again(&mut self, request: &Glance, notes: &mut Notes<'_>) {
        let (now, due) = (notes.now(), self.due);
        let is_invite = self.method == Method::Invite;
        let is_wanted = self.outcome == Outcome::Open && (!is_invite || self.heard_at.is_none());
        let is_due = (due..=due + TOLERANCE).contains(&now) && now < self.began_at + TIMEOUT;
        notes.demand(is_wanted && is_due && !self.has_failed, Invariant::RequestIsRepeated, || {
            format!("sent again at another time than {due} us: {}", request.summary())
        });
        let is_same = self.print == hash(request.bytes());
        notes.demand(is_same, Invariant::RequestIsRepeated, || format!("it has changed: {}", request.summary()));
        self.interval = match (is_invite, self.heard_at) {
            (true, _) => self.interval * 2,
            (false, None) => (self.interval * 2).min(T2),
            (false, Some(_)) => T2,
        };
        self.due = now + self.interval;
    }

    /// A response has reached the proxy.
    pub(super) fn answered(&mut self, response: &Glance, status: u16, notes: &mut Notes<'_>) {
        let now = notes.now();
        if !self.is_alive(now) {
            return;
        }
        let is_invite = self.method == Method::Invite;
        if self.heard_at.is_none() || (!is_invite && self.outcome == Outcome::Open) {
            self.was_repeated_until(now, notes);
        }
        self.heard_at.get_or_insert(now);
        let tag = hash(response.text(response.to_tag).as_bytes());
        match (status, &mut self.outcome) {
            // A 100 starts Timer C and does not prolong it (RFC 3261 16.7 step 2).
            (..200, Outcome::Open) if status != 100 || self.ringing_since.is_none() => self.ringing_since = Some(now),
            (..200, _) => {}
            (300.., Outcome::Open) if is_invite => {
                self.rang_until(now, notes);
                self.outcome = Outcome::Failed { tag, at: now, owes_ack: true };
            }
            (300.., Outcome::Failed { at, owes_ack, .. }) if now + TOLERANCE < *at + TIMEOUT => *owes_ack = true,
            (_, Outcome::Open) => {
                self.rang_until(now, notes);
                self.outcome = Outcome::Answered;
            }
            _ => {}
        }
    }

    /// The proxy has sent an ACK on it.
    pub(super) fn acknowledged(&mut self, ack: &Glance, to: SocketAddr, notes: &mut Notes<'_>) {
        let tag = hash(ack.text(ack.to_tag).as_bytes());
        let is_like_invite = self.is_like(ack, to);
        match &mut self.outcome {
            Outcome::Failed { tag: of, owes_ack, .. } if *of == tag && is_like_invite => *owes_ack = false,
            _ => notes.find(Invariant::FinalIsAcknowledged, format!("it fits no failure: {}", ack.summary())),
        }
    }

    /// The proxy has sent a CANCEL on it.
    pub(super) fn cancelled(&mut self, cancel: &Glance, to: SocketAddr, notes: &mut Notes<'_>) {
        let now = notes.now();
        let is_repeated = self.cancelled_at.is_some();
        let is_in_time = is_repeated || (self.outcome == Outcome::Open && self.heard_at.is_some());
        notes.demand(is_in_time && self.is_like(cancel, to), Invariant::CancelMatchesInvite, || {
            format!("it does not fit its INVITE: {}", cancel.summary())
        });
        if !is_repeated {
            self.rang_until(now, notes);
            self.cancelled_at = Some(now);
        }
    }

    /// Everything that follows from what happened has been done.
    pub(super) fn settled(&mut self, notes: &mut Notes<'_>) {
        if let Outcome::Failed { owes_ack, at, .. } = &mut self.outcome
            && std::mem::take(owes_ack)
        {
            let what = format!("the failure that came first at {at} us was not acknowledged");
            notes.find(Invariant::FinalIsAcknowledged, what);
        }
    }

    /// Its request has been answered.
    pub(super) fn must_be_cancelled(&self, notes: &mut Notes<'_>) {
        let is_open = self.method == Method::Invite && self.ringing_since.is_some() && self.outcome == Outcome::Open;
        notes.demand(!is_open || self.cancelled_at.is_some(), Invariant::OpenBranchesAreCancelled, || {
            format!("the branch of {} us to {} rings on", self.began_at, self.to)
        });
    }

    pub(super) fn ended(&self, notes: &mut Notes<'_>) {
        if self.method == Method::Invite && self.outcome == Outcome::Open && self.cancelled_at.is_none() {
            self.rang_until(u64::MAX, notes);
        }
        if self.heard_at.is_none() {
            self.was_repeated_until(self.began_at + TIMEOUT, notes);
        }
    }

    /// Whether the proxy certainly still has the transaction.
    fn is_alive(&self, now: u64) -> bool {
        let is_recent = |since: u64| now + TOLERANCE < since + TIMEOUT;
        match (self.method, self.heard_at) {
            _ if self.has_failed => false,
            // Ringing lasts as long as Timer C lets it; a CANCEL gives it 64*T1.
            (Method::Invite, Some(_)) => self.cancelled_at.is_none_or(is_recent),
            _ => is_recent(self.began_at),
        }
    }

    fn is_like(&self, other: &Glance, to: SocketAddr) -> bool {
        let is_alone = other.vias.len() == 1;
        is_alone && (self.uri, self.to, self.cseq) == (hash(other.uri().as_bytes()), to, other.cseq)
    }

    /// It must not have rung for longer than Timer C.
    fn rang_until(&self, end: u64, notes: &mut Notes<'_>) {
        let Some(since) = self.ringing_since.filter(|_| self.cancelled_at.is_none()) else { return };
        notes.demand(end <= since + TIMER_C + TOLERANCE, Invariant::TimerC, || {
            format!("the branch of {} us to {} was not cancelled by Timer C", self.began_at, self.to)
        });
    }

    fn was_repeated_until(&self, end: u64, notes: &mut Notes<'_>) {
        let (due, end) = (self.due, end.min(self.began_at + TIMEOUT));
        notes.demand(self.has_failed || due + TOLERANCE >= end, Invariant::RequestIsRepeated, || {
            format!("the {} of {} us to {} was not sent again at {due} us", self.method.name(), self.began_at, self.to)
        });
    }
}
