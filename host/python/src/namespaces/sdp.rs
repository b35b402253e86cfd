//! `sdp`: session descriptions as scripts edit them. The model is siphon-sip's; nothing is negotiated here.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use pyo3::exceptions::{PyLookupError, PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use siphon_sip::sdp::{InvalidText, MediaDescription, Section, SessionDescription};

use crate::classes::{Reply, Request};
use crate::convert::{Body, raise};

/// The namespace.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct SdpNamespace;

#[pymethods]
impl SdpNamespace {
    /// Reads a body, or that of a message.
    fn parse(&self, source: &Bound<'_, PyAny>) -> PyResult<Sdp> {
        let body = if let Ok(request) = source.cast::<Request>() {
            request.get().request().body().unwrap_or_default()
        } else if let Ok(reply) = source.cast::<Reply>() {
            reply.get().reply().body().unwrap_or_default()
        } else {
            let Body(body) = source
                .extract()
                .map_err(|_| PyTypeError::new_err("sdp.parse takes a str, bytes, a Request or a Reply"))?;
            body
        };
        let description = SessionDescription::parse(&body).map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Sdp(Arc::new(Mutex::new(Shared { description, removals: 0 }))))
    }
}

/// A description and how often media were taken out of it: a `MediaSection` of before has no place in it any more.
struct Shared {
    description: SessionDescription,
    removals: usize,
}

/// A session description. `str(sdp)` prints it.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct Sdp(Arc<Mutex<Shared>>);

impl Sdp {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock()
    }
}

#[pymethods]
impl Sdp {
    #[getter]
    fn origin(&self) -> Option<String> {
        self.lock().description.origin_text().map(text)
    }

    #[getter]
    fn session_name(&self) -> Option<String> {
        self.lock().description.session_name().map(text)
    }

    #[setter]
    fn set_session_name(&self, name: &str) -> PyResult<()> {
        self.lock().description.set_session_name(name).map_err(invalid)
    }

    #[getter]
    fn connection(&self) -> Option<String> {
        self.lock().description.section().connection_text().map(text)
    }

    #[getter]
    fn attrs(&self) -> Vec<String> {
        attributes(self.lock().description.section())
    }

    #[setter]
    fn set_attrs(&self, attributes: Vec<String>) -> PyResult<()> {
        self.lock().description.section_mut().set_attributes(&attributes).map_err(invalid)
    }

    fn get_attr(&self, name: &str) -> Option<String> {
        attribute(self.lock().description.section(), name)
    }

    #[pyo3(signature = (name, value = None))]
    fn set_attr(&self, name: &str, value: Option<&str>) -> PyResult<()> {
        let value = value.map(str::as_bytes);
        self.lock().description.section_mut().set_attribute(name, value).map_err(invalid)
    }

    fn remove_attr(&self, name: &str) -> bool {
        self.lock().description.section_mut().remove_attribute(name) > 0
    }

    fn has_attr(&self, name: &str) -> bool {
        self.lock().description.section().has_attribute(name)
    }

    #[getter]
    fn media(&self) -> Vec<MediaSection> {
        let shared = self.lock();
        let section = |index| MediaSection { owner: Arc::clone(&self.0), index, removals: shared.removals };
        (0..shared.description.media().len()).map(section).collect()
    }

    fn filter_codecs(&self, keep: Vec<String>) {
        self.lock().description.filter_codecs(&keep);
    }

    fn remove_codecs(&self, remove: Vec<String>) {
        self.lock().description.remove_codecs(&remove);
    }

    fn remove_media(&self, media_type: &str) {
        let mut shared = self.lock();
        if shared.description.remove_media(media_type) > 0 {
            shared.removals += 1;
        }
    }

    /// Makes it the body of a message.
    fn apply(&self, target: &Bound<'_, PyAny>) -> PyResult<()> {
        let body = self.lock().description.to_bytes();
        if let Ok(request) = target.cast::<Request>() {
            return request.get().request().set_body(body, Some("application/sdp")).map_err(raise);
        }
        if target.is_instance_of::<Reply>() {
            return Err(PyNotImplementedError::new_err(
                "the body of a Reply cannot be replaced in this version of SIPhon",
            ));
        }
        Err(PyTypeError::new_err("sdp.apply takes a Request"))
    }

    fn __str__(&self) -> String {
        self.lock().description.to_string()
    }
}

/// One media description of an [`Sdp`]: a live view.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct MediaSection {
    owner: Arc<Mutex<Shared>>,
    index: usize,
    removals: usize,
}

impl MediaSection {
    fn read<R>(&self, look: impl FnOnce(&MediaDescription) -> R) -> PyResult<R> {
        let shared = self.owner.lock();
        self.check(&shared)?;
        shared.description.media().get(self.index).map(look).ok_or_else(gone)
    }

    fn edit(&self, change: impl FnOnce(&mut MediaDescription) -> Result<(), InvalidText>) -> PyResult<()> {
        let mut shared = self.owner.lock();
        self.check(&shared)?;
        let media = shared.description.media_mut().get_mut(self.index).ok_or_else(gone)?;
        change(media).map_err(invalid)
    }

    fn check(&self, shared: &Shared) -> PyResult<()> {
        if shared.removals == self.removals { Ok(()) } else { Err(gone()) }
    }
}

#[pymethods]
impl MediaSection {
    #[getter]
    fn media_type(&self) -> PyResult<String> {
        self.read(|media| text(media.media_type()))
    }

    #[getter]
    fn port(&self) -> PyResult<u16> {
        self.read(MediaDescription::port)
    }

    #[setter]
    fn set_port(&self, port: u16) -> PyResult<()> {
        self.edit(|media| {
            media.set_port(port);
            Ok(())
        })
    }

    #[getter]
    fn protocol(&self) -> PyResult<String> {
        self.read(|media| text(media.protocol()))
    }

    #[setter]
    fn set_protocol(&self, protocol: &str) -> PyResult<()> {
        self.edit(|media| media.set_protocol(protocol))
    }

    /// The encoding names in order of preference; a payload type without a name stands for itself.
    #[getter]
    fn codecs(&self) -> PyResult<Vec<String>> {
        self.read(|media| media.codecs().iter().map(|codec| text(codec.name.unwrap_or(codec.payload_type))).collect())
    }

    #[getter]
    fn connection(&self) -> PyResult<Option<String>> {
        self.read(|media| media.section().connection_text().map(text))
    }

    #[getter]
    fn attrs(&self) -> PyResult<Vec<String>> {
        self.read(|media| attributes(media.section()))
    }

    #[setter]
    fn set_attrs(&self, attributes: Vec<String>) -> PyResult<()> {
        self.edit(|media| media.section_mut().set_attributes(&attributes))
    }

    fn get_attr(&self, name: &str) -> PyResult<Option<String>> {
        self.read(|media| attribute(media.section(), name))
    }

    #[pyo3(signature = (name, value = None))]
    fn set_attr(&self, name: &str, value: Option<&str>) -> PyResult<()> {
        self.edit(|media| media.section_mut().set_attribute(name, value.map(str::as_bytes)))
    }

    fn remove_attr(&self, name: &str) -> PyResult<bool> {
        let had = self.has_attr(name)?;
        self.edit(|media| {
            media.section_mut().remove_attribute(name);
            Ok(())
        })?;
        Ok(had)
    }

    fn has_attr(&self, name: &str) -> PyResult<bool> {
        self.read(|media| media.section().has_attribute(name))
    }

    fn __repr__(&self) -> PyResult<String> {
        self.read(|media| format!("<MediaSection {} {}>", text(media.media_type()), media.port()))
    }
}

fn attributes(section: &Section) -> Vec<String> {
    let line = |name: &[u8], value: Option<&[u8]>| match value {
        Some(value) => format!("{}:{}", text(name), text(value)),
        None => text(name),
    };
    section.attributes().map(|attribute| line(attribute.name, attribute.value)).collect()
}

/// The value of an attribute; empty for one without a value.
fn attribute(section: &Section, name: &str) -> Option<String> {
    section.attribute(name).map(|value| value.map(text).unwrap_or_default())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn invalid(error: InvalidText) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn gone() -> PyErr {
    PyLookupError::new_err("this media section was removed, or one before it; read sdp.media again")
}
