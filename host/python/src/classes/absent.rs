//! Verbs of an object that the script API names and this server does not have. Absent namespaces are Python:
//! `siphon/_absent.py`.

use pyo3::exceptions::{PyAttributeError, PyNotImplementedError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Raises NotImplementedError when it is called.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct AbsentVerb(String);

impl AbsentVerb {
    /// The verb `name` of an object of `class`, if it is one of `absent`; AttributeError otherwise.
    pub(crate) fn find(class: &str, object: &str, absent: &[&str], name: &str) -> PyResult<Self> {
        if absent.contains(&name) {
            Ok(Self(format!("{object}.{name}")))
        } else {
            Err(PyAttributeError::new_err(format!("'{class}' object has no attribute '{name}'")))
        }
    }
}

#[pymethods]
impl AbsentVerb {
    #[pyo3(signature = (*_args, **_kwargs))]
    fn __call__(&self, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        Err(PyNotImplementedError::new_err(format!("{} is not available in this version of SIPhon", self.0)))
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(PyNotImplementedError::new_err(format!("{} is not available in this version of SIPhon", self.0)))
    }
}
