//! What can be wrong with a message and with a header. The verdicts on readable messages stand in `verdict`.

use crate::StatusCode;

/// Why bytes are no message. The peer is wrong in all cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Nothing but blanks: a keep-alive.
    #[error("no message: blanks only")]
    Empty,
    /// The first line is neither a request line nor a status line.
    #[error("the first line is not SIP")]
    StartLine,
    /// The status code of a response is not three digits from 100 to 699.
    #[error("the status code is not one")]
    StatusCode,
    /// A header line without a colon or with a name that is no token.
    #[error("a header line without a name")]
    HeaderName,
    /// A CR without LF in the headers.
    #[error("a CR without LF in the headers")]
    BareCarriageReturn,
    /// The empty line behind the headers is missing.
    #[error("the headers do not end")]
    Unterminated,
    /// More header bytes than [`crate::Limits::max_header_bytes`].
    #[error("the headers are too large")]
    HeadersTooLarge,
    /// More header lines than [`crate::Limits::max_headers`].
    #[error("too many header lines")]
    TooManyHeaders,
    /// A Content-Length that is no number, or two that differ.
    #[error("the Content-Length is not a number")]
    ContentLength,
    /// The body is shorter than the Content-Length says (RFC 3261 18.3).
    #[error("the body is shorter than its Content-Length")]
    BodyTruncated,
    /// A larger body than [`crate::Limits::max_body_bytes`].
    #[error("the body is too large")]
    BodyTooLarge,
}

impl ParseError {
    /// The status that a request deserves for this. `None` where nothing of it could be trusted to answer. The request
    /// to answer is what [`crate::salvage_request`] gives; a response with such an error is dropped.
    #[must_use]
    pub const fn status(self) -> Option<StatusCode> {
        match self {
            Self::Empty | Self::StartLine | Self::StatusCode => None,
            Self::HeadersTooLarge | Self::TooManyHeaders | Self::BodyTooLarge => Some(StatusCode::MESSAGE_TOO_LARGE),
            Self::HeaderName
            | Self::BareCarriageReturn
            | Self::Unterminated
            | Self::ContentLength
            | Self::BodyTruncated => Some(StatusCode::BAD_REQUEST),
        }
    }
}

/// Why a typed header cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The message has no such header.
    #[error("no {0} header")]
    Missing(&'static str),
    /// The value is not what the grammar of the header allows; the second text says what is wrong.
    #[error("malformed {0}: {1}")]
    Malformed(&'static str, &'static str),
}
