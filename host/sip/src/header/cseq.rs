//! CSeq (RFC 3261 20.16).

use crate::grammar;
use crate::{ByteStr, HeaderError, Method};

use super::printed_header;

/// A sequence number and the method of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// The number; below 2^31 in a valid message, which `verdict` checks.
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl CSeq {
    /// A CSeq of that number and method.
    #[must_use]
    pub const fn new(number: u32, method: Method) -> Self {
        Self { number, method }
    }

    /// Reads the value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let value = value.into();
        let text = grammar::trim(&value);
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = text.split_at_checked(digits).unwrap_or((text, &[]));
        let number = grammar::parse_u32(digits).ok_or(HeaderError::Malformed("CSeq", "number"))?;
        let method = rest.first().filter(|byte| grammar::is_blank(**byte)).map(|_| grammar::trim(rest));
        let method = method.ok_or(HeaderError::Malformed("CSeq", "no method"))?;
        let method = match Method::known(method) {
            Some(method) => method,
            None => Method::from_bytes(value.slice_of(method)).map_err(|_| HeaderError::Malformed("CSeq", "method"))?,
        };
        Ok(Self { number, method })
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        crate::print::write_decimal(out, u64::from(self.number));
        out.push(b' ');
        out.extend_from_slice(self.method.as_bytes());
    }
}

printed_header!(CSeq);
