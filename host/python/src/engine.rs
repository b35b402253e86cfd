//! Loading: a script becomes a generation, aside from those that run. Running is [`crate::running`]'s business.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use pyo3::prelude::*;
use siphon_script::{Context, Generation, Handlers, LoadError, ScriptEngine, ScriptSource};

use crate::fault::{self, Described};
use crate::handler::{self, Handler};
use crate::interpreter::Interpreter;
use crate::native;
use crate::running::PythonScript;
use crate::scope::Scope;

/// What the engine is told at its start.
#[derive(Clone, Debug)]
pub struct PythonConfig {
    /// How many event loops there are at most, and so how many threads beside the server's own run `async def` handlers
    /// that wait: `script.async_pool_size`.
    pub async_pool_size: usize,
    /// A virtual environment whose packages scripts may import: the process's `VIRTUAL_ENV`.
    pub virtual_env: Option<PathBuf>,
}

impl Default for PythonConfig {
    fn default() -> Self {
        Self { async_pool_size: 2, virtual_env: None }
    }
}

/// CPython could not be started.
#[derive(Debug, thiserror::Error)]
#[error("Python could not be started: {0}")]
pub struct StartError(String);

/// CPython as a scripting engine.
pub struct PythonEngine {
    interpreter: Arc<Interpreter>,
}

impl PythonEngine {
    /// Starts CPython in this process. Its signal handlers are not installed.
    pub fn start(config: &PythonConfig) -> Result<Self, StartError> {
        let interpreter = Interpreter::start(config).map_err(|error| StartError(error.to_string()))?;
        Ok(Self { interpreter: Arc::new(interpreter) })
    }

    /// The interpreter's version, as `sys.version` begins: `3.11.2`.
    #[must_use]
    pub fn version(&self) -> String {
        Python::attach(|py| {
            let version = py.version_info();
            format!("{}.{}.{}", version.major, version.minor, version.patch)
        })
    }

    /// How often a handler had to be taken over by another thread because it waited: one switch of threads each.
    #[must_use]
    pub fn handovers(&self) -> u64 {
        Python::attach(|py| self.interpreter.handovers(py)).unwrap_or_default()
    }
}

impl ScriptEngine for PythonEngine {
    fn thread_scope(&self, life: &mut (dyn FnMut() + Send)) {
        // The attachment around the thread's life keeps its Python thread state: making one for each event is slow.
        Python::attach(|py| py.detach(life));
    }

    fn load(&self, source: &ScriptSource) -> Result<Arc<Generation>, LoadError> {
        let text = std::fs::read(&source.path)
            .map_err(|error| LoadError { message: format!("{}: {error}", source.path.display()), traceback: None })?;
        Python::attach(|py| self.load_text(py, source, &text))
    }
}

impl PythonEngine {
    fn load_text(&self, py: Python<'_>, source: &ScriptSource, text: &[u8]) -> Result<Arc<Generation>, LoadError> {
        let unexpected = |error: PyErr| LoadError { message: error.to_string(), traceback: None };
        let background = Context::background(source.tenant, source.generation, Arc::clone(&source.ports));
        let background = Arc::new(background);
        let scope = Scope { background: Arc::clone(&background), event: self.interpreter.event(py) };
        let native = native::module(py, &Arc::new(scope)).map_err(unexpected)?;
        let script = absolute(&source.path);
        let directories = directories(&script, &source.include_paths);
        let directories: Vec<&Path> = directories.iter().map(PathBuf::as_path).collect();
        let modules = self.interpreter.new_modules(py, &script, &directories, &native).map_err(unexpected)?;
        let modules = Modules(Arc::new(modules.unbind()));
        let handlers = handler::collect(modules.bind(py), text).map_err(|error| {
            let Described { message, traceback } = fault::describe(modules.bind(py), &error);
            LoadError { message, traceback: Some(traceback) }
        })?;
        let infos = Handlers::new(handlers.iter().map(|handler: &Handler| handler.info.clone()).collect());
        let interpreter = Arc::clone(&self.interpreter);
        let script = PythonScript::new(interpreter, source, modules, handlers, infos.clone(), background);
        Ok(Arc::new(Generation {
            number: source.generation,
            tenant: source.tenant,
            handlers: infos,
            script: Box::new(script),
        }))
    }
}

/// The module table of a generation. Dropping it takes the modules out of what the process shares; they are freed when
/// nothing of them runs any more.
pub(crate) struct Modules(Arc<Py<PyAny>>);

impl Modules {
    pub(crate) fn bind<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.0.bind(py)
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        // On a thread of its own: the last holder of a generation may be one that must not wait for the interpreter.
        let modules = Arc::clone(&self.0);
        let release = move || {
            Python::try_attach(|py| {
                if let Err(error) = modules.bind(py).call_method0("close") {
                    tracing::warn!(%error, "a generation was not released");
                }
                drop(modules);
            });
        };
        if let Err(error) = thread::Builder::new().name("siphon-release".to_owned()).spawn(release) {
            tracing::warn!(%error, "a generation was not released");
        }
    }
}

/// The script's own directory and those that it includes, each once.
fn directories(script: &Path, include_paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = script.parent().map(Path::to_path_buf).into_iter().collect();
    for path in include_paths {
        let path = absolute(path);
        if !directories.contains(&path) {
            directories.push(path);
        }
    }
    directories
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
