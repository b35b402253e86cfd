//! What a verb answers when it cannot do what the script asked: one closed enum. Not a SIP status; engines make their
//! language's exception of it, and the class is decided here, once.

use siphon_sip::HeaderName;

use crate::context::Interface;

/// The kind of exception that an engine raises for an [`ApiError`], named as Python names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The argument has the right type and a wrong value.
    ValueError,
    /// The argument has a wrong type.
    TypeError,
    /// The script lacks a grant.
    PermissionError,
    /// The verb cannot be carried out now.
    RuntimeError,
    /// The name exists, what is behind it does not.
    NotImplementedError,
    /// Something that was named does not exist.
    LookupError,
}

impl ErrorClass {
    /// The exception's name: `ValueError`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ValueError => "ValueError",
            Self::TypeError => "TypeError",
            Self::PermissionError => "PermissionError",
            Self::RuntimeError => "RuntimeError",
            Self::NotImplementedError => "NotImplementedError",
            Self::LookupError => "LookupError",
        }
    }
}

/// Why a verb refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The script gave text that is no URI.
    #[error("not a SIP URI: {0:?}")]
    InvalidUri(String),
    /// The script gave text that is no address of record.
    #[error("not an address of record: {0:?}")]
    InvalidAor(String),
    /// The script gave text that is no header name.
    #[error("not a header name: {0:?}")]
    InvalidHeaderName(String),
    /// The script gave a text with CR, LF or NUL where only one line can stand.
    #[error("{what} must not hold CR, LF or NUL")]
    InvalidText {
        /// What the text was to become: `a reason phrase`.
        what: &'static str,
    },
    /// The script tried to write a header that belongs to the server.
    #[error("{0} belongs to the server and cannot be written by a script")]
    ProtectedHeader(HeaderName),
    /// The script gave a status code that the verb does not take.
    #[error("status code {code} is not from {low} to {high}")]
    InvalidStatus {
        /// What was given.
        code: i64,
        /// The lowest code that the verb takes.
        low: u16,
        /// The highest code that the verb takes.
        high: u16,
    },
    /// The script gave a send socket that is not `<transport>:<ip>:<port>`.
    #[error("not a send socket (udp:192.0.2.1:5060): {0:?}")]
    InvalidSendSocket(String),
    /// Any other wrong value in an argument.
    #[error("{0}")]
    Value(String),
    /// An argument of a wrong type.
    #[error("{0}")]
    Type(String),
    /// The script's generation lacks the grant for this interface.
    #[error("not granted: {}", .0.name())]
    NotGranted(Interface),
    /// The handler is over and its outcome was taken: the object can be read, not changed.
    #[error("the handler has ended; this object can no longer be changed")]
    Finished,
    /// The handler's deadline passed: the failure policy was applied and nothing that it does counts any more.
    #[error("the handler passed its deadline; this object can no longer be changed")]
    Overdue,
    /// Something behind a port failed, or cannot be used now.
    #[error("{0}")]
    Runtime(String),
    /// What was named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The name is part of the script API and this server does not have it.
    #[error("{0} is not available")]
    NotImplemented(&'static str),
}

impl ApiError {
    /// The exception that an engine raises for it.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::InvalidUri(_)
            | Self::InvalidAor(_)
            | Self::InvalidHeaderName(_)
            | Self::InvalidText { .. }
            | Self::ProtectedHeader(_)
            | Self::InvalidStatus { .. }
            | Self::InvalidSendSocket(_)
            | Self::Value(_) => ErrorClass::ValueError,
            Self::Type(_) => ErrorClass::TypeError,
            Self::NotGranted(_) => ErrorClass::PermissionError,
            Self::Finished | Self::Overdue | Self::Runtime(_) => ErrorClass::RuntimeError,
            Self::NotFound(_) => ErrorClass::LookupError,
            Self::NotImplemented(_) => ErrorClass::NotImplementedError,
        }
    }
}
