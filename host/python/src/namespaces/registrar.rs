//! `registrar`.

use std::sync::Arc;

use pyo3::prelude::*;
use siphon_script::registrar::{self, SaveOptions};
use siphon_script::{ApiError, Context};

use crate::classes::{Completed, Contact, Request};
use crate::convert::{UriText, raise};
use crate::scope::Scope;

/// The namespace.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct RegistrarNamespace(pub(crate) Arc<Scope>);

impl RegistrarNamespace {
    fn contacts(
        &self,
        py: Python<'_>,
        find: impl FnOnce(&Context) -> Result<Vec<siphon_script::Contact>, ApiError>,
    ) -> PyResult<Vec<Contact>> {
        let context = self.0.current(py)?;
        let found = find(&context).map_err(raise)?;
        Ok(found.into_iter().map(|contact| Contact::new(contact, Arc::clone(&context))).collect())
    }

    fn with<R>(&self, py: Python<'_>, verb: impl FnOnce(&Context) -> Result<R, ApiError>) -> PyResult<R> {
        verb(&*self.0.current(py)?).map_err(raise)
    }
}

#[pymethods]
impl RegistrarNamespace {
    #[pyo3(signature = (request, force = false, aliases = None, flow_token = None))]
    fn save(
        &self,
        request: &Bound<'_, Request>,
        force: bool,
        aliases: Option<Vec<UriText>>,
        flow_token: Option<String>,
    ) -> PyResult<bool> {
        let aliases = aliases.map(|aliases| aliases.into_iter().map(|alias| alias.0).collect());
        registrar::save(request.get().request(), &SaveOptions { force, aliases, flow_token }).map_err(raise)
    }

    fn lookup(&self, py: Python<'_>, uri: UriText) -> PyResult<Vec<Contact>> {
        self.contacts(py, |context| registrar::lookup(context, &uri.0))
    }

    fn lookup_contact(&self, py: Python<'_>, uri: UriText) -> PyResult<Vec<Contact>> {
        self.contacts(py, |context| registrar::lookup_contact(context, &uri.0))
    }

    fn is_registered_contact(&self, py: Python<'_>, uri: UriText) -> PyResult<bool> {
        self.with(py, |context| registrar::is_registered_contact(context, &uri.0))
    }

    fn lookup_by_token(&self, py: Python<'_>, token: &str) -> PyResult<Option<Contact>> {
        let find =
            |context: &Context| registrar::lookup_by_token(context, token).map(|found| found.into_iter().collect());
        Ok(self.contacts(py, find)?.pop())
    }

    fn is_registered(&self, py: Python<'_>, uri: UriText) -> PyResult<bool> {
        self.with(py, |context| registrar::is_registered(context, &uri.0))
    }

    fn aor_count(&self, py: Python<'_>) -> PyResult<Completed> {
        let count = registrar::aor_count(&self.0.background).map_err(raise)?;
        Completed::new(py, count)
    }

    fn expire(&self, py: Python<'_>, uri: UriText) -> PyResult<()> {
        self.with(py, |context| registrar::expire(context, &uri.0))
    }

    fn remove(&self, py: Python<'_>, uri: UriText) -> PyResult<()> {
        self.with(py, |context| registrar::remove(context, &uri.0))
    }

    fn asserted_identity(&self, py: Python<'_>, uri: UriText) -> PyResult<Option<String>> {
        self.with(py, |context| registrar::asserted_identity(context, &uri.0))
    }

    fn service_route(&self, py: Python<'_>, uri: UriText) -> PyResult<Vec<String>> {
        self.with(py, |context| registrar::service_route(context, &uri.0))
    }

    fn set_service_routes(&self, py: Python<'_>, aor: UriText, routes: Vec<String>) -> PyResult<()> {
        self.with(py, |context| registrar::set_service_routes(context, &aor.0, &routes))
    }

    fn associated_uris(&self, py: Python<'_>, uri: UriText) -> PyResult<Vec<String>> {
        self.with(py, |context| registrar::associated_uris(context, &uri.0))
    }

    fn set_associated_uris(&self, py: Python<'_>, aor: UriText, uris: Vec<String>) -> PyResult<()> {
        self.with(py, |context| registrar::set_associated_uris(context, &aor.0, uris))
    }
}
