//! `_siphon`: the module behind the `siphon` package, made anew for each generation. Its classes are the same in all.

use std::sync::Arc;

use pyo3::prelude::*;
use siphon_script::MethodFilter;

use crate::classes::{Contact, DigestResult, Flow, Reply, Request, SipUri};
use crate::convert::raise;
use crate::namespaces::{
    AuthNamespace, CacheNamespace, LogNamespace, MetricsNamespace, ProxyNamespace, RegistrarNamespace, SdpNamespace,
    TimerNamespace,
};
use crate::scope::Scope;

/// The module of a generation.
pub(crate) fn module<'py>(py: Python<'py>, scope: &Arc<Scope>) -> PyResult<Bound<'py, PyModule>> {
    let module = PyModule::new(py, "_siphon")?;
    module.add_class::<Contact>()?;
    module.add_class::<DigestResult>()?;
    module.add_class::<Flow>()?;
    module.add_class::<Reply>()?;
    module.add_class::<Request>()?;
    module.add_class::<SipUri>()?;
    module.add("auth", Py::new(py, AuthNamespace(Arc::clone(scope)))?)?;
    module.add("cache", Py::new(py, CacheNamespace(Arc::clone(scope)))?)?;
    module.add("log", Py::new(py, LogNamespace(Arc::clone(scope)))?)?;
    module.add("metrics", Py::new(py, MetricsNamespace(Arc::clone(scope)))?)?;
    module.add("proxy", Py::new(py, ProxyNamespace(Arc::clone(scope)))?)?;
    module.add("registrar", Py::new(py, RegistrarNamespace(Arc::clone(scope)))?)?;
    module.add("sdp", Py::new(py, SdpNamespace)?)?;
    module.add("timer", Py::new(py, TimerNamespace(Arc::clone(scope)))?)?;
    module.add_function(wrap_pyfunction!(check_method_filter, &module)?)?;
    Ok(module)
}

/// Raises ValueError unless the text is a list of methods: `INVITE|SUBSCRIBE`.
#[pyfunction]
fn check_method_filter(text: &str) -> PyResult<()> {
    MethodFilter::parse(text).map(drop).map_err(raise)
}
