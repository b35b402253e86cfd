//! What a request says of itself. Reading never fails: what is missing or malformed reads as absent.

use std::net::IpAddr;
use std::sync::Arc;

use siphon_sip::{ByteStr, HeaderName, NameAddr, Uri};

use super::Request;
use crate::error::ApiError;
use crate::flow::ScriptFlow;
use crate::headers::text;
use crate::uri::{self, ScriptUri};

/// The hop count of a request that names none (RFC 3261 16.6 step 3).
const DEFAULT_MAX_FORWARDS: u32 = 70;

impl Request {
    /// The method as it stands in the request line.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// A live view of the Request-URI: a change of it changes this request.
    #[must_use]
    pub fn ruri(self: &Arc<Self>) -> ScriptUri {
        ScriptUri::request_uri(Arc::clone(self))
    }

    /// Replaces the Request-URI.
    pub fn set_ruri(&self, uri: &str) -> Result<(), ApiError> {
        let uri = uri::parse(uri)?;
        self.edit(|state| {
            state.message.set_uri(uri.to_byte_str());
            Ok(())
        })
    }

    /// Replaces the user of the Request-URI; `None` and the empty text remove it.
    pub fn set_ruri_user(&self, user: Option<&str>) -> Result<(), ApiError> {
        self.change_ruri(|uri| uri::set_user(uri, user))
    }

    /// Replaces the host of the Request-URI, and the port when `host` names one.
    pub fn set_ruri_host(&self, host: &str) -> Result<(), ApiError> {
        self.change_ruri(|uri| uri::set_host(uri, host))
    }

    pub(crate) fn change_ruri(&self, change: impl FnOnce(&mut Uri) -> Result<(), ApiError>) -> Result<(), ApiError> {
        self.edit(|state| {
            let current = state.message.uri();
            let mut uri = Uri::parse(current).map_err(|_| ApiError::InvalidUri(text(current)))?;
            change(&mut uri)?;
            state.message.set_uri(uri.to_byte_str());
            Ok(())
        })
    }

    /// The URI of From: a copy.
    #[must_use]
    pub fn from_uri(&self) -> Option<ScriptUri> {
        self.with_message(|message| address_uri(message.headers().from().ok()?))
    }

    /// The URI of To: a copy.
    #[must_use]
    pub fn to_uri(&self) -> Option<ScriptUri> {
        self.with_message(|message| address_uri(message.headers().to().ok()?))
    }

    /// The tag of From.
    #[must_use]
    pub fn from_tag(&self) -> Option<String> {
        self.with_message(|message| message.headers().from_tag().as_deref().map(text))
    }

    /// The tag of To.
    #[must_use]
    pub fn to_tag(&self) -> Option<String> {
        self.with_message(|message| message.headers().to_tag().as_deref().map(text))
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> Option<String> {
        self.with_message(|message| message.headers().call_id().as_deref().map(text))
    }

    /// Number and method of CSeq.
    #[must_use]
    pub fn cseq(&self) -> Option<(u32, String)> {
        let cseq = self.with_message(|message| message.headers().cseq()).ok()?;
        Some((cseq.number, cseq.method.as_str().to_owned()))
    }

    /// Whether From and To both have a tag.
    #[must_use]
    pub fn in_dialog(&self) -> bool {
        self.with_message(|message| message.headers().from_tag().is_some() && message.headers().to_tag().is_some())
    }

    /// Max-Forwards; 70 without one.
    #[must_use]
    pub fn max_forwards(&self) -> u32 {
        let hops = self.with_message(|message| message.headers().max_forwards());
        hops.and_then(Result::ok).unwrap_or(DEFAULT_MAX_FORWARDS)
    }

    /// Content-Type.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        self.first_text(&HeaderName::ContentType)
    }

    /// User-Agent.
    #[must_use]
    pub fn user_agent(&self) -> Option<String> {
        self.first_text(&HeaderName::UserAgent)
    }

    /// Event.
    #[must_use]
    pub fn event(&self) -> Option<String> {
        self.first_text(&HeaderName::Event)
    }

    fn first_text(&self, name: &HeaderName) -> Option<String> {
        self.with_message(|message| message.headers().first(name).map(text))
    }

    /// The transport that it came in on, in lower case: `udp`.
    #[must_use]
    pub const fn transport(&self) -> &'static str {
        self.flow.transport.parameter()
    }

    /// The address that it came from; in reply handlers too that of the request.
    #[must_use]
    pub fn source_ip(&self) -> IpAddr {
        self.flow.remote.ip().to_canonical()
    }

    /// The port that it came from.
    #[must_use]
    pub const fn source_port(&self) -> u16 {
        self.flow.remote.port()
    }

    /// Whether it came from one of these networks (`192.0.2.0/24`, or one address). What is no network is skipped.
    #[must_use]
    pub fn source_ip_in<'a>(&self, networks: impl IntoIterator<Item = &'a str>) -> bool {
        let source = self.source_ip();
        networks.into_iter().any(|network| is_within(source, network).unwrap_or(false))
    }

    /// The way that it came in.
    #[must_use]
    pub fn script_flow(&self) -> ScriptFlow {
        ScriptFlow::new(Arc::clone(&self.context), self.flow)
    }

    /// The digest user that was verified, or what the script wrote over it.
    #[must_use]
    pub fn auth_user(&self) -> Option<String> {
        self.read(|state| state.auth_user.clone())
    }

    /// Writes over the digest user.
    pub fn set_auth_user(&self, user: Option<String>) -> Result<(), ApiError> {
        self.edit(|state| {
            state.auth_user = user;
            Ok(())
        })
    }

    /// The `expires` parameter of the first Contact, else Expires, in seconds.
    #[must_use]
    pub fn contact_expires(&self) -> Option<u32> {
        self.with_message(|message| {
            let contacts = message.headers().contacts().ok();
            let parameter = contacts.as_ref().and_then(|contacts| contacts.first()?.expires());
            parameter.or_else(|| message.headers().expires())
        })
    }

    /// The user of the top Route.
    #[must_use]
    pub fn route_user(&self) -> Option<String> {
        self.with_message(|message| user_of(&message.headers().routes().next()?.ok()?.uri))
    }

    /// The URIs that `loose_route` took off, top first.
    #[must_use]
    pub fn consumed_routes(&self) -> Vec<String> {
        self.read(|state| state.consumed_routes.iter().map(|uri| text(uri)).collect())
    }

    /// The first URI that `loose_route` took off.
    #[must_use]
    pub fn consumed_route(&self) -> Option<ScriptUri> {
        let uri = self.read(|state| state.consumed_routes.first().cloned())?;
        Uri::parse(uri).ok().map(ScriptUri::from)
    }

    /// The user of the first URI that `loose_route` took off.
    #[must_use]
    pub fn consumed_route_user(&self) -> Option<String> {
        user_of(&self.read(|state| state.consumed_routes.first().cloned())?)
    }
}

pub(crate) fn address_uri(address: NameAddr) -> Option<ScriptUri> {
    address.uri().ok().map(ScriptUri::from)
}

fn user_of(uri: &ByteStr) -> Option<String> {
    Uri::parse(uri).ok()?.as_sip()?.user.as_deref().map(text)
}

/// Whether `address` is in `network`; `None` when that is no network.
fn is_within(address: IpAddr, network: &str) -> Option<bool> {
    let (base, length) = match network.trim().split_once('/') {
        Some((base, length)) => (base, Some(length.parse::<u32>().ok()?)),
        None => (network.trim(), None),
    };
    let base: IpAddr = base.parse().ok()?;
    let (address, base, bits) = match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => (u128::from(u32::from(address)), u128::from(u32::from(base)), 32),
        (IpAddr::V6(address), IpAddr::V6(base)) => (u128::from(address), u128::from(base), 128),
        _ => return Some(false),
    };
    let host_bits = bits - length.filter(|length| *length <= bits).or(length.is_none().then_some(bits))?;
    Some(address.checked_shr(host_bits) == base.checked_shr(host_bits))
}
