//! The fields of `o=` and `c=` lines. They are read on demand and never stored: an odd line stays as it came.

use bytes::{BufMut, Bytes, BytesMut};

use super::InvalidText;

/// The six fields of an `o=` line (RFC 8866 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The user's login, or `-`.
    pub username: &'a [u8],
    /// The session's id: digits, of any length.
    pub session_id: &'a [u8],
    /// Grows with every change of the description: digits, of any length.
    pub session_version: &'a [u8],
    /// `IN`.
    pub network_type: &'a [u8],
    /// `IP4` or `IP6`.
    pub address_type: &'a [u8],
    /// The address of the machine that made the session.
    pub address: &'a [u8],
}

impl<'a> Origin<'a> {
    /// Reads the value of an `o=` line; None if it has other than six fields.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut words = words(value);
        let origin = Self {
            username: words.next()?,
            session_id: words.next()?,
            session_version: words.next()?,
            network_type: words.next()?,
            address_type: words.next()?,
            address: words.next()?,
        };
        words.next().is_none().then_some(origin)
    }

    pub(super) fn to_text(self) -> Result<Bytes, InvalidText> {
        join(&[
            self.username,
            self.session_id,
            self.session_version,
            self.network_type,
            self.address_type,
            self.address,
        ])
    }
}

/// The three fields of a `c=` line (RFC 8866 5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// `IN`.
    pub network_type: &'a [u8],
    /// `IP4` or `IP6`.
    pub address_type: &'a [u8],
    /// The address; a multicast one may carry `/ttl` and `/count`.
    pub address: &'a [u8],
}

impl<'a> Connection<'a> {
    /// Reads the value of a `c=` line; None if it has other than three fields.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut words = words(value);
        let connection = Self { network_type: words.next()?, address_type: words.next()?, address: words.next()? };
        words.next().is_none().then_some(connection)
    }

    pub(super) fn to_text(self) -> Result<Bytes, InvalidText> {
        join(&[self.network_type, self.address_type, self.address])
    }
}

/// The words of a value. The grammar has one space between them; several, and tabs, are read as one.
pub(super) fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty())
}

fn join(fields: &[&[u8]]) -> Result<Bytes, InvalidText> {
    let mut text = BytesMut::new();
    for field in fields {
        if field.is_empty() || field.iter().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
            return Err(InvalidText);
        }
        if !text.is_empty() {
            text.put_u8(b' ');
        }
        text.put_slice(field);
    }
    Ok(text.freeze())
}
