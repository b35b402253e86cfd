//! A clock that stands still until the test moves it.

use std::time::Duration;

use parking_lot::Mutex;
use siphon_sip::{Time, UnixTime};

use crate::ports::Clock;

/// A clock that stands still; it begins at 2023-11-14 22:13:20 UTC.
#[derive(Debug, Default)]
pub struct KitClock(Mutex<Time>);

const BEGINNING: u64 = 1_700_000_000;

impl KitClock {
    /// Moves the time on.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock();
        *now = *now + by;
    }
}

impl Clock for KitClock {
    fn now(&self) -> Time {
        *self.0.lock()
    }

    fn unix(&self) -> UnixTime {
        UnixTime(BEGINNING + self.now().as_micros() / 1_000_000)
    }
}
