//! What parses but is invalid: which status it deserves and why. What cannot be read at all is `ParseError`'s.

use crate::StatusCode;

mod check;
#[cfg(test)]
mod tests;

pub(crate) use check::is_answerable;
pub use check::{validate_request, validate_response};

/// The status that an invalid request deserves. One without a Via that can be read cannot be answered, and an ACK is
/// never answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{status} {reason}")]
pub struct Rejection {
    /// The status.
    pub status: StatusCode,
    /// The reason phrase.
    pub reason: &'static str,
}

/// Why an invalid response is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Discard {
    /// Why.
    pub reason: &'static str,
}
