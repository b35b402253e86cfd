//! The engine as the server uses it: scripts in files, events over siphon-script's kit, a real CPython.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // clippy.toml allows them in #[test] functions only

mod asynchronous;
mod background;
mod faults;
mod isolation;
mod loading;
mod logging;
mod memory;
mod names;
mod running;
mod support;
mod verbs;
