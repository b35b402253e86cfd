//! What whole-server tests are written with: a server process, phones on plain sockets, SIPp and softphones.
//!
//! It is no test by itself: those that need the `siphon` executable are targets of the `siphon` package (tests/server).
#![forbid(unsafe_code)]
// Test code: what goes wrong here shall end the test with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

pub mod door;
pub mod load;
pub mod peers;
pub mod phone;
pub mod ports;
pub mod server;
pub mod sim;
pub mod sipp;
pub mod softphone;
pub mod wait;

pub use door::Door;
pub use load::Load;
pub use phone::Phone;
pub use server::{ServerProcess, Setup};
