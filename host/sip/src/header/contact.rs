//! Contact (RFC 3261 20.10, RFC 5626). What a registrar does with it stands in the registrar.

use std::ops::{Deref, DerefMut};

use crate::grammar;
use crate::{ByteStr, HeaderError};

use super::{AddressParts, NameAddr, printed_header};

const STAR_AND_MORE: HeaderError = HeaderError::Malformed("Contact", "* beside another value");

/// One address of a Contact header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact(pub NameAddr);

/// All Contact headers of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `*` and nothing else.
    Star,
    /// The addresses in their order; none when there is no such header.
    List(Vec<Contact>),
}

impl Contact {
    /// Reads one value that is not `*`.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        NameAddr::parse(value).map(Self)
    }

    /// The preference in thousandths, from 0 to 1000. `None` without one or with one that is not valid.
    #[must_use]
    pub fn q(&self) -> Option<u16> {
        self.params.value("q").and_then(parse_q)
    }

    /// The `expires` parameter in seconds. One that is no number counts as 3600 (RFC 3261 10.3), a number that is too
    /// large as the largest.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.params.value("expires").map(|value| parse_delta_seconds(value).unwrap_or(3600))
    }

    /// The URN of `+sip.instance` (RFC 5626 4.1), without quotes and angle brackets.
    #[must_use]
    pub fn instance(&self) -> Option<ByteStr> {
        let quoted = self.params.get("+sip.instance").flatten()?;
        let inner = grammar::trim(quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?);
        let urn = inner.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(inner);
        (!urn.is_empty()).then(|| quoted.slice_of(urn))
    }

    /// The `reg-id` (RFC 5626 4.2); `None` too when it is no number from 1 to 2^31 - 1.
    #[must_use]
    pub fn reg_id(&self) -> Option<u32> {
        self.params.value("reg-id").and_then(grammar::parse_u32).filter(|id| (1..1 << 31).contains(id))
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

printed_header!(Contact);

impl Deref for Contact {
    type Target = NameAddr;

    fn deref(&self) -> &NameAddr {
        &self.0
    }
}

impl DerefMut for Contact {
    fn deref_mut(&mut self) -> &mut NameAddr {
        &mut self.0
    }
}

impl From<NameAddr> for Contact {
    fn from(address: NameAddr) -> Self {
        Self(address)
    }
}

impl Contacts {
    /// Reads the values of all Contact lines. `*` beside another one is an error.
    pub(crate) fn parse(values: impl Iterator<Item = ByteStr>) -> Result<Self, HeaderError> {
        let mut list = Vec::new();
        let mut has_star = false;
        for value in values {
            if value == "*" {
                has_star = true;
            } else {
                list.push(Contact::parse(value)?);
            }
        }
        match (has_star, list.is_empty()) {
            (true, true) => Ok(Self::Star),
            (true, false) => Err(STAR_AND_MORE),
            (false, _) => Ok(Self::List(list)),
        }
    }

    /// Reads the values only to see whether they are a Contact header.
    pub(crate) fn check<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<(), HeaderError> {
        let (mut has_star, mut has_address) = (false, false);
        for value in values {
            if value == b"*" {
                has_star = true;
            } else {
                AddressParts::check(value)?;
                has_address = true;
            }
        }
        if has_star && has_address { Err(STAR_AND_MORE) } else { Ok(()) }
    }

    /// The first address, when there is one.
    #[must_use]
    pub fn first(&self) -> Option<&Contact> {
        match self {
            Self::Star => None,
            Self::List(list) => list.first(),
        }
    }
}

/// A `qvalue` in thousandths: up to three decimals, at most 1.
pub(crate) fn parse_q(text: &[u8]) -> Option<u16> {
    let (whole, decimals) = grammar::split_once(text, b'.').unwrap_or((text, b""));
    let (0..=3, true) = (decimals.len(), decimals.iter().all(u8::is_ascii_digit)) else { return None };
    let fraction = decimals.iter().chain(b"000").take(3).fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        b"0" | b"" if !text.is_empty() => Some(fraction),
        b"1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// Seconds; a number of more than 32 bits is the largest one. `None` when it is no number.
pub(crate) fn parse_delta_seconds(text: &[u8]) -> Option<u32> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| grammar::parse_u32(text).unwrap_or(u32::MAX))
}
