//! A load of calls for tests that ask whether others notice something. It speaks RFC 3261 over real sockets, one thread for
//! both ends; it knows nothing of the server but its address, and it is no benchmark.
//!
//! Every call is INVITE, 180, 200, ACK, BYE, 200. A message that is lost is sent again as RFC 3261 says, and counted.

mod callee;
mod caller;
mod engine;
mod report;
mod timers;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use self::callee::respond;
pub use self::report::{Gate, Report, drops_of};

use self::engine::Engine;
use self::wire::Wires;

/// A handler that routes the calls of a [`Load`]: it stays in the dialog and forwards everything to its Request-URI.
pub const ROUTE: &str = r#"
from siphon import proxy


@proxy.on_request("INVITE|BYE")
def route_the_load(request):
    if request.in_dialog:
        request.loose_route()
    else:
        request.record_route()
    request.relay()
"#;

/// What the calls are like. Begin with [`Load::udp`] or [`Load::tcp`].
#[derive(Clone, Debug)]
pub struct Load {
    server: SocketAddr,
    over_tcp: bool,
    calls: Option<u64>,
    per_second: Option<u32>,
    at_once: usize,
    ring: Duration,
    hold: Duration,
    t1: Duration,
    gate: Option<GateOrder>,
}

/// Requests whose handlers wait until another request lets them go on.
#[derive(Clone, Debug)]
struct GateOrder {
    waits: String,
    waiting: usize,
    opens: String,
}

impl Load {
    /// Calls over UDP: one socket calls, another is called.
    #[must_use]
    pub fn udp(server: SocketAddr) -> Self {
        Self {
            server,
            over_tcp: false,
            calls: None,
            per_second: None,
            at_once: 20,
            ring: Duration::ZERO,
            hold: Duration::ZERO,
            t1: Duration::from_millis(500),
            gate: None,
        }
    }

    /// Calls over TCP: one connection calls, those that the server opens are called.
    #[must_use]
    pub fn tcp(server: SocketAddr) -> Self {
        Self { over_tcp: true, ..Self::udp(server) }
    }

    /// So many calls; without it, until [`Running::finish`].
    #[must_use]
    pub fn calls(self, calls: u64) -> Self {
        Self { calls: Some(calls), ..self }
    }

    /// So many new calls a second; without it, a new one whenever fewer than [`Load::at_once`] are there.
    #[must_use]
    pub fn per_second(self, calls: u32) -> Self {
        Self { per_second: Some(calls), at_once: 2000, ..self }
    }

    /// The most calls at once.
    #[must_use]
    pub fn at_once(self, calls: usize) -> Self {
        Self { at_once: calls, ..self }
    }

    /// How long a call rings and how long it is held; by default not at all.
    #[must_use]
    pub fn lasting(self, ring: Duration, hold: Duration) -> Self {
        Self { ring, hold, ..self }
    }

    /// The estimate of the round trip: when something is sent again for the first time. A larger one than the usual 500 ms
    /// (RFC 3261 17.1.1.1 allows it) keeps a slow machine from looking like a lossy network.
    #[must_use]
    pub fn t1(self, t1: Duration) -> Self {
        Self { t1, ..self }
    }

    /// Sends `waiting` requests of the method `waits` before the first call, on the same socket. When all calls are over, a
    /// request of the method `opens` is sent, and then both kinds are waited for.
    #[must_use]
    pub fn gate(self, waits: &str, waiting: usize, opens: &str) -> Self {
        Self { gate: Some(GateOrder { waits: waits.to_owned(), waiting, opens: opens.to_owned() }), ..self }
    }

    /// Begins.
    #[must_use]
    pub fn start(self) -> Running {
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        // Here, so that the sockets are open when this returns.
        let wires = if self.over_tcp { Wires::tcp(self.server) } else { Wires::udp(self.server) };
        let thread =
            thread::Builder::new().name("load".to_owned()).spawn(move || Engine::new(self, wires, shared).run());
        Running { progress, thread: thread.unwrap() }
    }

    /// Begins and waits for the end of all ordered calls.
    #[must_use]
    pub fn run(self) -> Report {
        assert!(self.calls.is_some(), "a load without an end has to be ended");
        self.start().finish()
    }
}

/// A load that runs.
pub struct Running {
    progress: Arc<Progress>,
    thread: JoinHandle<Report>,
}

/// What other threads may know of a load.
#[derive(Debug, Default)]
struct Progress {
    started: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    stop: AtomicBool,
}

impl Running {
    /// Calls begun so far.
    #[must_use]
    pub fn started(&self) -> u64 {
        self.progress.started.load(Ordering::SeqCst)
    }

    /// Calls that ended as they should so far.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.progress.completed.load(Ordering::SeqCst)
    }

    /// Waits until `more` calls than now have ended as they should.
    pub fn wait_for(&self, more: u64) {
        let wanted = self.completed() + more;
        crate::wait::until("the calls beside", || {
            assert_eq!(self.progress.failed.load(Ordering::SeqCst), 0, "a call beside failed");
            (self.completed() >= wanted).then_some(())
        });
    }

    /// Begins no calls any more, unless a number was ordered; waits until the others are over.
    #[must_use]
    pub fn finish(self) -> Report {
        self.progress.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}
