//! The names that are being looked up and who waits for them. It runs on the threads of others and looks nothing up
//! itself.

use std::collections::{HashMap, VecDeque};

use parking_lot::{Condvar, Mutex};

use super::{Answer, Known, with_port};

/// Waiting names, each once however many ask for it.
pub(super) struct Lookups {
    state: Mutex<State>,
    arrived: Condvar,
    limit: usize,
}

#[derive(Default)]
struct State {
    /// Names that no thread has taken.
    queue: VecDeque<Box<str>>,
    /// Who waits, for the names in the queue and those that a thread has taken.
    waiting: HashMap<Box<str>, Vec<Waiting>>,
    /// How many wait in all.
    askers: usize,
    threads: usize,
    idle_threads: usize,
    ended: bool,
}

/// One who asked.
pub(super) struct Waiting {
    port: u16,
    answer: Answer,
}

/// What became of a question.
pub(super) enum Enqueued {
    /// It will be answered.
    Waiting,
    /// It has to be refused.
    Full(Answer),
}

impl Waiting {
    pub(super) fn answer(self, known: Known) {
        (self.answer)(with_port(known, self.port));
    }
}

impl Lookups {
    /// At most `limit` questions wait, however many names they are about.
    pub(super) fn new(limit: usize) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), limit }
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().askers
    }

    /// Adds a question. One about a name that is being looked up waits for that.
    pub(super) fn add(&self, name: Box<str>, port: u16, answer: Answer) -> Enqueued {
        let mut state = self.state.lock();
        if state.ended || state.askers >= self.limit {
            return Enqueued::Full(answer);
        }
        state.askers += 1;
        if let Some(waiting) = state.waiting.get_mut(&name) {
            waiting.push(Waiting { port, answer });
            return Enqueued::Waiting;
        }
        state.waiting.insert(name.clone(), vec![Waiting { port, answer }]);
        state.queue.push_back(name);
        self.arrived.notify_one();
        Enqueued::Waiting
    }

    /// Whether one more thread would be of use; the caller then starts it, or says that it could not.
    pub(super) fn wants_thread(&self, limit: usize) -> bool {
        let mut state = self.state.lock();
        let wanted = state.queue.len() > state.idle_threads && state.threads < limit && !state.ended;
        if wanted {
            state.threads += 1;
        }
        wanted
    }

    /// Takes back [`Lookups::wants_thread`]; yields who would wait for ever because there is no thread at all.
    pub(super) fn thread_not_started(&self) -> Vec<Waiting> {
        let mut state = self.state.lock();
        state.threads = state.threads.saturating_sub(1);
        if state.threads == 0 { state.take_all() } else { Vec::new() }
    }

    /// The next name to look up; waits for one. `None` ends the thread.
    pub(super) fn next(&self) -> Option<Box<str>> {
        let mut state = self.state.lock();
        loop {
            if state.ended {
                return None;
            }
            if let Some(name) = state.queue.pop_front() {
                return Some(name);
            }
            state.idle_threads += 1;
            self.arrived.wait(&mut state);
            state.idle_threads -= 1;
        }
    }

    /// Yields who waits for a name that was looked up. Who asks later finds it in the cache.
    pub(super) fn finish(&self, name: &str) -> Vec<Waiting> {
        let mut state = self.state.lock();
        let waiting = state.waiting.remove(name).unwrap_or_default();
        state.askers = state.askers.saturating_sub(waiting.len());
        waiting
    }

    /// Ends the threads and yields who waits.
    pub(super) fn end(&self) -> Vec<Waiting> {
        let mut state = self.state.lock();
        state.ended = true;
        self.arrived.notify_all();
        state.take_all()
    }
}

impl State {
    fn take_all(&mut self) -> Vec<Waiting> {
        self.queue.clear();
        self.askers = 0;
        std::mem::take(&mut self.waiting).into_values().flatten().collect()
    }
}
