//! The clocks of the running server. Everything below it is told the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use siphon_script::ports::Clock;
use siphon_sip::{Time, UnixTime};

/// The machine's monotonic clock, counted from the start of the server, and its calendar.
#[derive(Debug)]
pub(crate) struct MonotonicClock {
    start: Instant,
}

impl MonotonicClock {
    /// A clock that begins now.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// How long the server has run.
    #[must_use]
    pub(crate) fn time(&self) -> Time {
        Time::ZERO + self.start.elapsed()
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> Time {
        self.time()
    }

    fn unix(&self) -> UnixTime {
        UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}
