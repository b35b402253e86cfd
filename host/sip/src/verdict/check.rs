//! The checks themselves, in the order in which they are made. No check needs state or configuration.

use std::net::Ipv4Addr;

use crate::request::Version;
use crate::{CSeq, HeaderName, Headers, Host, Method, Request, Response, StatusCode, Uri, UriError, Via};

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
    let cseq = common(headers).map_err(bad_request)?;
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
    common(response.headers()).map_err(|reason| Discard { reason })?;
    if response.headers().vias().skip(1).filter_map(Result::ok).any(|via| is_broadcast(&via)) {
        return Err(Discard { reason: "Via Is a Broadcast Address" });
    }
    Ok(())
}

/// Whether a response that is forwarded to this hop would go to everybody (RFC 4475 3.3.10).
fn is_broadcast(via: &Via) -> bool {
    let hosts = [Some(via.host.clone()), via.received(), via.maddr()];
    hosts.into_iter().flatten().any(|host| host == Host::V4(Ipv4Addr::BROADCAST))
}

/// Whether enough of the request can be read to answer it (RFC 3261 8.2.6.2, 18.2.2).
pub(crate) fn is_answerable(request: &Request) -> bool {
    let headers = request.headers();
    *request.method() != Method::Ack
        && headers.via().is_ok()
        && MANDATORY.iter().all(|(name, _)| headers.first(name).is_some_and(|value| !value.is_empty()))
}

const fn bad_request(reason: &'static str) -> Rejection {
    Rejection { status: StatusCode::BAD_REQUEST, reason }
}

const fn usual(status: StatusCode) -> Rejection {
    Rejection { status, reason: status.default_reason() }
}

/// What holds for requests and responses.
fn common(headers: &Headers) -> Result<CSeq, &'static str> {
    if let Some((_, reason)) =
        MANDATORY.iter().find(|(name, _)| headers.first(name).is_none_or(|value| value.is_empty()))
    {
        return Err(reason);
    }
    if let Some((_, reason)) = SINGLE.iter().find(|(name, _)| headers.count_lines(name) > 1) {
        return Err(reason);
    }
    let cseq = headers.cseq().map_err(|_| "Malformed CSeq Header")?;
    if cseq.number >= 1 << 31 {
        return Err("CSeq Number Too Large");
    }
    if headers.vias().next().is_none() || headers.vias().any(|via| via.is_err()) {
        return Err("Malformed Via Header");
    }
    headers.from().map_err(|_| "Malformed From Header")?;
    headers.to().map_err(|_| "Malformed To Header")?;
    Ok(cseq)
}

/// What a request's other addresses must be.
fn addresses(headers: &Headers) -> Result<(), &'static str> {
    headers.contacts().map_err(|_| "Malformed Contact Header")?;
    if headers.routes().any(|route| route.is_err()) {
        return Err("Malformed Route Header");
    }
    if headers.record_routes().any(|route| route.is_err()) {
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
