//! Replaces, Join and Target-Dialog (RFC 3891, RFC 3911, RFC 4538), which share one syntax. No dialog is looked up.

use crate::grammar;
use crate::{ByteStr, HeaderError, Params};

use super::printed_header;

/// A dialog as the receiver of the header knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID.
    pub call_id: ByteStr,
    /// The tag of the receiver's side.
    pub to_tag: ByteStr,
    /// The tag of the other side.
    pub from_tag: ByteStr,
    /// Whether only an early dialog is meant (RFC 3891 6.1).
    pub early_only: bool,
}

impl Replaces {
    /// Reads the value of a Replaces or Join header. Each tag must be there once.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        Self::parse_with(&value.into(), "to-tag", "from-tag", "Replaces")
    }

    /// Reads the value of a Target-Dialog header: `local-tag` is the receiver's side (RFC 4538 7).
    pub fn parse_target_dialog(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        Self::parse_with(&value.into(), "local-tag", "remote-tag", "Target-Dialog")
    }

    fn parse_with(value: &ByteStr, to: &str, from: &str, header: &'static str) -> Result<Self, HeaderError> {
        let id_end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (call_id, params) = value.split_at_checked(id_end).unwrap_or((value, &[]));
        let call_id = grammar::trim(call_id);
        if call_id.is_empty() || call_id.iter().any(|byte| grammar::is_blank(*byte) || *byte == b',') {
            return Err(HeaderError::Malformed(header, "Call-ID"));
        }
        let params = Params::parse(value.slice_of(params)).map_err(|_| HeaderError::Malformed(header, "parameters"))?;
        let tag = |name: &str| {
            let is_once = params.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes())).count() == 1;
            let tag = params.get(name).flatten().filter(|tag| is_once && !tag.is_empty());
            tag.ok_or(HeaderError::Malformed(header, "tags"))
        };
        let early_only = params.has("early-only");
        Ok(Self { call_id: value.slice_of(call_id), to_tag: tag(to)?, from_tag: tag(from)?, early_only })
    }

    /// Appends the value of a Replaces header as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.call_id);
        out.extend_from_slice(b";to-tag=");
        out.extend_from_slice(&self.to_tag);
        out.extend_from_slice(b";from-tag=");
        out.extend_from_slice(&self.from_tag);
        if self.early_only {
            out.extend_from_slice(b";early-only");
        }
    }
}

printed_header!(Replaces);
