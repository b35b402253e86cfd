//! `Reply`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use siphon_script::ScriptFlow;

use super::absent::AbsentVerb;
use super::{Flow, SipUri};
use crate::convert::{self, raise};

/// Verbs of the script API that this server does not have.
const ABSENT: [&str; 3] = ["fix_nated_contact", "from_gateway", "take_av"];

/// A response in a handler.
#[pyclass(frozen, immutable_type, weakref, module = "siphon")]
pub(crate) struct Reply(Arc<siphon_script::Reply>);

impl Reply {
    pub(crate) const fn new(reply: Arc<siphon_script::Reply>) -> Self {
        Self(reply)
    }

    pub(crate) const fn reply(&self) -> &Arc<siphon_script::Reply> {
        &self.0
    }
}

#[pymethods]
#[allow(clippy::wrong_self_convention)] // the names are those that scripts know
impl Reply {
    #[getter]
    fn status_code(&self) -> u16 {
        self.0.status_code()
    }

    #[getter]
    fn reason(&self) -> String {
        self.0.reason()
    }

    #[getter]
    fn from_uri(&self) -> Option<SipUri> {
        self.0.from_uri().map(SipUri::new)
    }

    #[getter]
    fn to_uri(&self) -> Option<SipUri> {
        self.0.to_uri().map(SipUri::new)
    }

    #[getter]
    fn call_id(&self) -> Option<String> {
        self.0.call_id()
    }

    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        convert::body(py, self.0.body())
    }

    #[getter]
    fn content_type(&self) -> Option<String> {
        self.0.content_type()
    }

    #[getter]
    fn source_ip(&self) -> Option<String> {
        self.0.source_ip().map(|address| address.to_string())
    }

    #[getter]
    fn source_port(&self) -> Option<u16> {
        self.0.source_port()
    }

    #[getter]
    fn flow(&self) -> Option<Flow> {
        self.0.source().map(|flow| Flow::new(ScriptFlow::new(Arc::clone(self.0.context()), flow)))
    }

    fn has_body(&self, content_type: &str) -> bool {
        self.0.has_body(content_type)
    }

    fn get_header(&self, name: &str) -> PyResult<Option<String>> {
        self.0.header(name).map_err(raise)
    }

    fn header(&self, name: &str) -> PyResult<Option<String>> {
        self.0.header(name).map_err(raise)
    }

    fn get_headers(&self, name: &str) -> PyResult<Vec<String>> {
        self.0.headers(name).map_err(raise)
    }

    fn has_header(&self, name: &str) -> PyResult<bool> {
        self.0.has_header(name).map_err(raise)
    }

    fn set_header(&self, name: &str, value: &str) -> PyResult<()> {
        self.0.set_header(name, value).map_err(raise)
    }

    fn ensure_header(&self, name: &str, value: &str) -> PyResult<()> {
        self.0.ensure_header(name, value).map_err(raise)
    }

    fn remove_header(&self, name: &str) -> PyResult<()> {
        self.0.remove_header(name).map_err(raise)
    }

    fn remove_headers_matching(&self, prefix: &str) -> PyResult<()> {
        self.0.remove_headers_matching(prefix).map_err(raise)
    }

    /// Lets it go upstream.
    fn relay(&self) -> PyResult<()> {
        self.0.relay().map_err(raise)
    }

    /// Lets it go upstream.
    fn forward(&self) -> PyResult<()> {
        self.0.relay().map_err(raise)
    }

    /// Answers with an error instead of a 1xx.
    #[pyo3(signature = (code, reason = None))]
    fn reject(&self, code: i64, reason: Option<&str>) -> PyResult<bool> {
        self.0.reject(code, reason).map_err(raise)
    }

    fn __getattr__(&self, name: &str) -> PyResult<AbsentVerb> {
        AbsentVerb::find("Reply", "reply", &ABSENT, name)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
