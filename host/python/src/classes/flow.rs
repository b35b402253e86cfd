//! `Flow`.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use siphon_script::ScriptFlow;

/// The way that a message came in. Only the server makes one.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct Flow(ScriptFlow);

impl Flow {
    pub(crate) const fn new(flow: ScriptFlow) -> Self {
        Self(flow)
    }

    pub(crate) const fn flow(&self) -> &ScriptFlow {
        &self.0
    }
}

#[pymethods]
impl Flow {
    #[getter]
    const fn transport(&self) -> &'static str {
        self.0.transport()
    }

    #[getter]
    fn remote_addr(&self) -> String {
        self.0.remote_addr()
    }

    #[getter]
    fn local_addr(&self) -> String {
        self.0.local_addr()
    }

    #[getter]
    fn connection_id(&self) -> Option<u64> {
        self.0.connection_id()
    }

    #[getter]
    fn is_alive(&self) -> bool {
        self.0.is_alive()
    }

    fn __repr__(&self) -> String {
        format!("<Flow {} {} -> {}>", self.0.transport(), self.0.local_addr(), self.0.remote_addr())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}
