//! Who we are, seen from outside: listeners, advertised addresses, local domains, and the tokens in our Record-Routes.
//! Every place that must know whether an address is ours asks here; nobody's bindings or credentials are here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use siphon_script::SendSocket;
use siphon_script::ports::{Identity, RouteToken};
use siphon_sip::{
    ByteStr, Flow, Host, Listener, ListenerId, Request, SentBy, SipUri, TenantId, TransportProtocol, Via,
};

use crate::route_token::{self, RouteFacts, RouteTokens};

#[cfg(test)]
mod tests;

/// Says whether a stream's connection is still open.
pub type FlowCheck = dyn Fn(&Flow) -> bool + Send + Sync;

/// The server's identity. Built once at start; shared by all shards and, as the port [`Identity`], by the verbs.
pub struct ServerIdentity {
    listeners: Vec<Face>,
    /// For listeners on a wildcard: addresses of this machine.
    interfaces: Vec<IpAddr>,
    domains: Vec<String>,
    tokens: RouteTokens,
    is_alive: Option<Arc<FlowCheck>>,
}

/// A listener with the texts that are made of it again and again.
struct Face {
    listener: Listener,
    sent_by: SentBy,
    /// `SIP/2.0/UDP host:port;branch=`
    via: String,
    /// `sip:host:port;transport=tcp`
    uri: String,
}

impl Face {
    fn new(listener: Listener) -> Self {
        let sent_by = listener.advertised();
        let token = listener.transport.via_token();
        let via = format!("SIP/2.0/{token} {sent_by};branch=");
        let uri = match listener.transport {
            TransportProtocol::Udp => format!("sip:{sent_by}"),
            transport => format!("sip:{sent_by};transport={transport}"),
        };
        Self { listener, sent_by, via, uri }
    }

    fn port(&self) -> u16 {
        self.sent_by.port.unwrap_or(self.listener.bound.port())
    }
}

impl ServerIdentity {
    /// The identity of a server with these listeners, `domain.local` and tokens.
    #[must_use]
    pub fn new(listeners: Vec<Listener>, domains: Vec<String>, tokens: RouteTokens) -> Self {
        let listeners = listeners.into_iter().map(Face::new).collect();
        let domains = domains.into_iter().map(|domain| domain.trim_end_matches('.').to_owned()).collect();
        Self { listeners, interfaces: Vec::new(), domains, tokens, is_alive: None }
    }

    /// Adds the addresses of this machine, by which a listener on a wildcard is reached.
    #[must_use]
    pub fn with_interfaces(mut self, interfaces: Vec<IpAddr>) -> Self {
        self.interfaces = interfaces;
        self
    }

    /// Adds the transport's knowledge of open connections. Without it every flow counts as alive.
    #[must_use]
    pub fn with_flow_check(mut self, is_alive: Arc<FlowCheck>) -> Self {
        self.is_alive = Some(is_alive);
        self
    }

    /// The listeners, in the order of the configuration.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().map(|face| &face.listener)
    }

    /// A new Via for what is sent from this listener (RFC 3261 8.1.1.7). With `rport`, because the answer shall find
    /// its way through a NAT (RFC 3581 3).
    #[must_use]
    pub fn via(&self, listener: ListenerId, branch: &ByteStr) -> Option<String> {
        let face = self.face(listener)?;
        let mut via = String::with_capacity(face.via.len() + branch.len() + 6);
        via.push_str(&face.via);
        via.push_str(&branch.to_string_lossy());
        if face.listener.transport == TransportProtocol::Udp {
            via.push_str(";rport");
        }
        Some(via)
    }

    /// A Record-Route value for this listener: a loose route that carries the token.
    #[must_use]
    pub fn record_route(&self, listener: ListenerId, token: &str, secure: bool) -> Option<String> {
        let face = self.face(listener)?;
        let (scheme, rest) = face.uri.split_once(':')?;
        let mut route = String::with_capacity(face.uri.len() + token.len() + 12);
        for part in
            ["<", scheme, if secure { "s:" } else { ":" }, rest, ";lr;", route_token::PARAMETER, "=", token, ">"]
        {
            route.push_str(part);
        }
        Some(route)
    }

    /// The token for the Record-Route of this request.
    #[must_use]
    pub fn seal(&self, tenant: TenantId, request: &Request, flow: &Flow, adjacent: bool) -> String {
        let caller = route_token::tag_print(request.headers().from_tag().as_deref());
        self.tokens.seal(&RouteFacts { tenant, flow: *flow, adjacent, caller })
    }

    /// What the token of a URI says, when it has one of ours.
    #[must_use]
    pub fn facts(&self, tenant: TenantId, uri: &SipUri) -> Option<RouteFacts> {
        let value = uri.params.get(route_token::PARAMETER)??;
        self.tokens.open(&value).filter(|facts| facts.tenant == tenant)
    }

    /// Whether we put this Via there: its sent-by is that of one of our listeners.
    #[must_use]
    pub fn is_own_via(&self, via: &Via) -> bool {
        self.listeners.iter().any(|face| {
            let port = via.port.unwrap_or(face.listener.transport.default_port());
            face.sent_by.host == via.host && face.port() == port
        })
    }

    /// Whether what is sent there comes back to us.
    #[must_use]
    pub fn is_own_address(&self, transport: TransportProtocol, address: SocketAddr) -> bool {
        self.listeners.iter().any(|face| {
            if face.listener.transport != transport {
                return false;
            }
            let bound = face.listener.bound;
            let advertised = face.port() == address.port() && face.sent_by.host == Host::from(address.ip());
            advertised || (bound.port() == address.port() && self.is_bound_to(bound.ip(), address.ip()))
        })
    }

    fn is_bound_to(&self, bound: IpAddr, address: IpAddr) -> bool {
        if !bound.is_unspecified() {
            return bound == address;
        }
        bound.is_ipv4() == address.is_ipv4() && (address.is_loopback() || self.interfaces.contains(&address))
    }

    /// The listener to reach `remote` from: `preferred` if it can, else the first that can.
    #[must_use]
    pub fn listener_towards(
        &self,
        transport: TransportProtocol,
        remote: IpAddr,
        preferred: ListenerId,
    ) -> Option<ListenerId> {
        let fits =
            |face: &&Face| face.listener.transport == transport && face.listener.bound.is_ipv4() == remote.is_ipv4();
        let preferred = self.face(preferred).filter(fits);
        preferred.or_else(|| self.listeners.iter().find(fits)).map(|face| face.listener.id)
    }

    /// The transport of a listener.
    #[must_use]
    pub fn transport_of(&self, listener: ListenerId) -> Option<TransportProtocol> {
        self.face(listener).map(|face| face.listener.transport)
    }

    fn face(&self, listener: ListenerId) -> Option<&Face> {
        // Ids are places in the configuration, so that the first guess is nearly always right.
        let guess = self.listeners.get(usize::from(listener.0));
        let face = guess.filter(|face| face.listener.id == listener);
        face.or_else(|| self.listeners.iter().find(|face| face.listener.id == listener))
    }

    fn is_listener_uri(&self, uri: &SipUri) -> bool {
        let (named, port) = (uri.transport_protocol(), uri.effective_port());
        self.listeners.iter().any(|face| {
            let listener = &face.listener;
            if named.is_some_and(|transport| transport != listener.transport) {
                return false;
            }
            let advertised = port == face.port() && face.sent_by.host == uri.host;
            advertised || (port == listener.bound.port() && self.is_bound_host(listener, &uri.host))
        })
    }

    fn is_bound_host(&self, listener: &Listener, host: &Host) -> bool {
        host.ip().is_some_and(|address| self.is_bound_to(listener.bound.ip(), address))
    }

    fn is_domain(&self, host: &[u8]) -> bool {
        let host = host.strip_suffix(b".").unwrap_or(host);
        self.domains.iter().any(|domain| domain.as_bytes().eq_ignore_ascii_case(host))
    }

    /// A domain without a port, or with one that a listener has.
    fn is_domain_uri(&self, uri: &SipUri) -> bool {
        let fits = |port| self.listeners.iter().any(|face| face.port() == port || face.listener.bound.port() == port);
        self.is_domain(uri.host.to_string().as_bytes()) && uri.port.is_none_or(fits)
    }
}

impl Identity for ServerIdentity {
    fn is_local_uri(&self, _tenant: TenantId, uri: &SipUri) -> bool {
        self.is_listener_uri(uri) || self.is_domain_uri(uri)
    }

    fn is_local_domain(&self, _tenant: TenantId, host: &str) -> bool {
        self.is_domain(host.as_bytes())
    }

    fn listener_for(&self, socket: SendSocket) -> Option<ListenerId> {
        self.listeners()
            .find(|listener| listener.transport == socket.transport && listener.bound == socket.address)
            .or_else(|| {
                self.listeners().find(|listener| {
                    listener.transport == socket.transport
                        && listener.bound.port() == socket.address.port()
                        && self.is_bound_to(listener.bound.ip(), socket.address.ip())
                })
            })
            .map(|listener| listener.id)
    }

    fn contact_uri(&self, flow: &Flow) -> ByteStr {
        self.face(flow.listener).map(|face| face.uri.clone()).unwrap_or_default().into()
    }

    fn open_route(&self, tenant: TenantId, route: &SipUri, from_tag: Option<&[u8]>) -> Option<RouteToken> {
        let facts = self.facts(tenant, route)?;
        let to_caller = facts.caller != route_token::tag_print(from_tag);
        (facts.adjacent && to_caller).then_some(RouteToken { flow: facts.flow })
    }

    fn is_alive(&self, flow: &Flow) -> bool {
        !flow.transport.is_reliable() || self.is_alive.as_ref().is_none_or(|is_alive| is_alive(flow))
    }
}
