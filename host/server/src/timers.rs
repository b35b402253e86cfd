//! The timers of scripts: one-shot ones by key, and the `timer.every` handlers of the current generation.
//!
//! They wait in the tokio runtime and call back on a handler thread. SIP's own timers are the shards'.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use siphon_script::ports::Timers;
use siphon_script::{BackgroundEvent, Callback, Generation, HandlerKind};
use siphon_sip::TenantId;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::generations::LoadedGenerations;

/// Timers that one tenant may have.
const MAX_TIMERS: usize = 100_000;

/// Runs a script's function on a handler thread; says when it has returned.
pub(crate) type RunBackground = Arc<dyn Fn(Arc<Generation>, BackgroundEvent, Box<dyn FnOnce() + Send>) + Send + Sync>;

/// The one-shot timers.
pub(crate) struct ScriptTimers {
    me: Weak<Self>,
    runtime: Handle,
    generations: Arc<LoadedGenerations>,
    run: OnceLock<RunBackground>,
    waiting: Mutex<HashMap<(TenantId, String), Waiting>>,
    numbers: AtomicU64,
}

struct Waiting {
    number: u64,
    task: AbortHandle,
}

impl ScriptTimers {
    /// No timers yet; `runtime` is where they wait.
    pub(crate) fn new(runtime: Handle, generations: Arc<LoadedGenerations>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            runtime,
            generations,
            run: OnceLock::new(),
            waiting: Mutex::default(),
            numbers: AtomicU64::new(1),
        })
    }

    /// Says how functions are run; before that a timer that fires is lost.
    pub(crate) fn run_with(&self, run: RunBackground) {
        let _ = self.run.set(run);
    }

    /// Starts the `timer.every` handlers of a generation; they end when another one is current.
    pub(crate) fn start_every(self: &Arc<Self>, generation: &Arc<Generation>) {
        for (handler, info) in generation.handlers.iter() {
            let (HandlerKind::Every, Some(schedule)) = (info.kind, info.schedule) else { continue };
            let timers = Arc::clone(self);
            let (tenant, number) = (generation.tenant, generation.number);
            self.runtime.spawn(async move {
                loop {
                    let jitter = schedule.jitter.mul_f64(rand::random::<f64>());
                    tokio::time::sleep(schedule.interval + jitter).await;
                    let current = timers.generations.current_of(tenant).filter(|current| current.number == number);
                    let (Some(current), Some(run)) = (current, timers.run.get()) else { return };
                    let (done, ended) = tokio::sync::oneshot::channel::<()>();
                    let finished = Box::new(move || {
                        let _ = done.send(());
                    });
                    run(current, BackgroundEvent::Every { handler }, finished);
                    let _ = ended.await;
                }
            });
        }
    }

    fn fire(&self, tenant: TenantId, number: u64, key: String, generation: Arc<Generation>, callback: Callback) {
        {
            // Forgotten before the function runs, so that it may set the same key again.
            let mut waiting = self.waiting.lock();
            let entry = (tenant, key.clone());
            if waiting.get(&entry).is_none_or(|timer| timer.number != number) {
                return;
            }
            waiting.remove(&entry);
        }
        if let Some(run) = self.run.get() {
            run(generation, BackgroundEvent::Timer { key, callback }, Box::new(|| {}));
        }
    }
}

impl Timers for ScriptTimers {
    fn set(&self, tenant: TenantId, generation: u64, key: &str, delay: Duration, callback: Callback) -> bool {
        let mut waiting = self.waiting.lock();
        let entry = (tenant, key.to_owned());
        if waiting.len() >= MAX_TIMERS && !waiting.contains_key(&entry) {
            return false;
        }
        let Some(timers) = self.me.upgrade() else { return false };
        let Some(generation) = self.generations.living(tenant, generation) else { return false };
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let key = key.to_owned();
        let task = self.runtime.spawn(async move {
            tokio::time::sleep(delay).await;
            timers.fire(tenant, number, key, generation, callback);
        });
        if let Some(replaced) = waiting.insert(entry, Waiting { number, task: task.abort_handle() }) {
            replaced.task.abort();
        }
        true
    }

    fn cancel(&self, tenant: TenantId, key: &str) -> bool {
        match self.waiting.lock().remove(&(tenant, key.to_owned())) {
            Some(timer) => {
                timer.task.abort();
                true
            }
            None => false,
        }
    }

    fn active_count(&self, tenant: TenantId) -> usize {
        self.waiting.lock().keys().filter(|(owner, _)| *owner == tenant).count()
    }
}
