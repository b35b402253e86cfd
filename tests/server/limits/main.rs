//! Every table when it is full, and peers that try to fill one: what they get, and that nobody else notices.
//!
//! docs/limits.md lists the tables; those that are not here are tested in their crates, which it names.
#![forbid(unsafe_code)]
// Test code: what goes wrong here shall end the test with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod hostile;
mod registrations;
mod scripts;
mod streams;
mod transactions;

use siphon_sip::Response;
use siphon_tests::load::ROUTE;
use siphon_tests::{Load, Setup};

/// A server with this script and [`ROUTE`] before it, so that calls can go on beside.
fn setup(script: &str) -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_siphon"), &format!("{ROUTE}\n{script}"))
}

/// Calls that go on beside a test, a moderate number of them.
fn beside(load: Load) -> Load {
    let moment = std::time::Duration::from_millis(20);
    load.per_second(50).lasting(moment, moment).t1(std::time::Duration::from_secs(2))
}

/// Asserts that it is a 503 that says when to come back.
fn assert_busy(response: &Response) {
    assert_eq!(response.status().as_u16(), 503, "{:?}", response.to_bytes());
    let after = response.headers().retry_after().and_then(Result::ok).map(|after| after.seconds);
    assert!(after.is_some_and(|seconds| seconds > 0), "{:?}", response.to_bytes());
}
