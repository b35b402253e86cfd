//! The non-INVITE client transaction (RFC 3261 17.1.2, figure 6) as a table. It sends and keeps nothing itself:
//! `client.rs` does what the table says.

use siphon_sip::StatusCode;

use crate::client::Action;
use crate::client::Action::{Release, Repeat, Stop, TellResponse, TellTimeout, TellTransportFailure, Transmit, Wait};
use crate::timers::{Pace, Wait as Timer};

/// Where the transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A 1xx.
    Provisional,
    /// A 2xx to 6xx.
    Final,
    /// A retransmission of the request is due.
    TimerE,
    /// 64*T1 without a final response.
    TimerF,
    /// No more retransmissions of the final are expected.
    TimerK,
    /// What was sent last could not be sent.
    TransportError,
}

impl From<StatusCode> for Event {
    fn from(status: StatusCode) -> Self {
        match status.class() {
            1 => Self::Provisional,
            _ => Self::Final,
        }
    }
}

impl State {
    /// What creating the transaction does, in `Trying` (17.1.2.2).
    pub(crate) const START: &'static [Action] = &[Transmit, Repeat(Pace::First), Wait(Timer::F)];

    /// The event that the end of this state's wait is.
    pub(crate) const fn wait_over(self) -> Event {
        match self {
            Self::Trying | Self::Proceeding => Event::TimerF,
            Self::Completed | Self::Terminated => Event::TimerK,
        }
    }

    /// The state that follows, and what is done on the way. All of it is RFC 3261 17.1.2.2.
    pub(crate) const fn on(self, event: Event) -> (Self, &'static [Action]) {
        use Event::{Final, Provisional, TimerE, TimerF, TimerK, TransportError};
        use State::{Completed, Proceeding, Terminated, Trying};
        match (self, event) {
            (Trying, TimerE) => (Trying, &[Transmit, Repeat(Pace::DoubledToT2)]),
            // A provisional response slows the repetition down and does not end it: the final is not repeated by
            // itself.
            (Proceeding, TimerE) => (Proceeding, &[Transmit, Repeat(Pace::T2)]),
            (Trying | Proceeding, Provisional) => (Proceeding, &[TellResponse]),
            (Trying | Proceeding, Final) => (Completed, &[Stop, Release, Wait(Timer::K), TellResponse]),
            (Trying | Proceeding, TimerF) => (Terminated, &[TellTimeout]),
            // 17.1.4.
            (Trying | Proceeding, TransportError) => (Terminated, &[TellTransportFailure]),
            (Completed, TimerK) => (Terminated, &[]),

            // Retransmissions of what was told already, and a copy of the request that was not needed any more.
            (Completed, Provisional | Final | TransportError) => (self, &[]),
            // Timers that do not run in these states.
            (Trying | Proceeding, TimerK) | (Completed, TimerE | TimerF) => (self, &[]),
            // It is destroyed the instant it gets there.
            (Terminated, Provisional | Final | TimerE | TimerF | TimerK | TransportError) => (self, &[]),
        }
    }
}
