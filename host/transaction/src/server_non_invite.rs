//! The non-INVITE server transaction (RFC 3261 17.2.2, figure 8, as RFC 4320 and RFC 6026 8.8 change it) as a table. It
//! sends and keeps nothing itself: `server.rs` does what the table says.

use siphon_sip::StatusCode;

use crate::server::Action;
use crate::server::Action::{Hold, Release, Resend, Send, Stop, TellTransportFailure, Wait};
use crate::timers::Wait as Timer;

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
    /// The request came again.
    Request,
    /// The user gives a 100, on a reliable transport.
    Trying,
    /// The user gives a 100, on an unreliable transport.
    UnreliableTrying,
    /// The user gives another 1xx.
    Provisional,
    /// The user gives a 2xx to 6xx.
    Final,
    /// The client's Timer E has reached T2, and it has heard nothing yet.
    TryingDue,
    /// No more retransmissions of the request are expected.
    TimerJ,
    /// What was sent last could not be sent.
    TransportError,
    /// The user will give no final.
    GivenUp,
}

impl Event {
    /// What it is that the user gives such a response.
    pub(crate) const fn response(status: StatusCode, reliable: bool) -> Self {
        match (status.as_u16(), reliable) {
            (100, true) => Self::Trying,
            (100, false) => Self::UnreliableTrying,
            (101..=199, _) => Self::Provisional,
            _ => Self::Final,
        }
    }
}

impl State {
    /// What creating the transaction does over an unreliable transport, in `Trying` (RFC 4320 4.1).
    pub(crate) const START: &'static [Action] = &[Wait(Timer::Trying)];

    /// The event that the end of this state's wait is.
    pub(crate) const fn wait_over(self) -> Event {
        match self {
            Self::Trying | Self::Proceeding => Event::TryingDue,
            Self::Completed | Self::Terminated => Event::TimerJ,
        }
    }

    /// The state that follows, and what is done on the way.
    pub(crate) const fn on(self, event: Event) -> (Self, &'static [Action]) {
        use Event::{Final, GivenUp, Provisional, Request, TimerJ, TransportError, TryingDue, UnreliableTrying};
        use State::{Completed, Proceeding, Terminated, Trying};
        match (self, event) {
            // RFC 3261 17.2.2: discarded until there is something to answer with.
            (Trying, Request) => (Trying, &[]),
            // RFC 4320 4.1: over UDP not before the client's Timer E has reached T2, and then in any case.
            (Trying, UnreliableTrying) => (Trying, &[Hold]),
            (Trying, TryingDue) => (Proceeding, &[Stop, Resend]),
            (Trying, Event::Trying) | (Proceeding, Event::Trying | UnreliableTrying) => (Proceeding, &[Send]),
            // RFC 4320 4.1: no provisional but a 100, ever.
            (Trying | Proceeding, Provisional) => (self, &[]),

            // RFC 3261 17.2.2.
            (Proceeding | Completed, Request) => (self, &[Resend]),
            (Trying | Proceeding, Final) => (Completed, &[Stop, Send, Wait(Timer::J)]),
            (Completed, TimerJ) => (Terminated, &[]),
            (Completed, Event::Trying | UnreliableTrying | Provisional | Final | GivenUp) => (self, &[]),

            // RFC 4320 4.2: a request that cannot be answered in time is never answered. A copy of it that comes later
            // must not be taken for a new one.
            (Trying | Proceeding, GivenUp) => (Completed, &[Stop, Release, Wait(Timer::J)]),

            // RFC 6026 8.8 changes RFC 3261 17.2.4 for every server transaction: the state stays.
            (Proceeding | Completed, TransportError) => (self, &[TellTransportFailure]),
            // Nothing was sent in this state.
            (Trying, TransportError) => (self, &[]),

            // Timers that do not run in these states.
            (Proceeding | Completed, TryingDue) | (Trying | Proceeding, TimerJ) => (self, &[]),
            // It is destroyed the instant it gets there.
            (
                Terminated,
                Request
                | Event::Trying
                | UnreliableTrying
                | Provisional
                | Final
                | TryingDue
                | TimerJ
                | TransportError
                | GivenUp,
            ) => (self, &[]),
        }
    }
}
