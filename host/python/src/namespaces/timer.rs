//! `timer`: one-shot timers. `timer.every` is a decorator.

use std::sync::Arc;

use pyo3::prelude::*;
use siphon_script::timer;

use crate::convert::{callback, raise};
use crate::scope::Scope;

/// The namespace.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct TimerNamespace(pub(crate) Arc<Scope>);

#[pymethods]
impl TimerNamespace {
    /// Calls `handler` once with the key; the same key replaces.
    fn set(&self, key: String, delay_ms: f64, handler: &Bound<'_, PyAny>) -> PyResult<TimerHandle> {
        timer::set(&self.0.background, &key, delay_ms, callback(handler, "the handler")?).map_err(raise)?;
        Ok(TimerHandle { scope: Arc::clone(&self.0), key })
    }

    fn cancel(&self, key: &str) -> PyResult<bool> {
        timer::cancel(&self.0.background, key).map_err(raise)
    }

    #[getter]
    fn active_count(&self) -> PyResult<usize> {
        timer::active_count(&self.0.background).map_err(raise)
    }
}

/// What `timer.set` returns.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct TimerHandle {
    scope: Arc<Scope>,
    key: String,
}

#[pymethods]
impl TimerHandle {
    #[getter]
    fn key(&self) -> &str {
        &self.key
    }

    fn cancel(&self) -> PyResult<bool> {
        timer::cancel(&self.scope.background, &self.key).map_err(raise)
    }

    fn __repr__(&self) -> String {
        format!("<TimerHandle {:?}>", self.key)
    }
}
