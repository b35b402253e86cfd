//! The header verbs of a request. What is set on the response instead lives in `local_reply.rs`.

use super::Request;
use crate::error::ApiError;
use crate::headers;

impl Request {
    /// The first line of that name as it stands; names in any case and compact form.
    pub fn header(&self, name: &str) -> Result<Option<String>, ApiError> {
        self.read(|state| headers::first(state.message.headers(), name))
    }

    /// Every value of that name: list headers are split at their commas, others give one value a line.
    pub fn headers(&self, name: &str) -> Result<Vec<String>, ApiError> {
        self.read(|state| headers::all(state.message.headers(), name))
    }

    /// Whether the header is there.
    pub fn has_header(&self, name: &str) -> Result<bool, ApiError> {
        self.read(|state| headers::contains(state.message.headers(), name))
    }

    /// Replaces all values of that name; the first one's place is kept.
    ///
    /// Like every verb that writes headers it refuses Via, Content-Length, Max-Forwards, CSeq and Call-ID, and values
    /// with CR, LF or NUL.
    pub fn set_header(&self, name: &str, value: &str) -> Result<(), ApiError> {
        self.edit(|state| headers::set(state.message.headers_mut(), name, value))
    }

    /// Adds the header unless there is one.
    pub fn ensure_header(&self, name: &str, value: &str) -> Result<(), ApiError> {
        self.edit(|state| headers::ensure(state.message.headers_mut(), name, value))
    }

    /// Removes all values of that name.
    pub fn remove_header(&self, name: &str) -> Result<(), ApiError> {
        self.edit(|state| headers::remove(state.message.headers_mut(), name))
    }

    /// Removes every header whose name begins so, in any case. What belongs to the server stays.
    pub fn remove_headers_matching(&self, prefix: &str) -> Result<(), ApiError> {
        self.edit(|state| {
            headers::remove_matching(state.message.headers_mut(), prefix);
            Ok(())
        })
    }

    /// Drops one token of a comma-separated header, in any case, and joins what is left into one line.
    pub fn remove_from_header_list(&self, name: &str, value: &str) -> Result<(), ApiError> {
        self.edit(|state| headers::remove_from_list(state.message.headers_mut(), name, value))
    }
}
