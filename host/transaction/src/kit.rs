//! Simulation for tests: a clock that jumps from deadline to deadline, a wire that loses, doubles and delays, and a
//! journal of all that left and was told, with times. Not for production: nothing here is fast, and its users decide
//! nothing.
//!
//! A [`Bench`] holds one layer, whose peer is the test. A [`Pair`] holds two, with a [`Fate`] for each message between
//! them.
//!
//! ```
//! use siphon_sip::{Method, TransportProtocol};
//! use siphon_transaction::kit::{Fate, Pair};
//!
//! let mut pair = Pair::new(TransportProtocol::Udp);
//! pair.fate("OPTIONS", 1, Fate::Lost);
//! pair.answer(0, 200);
//! pair.send(Method::Options);
//! pair.run_until(1_000);
//! assert_eq!(
//!     pair.journal(),
//!     [(0, "-> OPTIONS lost"), (500, "-> OPTIONS"), (510, "<- 200"), (520, "client told 200")]
//! );
//! ```

mod bench;
mod journal;
mod message;
mod pair;

pub use bench::Bench;
pub use journal::{Journal, label};
pub use message::{MessageKit, response};
pub use pair::{Fate, Pair};

use std::time::Duration;

use siphon_sip::Time;

/// That many milliseconds after the beginning.
#[must_use]
pub fn at(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

/// Milliseconds since the beginning.
#[must_use]
pub const fn millis(time: Time) -> u64 {
    time.as_micros() / 1_000
}
