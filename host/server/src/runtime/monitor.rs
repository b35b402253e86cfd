//! The monitor: sees that a handler has held a seat for too long and gives the seat to another thread. It runs no handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Runtime;
use super::lease::Mark;

/// How often it looks. A handler loses its seat after one to two of these.
const TICK: Duration = Duration::from_millis(2);

/// Ticks without any handler after which it sleeps until one begins.
const QUIET_TICKS: u32 = 2;

/// The monitor's own state, and how to wake it.
#[derive(Default)]
pub(crate) struct Monitor {
    asleep: AtomicBool,
    thread: Mutex<Option<thread::Thread>>,
    takeovers: AtomicU64,
}

impl Monitor {
    /// A handler begins: the monitor has something to watch.
    pub(crate) fn notice(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Seats taken from overstaying handlers so far.
    pub(crate) fn takeovers(&self) -> u64 {
        self.takeovers.load(Ordering::Relaxed)
    }

    /// Ends a sleep.
    pub(crate) fn wake(&self) {
        if let Some(thread) = self.thread.lock().as_ref() {
            thread.unpark();
        }
    }

    /// The monitor's life; `stall_abort` is how long work may wait without any handler ending before the process is
    /// given up.
    pub(crate) fn watch(&self, runtime: &Arc<Runtime>, stall_abort: Option<Duration>) {
        *self.thread.lock() = Some(thread::current());
        let mut seen = vec![Mark::default(); runtime.seats().len()];
        let mut quiet = 0;
        let mut stall = Stall::new(stall_abort);
        while !runtime.is_stopping() {
            let active = self.look(runtime, &mut seen) | stall.look(runtime);
            quiet = if active { 0 } else { quiet + 1 };
            if quiet < QUIET_TICKS {
                thread::park_timeout(TICK);
            } else {
                self.sleep(runtime, &seen);
                quiet = 0;
            }
        }
    }

    /// One look at each seat; whether any handler ran since the last one.
    fn look(&self, runtime: &Arc<Runtime>, seen: &mut [Mark]) -> bool {
        let mut active = false;
        for (number, (seat, last)) in runtime.seats().iter().zip(seen).enumerate() {
            let mark = seat.lease.mark();
            active |= mark != *last || mark.in_handler();
            if mark == *last
                && let Some(tenure) = seat.lease.take(mark)
            {
                self.takeovers.fetch_add(1, Ordering::Relaxed);
                runtime.take_over(number, tenure);
            }
            *last = mark;
        }
        active
    }

    fn sleep(&self, runtime: &Runtime, seen: &[Mark]) {
        self.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let unchanged = runtime.seats().iter().zip(seen).all(|(seat, last)| seat.lease.mark() == *last);
        if unchanged && !runtime.is_stopping() {
            thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

/// Whether events wait while no handler ever ends.
struct Stall {
    limit: Option<Duration>,
    completions: u64,
    since: Instant,
}

impl Stall {
    fn new(limit: Option<Duration>) -> Self {
        Self { limit, completions: 0, since: Instant::now() }
    }

    /// Whether anything waits. Gives the process up when it has waited in vain for the limit.
    fn look(&mut self, runtime: &Runtime) -> bool {
        let admission = runtime.admission();
        let completions = admission.completions();
        if admission.waiting() == 0 || completions != self.completions {
            self.completions = completions;
            self.since = Instant::now();
            return admission.waiting() > 0;
        }
        if self.limit.is_some_and(|limit| self.since.elapsed() > limit) {
            tracing::error!(
                waiting = admission.waiting(),
                running = admission.running(),
                "no handler has ended for script.handler_stall_abort_secs while events wait; giving the process up"
            );
            std::process::abort();
        }
        true
    }
}
