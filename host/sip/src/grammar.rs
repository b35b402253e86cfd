//! The lexical rules that all SIP grammar shares (RFC 3261 25.1): tokens, blanks, quotes, lists. No header's own syntax.

use memchr::{memchr, memchr2, memchr3};

/// A set of bytes that is asked with one look into a table.
pub(crate) struct ByteSet([bool; 256]);

// Evaluated by the compiler: every index is a byte.
#[allow(clippy::indexing_slicing)]
impl ByteSet {
    /// The set of these bytes.
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        let mut table = [false; 256];
        let mut at = 0;
        while at < bytes.len() {
            table[bytes[at] as usize] = true;
            at += 1;
        }
        Self(table)
    }

    /// The letters and digits, and these bytes.
    pub(crate) const fn alphanumeric_and(bytes: &[u8]) -> Self {
        let Self(mut table) = Self::of(bytes);
        let mut byte = 0_u8;
        while byte < 128 {
            table[byte as usize] |= byte.is_ascii_alphanumeric();
            byte += 1;
        }
        Self(table)
    }

    /// The blanks and control characters of ASCII, and these bytes.
    pub(crate) const fn control_and(bytes: &[u8]) -> Self {
        let Self(mut table) = Self::of(bytes);
        let mut byte = 0_u8;
        while byte <= b' ' {
            table[byte as usize] = true;
            byte += 1;
        }
        table[0x7f] = true;
        Self(table)
    }
}

impl ByteSet {
    /// Whether `byte` is in the set.
    #[inline]
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).copied().unwrap_or(false)
    }

    /// Whether any byte of `text` is in the set.
    #[inline]
    pub(crate) fn has_any_of(&self, text: &[u8]) -> bool {
        text.iter().any(|byte| self.has(*byte))
    }

    /// Whether every byte of `text` is in the set.
    #[inline]
    pub(crate) fn has_all_of(&self, text: &[u8]) -> bool {
        text.iter().all(|byte| self.has(*byte))
    }
}

/// What may stand in a `token`.
static TOKEN: ByteSet = ByteSet::alphanumeric_and(b"-.!%*_+`'~");

/// Whether `byte` may stand in a `token`.
#[inline]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN.has(byte)
}

/// Whether `text` is a `token`: not empty and of token bytes only.
#[inline]
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && TOKEN.has_all_of(text)
}

/// Whether `byte` is a blank, a line end included: unfolded values hold the first two only.
#[inline]
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `text` without the blanks around it.
#[inline]
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

/// `text` without the blanks before it.
#[inline]
pub(crate) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text {
        if !is_blank(*first) {
            break;
        }
        text = rest;
    }
    text
}

/// `text` without the blanks behind it.
#[inline]
pub(crate) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text {
        if !is_blank(*last) {
            break;
        }
        text = rest;
    }
    text
}

/// Whether `text` is that name in any case. As names are mostly spelt as they should be, that is looked at first.
#[inline]
pub(crate) fn is_name(text: &[u8], name: &[u8]) -> bool {
    text == name || text.eq_ignore_ascii_case(name)
}

/// The two sides of the byte at `at`, which is left out.
#[inline]
pub(crate) fn cut(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    let (before, rest) = text.split_at_checked(at).unwrap_or((text, &[]));
    (before, rest.get(1..).unwrap_or_default())
}

/// The two sides of the first `separator`, or nothing when there is none.
#[inline]
pub(crate) fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    memchr(separator, text).map(|at| cut(text, at))
}

/// A decimal number of digits only, however many zeros lead it; `None` when it is none or does not fit.
pub(crate) fn parse_u64(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// As [`parse_u64`], for 32 bits.
#[inline]
pub(crate) fn parse_u32(digits: &[u8]) -> Option<u32> {
    parse_u64(digits).and_then(|number| u32::try_from(number).ok())
}

/// As [`parse_u64`], for 16 bits.
#[inline]
pub(crate) fn parse_u16(digits: &[u8]) -> Option<u16> {
    parse_u64(digits).and_then(|number| u16::try_from(number).ok())
}

/// Where the quoted string ends that starts at the beginning of `text`: behind its closing quote. `None` when it is
/// not closed.
pub(crate) fn quoted_end(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        let found = at + memchr2(b'"', b'\\', rest)?;
        if text.get(found) == Some(&b'"') {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

/// The content of a quoted string with its escapes undone; text without quotes comes back as it is.
pub(crate) fn unquote(text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let Some(inner) = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return text.into();
    };
    if memchr(b'\\', inner).is_none() {
        return inner.into();
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(if byte == b'\\' { bytes.next().copied().unwrap_or(byte) } else { byte });
    }
    plain.into()
}

/// Appends `text` as a quoted string.
pub(crate) fn write_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\r' | b'\n' | 0 => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Where the first `separator` stands outside quotes and angle brackets. Behind a quote or bracket that is not closed
/// nothing is found.
pub(crate) fn find_top_level(text: &[u8], separator: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let found = at + memchr3(separator, b'"', b'<', rest)?;
        at = match text.get(found) {
            Some(b'"') => found + quoted_end(text.get(found..)?)?,
            Some(b'<') if separator != b'<' => found + memchr(b'>', text.get(found..)?)? + 1,
            _ => return Some(found),
        };
    }
}

/// The elements of a comma-separated list, trimmed, the empty ones left out.
#[derive(Clone, Debug)]
pub(crate) struct ListElements<'a> {
    rest: &'a [u8],
}

impl<'a> ListElements<'a> {
    pub(crate) const fn new(list: &'a [u8]) -> Self {
        Self { rest: list }
    }

    /// What has not been given out yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for ListElements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let (element, rest) = match find_top_level(self.rest, b',') {
                Some(at) => cut(self.rest, at),
                None => (self.rest, &[][..]),
            };
            self.rest = rest;
            let element = trim(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// Calls `write` on an empty buffer and shows what it wrote as text.
pub(crate) fn display(f: &mut std::fmt::Formatter<'_>, write: impl FnOnce(&mut Vec<u8>)) -> std::fmt::Result {
    let mut out = Vec::with_capacity(64);
    write(&mut out);
    f.pad(&crate::ByteStr::from(out).to_string_lossy())
}
