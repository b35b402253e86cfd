//! `name-addr` and `addr-spec` with parameters: From, To, Route and their kin (RFC 3261 25.1). The URI is kept as text.

use std::borrow::Cow;

use crate::grammar;
use crate::{ByteStr, HeaderError, HeaderValue, Params, Uri, UriError};

use super::printed_header;

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
        let text = grammar::trim(&value);
        let (display, rest) = display_name(&value, text)?;
        let Some(rest) = rest else { return Self::parse_bare(&value, text) };
        let uri_end = memchr::memchr(b'>', rest).ok_or_else(|| malformed("an angle bracket is not closed"))?;
        let (uri, params) = grammar::cut(rest, uri_end);
        if uri.is_empty() || uri.iter().any(breaks_brackets) {
            return Err(malformed("blanks, a bracket or nothing within angle brackets"));
        }
        let params = Params::parse(value.slice_of(params)).map_err(|_| malformed("parameters"))?;
        Ok(Self { display, uri: value.slice_of(uri), params })
    }

    fn parse_bare(value: &ByteStr, text: &[u8]) -> Result<Self, HeaderError> {
        let uri_end = memchr::memchr(b';', text).unwrap_or(text.len());
        let (uri, params) = text.split_at_checked(uri_end).unwrap_or((text, &[]));
        let uri = grammar::trim(uri);
        if uri.is_empty() || uri.iter().any(|byte| breaks_brackets(byte) || b"?,\"".contains(byte)) {
            return Err(malformed("a URI that needs angle brackets"));
        }
        let params = Params::parse(value.slice_of(params)).map_err(|_| malformed("parameters"))?;
        Ok(Self { display: None, uri: value.slice_of(uri), params })
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

/// The display name, and what follows the `<`; nothing of both for a bare URI.
#[allow(clippy::type_complexity)]
fn display_name<'a>(value: &ByteStr, text: &'a [u8]) -> Result<(Option<ByteStr>, Option<&'a [u8]>), HeaderError> {
    if text.first() == Some(&b'"') {
        let quoted = grammar::quoted_end(text).ok_or_else(|| malformed("a quote is not closed"))?;
        let (quoted, rest) = text.split_at_checked(quoted).unwrap_or((text, &[]));
        let display = match grammar::unquote(quoted) {
            Cow::Borrowed(plain) => value.slice_of(plain),
            Cow::Owned(plain) => plain.into(),
        };
        let rest = grammar::trim_start(rest).strip_prefix(b"<");
        return rest.map(|rest| (Some(display), Some(rest))).ok_or_else(|| malformed("no URI behind the name"));
    }
    let Some(bracket) = memchr::memchr2(b'<', b'"', text) else { return Ok((None, None)) };
    if text.get(bracket) != Some(&b'<') {
        // A quote in a parameter of a bare URI, or one that does not belong where it is.
        let is_parameter = text.get(..bracket).is_some_and(|before| before.contains(&b';'));
        return if is_parameter { Ok((None, None)) } else { Err(malformed("a quote within the name")) };
    }
    let (display, rest) = grammar::cut(text, bracket);
    let display = grammar::trim(display);
    if display.contains(&b';') {
        // The bracket stands in a parameter of a bare URI.
        return Ok((None, None));
    }
    if display.contains(&b',') {
        return Err(malformed("a comma within a name without quotes"));
    }
    Ok(((!display.is_empty()).then(|| value.slice_of(display)), Some(rest)))
}

/// Whether the byte cannot stand within angle brackets: blanks, control characters, brackets.
const fn breaks_brackets(byte: &u8) -> bool {
    *byte <= b' ' || matches!(*byte, b'<' | b'>' | 0x7f)
}

/// What would end the angle brackets, or the line, is percent-encoded.
fn safe_uri(uri: &[u8]) -> Cow<'_, [u8]> {
    if !uri.iter().any(breaks_brackets) {
        return uri.into();
    }
    let mut safe = Vec::with_capacity(uri.len() + 8);
    for byte in uri {
        if breaks_brackets(byte) {
            safe.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            safe.push(*byte);
        }
    }
    safe.into()
}
