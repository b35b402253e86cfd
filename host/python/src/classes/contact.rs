//! `Contact`.

use std::sync::Arc;

use pyo3::prelude::*;
use siphon_script::{Context, ScriptFlow};

use super::Flow;

/// One binding, as it was at the look-up.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct Contact {
    contact: siphon_script::Contact,
    context: Arc<Context>,
}

impl Contact {
    pub(crate) const fn new(contact: siphon_script::Contact, context: Arc<Context>) -> Self {
        Self { contact, context }
    }

    pub(crate) const fn contact(&self) -> &siphon_script::Contact {
        &self.contact
    }
}

#[pymethods]
impl Contact {
    #[getter]
    fn uri(&self) -> String {
        self.contact.uri.to_string()
    }

    #[getter]
    fn received(&self) -> Option<&str> {
        self.contact.received.as_deref()
    }

    #[getter]
    fn q(&self) -> f64 {
        f64::from(self.contact.preference().thousandths()) / 1000.0
    }

    #[getter]
    const fn expires(&self) -> u32 {
        self.contact.expires
    }

    #[getter]
    const fn age_secs(&self) -> u32 {
        self.contact.age_secs
    }

    #[getter]
    fn path(&self) -> Vec<String> {
        self.contact.path.iter().map(ToString::to_string).collect()
    }

    #[getter]
    fn instance_id(&self) -> Option<&str> {
        self.contact.instance_id.as_deref()
    }

    #[getter]
    const fn reg_id(&self) -> Option<u32> {
        self.contact.reg_id
    }

    #[getter]
    const fn instance_epoch(&self) -> u64 {
        self.contact.instance_epoch
    }

    #[getter]
    const fn is_local(&self) -> bool {
        self.contact.is_local
    }

    #[getter]
    fn flow_token(&self) -> Option<&str> {
        self.contact.flow_token.as_deref()
    }

    #[getter]
    fn flow(&self) -> Option<Flow> {
        self.contact.flow.map(|flow| Flow::new(ScriptFlow::new(Arc::clone(&self.context), flow)))
    }

    #[getter]
    fn params(&self) -> Vec<(String, Option<String>)> {
        self.contact.params.clone()
    }

    #[getter]
    const fn kind(&self) -> &'static str {
        self.contact.kind.as_str()
    }

    fn __str__(&self) -> String {
        self.contact.uri.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Contact {}>", self.contact.uri)
    }
}
