//! URIs as SIP uses them: `sip`, `sips`, `tel`, and any other as text. Nothing is resolved here.

use std::fmt;
use std::str::FromStr;

use crate::ByteStr;
use crate::grammar::{self, ByteSet};

mod equality;
pub(crate) mod escape;
mod sip;
mod tel;
#[cfg(test)]
mod tests;

pub use escape::{escape_user, unescape};
pub use sip::SipUri;
pub use tel::TelUri;

/// What no URI may hold.
static NOT_IN_URI: ByteSet = ByteSet::control_and(b"<>\"");

/// A URI. `==` compares all parts as they are written; [`Uri::equivalent`] as RFC 3261 19.1.4 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(SipUri),
    /// `tel:` (RFC 3966).
    Tel(TelUri),
    /// Any other scheme; the whole text.
    Other(ByteStr),
}

/// Why text is no URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// There is no scheme before a colon.
    #[error("a URI without a scheme")]
    Scheme,
    /// A blank, a control character, a quote or an angle bracket.
    #[error("a character that no URI may hold")]
    Character,
    /// An `@` without a user before it.
    #[error("an empty user in a URI")]
    User,
    /// The host or the port is not one.
    #[error("a URI without a valid host and port")]
    Host,
    /// The number of a `tel` URI is not one.
    #[error("a tel URI without a number")]
    Number,
}

impl Uri {
    /// Reads a URI. The parts are slices of `text`.
    pub fn parse(text: impl Into<ByteStr>) -> Result<Self, UriError> {
        let text = text.into();
        if NOT_IN_URI.has_any_of(&text) {
            return Err(UriError::Character);
        }
        let (scheme, rest) = grammar::split_once(&text, b':').ok_or(UriError::Scheme)?;
        if scheme.eq_ignore_ascii_case(b"sip") {
            SipUri::parse_behind_scheme(&text, rest, false).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case(b"sips") {
            SipUri::parse_behind_scheme(&text, rest, true).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case(b"tel") {
            TelUri::parse_behind_scheme(&text, rest).map(Self::Tel)
        } else if is_scheme(scheme) && !rest.is_empty() {
            Ok(Self::Other(text))
        } else {
            Err(UriError::Scheme)
        }
    }

    /// The scheme as it is printed: lower case where it is known.
    #[must_use]
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(uri) => uri.scheme(),
            Self::Tel(_) => "tel",
            Self::Other(text) => {
                grammar::split_once(text, b':').and_then(|(scheme, _)| std::str::from_utf8(scheme).ok()).unwrap_or("")
            }
        }
    }

    /// The `sip` or `sips` URI, when it is one.
    #[must_use]
    pub const fn as_sip(&self) -> Option<&SipUri> {
        if let Self::Sip(uri) = self { Some(uri) } else { None }
    }

    /// The `tel` URI, when it is one.
    #[must_use]
    pub const fn as_tel(&self) -> Option<&TelUri> {
        if let Self::Tel(uri) = self { Some(uri) } else { None }
    }

    /// Whether both name the same resource by RFC 3261 19.1.4, by RFC 3966 5 for `tel`, byte by byte for the rest.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(one), Self::Sip(two)) => equality::sip(one, two),
            (Self::Tel(one), Self::Tel(two)) => one.equivalent(two),
            (Self::Other(one), Self::Other(two)) => one == two,
            _ => false,
        }
    }

    /// Appends the URI as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sip(uri) => uri.write(out),
            Self::Tel(uri) => uri.write(out),
            Self::Other(text) => out.extend_from_slice(text),
        }
    }

    /// The URI as it is printed.
    #[must_use]
    pub fn to_byte_str(&self) -> ByteStr {
        let mut out = Vec::with_capacity(64);
        self.write(&mut out);
        out.into()
    }
}

fn is_scheme(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        grammar::display(f, |out| self.write(out))
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text.to_owned())
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

impl From<TelUri> for Uri {
    fn from(uri: TelUri) -> Self {
        Self::Tel(uri)
    }
}

impl From<&Uri> for ByteStr {
    fn from(uri: &Uri) -> Self {
        uri.to_byte_str()
    }
}
