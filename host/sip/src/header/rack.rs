//! RAck and RSeq (RFC 3262 7). The order of reliable provisional responses is the endpoints' business.

use crate::grammar;
use crate::{ByteStr, HeaderError, Method};

use super::{CSeq, printed_header};

/// Which reliable provisional response a PRACK acknowledges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the response.
    pub response: u32,
    /// The CSeq number of its request.
    pub number: u32,
    /// The method of its request.
    pub method: Method,
}

impl RAck {
    /// Reads the value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        const MALFORMED: HeaderError = HeaderError::Malformed("RAck", "two numbers and a method");
        let value = value.into();
        let text = grammar::trim(&value);
        let blank = text.iter().position(|byte| grammar::is_blank(*byte)).ok_or(MALFORMED)?;
        let (response, rest) = grammar::cut(text, blank);
        let response = grammar::parse_u32(response).ok_or(MALFORMED)?;
        let CSeq { number, method } = CSeq::parse(value.slice_of(rest)).map_err(|_| MALFORMED)?;
        Ok(Self { response, number, method })
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        crate::print::write_decimal(out, u64::from(self.response));
        out.push(b' ');
        CSeq { number: self.number, method: self.method.clone() }.write(out);
    }
}

printed_header!(RAck);
