//! A seat: one reader position of the transport, with its lease and the work that came in there and is not done yet.
//!
//! The work waits with the seat and not with the thread that read it, so that whoever has the lease goes on with it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use siphon_script::{Event, Generation};
use siphon_sip::Time;
use siphon_transport::Incoming;

use super::lease::Lease;

/// One piece of work of a seat.
pub(crate) enum Task {
    /// What the transport received.
    Incoming(Incoming),
    /// A script event that a shard asked for.
    Run(Event, Arc<Generation>),
}

/// One reader position.
pub(crate) struct SeatSlot {
    pub(crate) io: Arc<siphon_transport::Seat>,
    pub(crate) lease: Lease,
    tasks: Mutex<VecDeque<Task>>,
    /// Until when the reader sleeps; zero while it is awake.
    asleep_until: AtomicU64,
}

impl SeatSlot {
    pub(crate) fn new(io: Arc<siphon_transport::Seat>) -> Self {
        Self { io, lease: Lease::default(), tasks: Mutex::default(), asleep_until: AtomicU64::new(0) }
    }

    /// The next piece of work.
    pub(crate) fn next(&self) -> Option<Task> {
        self.tasks.lock().pop_front()
    }

    /// Work that came in: it waits behind what is there.
    pub(crate) fn append(&self, incoming: &mut Vec<Incoming>) {
        self.tasks.lock().extend(incoming.drain(..).map(Task::Incoming));
    }

    /// Events of what was just run: they go before what came in later.
    pub(crate) fn put_first(&self, events: &mut Vec<(Event, Arc<Generation>)>) {
        if events.is_empty() {
            return;
        }
        let mut tasks = self.tasks.lock();
        for (event, generation) in events.drain(..).rev() {
            tasks.push_front(Task::Run(event, generation));
        }
    }

    /// Events from a thread that has no seat: they wait behind what is there, and the reader is woken.
    pub(crate) fn hand_over(&self, events: &mut Vec<(Event, Arc<Generation>)>) {
        if events.is_empty() {
            return;
        }
        self.tasks.lock().extend(events.drain(..).map(|(event, generation)| Task::Run(event, generation)));
        self.io.wake();
    }

    /// How much waits here.
    pub(crate) fn backlog(&self) -> usize {
        self.tasks.lock().len()
    }

    /// Says until when the reader is about to sleep. It looks at the timers once more after this.
    pub(crate) fn fall_asleep(&self, until: Option<Time>) {
        self.asleep_until.store(until.map_or(u64::MAX, Time::as_micros), Ordering::SeqCst);
    }

    /// The reader is awake again.
    pub(crate) fn awake(&self) {
        self.asleep_until.store(0, Ordering::SeqCst);
    }

    /// Wakes the reader if it would sleep past `deadline`.
    pub(crate) fn wake_before(&self, deadline: Time) {
        if self.asleep_until.load(Ordering::SeqCst) > deadline.as_micros() {
            self.io.wake();
        }
    }
}
