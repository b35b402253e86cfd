//! Text that can stand behind a header's colon without making a second header. Not any header's syntax.

use std::fmt;
use std::ops::Deref;

use crate::ByteStr;
use crate::grammar;

/// A header value: trimmed, and free of CR, LF and NUL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeaderValue(ByteStr);

/// The text holds CR, LF or NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a header value must not hold CR, LF or NUL")]
pub struct InvalidValue;

impl HeaderValue {
    /// Takes text from outside, a script's for example, and refuses what could not stand in one line.
    pub fn new(text: impl Into<ByteStr>) -> Result<Self, InvalidValue> {
        let text = text.into();
        if is_one_line(&text) { Ok(Self(trimmed(text))) } else { Err(InvalidValue) }
    }

    /// What the parser unfolded: free of CR and LF, but a quoted NUL may be in it and stays.
    pub(crate) fn folded(text: Vec<u8>) -> Self {
        Self(ByteStr::from(text))
    }

    /// The value as text.
    #[must_use]
    pub const fn as_byte_str(&self) -> &ByteStr {
        &self.0
    }

    /// The value as text.
    #[must_use]
    pub fn into_byte_str(self) -> ByteStr {
        self.0
    }
}

fn is_one_line(text: &[u8]) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, text).is_none()
}

fn trimmed(text: ByteStr) -> ByteStr {
    let inner = grammar::trim(&text);
    if inner.len() == text.len() { text } else { text.slice_of(inner) }
}

/// Internal text: CR, LF and NUL become blanks.
impl From<ByteStr> for HeaderValue {
    fn from(text: ByteStr) -> Self {
        if is_one_line(&text) {
            return Self(trimmed(text));
        }
        let line: Vec<u8> =
            text.iter().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { *byte }).collect();
        Self(trimmed(line.into()))
    }
}

impl From<&ByteStr> for HeaderValue {
    fn from(text: &ByteStr) -> Self {
        text.clone().into()
    }
}

impl From<String> for HeaderValue {
    fn from(text: String) -> Self {
        ByteStr::from(text).into()
    }
}

impl From<Vec<u8>> for HeaderValue {
    fn from(text: Vec<u8>) -> Self {
        ByteStr::from(text).into()
    }
}

impl From<&'static str> for HeaderValue {
    fn from(text: &'static str) -> Self {
        ByteStr::from(text).into()
    }
}

/// The number in decimal.
impl From<u32> for HeaderValue {
    fn from(number: u32) -> Self {
        let mut text = Vec::with_capacity(10);
        crate::print::write_decimal(&mut text, u64::from(number));
        Self(text.into())
    }
}

impl Deref for HeaderValue {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
