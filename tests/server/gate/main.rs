//! Handlers that take their time: what they hold up, which is nothing but their own request.
#![forbid(unsafe_code)]
// Test code: what goes wrong here shall end the test with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod background;
mod deadline;
mod libraries;
mod load;
mod overstaying;
mod switches;

use siphon_tests::Setup;

/// A server with this script, whose handlers have all the time they want.
fn setup(script: &str) -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_siphon"), script)
}

/// Everything in one shard.
fn one_shard(readers: usize) -> String {
    format!("server: {{ shards: 1, readers: {readers} }}\n")
}

/// The script's section with these keys beside its path.
fn script_keys(keys: &str) -> String {
    format!("script: {{ path: route.py, {keys} }}")
}
