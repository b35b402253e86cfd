//! The `siphon` command as an operator meets it: what it prints, how it ends, how it goes down.
#![forbid(unsafe_code)]
// Test code: what goes wrong here shall end the test with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod command;
mod drain;
mod mistakes;
mod start;

const SIPHON: &str = env!("CARGO_BIN_EXE_siphon");
