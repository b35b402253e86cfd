//! `auth`.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use siphon_script::ApiError;
use siphon_script::auth::{self, DigestOptions};

use crate::classes::{DigestResult, Request};
use crate::convert::raise;
use crate::scope::Scope;

/// The namespace.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct AuthNamespace(pub(crate) Arc<Scope>);

type Verb = fn(&siphon_script::Request, &DigestOptions<'_>) -> Result<bool, ApiError>;

fn check(verb: Verb, target: &Bound<'_, PyAny>, options: &DigestOptions<'_>) -> PyResult<DigestResult> {
    let request = target
        .cast::<Request>()
        .map_err(|_| PyTypeError::new_err("digest authentication needs a Request"))?
        .get()
        .request();
    verb(request, options).map(DigestResult::new).map_err(raise)
}

#[pymethods]
impl AuthNamespace {
    #[pyo3(signature = (target, realm = None, password = None, ha1 = None))]
    fn require_www_digest(
        &self,
        target: &Bound<'_, PyAny>,
        realm: Option<&str>,
        password: Option<&str>,
        ha1: Option<&str>,
    ) -> PyResult<DigestResult> {
        check(auth::require_www_digest, target, &DigestOptions { realm, password, ha1 })
    }

    #[pyo3(signature = (target, realm = None, password = None, ha1 = None))]
    fn require_proxy_digest(
        &self,
        target: &Bound<'_, PyAny>,
        realm: Option<&str>,
        password: Option<&str>,
        ha1: Option<&str>,
    ) -> PyResult<DigestResult> {
        check(auth::require_proxy_digest, target, &DigestOptions { realm, password, ha1 })
    }

    #[pyo3(signature = (target, realm = None, password = None, ha1 = None))]
    fn require_digest(
        &self,
        target: &Bound<'_, PyAny>,
        realm: Option<&str>,
        password: Option<&str>,
        ha1: Option<&str>,
    ) -> PyResult<DigestResult> {
        check(auth::require_digest, target, &DigestOptions { realm, password, ha1 })
    }

    #[pyo3(signature = (target, realm = None, password = None, ha1 = None))]
    fn verify_digest(
        &self,
        target: &Bound<'_, PyAny>,
        realm: Option<&str>,
        password: Option<&str>,
        ha1: Option<&str>,
    ) -> PyResult<DigestResult> {
        check(auth::verify_digest, target, &DigestOptions { realm, password, ha1 })
    }

    fn generate_nonce(&self) -> PyResult<String> {
        auth::generate_nonce(&self.0.background).map_err(raise)
    }

    fn validate_nonce(&self, nonce: &str) -> PyResult<bool> {
        auth::validate_nonce(&self.0.background, nonce).map_err(raise)
    }
}
