//! `proxy`: the utilities.

use std::sync::Arc;

use pyo3::prelude::*;
use siphon_script::proxy;

use crate::classes::Request;
use crate::convert::raise;
use crate::scope::Scope;

/// The namespace.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct ProxyNamespace(pub(crate) Arc<Scope>);

#[pymethods]
impl ProxyNamespace {
    fn rate_limit(&self, request: &Bound<'_, Request>, window_secs: f64, max_requests: u32) -> PyResult<bool> {
        proxy::rate_limit(request.get().request(), window_secs, max_requests).map_err(raise)
    }

    fn sanity_check(&self, request: &Bound<'_, Request>) -> PyResult<bool> {
        proxy::sanity_check(request.get().request()).map_err(raise)
    }

    fn memory_used_pct(&self) -> PyResult<u8> {
        proxy::memory_used_pct(&self.0.background).map_err(raise)
    }
}
