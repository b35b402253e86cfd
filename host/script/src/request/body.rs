//! The body of a request, as bytes. SDP has a model of its own in `siphon-sip`.

use bytes::Bytes;

use super::Request;
use crate::error::ApiError;
use crate::headers;

impl Request {
    /// The body; `None` when it is empty.
    #[must_use]
    pub fn body(&self) -> Option<Bytes> {
        self.read(|state| Some(state.message.body().clone()).filter(|body| !body.is_empty()))
    }

    /// Replaces the body, and Content-Type when one is given. Content-Length follows by itself.
    pub fn set_body(&self, body: Bytes, content_type: Option<&str>) -> Result<(), ApiError> {
        self.edit(|state| {
            content_type.map(|text| headers::one_line(text, "a content type")).transpose()?;
            state.message.set_body(body, content_type);
            Ok(())
        })
    }

    /// Whether there is a body whose media type begins so, in any case and without parameters.
    #[must_use]
    pub fn has_body(&self, content_type: &str) -> bool {
        self.read(|state| headers::has_body(state.message.headers(), state.message.body(), content_type))
    }
}
