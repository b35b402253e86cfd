//! The one CPython of this process: started once, with the modules of ours that every generation shares. It loads no
//! script: see [`crate::engine`].

use std::ffi::CStr;
use std::path::Path;

use pyo3::ffi::c_str;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::engine::PythonConfig;
use crate::scope::EventScope;

const SNAPSHOT: &CStr = c_str!(include_str!("embedded/_siphon_snapshot.py"));
const LOADER: &CStr = c_str!(include_str!("embedded/_siphon_loader.py"));
const LOOPS: &CStr = c_str!(include_str!("embedded/_siphon_loops.py"));

/// The Python source that each generation executes for itself, by module name.
const PACKAGE: [(&str, &str); 7] = [
    ("siphon", include_str!("../../../guest-sdk-python/siphon/__init__.py")),
    ("siphon._absent", include_str!("../../../guest-sdk-python/siphon/_absent.py")),
    ("siphon._bridge", include_str!("../../../guest-sdk-python/siphon/_bridge.py")),
    ("siphon._decorators", include_str!("../../../guest-sdk-python/siphon/_decorators.py")),
    ("siphon._messages", include_str!("../../../guest-sdk-python/siphon/_messages.py")),
    ("siphon._namespaces", include_str!("../../../guest-sdk-python/siphon/_namespaces.py")),
    ("_siphon_registry", include_str!("../../../guest-sdk-python/_siphon_registry.py")),
];

/// What all generations share.
pub(crate) struct Interpreter {
    /// `loader.Modules`.
    modules: Py<PyAny>,
    /// [`PACKAGE`] as a dict.
    package: Py<PyDict>,
    /// A `loops.LoopPool`.
    pool: Py<PyAny>,
    /// Its `run`.
    run: Py<PyAny>,
    /// `loops.EVENT`, the context variable of the running event.
    event: Py<PyAny>,
    /// `loops.as_coroutine`.
    as_coroutine: Py<PyAny>,
    /// `types.CoroutineType`.
    coroutine_type: Py<PyAny>,
    /// The pool's `aside`.
    aside: Py<PyAny>,
}

impl Interpreter {
    /// Starts CPython unless it runs already. It installs no signal handlers and writes no bytecode.
    pub(crate) fn start(config: &PythonConfig) -> PyResult<Self> {
        Python::initialize();
        Python::attach(|py| {
            py.import("threading")?;
            py.import("sys")?.setattr("dont_write_bytecode", true)?;
            shared_module(py, SNAPSHOT, c"<siphon>/snapshot.py", c"_siphon_snapshot")?;
            let loader = shared_module(py, LOADER, c"<siphon>/loader.py", c"_siphon_loader")?;
            if let Some(home) = &config.virtual_env
                && !loader.getattr("add_virtual_env")?.call1((text(home),))?.is_truthy()?
            {
                tracing::warn!(virtual_env = %home.display(), "the virtual environment is for another Python: ignored");
            }
            let loops = shared_module(py, LOOPS, c"<siphon>/loops.py", c"_siphon_loops")?;
            let package = PyDict::new(py);
            for (name, source) in PACKAGE {
                package.set_item(name, source)?;
            }
            let pool = loops.getattr("LoopPool")?.call1((config.async_pool_size, wrap_pyfunction!(report, py)?))?;
            Ok(Self {
                modules: loader.getattr("Modules")?.unbind(),
                package: package.unbind(),
                run: pool.getattr("run")?.unbind(),
                event: loops.getattr("EVENT")?.unbind(),
                aside: pool.getattr("aside")?.unbind(),
                pool: pool.unbind(),
                as_coroutine: loops.getattr("as_coroutine")?.unbind(),
                coroutine_type: py.import("types")?.getattr("CoroutineType")?.unbind(),
            })
        })
    }

    /// A module table for one generation.
    pub(crate) fn new_modules<'py>(
        &self,
        py: Python<'py>,
        script: &Path,
        directories: &[&Path],
        native: &Bound<'py, PyModule>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let natives = PyDict::new(py);
        natives.set_item("_siphon", native)?;
        self.modules.bind(py).call1((text(script), paths(directories), self.package.bind(py), natives))
    }

    /// Runs a coroutine on a loop, for an event if there is one. Its task when it is done already; else True if it was
    /// seen to wait, False if it was given to a loop that somebody runs, and `on_done` is called later. `home` is the
    /// preferred loop, and with `stays` the only one.
    pub(crate) fn run<'py>(
        &self,
        coroutine: &Bound<'py, PyAny>,
        on_done: &Bound<'py, PyAny>,
        event: Option<Bound<'py, EventScope>>,
        home: usize,
        stays: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.run.bind(coroutine.py()).call1((coroutine, on_done, event, home, stays))
    }

    /// Calls `function` on a thread that may block.
    pub(crate) fn aside(&self, function: &Bound<'_, PyAny>) -> PyResult<()> {
        self.aside.bind(function.py()).call1((function,)).map(drop)
    }

    /// The coroutine to run for what a function returned; `None` when it is nothing that can be awaited.
    pub(crate) fn coroutine<'py>(&self, returned: Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = returned.py();
        if returned.get_type().is(self.coroutine_type.bind(py)) {
            Ok(Some(returned))
        } else if returned.hasattr(intern!(py, "__await__"))? {
            self.as_coroutine.bind(py).call1((returned,)).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The context variable that holds the scope of the running event.
    pub(crate) fn event(&self, py: Python<'_>) -> Py<PyAny> {
        self.event.clone_ref(py)
    }

    /// How often a loop was handed to another thread since the start.
    pub(crate) fn handovers(&self, py: Python<'_>) -> PyResult<u64> {
        self.pool.bind(py).getattr(intern!(py, "handovers"))?.extract()
    }
}

/// Logs an exception that no handler's end tells of: that of a task of the script's own.
#[pyfunction]
fn report(message: &str, error: Option<&Bound<'_, PyAny>>) {
    let traceback = error.map(|error| {
        let traceback =
            error.py().import("traceback").and_then(|module| module.call_method1("format_exception", (error,)));
        traceback.and_then(|lines| lines.extract::<Vec<String>>()).map(|lines| lines.concat()).unwrap_or_default()
    });
    tracing::error!(target: "siphon::script", "{message}\n{}", traceback.unwrap_or_default());
}

/// A module of ours that the whole process shares, also a second engine in it: loops of the first one may still run.
fn shared_module<'py>(py: Python<'py>, code: &CStr, file: &CStr, name: &CStr) -> PyResult<Bound<'py, PyModule>> {
    let loaded = py.import("sys")?.getattr("modules")?.call_method1("get", (name.to_string_lossy().as_ref(),))?;
    match loaded.cast_into::<PyModule>() {
        Ok(module) => Ok(module),
        Err(_) => PyModule::from_code(py, code, file, name),
    }
}

/// A path as Python's str; bytes that are no UTF-8 cannot come back from it.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn paths(paths: &[&Path]) -> Vec<String> {
    paths.iter().map(|path| text(path)).collect()
}
