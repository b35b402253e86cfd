//! The time that verbs hand on to other ports. Not for timers: see [`Timers`](super::Timers).

use siphon_sip::{Time, UnixTime};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The monotonic clock that the core is driven by.
    fn now(&self) -> Time;

    /// The wall clock, for nonces.
    fn unix(&self) -> UnixTime;
}
