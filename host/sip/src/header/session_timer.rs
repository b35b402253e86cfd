//! Session-Expires and Min-SE (RFC 4028 4, 5). Who refreshes when is the endpoints' business.

use crate::grammar;
use crate::{ByteStr, HeaderError, Params};

use super::printed_header;

/// How long a session lives without a refresh, and who refreshes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// Seconds.
    pub interval: u32,
    /// Who refreshes, when it is said.
    pub refresher: Option<Refresher>,
}

/// The side of the request that refreshes the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answered it.
    Uas,
}

impl Refresher {
    /// The value of the `refresher` parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uac => "uac",
            Self::Uas => "uas",
        }
    }
}

impl SessionExpires {
    /// Reads the value. An unknown refresher is none.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let (interval, params) = interval_and_params(&value.into(), "Session-Expires")?;
        let refresher = match params.value("refresher") {
            Some(side) if side.eq_ignore_ascii_case(b"uac") => Some(Refresher::Uac),
            Some(side) if side.eq_ignore_ascii_case(b"uas") => Some(Refresher::Uas),
            _ => None,
        };
        Ok(Self { interval, refresher })
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        crate::print::write_decimal(out, u64::from(self.interval));
        if let Some(refresher) = self.refresher {
            out.extend_from_slice(b";refresher=");
            out.extend_from_slice(refresher.as_str().as_bytes());
        }
    }
}

printed_header!(SessionExpires);

/// The seconds of a Min-SE value.
pub(crate) fn parse_min_se(value: ByteStr) -> Result<u32, HeaderError> {
    interval_and_params(&value, "Min-SE").map(|(interval, _)| interval)
}

fn interval_and_params(value: &ByteStr, header: &'static str) -> Result<(u32, Params), HeaderError> {
    let interval_end = memchr::memchr(b';', value).unwrap_or(value.len());
    let (interval, params) = value.split_at_checked(interval_end).unwrap_or((value, &[]));
    let interval = super::parse_delta_seconds(grammar::trim(interval));
    let interval = interval.ok_or(HeaderError::Malformed(header, "not a number"))?;
    let params = Params::parse(value.slice_of(params)).map_err(|_| HeaderError::Malformed(header, "parameters"))?;
    Ok((interval, params))
}
