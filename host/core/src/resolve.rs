//! From a URI to where a request goes (RFC 3261 8.1.2, RFC 3263 section 4): literal addresses at once, names as a
//! question for the resolver. The resolver itself is the server's.

use std::net::SocketAddr;

use siphon_sip::{Host, SipUri, TransportProtocol};

use crate::io::{ResolveQuery, ResolvedTarget};

/// What a URI says about the next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// There.
    Address(ResolvedTarget),
    /// Wherever this name leads.
    Name(ResolveQuery),
    /// Nowhere: a transport that nobody knows, or a port that is none.
    Nowhere,
}

/// Reads the next hop from a URI. `transport` overrides what the URI says.
pub(crate) fn next_hop(uri: &SipUri, transport: Option<TransportProtocol>) -> Hop {
    let named = match (transport, uri.transport(), uri.transport_protocol()) {
        (Some(transport), ..) => Some(transport),
        (None, None, _) => None,
        (None, Some(_), Some(transport)) if !(uri.secure && transport == TransportProtocol::Udp) => Some(transport),
        (None, Some(_), _) => return Hop::Nowhere,
    };
    let host = uri.maddr().unwrap_or_else(|| uri.host.clone());
    let is_literal = host.ip().is_some();
    let transport = named.or_else(|| implied_transport(uri, is_literal));
    match host {
        Host::Name(name) => Hop::Name(ResolveQuery {
            host: name.to_string_lossy().trim_end_matches('.').to_owned(),
            port: uri.port,
            transport,
            secure: uri.secure,
        }),
        literal => literal.ip().map_or(Hop::Nowhere, |address| {
            let transport = transport.unwrap_or(TransportProtocol::Udp);
            let port = uri.port.unwrap_or_else(|| transport.default_port());
            if port == 0 {
                return Hop::Nowhere;
            }
            Hop::Address(ResolvedTarget { transport, address: SocketAddr::new(address, port) })
        }),
    }
}

/// RFC 3263 4.1: TLS for sips, UDP for an address or an explicit port; otherwise the resolver finds out.
fn implied_transport(uri: &SipUri, is_literal: bool) -> Option<TransportProtocol> {
    if uri.secure {
        Some(TransportProtocol::Tls)
    } else {
        (is_literal || uri.port.is_some()).then_some(TransportProtocol::Udp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(uri: &str) -> Hop {
        next_hop(&uri.parse().unwrap(), None)
    }

    fn address(transport: TransportProtocol, address: &str) -> Hop {
        Hop::Address(ResolvedTarget { transport, address: address.parse().unwrap() })
    }

    #[test]
    fn a_literal_address_without_a_transport_means_udp() {
        assert_eq!(hop("sip:bob@192.0.2.1"), address(TransportProtocol::Udp, "192.0.2.1:5060"));
        assert_eq!(hop("sip:[2001:db8::1]:5080"), address(TransportProtocol::Udp, "[2001:db8::1]:5080"));
    }

    #[test]
    fn the_transport_parameter_comes_first_and_sips_means_tls() {
        assert_eq!(hop("sip:192.0.2.1;transport=TCP"), address(TransportProtocol::Tcp, "192.0.2.1:5060"));
        assert_eq!(hop("sips:192.0.2.1"), address(TransportProtocol::Tls, "192.0.2.1:5061"));
        assert_eq!(hop("sips:192.0.2.1;transport=tcp"), address(TransportProtocol::Tls, "192.0.2.1:5061"));
    }

    #[test]
    fn maddr_overrides_the_host() {
        assert_eq!(hop("sip:example.com;maddr=192.0.2.9"), address(TransportProtocol::Udp, "192.0.2.9:5060"));
    }

    #[test]
    fn a_name_is_asked_for_with_what_the_uri_says() {
        let query = |host: &str, port, transport, secure| {
            Hop::Name(ResolveQuery { host: host.to_owned(), port, transport, secure })
        };
        assert_eq!(hop("sip:example.com."), query("example.com", None, None, false));
        assert_eq!(hop("sip:example.com:5070"), query("example.com", Some(5070), Some(TransportProtocol::Udp), false));
        assert_eq!(hop("sips:example.com"), query("example.com", None, Some(TransportProtocol::Tls), true));
    }

    #[test]
    fn an_unknown_transport_and_port_0_lead_nowhere() {
        for uri in ["sip:192.0.2.1;transport=pigeon", "sip:192.0.2.1:0", "sips:192.0.2.1;transport=udp"] {
            assert_eq!(hop(uri), Hop::Nowhere);
        }
    }
}
