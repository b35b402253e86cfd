//! Media types and dispositions: Content-Type, Accept, Content-Disposition (RFC 3261 20.1, 20.11, 20.15). No body is read.

use crate::grammar;
use crate::{ByteStr, HeaderError, Params};

use super::event::token_and_params;
use super::printed_header;

/// A media type, or a range of them: `application/sdp`, `multipart/*`, `*/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// The type.
    pub kind: ByteStr,
    /// The subtype.
    pub subtype: ByteStr,
    /// The parameters.
    pub params: Params,
}

/// What a body is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDisposition {
    /// `session`, `render`, `early-session` or another, as written.
    pub disposition: ByteStr,
    /// The parameters.
    pub params: Params,
}

impl MediaType {
    /// Reads one value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        const MALFORMED: HeaderError = HeaderError::Malformed("media type", "not type/subtype");
        let value = value.into();
        let type_end = memchr::memchr(b';', &value).unwrap_or(value.len());
        let (media_type, params) = value.split_at_checked(type_end).unwrap_or((&value, &[]));
        let (kind, subtype) = grammar::split_once(media_type, b'/').ok_or(MALFORMED)?;
        let (kind, subtype) = (grammar::trim(kind), grammar::trim(subtype));
        if !grammar::is_token(kind) || !grammar::is_token(subtype) {
            return Err(MALFORMED);
        }
        let params =
            Params::parse(value.slice_of(params)).map_err(|_| HeaderError::Malformed("media type", "parameters"))?;
        Ok(Self { kind: value.slice_of(kind), subtype: value.slice_of(subtype), params })
    }

    /// Whether it is that type, whatever its parameters: `is("application", "sdp")`.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// Whether a range that this is includes the type `other`, whatever the parameters.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        (self.kind == "*" || self.kind.eq_ignore_ascii_case(&other.kind))
            && (self.subtype == "*" || self.subtype.eq_ignore_ascii_case(&other.subtype))
    }

    /// The preference in thousandths; 1000 when none is given.
    #[must_use]
    pub fn q(&self) -> u16 {
        self.params.value("q").and_then(super::contact::parse_q).unwrap_or(1000)
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.kind);
        out.push(b'/');
        out.extend_from_slice(&self.subtype);
        self.params.write(out);
    }
}

impl ContentDisposition {
    /// Reads the value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let (disposition, params) = token_and_params(&value.into(), "Content-Disposition")?;
        Ok(Self { disposition, params })
    }

    /// Whether a receiver that does not understand it must refuse the request: unless `handling` is `optional`.
    #[must_use]
    pub fn is_required(&self) -> bool {
        !self.params.value("handling").is_some_and(|handling| handling.eq_ignore_ascii_case(b"optional"))
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.disposition);
        self.params.write(out);
    }
}

printed_header!(MediaType);
printed_header!(ContentDisposition);
