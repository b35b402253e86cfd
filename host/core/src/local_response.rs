//! Responses that this server makes itself: the To-tag, the Server header and what an OPTIONS is owed are put in here
//! and nowhere else. Which status it is, is decided elsewhere.

use siphon_script::request::ALLOW;
use siphon_sip::{ByteStr, HeaderName, Method, Request, Response, StatusCode};

/// Adds what every response of ours has: a To-tag, unless it is a 100 (RFC 3261 8.2.6.2), and the Server header.
pub(crate) fn complete(response: &mut Response, tag: &ByteStr, server: Option<&ByteStr>) {
    if response.status() != StatusCode::TRYING {
        stamp_to_tag(response, tag);
    }
    if let Some(server) = server
        && !response.headers().contains(&HeaderName::Server)
    {
        response.headers_mut().append(HeaderName::Server, server);
    }
}

/// A 2xx to OPTIONS says where we are and what we take (RFC 3261 11.2).
pub(crate) fn complete_options(response: &mut Response, contact: &ByteStr) {
    let headers = response.headers_mut();
    if !headers.contains(&HeaderName::Contact) {
        headers.append(HeaderName::Contact, format!("<{contact}>"));
    }
    if !headers.contains(&HeaderName::Allow) {
        headers.append(HeaderName::Allow, ALLOW);
    }
}

/// The answer to a request that no handler wants.
pub(crate) fn unclaimed(request: &Request, is_local: bool, contact: &ByteStr) -> Response {
    match request.method() {
        Method::Options if is_local => {
            let mut response = request.response(StatusCode::OK, None);
            complete_options(&mut response, contact);
            let headers = response.headers_mut();
            headers.append(HeaderName::Accept, "application/sdp");
            headers.append(HeaderName::Supported, "path, outbound");
            response
        }
        Method::Other(_) => {
            let mut response = request.response(StatusCode::METHOD_NOT_ALLOWED, None);
            response.headers_mut().append(HeaderName::Allow, ALLOW);
            response
        }
        _ => request.response(StatusCode::SERVER_INTERNAL_ERROR, Some("No Script Handler")),
    }
}

/// A 503 that says when to come again (RFC 3261 20.33).
pub(crate) fn unavailable(request: &Request, retry_after: u32) -> Response {
    let mut response = request.response(StatusCode::SERVICE_UNAVAILABLE, None);
    retry_later(&mut response, retry_after);
    response
}

/// Says after how many seconds the client may come back (RFC 3261 20.33).
pub(crate) fn retry_later(response: &mut Response, seconds: u32) {
    response.headers_mut().append(HeaderName::RetryAfter, seconds);
}

fn stamp_to_tag(response: &mut Response, tag: &ByteStr) {
    let headers = response.headers_mut();
    if headers.to_tag().is_some() {
        return;
    }
    let Some(to) = headers.first_bytes(&HeaderName::To) else { return };
    let mut stamped = Vec::with_capacity(to.len() + tag.len() + 5);
    stamped.extend_from_slice(&to);
    stamped.extend_from_slice(b";tag=");
    stamped.extend_from_slice(tag);
    headers.set(HeaderName::To, stamped);
}
