//! Which addresses are the kit's.

use parking_lot::Mutex;
use siphon_sip::{ByteStr, Flow, Host, ListenerId, SipUri, TenantId, TransportProtocol};

use crate::outcome::SendSocket;
use crate::ports::{Identity, RouteToken};

/// The kit's addresses. Routes of ours carry their token in a parameter `token`.
#[derive(Debug)]
pub struct KitIdentity {
    /// `domain.local`.
    pub domains: Mutex<Vec<String>>,
    /// The listeners.
    pub listeners: Mutex<Vec<SendSocket>>,
    /// Tokens of Record-Route URIs and the flows that they name.
    pub tokens: Mutex<Vec<(String, Flow)>>,
    /// Flows that are closed.
    pub closed: Mutex<Vec<Flow>>,
}

impl Default for KitIdentity {
    fn default() -> Self {
        let listener = SendSocket {
            transport: TransportProtocol::Udp,
            address: std::net::SocketAddr::from(([192, 0, 2, 1], 5060)),
        };
        Self {
            domains: Mutex::new(vec!["example.com".to_owned()]),
            listeners: Mutex::new(vec![listener]),
            tokens: Mutex::default(),
            closed: Mutex::default(),
        }
    }
}

impl Identity for KitIdentity {
    fn is_local_uri(&self, tenant: TenantId, uri: &SipUri) -> bool {
        let port = uri.effective_port();
        let is_listener =
            |listener: &SendSocket| Host::from(listener.address.ip()) == uri.host && listener.address.port() == port;
        self.listeners.lock().iter().any(is_listener)
            || (port == 5060 && self.is_local_domain(tenant, &uri.host.to_string()))
    }

    fn is_local_domain(&self, _tenant: TenantId, host: &str) -> bool {
        self.domains.lock().iter().any(|domain| domain.eq_ignore_ascii_case(host))
    }

    fn listener_for(&self, socket: SendSocket) -> Option<ListenerId> {
        let at = self.listeners.lock().iter().position(|listener| *listener == socket)?;
        u16::try_from(at).ok().map(ListenerId)
    }

    fn contact_uri(&self, flow: &Flow) -> ByteStr {
        format!("sip:{}", flow.local).into()
    }

    fn open_route(&self, _tenant: TenantId, route: &SipUri, _from_tag: Option<&[u8]>) -> Option<RouteToken> {
        let token = route.params.value_str("token")?;
        let tokens = self.tokens.lock();
        tokens.iter().find(|(known, _)| known == token).map(|(_, flow)| RouteToken { flow: *flow })
    }

    fn is_alive(&self, flow: &Flow) -> bool {
        !self.closed.lock().contains(flow)
    }
}
