//! The INVITE client transaction (RFC 3261 17.1.1, figure 5 of RFC 6026) as a table. It sends and keeps nothing itself:
//! `client.rs` does what the table says.

use siphon_sip::StatusCode;

use crate::client::Action;
use crate::client::Action::{Acknowledge, Release, Repeat, Stop, TellResponse, TellTimeout, TellTransportFailure};
use crate::client::Action::{Transmit, Wait};
use crate::timers::{Pace, Wait as Timer};

/// Where the transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A 1xx.
    Provisional,
    /// A 2xx.
    Success,
    /// A 3xx to 6xx.
    Failure,
    /// A retransmission of the INVITE is due.
    TimerA,
    /// 64*T1 without a response.
    TimerB,
    /// No more retransmissions of the final are expected.
    TimerD,
    /// No more 2xx are expected.
    TimerM,
    /// The user does not care any more.
    Forgotten,
    /// 64*T1 of ringing for nobody.
    Abandoned,
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
    /// What creating the transaction does, in `Calling` (17.1.1.2).
    pub(crate) const START: &'static [Action] = &[Transmit, Repeat(Pace::First), Wait(Timer::B)];

    /// The event that the end of this state's wait is.
    pub(crate) const fn wait_over(self) -> Event {
        match self {
            Self::Calling => Event::TimerB,
            Self::Proceeding => Event::Abandoned,
            Self::Completed => Event::TimerD,
            Self::Accepted | Self::Terminated => Event::TimerM,
        }
    }

    /// The state that follows, and what is done on the way.
    pub(crate) const fn on(self, event: Event) -> (Self, &'static [Action]) {
        use Event::{Abandoned, Failure, Forgotten, Provisional, Success, TransportError};
        use Event::{TimerA, TimerB, TimerD, TimerM};
        use State::{Accepted, Calling, Completed, Proceeding, Terminated};
        match (self, event) {
            // RFC 3261 17.1.1.2: sent again at intervals that double without bound, until anything comes back.
            (Calling, TimerA) => (Calling, &[Transmit, Repeat(Pace::Doubled)]),
            (Calling, TimerB) => (Terminated, &[TellTimeout]),
            (Calling, Provisional) => (Proceeding, &[Stop, TellResponse]),
            (Calling, TransportError) => (Terminated, &[TellTransportFailure]),

            // RFC 3261 17.1.1.2: ringing has no limit here; Timer C is the proxy's, and the user's own patience its
            // own.
            (Proceeding, Provisional) => (Proceeding, &[TellResponse]),
            // RFC 3261 9.1: unless nobody waits for the answer.
            (Proceeding, Forgotten) => (Proceeding, &[Wait(Timer::Abandoned)]),
            (Proceeding, Abandoned) => (Terminated, &[]),

            // RFC 3261 17.1.1.2: the ACK is ours, on reliable transports too.
            (Calling | Proceeding, Failure) => (Completed, &[Stop, Acknowledge, Wait(Timer::D), TellResponse]),
            (Completed, Failure) => (Completed, &[Transmit]),
            (Completed, TimerD) => (Terminated, &[]),
            (Completed, TransportError) => (Terminated, &[TellTransportFailure]),

            // RFC 6026 7.2: every 2xx is the user's, and so is its ACK.
            (Calling | Proceeding, Success) => (Accepted, &[Stop, Release, Wait(Timer::M), TellResponse]),
            (Accepted, Success) => (Accepted, &[TellResponse]),
            (Accepted, TimerM) => (Terminated, &[]),

            // What a peer sends too late or out of turn.
            (Completed, Provisional | Success) | (Accepted, Provisional | Failure) => (self, &[]),
            // The peer has the INVITE: that a copy of it was lost is no news.
            (Proceeding, TransportError) => (self, &[]),
            // Nothing was sent in this state.
            (Accepted, TransportError) => (self, &[]),
            // 64*T1 and Timers D and M bound these anyway.
            (Calling | Completed | Accepted, Forgotten) => (self, &[]),
            // Timers that do not run in these states.
            (Calling, TimerD | TimerM | Abandoned)
            | (Proceeding, TimerA | TimerB | TimerD | TimerM)
            | (Completed, TimerA | TimerB | TimerM | Abandoned)
            | (Accepted, TimerA | TimerB | TimerD | Abandoned) => (self, &[]),
            // It is destroyed the instant it gets there.
            (
                Terminated,
                Provisional | Success | Failure | TimerA | TimerB | TimerD | TimerM | Forgotten | Abandoned
                | TransportError,
            ) => (self, &[]),
        }
    }
}
