//! The threads: who reads the sockets, runs the shards and calls the handlers. It decides nothing about SIP.
//!
//! The thread that read a message runs it to its end: parse, shard, handler, send. See docs/decisions/threads.md.

mod admission;
mod counters;
mod ingress;
mod lease;
mod monitor;
mod seat;
mod shards;
mod threads;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use siphon_core::security::Screen;
use siphon_core::{Input, Shard};
use siphon_script::{BackgroundEvent, EventId, Generation, Outcome, OutcomeSink, ScriptEngine};
use siphon_sip::Limits;
use siphon_transport::{Resolver, Seat, Transport};

use self::admission::Admission;
pub(crate) use self::counters::RuntimeCounters;
use self::lease::Tenure;
use self::monitor::Monitor;
use self::seat::SeatSlot;
use self::shards::Shards;
use self::threads::{ThreadGauges, Threads};
use crate::clock::MonotonicClock;
use crate::timers::RunBackground;

/// How large the runtime may grow.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeLimits {
    /// Threads that run handlers, the readers among them (`script.sync_pool_max`). A quarter of them is kept for timers
    /// and changed bindings.
    pub(crate) threads: usize,
    /// Events that may wait for a thread (`script.executor_queue_capacity`); beyond it a request gets 503.
    pub(crate) waiting_events: usize,
    /// Asynchronous handlers that may be waiting for something at once (`script.async_pending_max`); beyond it: 503.
    pub(crate) parked_handlers: usize,
    /// Inputs that may wait for one shard; beyond it a datagram is dropped.
    pub(crate) shard_inbox: usize,
    /// How long events may wait while no handler ends before the process is given up; `None`: for ever.
    pub(crate) stall_abort: Option<Duration>,
    /// Bounds on what is parsed.
    pub(crate) sip: Limits,
}

/// What the runtime is made of.
pub(crate) struct Parts {
    pub(crate) transport: Arc<Transport>,
    pub(crate) seats: Vec<Arc<Seat>>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) engine: Arc<dyn ScriptEngine>,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) clock: Arc<MonotonicClock>,
    pub(crate) counters: Arc<RuntimeCounters>,
    pub(crate) screen: Arc<Screen>,
    pub(crate) limits: RuntimeLimits,
    /// Seed of the hash that gives each Call-ID its shard.
    pub(crate) shard_seed: (u64, u64),
}

/// The running threads and what they share.
pub(crate) struct Runtime {
    transport: Arc<Transport>,
    seats: Vec<SeatSlot>,
    shards: Arc<Shards>,
    threads: Arc<Threads>,
    /// For what belongs to no transaction: it never takes the thread that a seat or a request needs.
    background: Arc<Threads>,
    admission: Admission,
    monitor: Monitor,
    resolver: Arc<Resolver>,
    clock: Arc<MonotonicClock>,
    counters: Arc<RuntimeCounters>,
    screen: Arc<Screen>,
    limits: RuntimeLimits,
    shard_seed: (u64, u64),
    stopping: AtomicBool,
    monitor_thread: Mutex<Option<JoinHandle<()>>>,
    /// Itself, as engines hand outcomes back to it.
    sink: std::sync::OnceLock<Arc<dyn OutcomeSink>>,
}

impl Runtime {
    /// Starts a reader for each seat, and the monitor.
    ///
    /// # Errors
    /// When the monitor's thread cannot be made.
    pub(crate) fn start(parts: Parts) -> std::io::Result<Arc<Self>> {
        let seats: Vec<_> = parts.seats.into_iter().map(SeatSlot::new).collect();
        let readers = seats.len();
        let for_background = (parts.limits.threads / 4).max(1);
        let max_threads = parts.limits.threads.saturating_sub(for_background).max(2 * readers);
        let runtime = Arc::new(Self {
            transport: parts.transport,
            shards: Shards::new(parts.shards, parts.limits.shard_inbox),
            background: Threads::new(Arc::clone(&parts.engine), for_background),
            threads: Threads::new(parts.engine, max_threads),
            admission: Admission::new(max_threads - readers, parts.limits.waiting_events, parts.limits.parked_handlers),
            monitor: Monitor::default(),
            seats,
            resolver: parts.resolver,
            clock: parts.clock,
            counters: parts.counters,
            screen: parts.screen,
            limits: parts.limits,
            shard_seed: parts.shard_seed,
            stopping: AtomicBool::new(false),
            monitor_thread: Mutex::default(),
            sink: std::sync::OnceLock::new(),
        });
        let weak = Arc::downgrade(&runtime);
        let _ = runtime.sink.set(Arc::new(Sink(weak)));
        for (number, seat) in runtime.seats.iter().enumerate() {
            runtime.take_over(number, seat.lease.first_tenure());
        }
        let watched = Arc::clone(&runtime);
        let life = move || watched.monitor.watch(&watched, watched.limits.stall_abort);
        *runtime.monitor_thread.lock() = Some(thread::Builder::new().name("siphon-monitor".to_owned()).spawn(life)?);
        Ok(runtime)
    }

    /// Runs a script function that belongs to no transaction, on a thread kept for those; `done` is called when it has
    /// returned or was shed because too much of the kind waits already.
    pub(crate) fn run_background(
        &self,
        generation: Arc<Generation>,
        event: BackgroundEvent,
        done: Box<dyn FnOnce() + Send>,
    ) {
        if self.background.backlog() >= self.limits.waiting_events.max(1) {
            self.counters.background_shed.fetch_add(1, Ordering::Relaxed);
            return done();
        }
        self.background.spawn(Box::new(move || {
            generation.script.run_background(event);
            drop(generation);
            done();
        }));
    }

    /// The same as a function, for those who come before the runtime.
    pub(crate) fn background_runner(self: &Arc<Self>) -> RunBackground {
        let runtime = Arc::downgrade(self);
        Arc::new(move |generation, event, done| match runtime.upgrade() {
            Some(runtime) => runtime.run_background(generation, event, done),
            None => done(),
        })
    }

    /// Looks into each shard in turn: for gauges and drain.
    pub(crate) fn inspect_shards(&self, look: impl FnMut(&Shard)) {
        self.shards.inspect(look);
    }

    /// Work that waits for the readers.
    pub(crate) fn backlog(&self) -> usize {
        self.seats.iter().map(SeatSlot::backlog).sum()
    }

    /// Timer and binding events that wait for a thread.
    pub(crate) fn background_backlog(&self) -> usize {
        self.background.backlog()
    }

    /// Questions that the resolver has not answered yet.
    pub(crate) fn pending_names(&self) -> usize {
        self.resolver.pending()
    }

    /// Handlers running, events waiting, refused, completed.
    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The monitor.
    pub(crate) fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// The threads that run handlers.
    pub(crate) fn threads(&self) -> &Arc<Threads> {
        &self.threads
    }

    /// How many threads there are, those for the background included.
    pub(crate) fn thread_gauges(&self) -> ThreadGauges {
        self.threads.gauges() + self.background.gauges()
    }

    /// Ends all threads after what they are doing now.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.threads.stop();
        self.background.stop();
        for seat in &self.seats {
            seat.io.wake();
        }
        self.monitor.wake();
        if let Some(thread) = self.monitor_thread.lock().take() {
            let _ = thread.join();
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn seats(&self) -> &[SeatSlot] {
        &self.seats
    }

    /// A thread reads seat `number` from now on.
    pub(crate) fn take_over(self: &Arc<Self>, number: usize, tenure: Tenure) {
        let runtime = Arc::clone(self);
        self.threads.spawn(Box::new(move || runtime.read(number, tenure)));
    }

    fn sink(&self) -> Option<&Arc<dyn OutcomeSink>> {
        self.sink.get()
    }
}

/// Where engines deliver what was decided on another thread.
struct Sink(std::sync::Weak<Runtime>);

impl OutcomeSink for Sink {
    fn deliver(&self, id: EventId, outcome: Outcome) {
        if let Some(runtime) = self.0.upgrade() {
            runtime.admission.resumed();
            runtime.shards.answer(id.shard, Input::Outcome { id, outcome });
            runtime.run_from_elsewhere(id.shard);
        }
    }
}
