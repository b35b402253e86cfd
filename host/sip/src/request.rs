//! Requests: the request line, the headers and the body, as received or as edited. No routing.

use bytes::Bytes;

use crate::headers::Headers;
use crate::print::{self, StartLine};
use crate::{ByteStr, HeaderName, HeaderValue, Method, Response, StatusCode};

/// A request. A clone counts references and copies the header index.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    uri: ByteStr,
    version: Version,
    /// The bytes of the request line as received; 0 once it is not to be printed so.
    line_length: u32,
    headers: Headers,
    body: Bytes,
    body_edited: bool,
}

/// What the end of the request line said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `SIP/2.0`.
    Sip2,
    /// Another version of SIP.
    Unsupported,
    /// A version with blanks around it that do not belong there (RFC 4475 3.1.2.10).
    Malformed,
}

/// The parts that the parser found.
pub(crate) struct RequestLine {
    pub(crate) method: Method,
    pub(crate) uri: ByteStr,
    pub(crate) version: Version,
    pub(crate) line_length: u32,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, uri: impl Into<ByteStr>) -> Self {
        Self {
            method,
            uri: without_blanks(uri.into()),
            version: Version::Sip2,
            line_length: 0,
            headers: Headers::new(),
            body: Bytes::new(),
            body_edited: true,
        }
    }

    pub(crate) fn received(line: RequestLine, headers: Headers, body: Bytes) -> Self {
        let RequestLine { method, uri, version, line_length } = line;
        Self { method, uri, version, line_length, headers, body, body_edited: false }
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The text of the Request-URI. It may be no URI at all: see [`crate::verdict::validate_request`].
    #[must_use]
    pub const fn uri(&self) -> &ByteStr {
        &self.uri
    }

    /// What the request line said about the version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Replaces the Request-URI. Blanks and control characters, which cannot stand in one, are percent-encoded.
    pub fn set_uri(&mut self, uri: impl Into<ByteStr>) {
        self.uri = without_blanks(uri.into());
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

    /// The request as it goes on the wire, with the right Content-Length. Lines that nobody edited are printed as they
    /// came.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let line = if self.line_length == 0 {
            StartLine::Request { method: self.method.as_str(), uri: &self.uri }
        } else {
            StartLine::Received(self.line_length as usize)
        };
        print::message(&line, &self.headers, &self.body, self.is_edited())
    }

    /// A response with Via, From, To, Call-ID and CSeq of this request (RFC 3261 8.2.6.2), and its Timestamp in a 100
    /// (8.2.6.1). No tag is added to To. Without a `reason` it gets the usual one.
    #[must_use]
    pub fn response(&self, status: StatusCode, reason: Option<&str>) -> Response {
        let headers = self.headers.only(|code| {
            code.is_copied_into_responses() || (status == StatusCode::TRYING && *code == HeaderName::Timestamp.code())
        });
        let mut response = Response::with_headers(status, headers);
        if let Some(reason) = reason {
            response.set_status(status, ByteStr::from(reason.to_owned()));
        }
        response
    }
}

/// Content-Type for a new body.
pub(crate) fn set_content_type(headers: &mut Headers, body: &[u8], content_type: Option<&str>) {
    match content_type {
        Some(content_type) => headers.set(HeaderName::ContentType, HeaderValue::from(content_type.to_owned())),
        None if body.is_empty() => {
            headers.remove(&HeaderName::ContentType);
        }
        None => {}
    }
}

/// Blanks and control characters cannot stand in a request line: percent-encoded they cannot break it.
fn without_blanks(uri: ByteStr) -> ByteStr {
    let breaks = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    if !uri.iter().any(breaks) {
        return uri;
    }
    let mut safe = Vec::with_capacity(uri.len() + 8);
    for byte in uri.iter() {
        if breaks(byte) {
            safe.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            safe.push(*byte);
        }
    }
    safe.into()
}
