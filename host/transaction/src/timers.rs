//! The timers of one transaction: a repetition and a wait, in one entry of the wheel. Which of them runs in which state
//! is the business of the four machines.

use std::time::Duration;

use siphon_sip::Time;

use crate::config::TransactionConfig;
use crate::wheel::{TimerId, TimerWheel};

/// Whose entry of the wheel it is: a slot number. A transaction that ends takes its entry along, so no generation is
/// needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Client(u32),
    Server(u32),
}

/// A timer that ends a state, by its letter in RFC 3261 table 4 and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// No response to an INVITE.
    B,
    /// Retransmissions of an INVITE's final, at the client.
    D,
    /// No final response to a non-INVITE.
    F,
    /// No ACK.
    H,
    /// Further ACKs.
    I,
    /// Retransmissions of a non-INVITE.
    J,
    /// Retransmissions of a non-INVITE's final.
    K,
    /// Retransmissions of an INVITE that was accepted.
    L,
    /// Further 2xx to an INVITE.
    M,
    /// RFC 4320 4.1: a non-INVITE request that waits for its first response.
    Trying,
    /// An INVITE that rings although nobody cares any more (RFC 3261 9.1, last paragraph).
    Abandoned,
}

/// How the interval of a repetition (Timers A, E and G) goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// T1.
    First,
    /// Twice the last one: Timer A.
    Doubled,
    /// Twice the last one and at most T2: Timers E and G.
    DoubledToT2,
    /// T2: Timer E after a provisional response.
    T2,
}

/// What has come due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The wait is over.
    Wait,
    /// The time for a retransmission.
    Repeat,
    /// Nothing yet.
    Nothing,
}

const NEVER: Time = Time::from_micros(u64::MAX);

/// The repetition and the wait of one transaction.
#[derive(Debug)]
pub(crate) struct Timers {
    entry: Option<TimerId>,
    repeat_at: Time,
    wait_until: Time,
    /// The interval of the repetition, in milliseconds.
    interval: u32,
    /// Whether the wheel has yet to be told.
    changed: bool,
    reliable: bool,
}

impl Timers {
    /// None runs. Over a reliable transport nothing is ever repeated.
    pub(crate) const fn new(reliable: bool) -> Self {
        Self { entry: None, repeat_at: NEVER, wait_until: NEVER, interval: 0, changed: false, reliable }
    }

    /// Whether the transport delivers by itself.
    pub(crate) const fn is_reliable(&self) -> bool {
        self.reliable
    }

    /// Whether a wait runs.
    pub(crate) fn is_waiting(&self) -> bool {
        self.wait_until != NEVER
    }

    /// Starts the wait, in place of the one before.
    pub(crate) fn wait(&mut self, wait: Wait, config: &TransactionConfig, now: Time) {
        self.wait_until = now + config.wait(wait, self.reliable);
        self.changed = true;
    }

    /// Sets the next repetition, unless the transport is reliable.
    pub(crate) fn repeat(&mut self, pace: Pace, config: &TransactionConfig, now: Time) {
        if self.reliable {
            return;
        }
        let doubled = Duration::from_millis(u64::from(self.interval) * 2);
        let interval = match pace {
            Pace::First => config.t1,
            Pace::Doubled => doubled,
            Pace::DoubledToT2 => doubled.min(config.t2),
            Pace::T2 => config.t2,
        };
        self.interval = u32::try_from(interval.as_millis()).unwrap_or(u32::MAX).max(1);
        self.repeat_at = now + Duration::from_millis(u64::from(self.interval));
        self.changed = true;
    }

    /// Ends both.
    pub(crate) fn stop(&mut self) {
        (self.repeat_at, self.wait_until, self.changed) = (NEVER, NEVER, true);
    }

    /// What is due at `now`; the wait goes before the repetition.
    pub(crate) fn due(&self, now: Time) -> Due {
        if self.wait_until <= now {
            Due::Wait
        } else if self.repeat_at <= now {
            Due::Repeat
        } else {
            Due::Nothing
        }
    }

    /// The wheel has given the entry back.
    pub(crate) fn fired(&mut self) {
        self.entry = None;
        self.changed = true;
    }

    /// Tells the wheel what has changed.
    pub(crate) fn arm(&mut self, wheel: &mut TimerWheel<Owner>, owner: Owner) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        self.disarm(wheel);
        let deadline = self.repeat_at.min(self.wait_until);
        if deadline != NEVER {
            self.entry = Some(wheel.insert(deadline, owner));
        }
    }

    /// Takes the entry out of the wheel: the transaction ends.
    pub(crate) fn disarm(&mut self, wheel: &mut TimerWheel<Owner>) {
        if let Some(entry) = self.entry.take() {
            wheel.cancel(entry);
        }
    }
}
