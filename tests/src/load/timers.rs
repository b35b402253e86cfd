//! When something is to be sent again, or to happen at all. Timers are never cancelled: who is no longer interested ignores
//! them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use crate::wait::PATIENCE;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The caller sends its INVITE again, or gives up.
    Invite,
    /// The caller has waited for long enough for a final response.
    Patience,
    /// The caller hangs up.
    HangUp,
    /// The caller sends its BYE again, or gives up.
    Bye,
    /// The callee answers.
    Answer,
    /// The callee sends its 200 again, or gives up.
    Ok,
}

/// The timers of a load.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, u64, Due)>>);

impl Timers {
    pub(super) fn set(&mut self, at: Instant, call: u64, due: Due) {
        self.0.push(Reverse((at, call, due)));
    }

    /// One that is due.
    pub(super) fn next(&mut self, now: Instant) -> Option<(u64, Due)> {
        let Reverse((at, call, due)) = *self.0.peek()?;
        (at <= now).then(|| {
            self.0.pop();
            (call, due)
        })
    }

    pub(super) fn first(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, ..))| *at)
    }
}

/// How often a message is sent again: after T1, then twice as long each time (RFC 3261 17.1.1.2, 17.1.2.2, 13.3.1.4).
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    interval: Duration,
    /// T2, or nothing for an INVITE.
    longest: Option<Duration>,
    give_up: Instant,
}

impl Backoff {
    pub(super) fn invite(now: Instant, t1: Duration) -> Self {
        Self { interval: t1, longest: None, give_up: now + (t1 * 64).min(PATIENCE) }
    }

    pub(super) fn other(now: Instant, t1: Duration) -> Self {
        Self { interval: t1, longest: Some(t1 * 8), give_up: now + (t1 * 64).min(PATIENCE) }
    }

    /// When to send again next; `None`: it has been tried for long enough.
    pub(super) fn next(&mut self, now: Instant) -> Option<Instant> {
        if now >= self.give_up {
            return None;
        }
        let at = now + self.interval;
        let doubled = self.interval * 2;
        self.interval = self.longest.map_or(doubled, |longest| doubled.min(longest));
        Some(at.min(self.give_up))
    }
}
