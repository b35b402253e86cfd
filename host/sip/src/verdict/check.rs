//! The checks themselves, in the order in which they are made. No check needs state or configuration.

use std::net::Ipv4Addr;

use crate::header::AddressParts;
use crate::request::Version;
use crate::{CSeq, Contacts, HeaderName, Headers, HostRef, Method, Request, Response, StatusCode, Uri, UriError};
use crate::{HeaderError, ViaRef};

use super::{Discard, Rejection};

/// What every message must have (RFC 3261 8.1.1). Max-Forwards is not among them: RFC 2543 did not know it.
static MANDATORY: [(HeaderName, &str); 5] = [
    (HeaderName::Via, "Missing Via Header"),
    (HeaderName::From, "Missing From Header"),
    (HeaderName::To, "Missing To Header"),
    (HeaderName::CallId, "Missing Call-ID Header"),
    (HeaderName::CSeq, "Missing CSeq Header"),
];

/// What must not come twice, because two readers would believe different ones (RFC 4475 3.3.8).
static SINGLE: [(HeaderName, &str); 9] = [
    (HeaderName::From, "Multiple From Headers"),
    (HeaderName::To, "Multiple To Headers"),
    (HeaderName::CallId, "Multiple Call-ID Headers"),
    (HeaderName::CSeq, "Multiple CSeq Headers"),
    (HeaderName::MaxForwards, "Multiple Max-Forwards Headers"),
    (HeaderName::ContentLength, "Multiple Content-Length Headers"),
    (HeaderName::ContentType, "Multiple Content-Type Headers"),
    (HeaderName::Event, "Multiple Event Headers"),
    (HeaderName::Expires, "Multiple Expires Headers"),
];

/// Schemes that a Request-URI may have here: `urn` for emergency services (RFC 5031).
static SCHEMES: [&str; 4] = ["sip", "sips", "tel", "urn"];

/// The largest Max-Forwards (RFC 3261 20.22).
const MAX_HOPS: u32 = 255;

/// Whether a request is valid as far as it can be told without state.
pub fn validate_request(request: &Request) -> Result<(), Rejection> {
    match request.version() {
        Version::Sip2 => {}
        Version::Unsupported => {
            return Err(usual(StatusCode::VERSION_NOT_SUPPORTED));
        }
        Version::Malformed => return Err(bad_request("Malformed Request-Line")),
    }
    let headers = request.headers();
    let cseq = common(headers).map_err(bad_request)?.cseq;
    if cseq.method != *request.method() {
        return Err(match request.method() {
            // RFC 4475 3.1.2.18.
            Method::Other(_) => usual(StatusCode::NOT_IMPLEMENTED),
            _ => bad_request("CSeq Method Mismatch"),
        });
    }
    addresses(headers).map_err(bad_request)?;
    match headers.max_forwards() {
        Some(Ok(0..=MAX_HOPS)) | None => {}
        Some(_) => return Err(bad_request("Malformed Max-Forwards Header")),
    }
    if headers.first(&HeaderName::Date).is_some_and(|date| !is_gmt(date)) {
        return Err(bad_request("Date Not in GMT"));
    }
    request_uri(request)
}

/// Whether a response is valid as far as it can be told without state.
pub fn validate_response(response: &Response) -> Result<(), Discard> {
    if !response.is_version_2() {
        return Err(Discard { reason: "Version Not Supported" });
    }
    let common = common(response.headers()).map_err(|reason| Discard { reason })?;
    if common.has_broadcast_hop {
        return Err(Discard { reason: "Via Is a Broadcast Address" });
    }
    Ok(())
}

/// Whether enough of the request can be read to answer it (RFC 3261 8.2.6.2, 18.2.2).
pub(crate) fn is_answerable(request: &Request) -> bool {
    let headers = request.headers();
    *request.method() != Method::Ack
        && headers.top_via().is_ok()
        && MANDATORY.iter().all(|(name, _)| headers.first(name).is_some_and(|value| !value.is_empty()))
}

const fn bad_request(reason: &'static str) -> Rejection {
    Rejection { status: StatusCode::BAD_REQUEST, reason }
}

const fn usual(status: StatusCode) -> Rejection {
    Rejection { status, reason: status.default_reason() }
}

/// What was seen of a message that is valid so far.
struct Common {
    cseq: CSeq,
    /// Whether a Via behind the first one leads to everybody.
    has_broadcast_hop: bool,
}

/// What holds for requests and responses.
fn common(headers: &Headers) -> Result<Common, &'static str> {
    if let Some((_, reason)) =
        MANDATORY.iter().find(|(name, _)| headers.first(name).is_none_or(|value| value.is_empty()))
    {
        return Err(reason);
    }
    let counts = headers.name_counts();
    if let Some((_, reason)) = SINGLE.iter().find(|(name, _)| counts.is_repeated(name)) {
        return Err(reason);
    }
    let cseq = headers.cseq().map_err(|_| "Malformed CSeq Header")?;
    if cseq.number >= 1 << 31 {
        return Err("CSeq Number Too Large");
    }
    let has_broadcast_hop = vias(headers).map_err(|_| "Malformed Via Header")?;
    address(headers, &HeaderName::From).map_err(|_| "Malformed From Header")?;
    address(headers, &HeaderName::To).map_err(|_| "Malformed To Header")?;
    Ok(Common { cseq, has_broadcast_hop })
}

/// Reads every Via, and says whether one behind the first leads to everybody.
fn vias(headers: &Headers) -> Result<bool, HeaderError> {
    let mut vias = headers.values(&HeaderName::Via);
    ViaRef::parse(vias.next().unwrap_or_default())?;
    let mut has_broadcast_hop = false;
    for via in vias {
        has_broadcast_hop |= is_broadcast(&ViaRef::parse(via)?);
    }
    Ok(has_broadcast_hop)
}

/// Whether a response that is forwarded to this hop would go to everybody (RFC 4475 3.3.10).
fn is_broadcast(via: &ViaRef<'_>) -> bool {
    let is_everybody = |host: HostRef<'_>| host.ip() == Some(Ipv4Addr::BROADCAST.into());
    let mut named = [via.received, via.maddr].into_iter().flatten().filter_map(|host| HostRef::parse(host).ok());
    is_everybody(via.host) || named.any(is_everybody)
}

fn address(headers: &Headers, name: &HeaderName) -> Result<(), HeaderError> {
    AddressParts::check(headers.first(name).unwrap_or_default())
}

/// What a request's other addresses must be.
fn addresses(headers: &Headers) -> Result<(), &'static str> {
    Contacts::check(headers.values(&HeaderName::Contact)).map_err(|_| "Malformed Contact Header")?;
    let is_malformed = |name| headers.values(name).any(|value| AddressParts::check(value).is_err());
    if is_malformed(&HeaderName::Route) {
        return Err("Malformed Route Header");
    }
    if is_malformed(&HeaderName::RecordRoute) {
        return Err("Malformed Record-Route Header");
    }
    Ok(())
}

fn request_uri(request: &Request) -> Result<(), Rejection> {
    let uri = match Uri::parse(request.uri()) {
        Ok(uri) => uri,
        Err(UriError::Number) => return Err(bad_request("Malformed Telephone Number")),
        Err(_) => return Err(bad_request("Malformed Request-URI")),
    };
    if !SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(uri.scheme())) {
        return Err(usual(StatusCode::UNSUPPORTED_URI_SCHEME));
    }
    match uri.as_sip() {
        Some(uri) if uri.headers.is_some() => Err(bad_request("Headers in Request-URI")),
        _ => Ok(()),
    }
}

/// Whether the last word is `GMT`, which is the only zone of a SIP date (RFC 3261 20.17).
fn is_gmt(date: &[u8]) -> bool {
    date.rsplit(|byte| *byte == b' ').next().is_some_and(|zone| zone.eq_ignore_ascii_case(b"GMT"))
}
