//! Which addresses are ours, and which flows. Not who a user is: see [`Authenticator`](super::Authenticator).

use siphon_sip::{ByteStr, Flow, ListenerId, SipUri, TenantId};

use crate::outcome::SendSocket;

/// What the opaque parameter of a Record-Route URI of ours said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteToken {
    /// The flow that a request with this Route leaves on.
    pub flow: Flow,
}

/// What this server is, seen from outside.
pub trait Identity: Send + Sync {
    /// Whether a Route with this URI is ours: every listener, its advertised address and the local domains, with exact
    /// port rules. False when in doubt.
    fn is_local_uri(&self, tenant: TenantId, uri: &SipUri) -> bool;

    /// Whether `host` is one of `domain.local`, in any case; no port, no listener address.
    fn is_local_domain(&self, tenant: TenantId, host: &str) -> bool;

    /// The listener that a script named; `None` when there is no such one.
    fn listener_for(&self, socket: SendSocket) -> Option<ListenerId>;

    /// The URI of a Contact for responses that we send on this flow, without brackets.
    fn contact_uri(&self, flow: &Flow) -> ByteStr;

    /// Opens the token in a Route of ours for a request with this From-tag. `None` without a token, when its MAC is not
    /// ours or not for this tenant, and when it names the side that sent the request.
    fn open_route(&self, tenant: TenantId, route: &SipUri, from_tag: Option<&[u8]>) -> Option<RouteToken>;

    /// Whether the flow can still be sent on. Always true for UDP.
    fn is_alive(&self, flow: &Flow) -> bool;
}
