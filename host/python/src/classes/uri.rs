//! `SipUri`.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use siphon_script::ScriptUri;

use crate::convert::raise;

/// A SIP, SIPS or tel URI. `request.ruri` is a live view; every other one is a value of its own.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct SipUri(ScriptUri);

impl SipUri {
    pub(crate) const fn new(uri: ScriptUri) -> Self {
        Self(uri)
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[pymethods]
impl SipUri {
    #[getter]
    fn scheme(&self) -> String {
        self.0.scheme()
    }

    #[getter]
    fn user(&self) -> Option<String> {
        self.0.user()
    }

    #[setter]
    fn set_user(&self, user: Option<&str>) -> PyResult<()> {
        self.0.set_user(user).map_err(raise)
    }

    #[getter]
    fn host(&self) -> String {
        self.0.host().unwrap_or_default()
    }

    #[setter]
    fn set_host(&self, host: &str) -> PyResult<()> {
        self.0.set_host(host).map_err(raise)
    }

    #[getter]
    fn port(&self) -> Option<u16> {
        self.0.port()
    }

    #[setter]
    fn set_port(&self, port: Option<u16>) -> PyResult<()> {
        self.0.set_port(port).map_err(raise)
    }

    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let params = PyDict::new(py);
        for (name, value) in self.0.params() {
            params.set_item(name, value)?;
        }
        Ok(params)
    }

    #[getter]
    fn is_tel(&self) -> bool {
        self.0.is_tel()
    }

    #[getter]
    fn is_local(&self) -> bool {
        self.0.is_local()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<SipUri {}>", self.0)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0.to_string() == self.0.to_string())
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.to_string().hash(&mut hasher);
        hasher.finish()
    }
}
