//! The server between SIPp scenarios of our own: SIPp judges every message, and both sides must end with exit code 0.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod calls;
mod dialogs;
mod failures;
mod loops;
mod registration;
mod retransmissions;

use std::net::SocketAddr;

use siphon_tests::{ServerProcess, Setup};

const SIPHON: &str = env!("CARGO_BIN_EXE_siphon");

/// The script and the passwords of the residential example.
fn residential() -> ServerProcess {
    let script = include_str!("../../../examples/residential/route.py");
    Setup::new(SIPHON, script).config("auth: { realm: example.com, users: { alice: wonderland } }").start()
}

/// Calls go where their Request-URI says, and stay on their way.
fn relay() -> ServerProcess {
    let script = "
from siphon import proxy

@proxy.on_request
def route(request):
    if request.in_dialog:
        request.loose_route()
    else:
        request.record_route()
    request.relay()
";
    Setup::new(SIPHON, script).start()
}

/// Bob, where he listens.
fn bob(at: SocketAddr) -> String {
    format!("sip:bob@{at}")
}

/// Bob, where he listens by TCP.
fn bob_by_tcp(at: SocketAddr) -> String {
    format!("sip:bob@{at};transport=tcp")
}
