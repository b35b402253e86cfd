//! Challenges and credentials: a scheme and its parameters (RFC 3261 25.1, RFC 7616). Nothing is verified here.

use std::borrow::Cow;

use crate::grammar::{self, ListElements};
use crate::{ByteStr, HeaderError};

use super::printed_header;

/// One WWW-Authenticate, Proxy-Authenticate, Authorization or Proxy-Authorization value: `Digest realm="a", ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthScheme {
    /// The scheme as written.
    pub scheme: ByteStr,
    params: Vec<(ByteStr, ByteStr)>,
}

const fn malformed(why: &'static str) -> HeaderError {
    HeaderError::Malformed("authentication", why)
}

impl AuthScheme {
    /// A value of that scheme without parameters.
    #[must_use]
    pub const fn new(scheme: ByteStr) -> Self {
        Self { scheme, params: Vec::new() }
    }

    /// Reads one line. Parameters are `name=value`, separated by commas; one that comes twice makes the line malformed.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let value = value.into();
        let text = grammar::trim(&value);
        let blank = text.iter().position(|byte| grammar::is_blank(*byte)).ok_or_else(|| malformed("no parameters"))?;
        let (scheme, rest) = grammar::cut(text, blank);
        if !grammar::is_token(scheme) {
            return Err(malformed("scheme"));
        }
        let mut auth = Self::new(value.slice_of(scheme));
        for element in ListElements::new(rest) {
            let (name, text) = grammar::split_once(element, b'=').ok_or_else(|| malformed("parameter"))?;
            let (name, text) = (grammar::trim(name), grammar::trim(text));
            let is_whole = match text.first() {
                Some(b'"') => grammar::quoted_end(text) == Some(text.len()),
                _ => !text.iter().any(|byte| grammar::is_blank(*byte) || *byte == b'"'),
            };
            if !grammar::is_token(name) || !is_whole {
                return Err(malformed("parameter"));
            }
            if auth.raw(name).is_some() {
                return Err(malformed("a parameter comes twice"));
            }
            auth.params.push((value.slice_of(name), value.slice_of(text)));
        }
        Ok(auth)
    }

    /// Whether the scheme is `Digest`.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The value of a parameter without quotes and their escapes.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.raw(name.as_bytes()).map(|value| grammar::unquote(value))
    }

    /// The value of a parameter without quotes and their escapes, when it is UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| String::from_utf8(value.into_owned()).ok())
    }

    /// The value of a parameter as it was written: a digest is made of what stands between the quotes (RFC 7616 3.3).
    #[must_use]
    pub fn get_between_quotes(&self, name: &str) -> Option<&[u8]> {
        let value = self.raw(name.as_bytes())?;
        Some(value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value))
    }

    /// The `realm`.
    #[must_use]
    pub fn realm(&self) -> Option<Cow<'_, [u8]>> {
        self.get("realm")
    }

    /// Names and values as written, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.params.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    }

    /// Sets a parameter to a token, `algorithm=MD5`. A value that is no token is quoted.
    pub fn set(&mut self, name: &'static str, value: impl Into<ByteStr>) {
        let value = value.into();
        if grammar::is_token(&value) { self.put(name, value) } else { self.set_quoted(name, &value) }
    }

    /// Sets a parameter to a quoted string, `realm="a"`.
    pub fn set_quoted(&mut self, name: &'static str, value: &[u8]) {
        let mut quoted = Vec::with_capacity(value.len() + 2);
        grammar::write_quoted(&mut quoted, value);
        self.put(name, quoted.into());
    }

    fn put(&mut self, name: &'static str, value: ByteStr) {
        match self.params.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.params.push((name.into(), value)),
        }
    }

    fn raw(&self, name: &[u8]) -> Option<&ByteStr> {
        self.params.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.scheme);
        for (place, (name, value)) in self.iter().enumerate() {
            out.extend_from_slice(if place == 0 { b" " } else { b", " });
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
}

printed_header!(AuthScheme);
