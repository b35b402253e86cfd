//! Percent escapes of URIs (RFC 3261 25.1). Which part of a URI may hold what stands here and nowhere else.

use std::borrow::Cow;

/// The bytes with percent escapes undone. A `%` without two hexadecimal digits stands for itself.
#[must_use]
pub fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return text.into();
    }
    Unescape::new(text).map(|(byte, _)| byte).collect::<Vec<u8>>().into()
}

/// The bytes of a text with escapes undone, each with whether it was escaped.
pub(super) struct Unescape<'a> {
    rest: &'a [u8],
}

impl<'a> Unescape<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }
}

impl Iterator for Unescape<'_> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<(u8, bool)> {
        let (first, tail) = self.rest.split_first()?;
        if let (b'%', [high, low, behind @ ..]) = (first, tail)
            && let Some(byte) = hex(*high, *low)
        {
            self.rest = behind;
            return Some((byte, true));
        }
        self.rest = tail;
        Some((*first, false))
    }
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// `user` with percent escapes for all that a URI's user part cannot hold.
#[must_use]
pub fn escape_user(user: &[u8]) -> Cow<'_, [u8]> {
    escape(user, |byte| is_unreserved(byte) || b"&=+$,;?/".contains(&byte))
}

/// `text` with percent escapes for all that a parameter of a URI cannot hold. Escapes that are in it are left alone.
pub(crate) fn escape_parameter(text: &[u8]) -> Cow<'_, [u8]> {
    escape(text, |byte| is_unreserved(byte) || b"[]/:&+$%".contains(&byte))
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

fn escape(text: &[u8], is_plain: impl Fn(u8) -> bool) -> Cow<'_, [u8]> {
    if text.iter().all(|byte| is_plain(*byte)) {
        return text.into();
    }
    let mut escaped = Vec::with_capacity(text.len() + 8);
    for &byte in text {
        if is_plain(byte) {
            escaped.push(byte);
        } else {
            escaped.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    escaped.into()
}
