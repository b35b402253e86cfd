//! Retry-After (RFC 3261 20.33). When something is tried again is decided elsewhere.

use crate::grammar;
use crate::{ByteStr, HeaderError, Params};

use super::printed_header;

/// When the service may be there again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// Seconds; a number that is too large is the largest.
    pub seconds: u32,
    /// The comment, its parentheses included.
    pub comment: Option<ByteStr>,
    /// The parameters.
    pub params: Params,
}

impl RetryAfter {
    /// Reads the value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        const MALFORMED: HeaderError = HeaderError::Malformed("Retry-After", "not a number");
        let value = value.into();
        let text = grammar::trim(&value);
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = text.split_at_checked(digits).ok_or(MALFORMED)?;
        let seconds = super::parse_delta_seconds(digits).ok_or(MALFORMED)?;
        let rest = grammar::trim(rest);
        let (comment, params) = rest.split_at_checked(comment_end(rest)).unwrap_or((&[], rest));
        let comment = (!comment.is_empty()).then(|| value.slice_of(comment));
        let params =
            Params::parse(value.slice_of(params)).map_err(|_| HeaderError::Malformed("Retry-After", "parameters"))?;
        Ok(Self { seconds, comment, params })
    }

    /// The `duration` parameter: how many seconds it will be there then.
    #[must_use]
    pub fn duration(&self) -> Option<u32> {
        self.params.value("duration").and_then(super::parse_delta_seconds)
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        crate::print::write_decimal(out, u64::from(self.seconds));
        if let Some(comment) = &self.comment {
            out.push(b' ');
            out.extend_from_slice(comment);
        }
        self.params.write(out);
    }
}

printed_header!(RetryAfter);

/// Where a comment in parentheses, which may hold others, ends; 0 when there is none or it is not closed.
fn comment_end(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
        if depth == 0 {
            return if *byte == b')' { at + 1 } else { 0 };
        }
    }
    0
}
