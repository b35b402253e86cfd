//! Between Python values and those of siphon-script: arguments, and the exceptions that verbs raise. No rules of the
//! script API are decided here.

use bytes::Bytes;
use pyo3::exceptions::{
    PyLookupError, PyNotImplementedError, PyPermissionError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use siphon_script::{ApiError, Callback, ErrorClass};

use crate::classes::{Contact, SipUri};

/// The exception for a verb's refusal.
pub(crate) fn raise(error: ApiError) -> PyErr {
    let text = error.to_string();
    match error.class() {
        ErrorClass::ValueError => PyValueError::new_err(text),
        ErrorClass::TypeError => PyTypeError::new_err(text),
        ErrorClass::PermissionError => PyPermissionError::new_err(text),
        ErrorClass::RuntimeError => PyRuntimeError::new_err(text),
        ErrorClass::NotImplementedError => PyNotImplementedError::new_err(text),
        ErrorClass::LookupError => PyLookupError::new_err(text),
    }
}

/// A URI as scripts give it: a str, a SipUri or a Contact.
pub(crate) struct UriText(pub(crate) String);

impl<'a, 'py> FromPyObject<'a, 'py> for UriText {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self(text.to_cow()?.into_owned()));
        }
        if let Ok(uri) = object.cast::<SipUri>() {
            return Ok(Self(uri.get().to_string()));
        }
        if let Ok(contact) = object.cast::<Contact>() {
            return Ok(Self(contact.get().contact().uri.to_string()));
        }
        Err(PyTypeError::new_err(format!("a URI is a str or a SipUri, not {}", object.get_type().name()?)))
    }
}

/// A body as scripts give it: str or bytes.
pub(crate) struct Body(pub(crate) Bytes);

impl<'a, 'py> FromPyObject<'a, 'py> for Body {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self(Bytes::copy_from_slice(bytes.as_bytes())));
        }
        match object.cast::<PyString>() {
            Ok(text) => Ok(Self(Bytes::from(text.to_cow()?.into_owned()))),
            Err(_) => Err(PyTypeError::new_err("a body is str or bytes")),
        }
    }
}

/// A function of a script, kept by somebody who knows no Python.
pub(crate) struct Function(pub(crate) Py<PyAny>);

/// Hands a function over; `what` says which argument it is.
pub(crate) fn callback(function: &Bound<'_, PyAny>, what: &str) -> PyResult<Callback> {
    if !function.is_callable() {
        return Err(PyTypeError::new_err(format!("{what} is not callable")));
    }
    Ok(Callback(std::sync::Arc::new(Function(function.clone().unbind()))))
}

/// Bytes of a message as text; what is not UTF-8 becomes U+FFFD.
pub(crate) fn body<'py>(py: Python<'py>, body: Option<Bytes>) -> Option<Bound<'py, PyBytes>> {
    body.map(|body| PyBytes::new(py, &body))
}
