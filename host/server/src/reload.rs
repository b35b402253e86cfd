//! Hot reload: a new generation is loaded aside and swapped in when it loaded; what fails changes nothing.
//!
//! Files that change and SIGHUP take the same path through [`Reloader::reload`]. The configuration itself is not reloaded.

mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use siphon_script::{Generation, LoadError, Ports, ScriptEngine, ScriptSource};
use siphon_sip::TenantId;

use crate::generations::LoadedGenerations;
use crate::timers::ScriptTimers;

pub(crate) use self::watch::Watch;

/// What a script is loaded from.
#[derive(Clone, Debug)]
pub(crate) struct ScriptFiles {
    /// The script.
    pub(crate) path: PathBuf,
    /// Folders whose files it may import, besides its own.
    pub(crate) include_paths: Vec<PathBuf>,
}

/// Counts of what reloads did.
#[derive(Debug, Default)]
pub(crate) struct ReloadCounters {
    /// Generations swapped in, the first one included.
    pub(crate) swaps: AtomicU64,
    /// Loads that failed and changed nothing.
    pub(crate) refusals: AtomicU64,
}

/// Loads generations, one at a time.
pub(crate) struct Reloader {
    engine: Arc<dyn ScriptEngine>,
    ports: Arc<Ports>,
    files: ScriptFiles,
    generations: Arc<LoadedGenerations>,
    timers: Arc<ScriptTimers>,
    counters: ReloadCounters,
    /// The number of the last generation tried; held while one loads.
    last: Mutex<u64>,
    last_error: Mutex<Option<LoadError>>,
}

impl Reloader {
    pub(crate) fn new(
        engine: Arc<dyn ScriptEngine>,
        ports: Arc<Ports>,
        files: ScriptFiles,
        generations: Arc<LoadedGenerations>,
        timers: Arc<ScriptTimers>,
    ) -> Self {
        Self {
            engine,
            ports,
            files,
            generations,
            timers,
            counters: ReloadCounters::default(),
            last: Mutex::new(0),
            last_error: Mutex::default(),
        }
    }

    /// Loads the script and makes it the current generation. Blocks for as long as the script's own top level runs.
    ///
    /// # Errors
    /// What the engine says is wrong with the script; the generation before stays.
    pub(crate) fn reload(&self) -> Result<Arc<Generation>, LoadError> {
        let mut last = self.last.lock();
        let source = ScriptSource {
            tenant: TenantId::DEFAULT,
            path: self.files.path.clone(),
            include_paths: self.files.include_paths.clone(),
            generation: *last + 1,
            ports: Arc::clone(&self.ports),
        };
        let loaded = self.engine.load(&source);
        match loaded {
            Ok(generation) => {
                *last += 1;
                self.generations.swap(Arc::clone(&generation));
                self.timers.start_every(&generation);
                self.counters.swaps.fetch_add(1, Ordering::Relaxed);
                *self.last_error.lock() = None;
                tracing::info!(
                    generation = generation.number,
                    handlers = generation.handlers.len(),
                    script = %self.files.path.display(),
                    "script loaded"
                );
                Ok(generation)
            }
            Err(error) => {
                self.counters.refusals.fetch_add(1, Ordering::Relaxed);
                tracing::error!(
                    script = %self.files.path.display(),
                    current = *last,
                    "the script does not load, the generation before goes on: {}",
                    error.traceback.as_deref().unwrap_or(&error.message)
                );
                *self.last_error.lock() = Some(error.clone());
                Err(error)
            }
        }
    }

    /// What the generations' verbs reach the server through.
    pub(crate) fn ports(&self) -> &Arc<Ports> {
        &self.ports
    }

    /// What reloads did so far.
    pub(crate) fn counters(&self) -> &ReloadCounters {
        &self.counters
    }

    /// Why the last load failed; `None` when it did not.
    pub(crate) fn last_error(&self) -> Option<LoadError> {
        self.last_error.lock().clone()
    }

    /// What is loaded.
    pub(crate) fn files(&self) -> &ScriptFiles {
        &self.files
    }
}
