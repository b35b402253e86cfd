//! `log`: the script's lines in the server's log.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyAnyMethods, PyTuple};
use siphon_script::log::{self, Level};

use crate::convert::raise;
use crate::scope::Scope;

/// The namespace. Lines go to the target `siphon::script`.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct LogNamespace(pub(crate) Arc<Scope>);

impl LogNamespace {
    fn write(&self, level: Level, message: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        if !is_enabled(level) {
            return Ok(());
        }
        let (py, line) = (message.py(), line(message, args)?);
        let context = self.0.current(py)?;
        // A log that is written to a pipe nobody reads must not stop every other script.
        py.detach(move || log::log(&context, level, &line)).map_err(raise)
    }
}

#[pymethods]
impl LogNamespace {
    #[pyo3(signature = (message, *args))]
    fn debug(&self, message: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.write(Level::Debug, message, args)
    }

    #[pyo3(signature = (message, *args))]
    fn info(&self, message: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.write(Level::Info, message, args)
    }

    #[pyo3(signature = (message, *args))]
    fn warn(&self, message: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.write(Level::Warn, message, args)
    }

    #[pyo3(signature = (message, *args))]
    fn warning(&self, message: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.write(Level::Warn, message, args)
    }

    #[pyo3(signature = (message, *args))]
    fn error(&self, message: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.write(Level::Error, message, args)
    }
}

/// Whether anybody listens: a line that nobody reads is not even put together.
fn is_enabled(level: Level) -> bool {
    match level {
        Level::Debug => tracing::enabled!(target: "siphon::script", tracing::Level::DEBUG),
        Level::Info => tracing::enabled!(target: "siphon::script", tracing::Level::INFO),
        Level::Warn => tracing::enabled!(target: "siphon::script", tracing::Level::WARN),
        Level::Error => tracing::enabled!(target: "siphon::script", tracing::Level::ERROR),
    }
}

/// The message with its arguments put in; where they do not fit, they follow it.
fn line(message: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<String> {
    if args.is_empty() {
        return Ok(message.str()?.to_string_lossy().into_owned());
    }
    match message.str()?.rem(args) {
        Ok(text) => Ok(text.str()?.to_string_lossy().into_owned()),
        Err(_) => Ok(format!("{} {}", message.str()?.to_string_lossy(), args.repr()?.to_string_lossy())),
    }
}
