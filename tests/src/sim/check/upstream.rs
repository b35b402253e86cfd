//! A server transaction of the proxy as its client sees it: one final response, repeated when the request is, and by
//! Timer G. What was forwarded for it is `branch.rs`.

use super::{Invariant, Notes, T1, T2, TIMEOUT, TOLERANCE};
use crate::sim::glance::{Glance, Method, hash};

/// One request that reached the proxy, retransmissions and all.
pub(super) struct Upstream {
    /// A hash of the client's branch.
    pub(super) branch: u64,
    pub(super) method: Method,
    /// The To-tag of the proxy's own responses.
    pub(super) own_tag: Option<u64>,
    /// When it came there was no request that it could have cancelled.
    is_apart: bool,
    vias: usize,
    max_forwards: u32,
    requested_at: u64,
    was_heard: bool,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Open,
    /// A final response to a request that is no INVITE, by a hash of status and To-tag.
    Answered {
        print: u64,
        at: u64,
    },
    /// 2xx to an INVITE.
    Accepted {
        at: u64,
    },
    /// A failure of an INVITE.
    Failed(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failure {
    print: u64,
    at: u64,
    /// When Timer G is due, and its interval.
    due: u64,
    interval: u64,
    is_acknowledged: bool,
}

impl Upstream {
    pub(super) fn new(request: &Glance, method: Method, is_apart: bool, now: u64) -> Self {
        Self {
            branch: request.branch,
            method,
            own_tag: None,
            is_apart,
            vias: request.vias.len(),
            max_forwards: request.max_forwards.unwrap_or(70),
            requested_at: now,
            was_heard: false,
            outcome: Outcome::Open,
        }
    }

    pub(super) const fn requested_again(&mut self, now: u64) {
        self.requested_at = now;
    }

    pub(super) fn is_open(&self) -> bool {
        self.outcome == Outcome::Open
    }

    /// Whether that CANCEL, if it is one, is for it.
    pub(super) fn is_cancelled_by(&self, request: &Glance) -> bool {
        self.is_acknowledged_by(request)
    }

    pub(super) fn is_late_cancel(&self) -> bool {
        self.method == Method::Cancel && self.is_apart
    }

    /// Whether its final response has just been sent for the first time.
    pub(super) fn was_answered_at(&self, now: u64) -> bool {
        match self.outcome {
            Outcome::Open | Outcome::Answered { .. } => false,
            Outcome::Accepted { at } | Outcome::Failed(Failure { at, .. }) => at == now,
        }
    }

    /// Whether that ACK is hop by hop for its failure.
    pub(super) fn is_acknowledged_by(&self, ack: &Glance) -> bool {
        self.method == Method::Invite && self.branch == ack.branch
    }

    /// The ACK of a failure has reached the proxy.
    pub(super) fn acknowledged(&mut self, notes: &mut Notes<'_>) {
        if let Outcome::Failed(failure) = &mut self.outcome
            && !failure.is_acknowledged
        {
            failure.is_acknowledged = true;
            failure.was_repeated_until(notes.now(), notes);
        }
    }

    /// A copy of it has left on a new branch.
    pub(super) fn forwarded(&self, copy: &Glance, notes: &mut Notes<'_>) {
        let is_open = self.outcome == Outcome::Open;
        notes.demand(is_open, Invariant::ForwardedOnce, || format!("it was answered already: {}", copy.summary()));
        let has_hopped = copy.vias.len() == self.vias + 1 && copy.max_forwards == Some(self.max_forwards - 1);
        notes.demand(has_hopped, Invariant::Hops, || format!("Via or Max-Forwards: {}", copy.summary()));
    }

    /// The proxy has sent a response.
    pub(super) fn responded(&mut self, response: &Glance, status: u16, notes: &mut Notes<'_>) {
        notes.demand(response.vias.len() == self.vias, Invariant::Hops, || format!("Via: {}", response.summary()));
        self.was_heard = true;
        if status < 200 {
            let is_allowed = self.method == Method::Invite || status == 100;
            let is_in_time = self.outcome == Outcome::Open;
            return notes.demand(is_allowed && is_in_time, Invariant::OneFinal, || {
                format!("out of place: {}", response.summary())
            });
        }
        let late_timeout = status == 408 && self.method != Method::Invite;
        notes.demand(!late_timeout, Invariant::OneFinal, || format!("too late (RFC 4320 4.2): {}", response.summary()));
        let is_success = (200..300).contains(&status);
        let print = hash(response.text(response.to_tag).as_bytes()) ^ u64::from(status);
        match (self.method, is_success) {
            (Method::Invite, true) => self.accepted(response, notes),
            (Method::Invite, false) => self.refused(response, print, notes),
            _ => self.answered(response, print, notes),
        }
    }

    fn accepted(&mut self, response: &Glance, notes: &mut Notes<'_>) {
        match self.outcome {
            Outcome::Open => self.outcome = Outcome::Accepted { at: notes.now() },
            Outcome::Accepted { .. } => {}
            Outcome::Failed(_) | Outcome::Answered { .. } => {
                notes.find(Invariant::OneFinal, format!("after a failure: {}", response.summary()));
            }
        }
    }

    fn refused(&mut self, response: &Glance, print: u64, notes: &mut Notes<'_>) {
        let now = notes.now();
        match &mut self.outcome {
            Outcome::Open => {
                let failure = Failure { print, at: now, due: now + T1, interval: T1, is_acknowledged: false };
                self.outcome = Outcome::Failed(failure);
            }
            Outcome::Failed(failure) if failure.print == print => {
                if self.requested_at != now {
                    failure.repeated(response, notes);
                }
            }
            _ => notes.find(Invariant::OneFinal, format!("a second final: {}", response.summary())),
        }
    }

    fn answered(&mut self, response: &Glance, print: u64, notes: &mut Notes<'_>) {
        let now = notes.now();
        match self.outcome {
            Outcome::Open => self.outcome = Outcome::Answered { print, at: now },
            Outcome::Answered { print: known, .. } => {
                let is_same = known == print && self.requested_at == now;
                notes.demand(is_same, Invariant::OneFinal, || format!("a second final: {}", response.summary()));
            }
            Outcome::Accepted { .. } | Outcome::Failed(_) => {}
        }
    }

    pub(super) fn ended(&self, may_be_silent: bool, notes: &mut Notes<'_>) {
        let is_invite = self.method == Method::Invite;
        match self.outcome {
            Outcome::Open if is_invite && (self.was_heard || !may_be_silent) => {
                notes.find(Invariant::TransactionsEnd, "an INVITE got no final response".to_owned());
            }
            Outcome::Failed(failure) if !failure.is_acknowledged => {
                failure.was_repeated_until(failure.at + TIMEOUT, notes);
            }
            _ => {}
        }
    }
}

impl Failure {
    /// Timer G, and nothing else, sends it again.
    fn repeated(&mut self, response: &Glance, notes: &mut Notes<'_>) {
        let (now, due) = (notes.now(), self.due);
        let is_due = (due..=due + TOLERANCE).contains(&now) && !self.is_acknowledged && now < self.at + TIMEOUT;
        notes.demand(is_due, Invariant::FinalIsRepeated, || {
            format!("repeated at another time than {due} us: {}", response.summary())
        });
        self.interval = (self.interval * 2).min(T2);
        self.due = now + self.interval;
    }

    fn was_repeated_until(&self, end: u64, notes: &mut Notes<'_>) {
        let (due, end) = (self.due, end.min(self.at + TIMEOUT));
        notes.demand(due + TOLERANCE >= end, Invariant::FinalIsRepeated, || {
            format!("the failure of {} us was not sent again at {due} us", self.at)
        });
    }
}
