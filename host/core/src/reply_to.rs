//! Where a response goes (RFC 3261 18.2, RFC 3581): the top Via of a request is stamped when it comes in, and the
//! address for its responses is taken from it. Nothing is sent here.

use std::net::{IpAddr, SocketAddr};

use siphon_sip::{Destination, Flow, HeaderName, Host, Request, ViaRef, write_decimal};

/// Writes `received` and `rport` into the top Via and says where responses go. `None` when there is no Via that can be
/// read: such a request cannot be answered.
pub(crate) fn stamp(request: &mut Request, flow: &Flow, force_rport: bool) -> Option<Destination> {
    let via = request.headers().top_via().ok()?;
    let wants_port = via.has_rport;
    let is_elsewhere = via.host.ip() != Some(flow.remote.ip());
    let remote = response_address(via.port, flow, wants_port || force_rport);
    // What the client wrote there itself says nothing.
    if wants_port || is_elsewhere || via.received.is_some() {
        let stamped = stamped(&via, flow.remote, wants_port || is_elsewhere);
        request.headers_mut().replace_first_value(&HeaderName::Via, stamped);
    }
    Some(Destination { transport: flow.transport, listener: flow.listener, remote, connection: flow.connection })
}

/// The Via with the port of `remote` in its `rport`, if it has one, and maybe its address in `received`.
fn stamped(via: &ViaRef<'_>, remote: SocketAddr, with_received: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    via.write_hop(&mut out);
    let mut has_port = false;
    for (name, value) in via.parameters() {
        if name.eq_ignore_ascii_case(b"received") {
            continue;
        }
        if name.eq_ignore_ascii_case(b"rport") {
            if !has_port {
                out.extend_from_slice(b";rport=");
                write_decimal(&mut out, u64::from(remote.port()));
            }
            has_port = true;
            continue;
        }
        out.push(b';');
        out.extend_from_slice(name);
        if let Some(value) = value {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    if with_received {
        out.extend_from_slice(b";received=");
        match remote.ip() {
            IpAddr::V4(address) => Host::V4(address).write(&mut out),
            // Without brackets (RFC 5118 4.5).
            IpAddr::V6(address) => out.extend_from_slice(address.to_string().as_bytes()),
        }
    }
    out
}

/// Where the response goes when its connection is gone, or at once over UDP.
fn response_address(port: Option<u16>, flow: &Flow, symmetric: bool) -> SocketAddr {
    if symmetric && !flow.transport.is_reliable() {
        return flow.remote;
    }
    SocketAddr::new(flow.remote.ip(), port.unwrap_or_else(|| flow.transport.default_port()))
}

/// Whether the request came straight from its user agent, over a stream or through a NAT, so that the way that it
/// came is the way back in its dialog.
pub(crate) fn is_adjacent(request: &Request, flow: &Flow) -> bool {
    let headers = request.headers();
    let Ok(via) = headers.top_via() else { return false };
    if headers.values(&HeaderName::Via).nth(1).is_some() {
        return false;
    }
    let sent_by = via.host.ip().map(|address| SocketAddr::new(address, via.effective_port()));
    flow.transport.is_reliable() || sent_by.is_some_and(|sent_by| sent_by != flow.remote)
}
