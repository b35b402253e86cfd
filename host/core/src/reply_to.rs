//! Where a response goes (RFC 3261 18.2, RFC 3581): the top Via of a request is stamped when it comes in, and the
//! address for its responses is taken from it. Nothing is sent here.

use std::net::SocketAddr;

use siphon_sip::{Destination, Flow, HeaderName, Request, Via};

/// Writes `received` and `rport` into the top Via and says where responses go. `None` when there is no Via that can be
/// read: such a request cannot be answered.
pub(crate) fn stamp(request: &mut Request, flow: &Flow, force_rport: bool) -> Option<Destination> {
    let mut via = request.headers().via().ok()?;
    let wants_port = via.rport().is_some();
    let is_elsewhere = via.host.ip() != Some(flow.remote.ip());
    // What the client wrote there itself says nothing.
    let mut is_stamped = via.params.remove("received");
    if wants_port || is_elsewhere {
        via.params.set("received", flow.remote.ip().to_string());
        is_stamped = true;
    }
    if wants_port {
        via.params.set("rport", flow.remote.port().to_string());
    }
    let remote = response_address(&via, flow, wants_port || force_rport);
    if is_stamped {
        request.headers_mut().replace_first_value(&HeaderName::Via, via);
    }
    Some(Destination { transport: flow.transport, listener: flow.listener, remote, connection: flow.connection })
}

/// Where the response goes when its connection is gone, or at once over UDP.
fn response_address(via: &Via, flow: &Flow, symmetric: bool) -> SocketAddr {
    if symmetric && !flow.transport.is_reliable() {
        return flow.remote;
    }
    let port = via.port.unwrap_or_else(|| flow.transport.default_port());
    SocketAddr::new(flow.remote.ip(), port)
}

/// Whether the request came straight from its user agent, over a stream or through a NAT, so that the way that it
/// came is the way back in its dialog.
pub(crate) fn is_adjacent(request: &Request, flow: &Flow) -> bool {
    let mut vias = request.headers().vias();
    let Some(Ok(via)) = vias.next() else { return false };
    if vias.next().is_some() {
        return false;
    }
    let sent_by = via.host.ip().map(|address| SocketAddr::new(address, via.effective_port()));
    flow.transport.is_reliable() || sent_by.is_some_and(|sent_by| sent_by != flow.remote)
}
