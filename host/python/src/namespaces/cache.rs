//! `cache`. Every verb but `has_cache` is awaited in a script; with caches in memory the answer is there at once.

use std::sync::Arc;

use pyo3::prelude::*;
use siphon_script::cache;

use crate::classes::Completed;
use crate::convert::raise;
use crate::scope::Scope;

/// The namespace.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct CacheNamespace(pub(crate) Arc<Scope>);

#[pymethods]
impl CacheNamespace {
    fn has_cache(&self, name: &str) -> PyResult<bool> {
        cache::has_cache(&self.0.background, name).map_err(raise)
    }

    fn fetch(&self, py: Python<'_>, name: &str, key: &str) -> PyResult<Completed> {
        Completed::new(py, cache::fetch(&self.0.background, name, key).map_err(raise)?)
    }

    #[pyo3(signature = (name, key, value, ttl = None))]
    fn store(&self, py: Python<'_>, name: &str, key: &str, value: String, ttl: Option<f64>) -> PyResult<Completed> {
        Completed::new(py, cache::store(&self.0.background, name, key, value, ttl).map_err(raise)?)
    }

    fn delete(&self, py: Python<'_>, name: &str, key: &str) -> PyResult<Completed> {
        Completed::new(py, cache::delete(&self.0.background, name, key).map_err(raise)?)
    }

    fn exists(&self, py: Python<'_>, name: &str, key: &str) -> PyResult<Completed> {
        Completed::new(py, cache::exists(&self.0.background, name, key).map_err(raise)?)
    }

    fn expire(&self, py: Python<'_>, name: &str, key: &str, ttl: f64) -> PyResult<Completed> {
        Completed::new(py, cache::expire(&self.0.background, name, key, ttl).map_err(raise)?)
    }

    fn list_push(&self, py: Python<'_>, name: &str, key: &str, item: String) -> PyResult<Completed> {
        Completed::new(py, cache::list_push(&self.0.background, name, key, item).map_err(raise)?)
    }

    fn list_pop_all(&self, py: Python<'_>, name: &str, key: &str) -> PyResult<Completed> {
        Completed::new(py, cache::list_pop_all(&self.0.background, name, key).map_err(raise)?)
    }

    fn list_len(&self, py: Python<'_>, name: &str, key: &str) -> PyResult<Completed> {
        Completed::new(py, cache::list_len(&self.0.background, name, key).map_err(raise)?)
    }

    fn list_len_sum(&self, py: Python<'_>, name: &str, prefix: &str) -> PyResult<Completed> {
        Completed::new(py, cache::list_len_sum(&self.0.background, name, prefix).map_err(raise)?)
    }
}
