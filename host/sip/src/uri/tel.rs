//! `tel` URIs (RFC 3966). No numbering plan.

use std::fmt;

use crate::grammar;
use crate::{ByteStr, Params};

use super::UriError;

/// A `tel` URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelUri {
    /// The number as written, visual separators included.
    pub number: ByteStr,
    /// The parameters.
    pub params: Params,
}

impl TelUri {
    /// Reads what follows the scheme.
    pub(super) fn parse_behind_scheme(source: &ByteStr, rest: &[u8]) -> Result<Self, UriError> {
        let (number, params) = match grammar::split_once(rest, b';') {
            Some((number, params)) => (number, Params::parse_uri(source.slice_of(params))),
            None => (rest, Params::for_uri()),
        };
        let digits = number.strip_prefix(b"+").unwrap_or(number);
        let is_number =
            digits.iter().all(|byte| byte.is_ascii_hexdigit() || is_separator(*byte) || b"*#".contains(byte));
        if !is_number || digits.iter().all(|byte| is_separator(*byte)) {
            return Err(UriError::Number);
        }
        Ok(Self { number: source.slice_of(number), params })
    }

    /// Whether the number is global: it begins with `+`.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.number.starts_with(b"+")
    }

    /// The number without visual separators.
    #[must_use]
    pub fn digits(&self) -> String {
        self.number.iter().filter(|byte| !is_separator(**byte)).map(|byte| char::from(*byte)).collect()
    }

    /// Whether both are the same number (RFC 3966 4): separators and case do not count, the order of the parameters
    /// neither.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        self.digits().eq_ignore_ascii_case(&other.digits())
            && self.params.len() == other.params.len()
            && self.params.iter().all(|(name, value)| {
                other.params.iter().any(|(other_name, other_value)| {
                    name.eq_ignore_ascii_case(other_name) && same_value(name, value, other_value)
                })
            })
    }

    /// Appends the URI as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"tel:");
        out.extend_from_slice(&self.number);
        self.params.write(out);
    }
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')')
}

/// Values compare without case; extensions and global contexts without visual separators too.
fn same_value(name: &[u8], one: Option<&[u8]>, two: Option<&[u8]>) -> bool {
    let is_number = |value: &[u8]| {
        name.eq_ignore_ascii_case(b"ext") || (name.eq_ignore_ascii_case(b"phone-context") && value.starts_with(b"+"))
    };
    match (one, two) {
        (Some(one), Some(two)) if is_number(one) && is_number(two) => {
            let digits =
                |value: &[u8]| -> Vec<u8> { value.iter().copied().filter(|byte| !is_separator(*byte)).collect() };
            digits(one) == digits(two)
        }
        (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
        (None, None) => true,
        _ => false,
    }
}

impl fmt::Display for TelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        grammar::display(f, |out| self.write(out))
    }
}
