//! `name-addr` and `addr-spec` with parameters: From, To, Route and their kin (RFC 3261 25.1). The URI is kept as text.

use std::borrow::Cow;

use crate::grammar::{self, ByteSet};
use crate::{ByteStr, HeaderError, HeaderValue, Params, Uri, UriError};

use super::printed_header;

mod parts;

pub(crate) use parts::AddressParts;

/// A display name, a URI and header parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name without quotes and their escapes; it is printed in quotes.
    pub display: Option<ByteStr>,
    /// The text of the URI.
    pub uri: ByteStr,
    /// The parameters of the header: those of the URI are in its text.
    pub params: Params,
}

const fn malformed(why: &'static str) -> HeaderError {
    HeaderError::Malformed("address", why)
}

impl NameAddr {
    /// A URI without a display name and parameters.
    #[must_use]
    pub fn new(uri: impl Into<ByteStr>) -> Self {
        Self { display: None, uri: uri.into(), params: Params::new() }
    }

    /// Reads one value. A bare URI ends at the first `;`, and what follows are parameters of the header; it cannot hold
    /// a `?` or a comma (RFC 3261 20).
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let value = value.into();
        let parts = AddressParts::cut(&value)?;
        let display = parts.display.map(|display| match grammar::unquote(display) {
            Cow::Borrowed(plain) => value.slice_of(plain),
            Cow::Owned(plain) => plain.into(),
        });
        let params = Params::parse(value.slice_of(parts.params)).map_err(|_| malformed("parameters"))?;
        Ok(Self { display, uri: value.slice_of(parts.uri), params })
    }

    /// The URI.
    pub fn uri(&self) -> Result<Uri, UriError> {
        Uri::parse(&self.uri)
    }

    /// The `tag` parameter.
    #[must_use]
    pub fn tag(&self) -> Option<ByteStr> {
        self.params.get("tag").flatten().filter(|tag| !tag.is_empty())
    }

    /// Sets the `tag` parameter.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", tag);
    }

    /// Appends the value as it is printed: always with angle brackets, the display name always in quotes.
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(display) = &self.display {
            grammar::write_quoted(out, display);
            out.push(b' ');
        }
        out.push(b'<');
        out.extend_from_slice(&safe_uri(&self.uri));
        out.push(b'>');
        self.params.write(out);
    }

    /// The value as it is printed.
    #[must_use]
    pub fn to_value(&self) -> HeaderValue {
        self.into()
    }
}

printed_header!(NameAddr);

/// What cannot stand within angle brackets: blanks, control characters, brackets.
static BREAKS_BRACKETS: ByteSet = ByteSet::control_and(b"<>");

/// What would end the angle brackets, or the line, is percent-encoded.
fn safe_uri(uri: &[u8]) -> Cow<'_, [u8]> {
    if !BREAKS_BRACKETS.has_any_of(uri) {
        return uri.into();
    }
    let mut safe = Vec::with_capacity(uri.len() + 8);
    for byte in uri {
        if BREAKS_BRACKETS.has(*byte) {
            safe.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            safe.push(*byte);
        }
    }
    safe.into()
}
