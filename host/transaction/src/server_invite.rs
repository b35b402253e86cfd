//! The INVITE server transaction (RFC 3261 17.2.1, figure 7 of RFC 6026) as a table. It sends and keeps nothing itself:
//! `server.rs` does what the table says.

use siphon_sip::StatusCode;

use crate::server::Action;
use crate::server::Action::{Pass, Release, Repeat, Resend, Send, Stop, TellTimeout, TellTransportFailure, Wait};
use crate::timers::{Pace, Wait as Timer};

/// Where the transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The INVITE came again.
    Invite,
    /// An ACK came.
    Ack,
    /// The user gives a 1xx.
    Provisional,
    /// The user gives a 2xx.
    Success,
    /// The user gives a 3xx to 6xx.
    Failure,
    /// A retransmission of the final is due.
    TimerG,
    /// 64*T1 without an ACK.
    TimerH,
    /// No more ACKs are expected.
    TimerI,
    /// No more INVITEs are expected.
    TimerL,
    /// What was sent last could not be sent.
    TransportError,
}

impl From<StatusCode> for Event {
    fn from(status: StatusCode) -> Self {
        match status.class() {
            1 => Self::Provisional,
            2 => Self::Success,
            _ => Self::Failure,
        }
    }
}

impl State {
    /// The event that the end of this state's wait is.
    pub(crate) const fn wait_over(self) -> Event {
        match self {
            Self::Proceeding | Self::Completed => Event::TimerH,
            Self::Confirmed => Event::TimerI,
            Self::Accepted | Self::Terminated => Event::TimerL,
        }
    }

    /// The state that follows, and what is done on the way.
    pub(crate) const fn on(self, event: Event) -> (Self, &'static [Action]) {
        use Event::{Ack, Failure, Invite, Provisional, Success, TransportError};
        use Event::{TimerG, TimerH, TimerI, TimerL};
        use State::{Accepted, Completed, Confirmed, Proceeding, Terminated};
        match (self, event) {
            // RFC 3261 17.2.1: the most recent provisional quenches the client; before the first one there is none.
            (Proceeding, Invite) => (Proceeding, &[Resend]),
            (Proceeding, Provisional) => (Proceeding, &[Send]),

            // RFC 3261 17.2.1: repeated until the ACK comes.
            (Proceeding, Failure) => (Completed, &[Send, Repeat(Pace::First), Wait(Timer::H)]),
            (Completed, Invite) => (Completed, &[Resend]),
            (Completed, TimerG) => (Completed, &[Resend, Repeat(Pace::DoubledToT2)]),
            (Completed, TimerH) => (Terminated, &[TellTimeout]),
            (Completed, Ack) => (Confirmed, &[Stop, Release, Wait(Timer::I)]),
            (Confirmed, TimerI) => (Terminated, &[]),

            // RFC 6026 7.1: the 2xx and its repetition are the user's; what is left to do is to absorb INVITEs.
            (Proceeding, Success) => (Accepted, &[Stop, Release, Pass, Wait(Timer::L)]),
            (Accepted, Success) => (Accepted, &[Pass]),
            (Accepted, TimerL) => (Terminated, &[]),

            // RFC 6026 7.1: the state stays, so that the INVITE is not taken for a new one.
            (Proceeding | Completed | Accepted, TransportError) => (self, &[TellTransportFailure]),
            // Nothing was sent in this state.
            (Confirmed, TransportError) => (self, &[]),

            // Absorbed. (In `Accepted` the layer hands the ACK to the user.)
            (Accepted, Invite | Ack) | (Confirmed, Invite | Ack) => (self, &[]),
            // An ACK to nothing.
            (Proceeding, Ack) => (self, &[]),
            // A final was given before: there is one only.
            (Completed | Confirmed, Provisional | Success | Failure) | (Accepted, Provisional | Failure) => (self, &[]),
            // Timers that do not run in these states.
            (Proceeding, TimerG | TimerH | TimerI | TimerL)
            | (Completed, TimerI | TimerL)
            | (Confirmed, TimerG | TimerH | TimerL)
            | (Accepted, TimerG | TimerH | TimerI) => (self, &[]),
            // It is destroyed the instant it gets there.
            (
                Terminated,
                Invite | Ack | Provisional | Success | Failure | TimerG | TimerH | TimerI | TimerL | TransportError,
            ) => (self, &[]),
        }
    }
}
