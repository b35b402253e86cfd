//! Responses: the status line, the headers and the body, as received or as edited. No choice among responses.

use bytes::Bytes;

use crate::headers::Headers;
use crate::print::{self, StartLine};
use crate::request::set_content_type;
use crate::{ByteStr, HeaderValue, StatusCode};

/// A response. A clone counts references and copies the header index.
#[derive(Clone, Debug)]
pub struct Response {
    status: StatusCode,
    reason: ByteStr,
    is_version_2: bool,
    /// The bytes of the status line as received; 0 once it is not to be printed so.
    line_length: u32,
    headers: Headers,
    body: Bytes,
    body_edited: bool,
}

/// The parts that the parser found.
pub(crate) struct StatusLine {
    pub(crate) status: StatusCode,
    pub(crate) reason: ByteStr,
    pub(crate) is_version_2: bool,
    pub(crate) line_length: u32,
}

impl Response {
    /// A response without headers and body. An empty `reason` is printed as one.
    #[must_use]
    pub fn new(status: StatusCode, reason: impl Into<ByteStr>) -> Self {
        let mut response = Self::with_headers(status, Headers::new());
        response.set_status(status, reason);
        response
    }

    pub(crate) fn with_headers(status: StatusCode, headers: Headers) -> Self {
        Self {
            status,
            reason: ByteStr::from_static(status.default_reason()),
            is_version_2: true,
            line_length: 0,
            headers,
            body: Bytes::new(),
            body_edited: true,
        }
    }

    pub(crate) fn received(line: StatusLine, headers: Headers, body: Bytes) -> Self {
        let StatusLine { status, reason, is_version_2, line_length } = line;
        Self { status, reason, is_version_2, line_length, headers, body, body_edited: false }
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase, possibly empty.
    #[must_use]
    pub const fn reason(&self) -> &ByteStr {
        &self.reason
    }

    /// Whether the status line says `SIP/2.0`.
    #[must_use]
    pub const fn is_version_2(&self) -> bool {
        self.is_version_2
    }

    /// Replaces status code and reason phrase; CR, LF and NUL in it become blanks.
    pub fn set_status(&mut self, status: StatusCode, reason: impl Into<ByteStr>) {
        self.status = status;
        self.reason = HeaderValue::from(reason.into()).into_byte_str();
        self.line_length = 0;
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The headers, to edit.
    #[must_use]
    pub const fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    /// The body; empty when there is none.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Replaces the body, and Content-Type when one is given; an empty body without a type removes that header.
    pub fn set_body(&mut self, body: Bytes, content_type: Option<&str>) {
        set_content_type(&mut self.headers, &body, content_type);
        self.body = body;
        self.body_edited = true;
    }

    /// Whether anything differs from what was received.
    #[must_use]
    pub const fn is_edited(&self) -> bool {
        self.line_length == 0 || self.body_edited || self.headers.is_edited()
    }

    /// The response as it goes on the wire, with the right Content-Length. Lines that nobody edited are printed as they
    /// came.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let line = if self.line_length == 0 {
            StartLine::Response { status: self.status, reason: &self.reason }
        } else {
            StartLine::Received(self.line_length as usize)
        };
        print::message(&line, &self.headers, &self.body, self.is_edited())
    }
}
