//! Event and Subscription-State (RFC 6665 8.2). What a package means is the notifier's business.

use crate::grammar;
use crate::{ByteStr, HeaderError, Params};

use super::printed_header;

/// An event package and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The package with its templates: `presence.winfo`. Its case counts (RFC 6665 8.2.1).
    pub package: ByteStr,
    /// The parameters.
    pub params: Params,
}

/// The state of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated` or an extension, as written.
    pub state: ByteStr,
    /// The parameters.
    pub params: Params,
}

impl Event {
    /// Reads the value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let (package, params) = token_and_params(&value.into(), "Event")?;
        Ok(Self { package, params })
    }

    /// The `id` parameter.
    #[must_use]
    pub fn id(&self) -> Option<ByteStr> {
        self.params.get("id").flatten()
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.package);
        self.params.write(out);
    }
}

impl SubscriptionState {
    /// Reads the value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let (state, params) = token_and_params(&value.into(), "Subscription-State")?;
        Ok(Self { state, params })
    }

    /// Whether the subscription has ended.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }

    /// The `expires` parameter in seconds.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.params.value("expires").and_then(super::parse_delta_seconds)
    }

    /// The `reason` parameter.
    #[must_use]
    pub fn reason(&self) -> Option<ByteStr> {
        self.params.get("reason").flatten()
    }

    /// The `retry-after` parameter in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.params.value("retry-after").and_then(super::parse_delta_seconds)
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.state);
        self.params.write(out);
    }
}

printed_header!(Event);
printed_header!(SubscriptionState);

/// A token with parameters behind it.
pub(super) fn token_and_params(value: &ByteStr, header: &'static str) -> Result<(ByteStr, Params), HeaderError> {
    let token_end = memchr::memchr(b';', value).unwrap_or(value.len());
    let (token, params) = value.split_at_checked(token_end).unwrap_or((value, &[]));
    let token = grammar::trim(token);
    if !grammar::is_token(token) {
        return Err(HeaderError::Malformed(header, "not a token"));
    }
    let params = Params::parse(value.slice_of(params)).map_err(|_| HeaderError::Malformed(header, "parameters"))?;
    Ok((value.slice_of(token), params))
}
