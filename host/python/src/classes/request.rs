//! `Request`: the object that handlers receive.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use siphon_script::request::{ForkOptions, RelayOptions, Target};

use super::absent::AbsentVerb;
use super::{Contact, Flow, SipUri};
use crate::convert::{self, Body, UriText, raise};

/// Verbs of the script API that this server does not have.
const ABSENT: [&str; 12] = [
    "add_contact_alias",
    "add_pcscf_path",
    "fix_nated_contact",
    "fix_nated_register",
    "force_send_via",
    "from_gateway",
    "generate_icid",
    "is_ipsec_protected",
    "matched_sa",
    "parse_security_client",
    "rewrite_identities",
    "set_charging_param",
];

/// A request in a handler.
#[pyclass(frozen, immutable_type, weakref, module = "siphon")]
pub(crate) struct Request(Arc<siphon_script::Request>);

impl Request {
    pub(crate) const fn new(request: Arc<siphon_script::Request>) -> Self {
        Self(request)
    }

    pub(crate) const fn request(&self) -> &Arc<siphon_script::Request> {
        &self.0
    }
}

/// What it says of itself.
#[pymethods]
#[allow(clippy::wrong_self_convention)] // the names are those that scripts know
impl Request {
    #[getter]
    fn method<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        interned_method(py, self.0.method())
    }

    #[getter]
    fn ruri(&self) -> SipUri {
        SipUri::new(self.0.ruri())
    }

    #[setter]
    #[pyo3(name = "ruri")]
    fn replace_ruri(&self, uri: UriText) -> PyResult<()> {
        self.0.set_ruri(&uri.0).map_err(raise)
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
    fn from_tag(&self) -> Option<String> {
        self.0.from_tag()
    }

    #[getter]
    fn to_tag(&self) -> Option<String> {
        self.0.to_tag()
    }

    #[getter]
    fn call_id(&self) -> Option<String> {
        self.0.call_id()
    }

    #[getter]
    fn cseq(&self) -> Option<(u32, String)> {
        self.0.cseq()
    }

    #[getter]
    fn in_dialog(&self) -> bool {
        self.0.in_dialog()
    }

    #[getter]
    fn max_forwards(&self) -> u32 {
        self.0.max_forwards()
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
    fn transport(&self) -> &'static str {
        self.0.transport()
    }

    #[getter]
    fn source_ip(&self) -> String {
        self.0.source_ip().to_string()
    }

    #[getter]
    fn source_port(&self) -> u16 {
        self.0.source_port()
    }

    #[getter]
    fn user_agent(&self) -> Option<String> {
        self.0.user_agent()
    }

    #[getter]
    fn event(&self) -> Option<String> {
        self.0.event()
    }

    #[getter]
    fn auth_user(&self) -> Option<String> {
        self.0.auth_user()
    }

    #[setter]
    fn set_auth_user(&self, user: Option<String>) -> PyResult<()> {
        self.0.set_auth_user(user).map_err(raise)
    }

    #[getter]
    fn contact_expires(&self) -> Option<u32> {
        self.0.contact_expires()
    }

    #[getter]
    fn route_user(&self) -> Option<String> {
        self.0.route_user()
    }

    #[getter]
    fn consumed_routes(&self) -> Vec<String> {
        self.0.consumed_routes()
    }

    #[getter]
    fn consumed_route(&self) -> Option<SipUri> {
        self.0.consumed_route().map(SipUri::new)
    }

    #[getter]
    fn consumed_route_user(&self) -> Option<String> {
        self.0.consumed_route_user()
    }

    #[getter]
    fn flow(&self) -> Flow {
        Flow::new(self.0.script_flow())
    }

    fn source_ip_in(&self, cidrs: Vec<String>) -> bool {
        self.0.source_ip_in(cidrs.iter().map(String::as_str))
    }

    fn has_body(&self, content_type: &str) -> bool {
        self.0.has_body(content_type)
    }

    fn __getattr__(&self, name: &str) -> PyResult<AbsentVerb> {
        AbsentVerb::find("Request", "request", &ABSENT, name)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }

    /// Decides to answer it.
    #[pyo3(signature = (code, reason, reliable = false))]
    fn reply(&self, code: i64, reason: &str, reliable: bool) -> PyResult<()> {
        self.0.reply(code, reason, reliable).map_err(raise)
    }

    /// Decides to send it on to one place.
    #[pyo3(signature = (next_hop = None, on_reply = None, on_failure = None, flow = None, send_socket = None))]
    fn relay(
        &self,
        next_hop: Option<UriText>,
        on_reply: Option<&Bound<'_, PyAny>>,
        on_failure: Option<&Bound<'_, PyAny>>,
        flow: Option<&Bound<'_, Flow>>,
        send_socket: Option<&str>,
    ) -> PyResult<()> {
        let options = RelayOptions {
            next_hop: next_hop.as_ref().map(|uri| uri.0.as_str()),
            on_reply: on_reply.map(|function| convert::callback(function, "on_reply")).transpose()?,
            on_failure: on_failure.map(|function| convert::callback(function, "on_failure")).transpose()?,
            flow: flow.map(|flow| flow.get().flow().flow()),
            send_socket,
        };
        self.0.relay(options).map_err(raise)
    }

    /// Decides to send it on to several places.
    #[pyo3(signature = (targets, strategy = "parallel", send_socket = None))]
    fn fork(&self, targets: &Bound<'_, PyAny>, strategy: &str, send_socket: Option<&str>) -> PyResult<()> {
        let options = ForkOptions { send_socket, ..ForkOptions::strategy(strategy) };
        self.0.fork(&fork_targets(targets)?, options).map_err(raise)
    }

    fn record_route(&self) -> PyResult<()> {
        self.0.record_route().map_err(raise)
    }

    fn loose_route(&self) -> PyResult<bool> {
        self.0.loose_route().map_err(raise)
    }

    fn add_path(&self, uri: UriText) -> PyResult<()> {
        self.0.add_path(&uri.0).map_err(raise)
    }

    fn prepend_route(&self, uri: UriText) -> PyResult<()> {
        self.0.prepend_route(&uri.0).map_err(raise)
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

    fn remove_from_header_list(&self, name: &str, value: &str) -> PyResult<()> {
        self.0.remove_from_header_list(name, value).map_err(raise)
    }

    fn set_reply_header(&self, name: &str, value: &str) -> PyResult<()> {
        self.0.set_reply_header(name, value).map_err(raise)
    }

    fn add_reply_header(&self, name: &str, value: &str) -> PyResult<()> {
        self.0.add_reply_header(name, value).map_err(raise)
    }

    fn set_reply_to_tag(&self, tag: &str) -> PyResult<()> {
        self.0.set_reply_to_tag(tag).map_err(raise)
    }

    fn set_reply_body(&self, body: Body, content_type: &str) -> PyResult<()> {
        self.0.set_reply_body(body.0, content_type).map_err(raise)
    }

    #[pyo3(signature = (body, content_type = None))]
    fn set_body(&self, body: Body, content_type: Option<&str>) -> PyResult<()> {
        self.0.set_body(body.0, content_type).map_err(raise)
    }

    fn set_ruri(&self, uri: UriText) -> PyResult<()> {
        self.replace_ruri(uri)
    }

    fn set_ruri_user(&self, user: Option<&str>) -> PyResult<()> {
        self.0.set_ruri_user(user).map_err(raise)
    }

    fn set_ruri_host(&self, host: &str) -> PyResult<()> {
        self.0.set_ruri_host(host).map_err(raise)
    }

    fn set_from_display(&self, name: &str) -> PyResult<()> {
        self.0.set_from_display(name).map_err(raise)
    }

    fn set_to_display(&self, name: &str) -> PyResult<()> {
        self.0.set_to_display(name).map_err(raise)
    }

    fn set_from_uri(&self, uri: UriText) -> PyResult<()> {
        self.0.set_from_uri(&uri.0).map_err(raise)
    }

    fn set_to_uri(&self, uri: UriText) -> PyResult<()> {
        self.0.set_to_uri(&uri.0).map_err(raise)
    }

    fn set_contact_uri(&self, uri: UriText) -> PyResult<()> {
        self.0.set_contact_uri(&uri.0).map_err(raise)
    }

    fn set_contact_user(&self, user: &str) -> PyResult<()> {
        self.0.set_contact_user(user).map_err(raise)
    }
}

/// The usual methods as strings that are made once.
fn interned_method<'py>(py: Python<'py>, method: &str) -> Bound<'py, PyString> {
    match method {
        "INVITE" => intern!(py, "INVITE").clone(),
        "BYE" => intern!(py, "BYE").clone(),
        "REGISTER" => intern!(py, "REGISTER").clone(),
        "OPTIONS" => intern!(py, "OPTIONS").clone(),
        "ACK" => intern!(py, "ACK").clone(),
        "CANCEL" => intern!(py, "CANCEL").clone(),
        "SUBSCRIBE" => intern!(py, "SUBSCRIBE").clone(),
        "NOTIFY" => intern!(py, "NOTIFY").clone(),
        "MESSAGE" => intern!(py, "MESSAGE").clone(),
        "INFO" => intern!(py, "INFO").clone(),
        "UPDATE" => intern!(py, "UPDATE").clone(),
        "PRACK" => intern!(py, "PRACK").clone(),
        "REFER" => intern!(py, "REFER").clone(),
        "PUBLISH" => intern!(py, "PUBLISH").clone(),
        other => PyString::new(py, other),
    }
}

/// The branches of a fork: URIs and Contacts, in the script's order.
fn fork_targets(targets: &Bound<'_, PyAny>) -> PyResult<Vec<Target>> {
    if targets.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("fork takes a list of targets, not one str"));
    }
    targets
        .try_iter()?
        .map(|target| {
            let target = target?;
            match target.cast::<Contact>() {
                Ok(contact) => Ok(Target::Contact(Box::new(contact.get().contact().clone()))),
                Err(_) => target.extract::<UriText>().map(|uri| Target::Uri(uri.0)),
            }
        })
        .collect()
}
