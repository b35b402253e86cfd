//! Route processing (RFC 3261 16.4 and 16.6 steps 3 and 6): taking our own Routes off, loose and strict next hops,
//! Max-Forwards. Where a URI leads is `resolve.rs`.

use siphon_script::ports::Identity;
use siphon_sip::{ByteStr, Flow, HeaderName, NameAddr, Request, SipUri, TenantId, Uri};

use crate::identity::ServerIdentity;

/// Takes the Routes off that name us, both of a double Record-Route, and says which flow one of them named. A script
/// that called `loose_route` has left none.
pub(crate) fn take_own_routes(request: &mut Request, identity: &dyn Identity, tenant: TenantId) -> Option<Flow> {
    let mut flow = None;
    let mut from_tag = None;
    while let Some(uri) = top_route(request) {
        if !identity.is_local_uri(tenant, &uri) {
            break;
        }
        let from_tag = from_tag.get_or_insert_with(|| request.headers().from_tag());
        flow = identity.open_route(tenant, &uri, from_tag.as_deref()).map(|token| token.flow).or(flow);
        request.headers_mut().pop_first_value(&HeaderName::Route);
    }
    flow
}

/// The top Route, when there is one that can be read.
pub(crate) fn top_route(request: &Request) -> Option<SipUri> {
    if !request.headers().contains(&HeaderName::Route) {
        return None;
    }
    match request.headers().routes().next()?.ok()?.uri().ok()? {
        Uri::Sip(uri) => Some(uri),
        Uri::Tel(_) | Uri::Other(_) => None,
    }
}

/// The URI of the next hop that the Route header names. A strict router gets its own URI as the Request-URI, and ours
/// at the end of the Route (RFC 3261 16.6 step 6).
pub(crate) fn follow_route(request: &mut Request) -> Option<SipUri> {
    let top = top_route(request)?;
    if !top.is_loose() {
        let old = bracketed(request.uri());
        request.headers_mut().pop_first_value(&HeaderName::Route);
        request.headers_mut().append(HeaderName::Route, old);
        request.set_uri(top.to_byte_str());
    }
    Some(top)
}

/// A strict router before us has put our Record-Route URI where the Request-URI belongs: the last Route is the real one
/// (RFC 3261 16.4).
pub(crate) fn undo_strict_routing(request: &mut Request, identity: &ServerIdentity, tenant: TenantId) {
    // What we put into a Record-Route has parameters.
    if !request.headers().contains(&HeaderName::Route) || !request.uri().contains(&b';') {
        return;
    }
    let Ok(Uri::Sip(uri)) = Uri::parse(request.uri()) else { return };
    if identity.facts(tenant, &uri).is_none() {
        return;
    }
    let mut routes: Vec<ByteStr> = request.headers().values_bytes(&HeaderName::Route).collect();
    let Some(target) = routes.pop().and_then(|last| NameAddr::parse(last).ok()) else { return };
    request.headers_mut().remove(&HeaderName::Route);
    for route in routes {
        request.headers_mut().append(HeaderName::Route, route);
    }
    request.set_uri(target.uri);
}

/// How many more hops the request may make, this one included; `default` when it does not say.
pub(crate) fn remaining_hops(request: &Request, default: u32) -> u32 {
    request.headers().max_forwards().and_then(Result::ok).unwrap_or(default)
}

/// A URI in angle brackets, or what already is a name-addr.
pub(crate) fn bracketed(uri: &ByteStr) -> ByteStr {
    if uri.contains(&b'<') {
        return uri.clone();
    }
    let mut value = Vec::with_capacity(uri.len() + 2);
    value.push(b'<');
    value.extend_from_slice(uri);
    value.push(b'>');
    value.into()
}
