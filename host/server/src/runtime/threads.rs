//! Threads that run handlers: made when needed, up to a bound, parked when not. Each lives inside the engine's scope.

use std::collections::VecDeque;
use std::ops::Add;
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};
use siphon_script::ScriptEngine;

/// What a thread is asked to do.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// An elastic set of threads.
pub(crate) struct Threads {
    engine: Arc<dyn ScriptEngine>,
    max: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    live: usize,
    stopping: bool,
}

/// How many threads there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadGauges {
    pub(crate) live: usize,
    pub(crate) idle: usize,
    pub(crate) max: usize,
}

impl Add for ThreadGauges {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { live: self.live + other.live, idle: self.idle + other.idle, max: self.max + other.max }
    }
}

impl Threads {
    /// At most `max` threads, none of them yet.
    pub(crate) fn new(engine: Arc<dyn ScriptEngine>, max: usize) -> Arc<Self> {
        Arc::new(Self { engine, max, state: Mutex::default(), changed: Condvar::new() })
    }

    /// Gives `job` to an idle thread or a new one; with all busy it waits for the first that is free. After `stop` it is
    /// dropped.
    pub(crate) fn spawn(self: &Arc<Self>, job: Job) {
        let mut state = self.state.lock();
        if state.stopping {
            return;
        }
        state.jobs.push_back(job);
        if state.idle >= state.jobs.len() || state.live >= self.max {
            self.changed.notify_one();
            return;
        }
        state.live += 1;
        let number = state.live;
        drop(state);
        let threads = Arc::clone(self);
        let life = move || {
            let engine = Arc::clone(&threads.engine);
            engine.thread_scope(&mut || threads.live());
            threads.state.lock().live -= 1;
        };
        if let Err(error) = thread::Builder::new().name(format!("siphon-{number}")).spawn(life) {
            self.state.lock().live -= 1;
            tracing::error!(%error, "no thread could be made; the work waits for one that is busy");
        }
    }

    /// Jobs that wait for a thread.
    pub(crate) fn backlog(&self) -> usize {
        self.state.lock().jobs.len()
    }

    /// How many threads there are now.
    pub(crate) fn gauges(&self) -> ThreadGauges {
        let state = self.state.lock();
        ThreadGauges { live: state.live, idle: state.idle, max: self.max }
    }

    /// Ends each thread after its job; what waits is dropped.
    pub(crate) fn stop(&self) {
        let mut state = self.state.lock();
        state.stopping = true;
        state.jobs.clear();
        self.changed.notify_all();
    }

    fn live(&self) {
        while let Some(job) = self.next_job() {
            job();
        }
    }

    fn next_job(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.stopping {
                return None;
            }
            state.idle += 1;
            self.changed.wait(&mut state);
            state.idle -= 1;
        }
    }
}
