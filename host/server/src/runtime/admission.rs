//! How many handlers may run at once, and what waits when that many do. It counts; it starts nothing.
//!
//! A handler that runs holds a thread. An asynchronous one that awaits something holds none: it is *parked*.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use siphon_script::{Event, Generation};

/// Handlers that run, and events that wait for one of them to end.
pub(crate) struct Admission {
    running: AtomicUsize,
    max_running: usize,
    waiting: Mutex<VecDeque<(Event, Arc<Generation>)>>,
    max_waiting: usize,
    /// Signed: an outcome may be delivered before the thread that began the handler has counted it as parked.
    parked: AtomicIsize,
    max_parked: usize,
    completed: AtomicU64,
    shed: AtomicU64,
}

/// What becomes of an event.
pub(crate) enum Admitted {
    /// Run it now.
    Run(Event, Arc<Generation>),
    /// It waits its turn.
    Waits,
    /// Too much waits already: it is refused.
    Shed(Event),
}

impl Admission {
    /// At most `max_running` handlers at once, `max_waiting` events behind them, and `max_parked` handlers that await.
    pub(crate) fn new(max_running: usize, max_waiting: usize, max_parked: usize) -> Self {
        Self {
            running: AtomicUsize::new(0),
            max_running: max_running.max(1),
            waiting: Mutex::default(),
            max_waiting,
            parked: AtomicIsize::new(0),
            max_parked,
            completed: AtomicU64::new(0),
            shed: AtomicU64::new(0),
        }
    }

    /// Asks to run an event. After [`Admitted::Run`] the caller owes one [`Self::completed`].
    pub(crate) fn admit(&self, event: Event, generation: Arc<Generation>) -> Admitted {
        if self.parked_now() >= self.max_parked {
            return self.shed(event);
        }
        if self.running.fetch_add(1, Ordering::AcqRel) < self.max_running {
            return Admitted::Run(event, generation);
        }
        self.running.fetch_sub(1, Ordering::AcqRel);
        let mut waiting = self.waiting.lock();
        // Once more under the lock, where `completed` counts down: else the last handler could end between the two looks.
        if self.running.fetch_add(1, Ordering::AcqRel) < self.max_running {
            return Admitted::Run(event, generation);
        }
        self.running.fetch_sub(1, Ordering::AcqRel);
        if waiting.len() >= self.max_waiting {
            return self.shed(event);
        }
        waiting.push_back((event, generation));
        Admitted::Waits
    }

    /// A handler has returned. Gives the event that has waited longest, if there is one: it is admitted in its place.
    pub(crate) fn completed(&self) -> Option<(Event, Arc<Generation>)> {
        self.completed.fetch_add(1, Ordering::Relaxed);
        let mut waiting = self.waiting.lock();
        let next = waiting.pop_front();
        if next.is_none() {
            self.running.fetch_sub(1, Ordering::AcqRel);
        }
        next
    }

    /// The handler that just left its thread awaits something.
    pub(crate) fn parked(&self) {
        self.parked.fetch_add(1, Ordering::Relaxed);
    }

    /// A parked handler has decided.
    pub(crate) fn resumed(&self) {
        self.parked.fetch_sub(1, Ordering::Relaxed);
    }

    /// Handlers that await something now.
    pub(crate) fn parked_now(&self) -> usize {
        usize::try_from(self.parked.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Handlers that run now.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Events that wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }

    /// Handlers that have returned so far.
    pub(crate) fn completions(&self) -> u64 {
        self.completed.load(Ordering::Relaxed)
    }

    /// Events refused so far.
    pub(crate) fn sheds(&self) -> u64 {
        self.shed.load(Ordering::Relaxed)
    }

    fn shed(&self, event: Event) -> Admitted {
        self.shed.fetch_add(1, Ordering::Relaxed);
        Admitted::Shed(event)
    }
}
