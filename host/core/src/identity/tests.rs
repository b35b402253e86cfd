use siphon_sip::ConnectionId;

use super::*;

fn identity() -> ServerIdentity {
    let listener = |id, transport, bound: &str, advertise: Option<(&str, Option<u16>)>| Listener {
        id: ListenerId(id),
        transport,
        bound: bound.parse().unwrap(),
        advertise: advertise.map(|(host, port)| (Host::parse(host.to_owned()).unwrap(), port)),
    };
    let listeners = vec![
        listener(0, TransportProtocol::Udp, "192.0.2.1:5060", None),
        listener(1, TransportProtocol::Tcp, "192.0.2.1:5070", None),
        listener(2, TransportProtocol::Udp, "0.0.0.0:5080", Some(("edge.example.net", Some(6000)))),
        listener(3, TransportProtocol::Udp, "[2001:db8::1]:5060", None),
    ];
    let domains = vec!["Example.com".to_owned()];
    ServerIdentity::new(listeners, domains, RouteTokens::new(b"secret", 1))
        .with_interfaces(vec!["203.0.113.5".parse().unwrap()])
}

fn is_local(uri: &str) -> bool {
    identity().is_local_uri(TenantId::DEFAULT, &uri.parse().unwrap())
}

fn flow(transport: TransportProtocol) -> Flow {
    let connection = transport.is_reliable().then_some(ConnectionId(9));
    let remote = "192.0.2.77:40000".parse().unwrap();
    Flow { transport, listener: ListenerId(1), local: "0.0.0.0:0".parse().unwrap(), remote, connection }
}

#[test]
fn a_listener_is_ours_with_its_own_port_only() {
    assert!(is_local("sip:192.0.2.1"));
    assert!(is_local("sip:192.0.2.1:5060;transport=udp"));
    assert!(is_local("sip:192.0.2.1:5070;transport=tcp"));
    assert!(is_local("sip:[2001:db8::1]"));
    assert!(!is_local("sip:192.0.2.1:5061"));
    assert!(!is_local("sip:192.0.2.1;transport=tcp"), "TCP is on another port");
    assert!(!is_local("sip:192.0.2.2"));
}

#[test]
fn an_advertised_address_is_ours_and_so_are_the_addresses_behind_a_wildcard() {
    assert!(is_local("sip:EDGE.example.net:6000"));
    assert!(!is_local("sip:edge.example.net"));
    assert!(is_local("sip:203.0.113.5:5080"));
    assert!(is_local("sip:127.0.0.1:5080"));
    assert!(!is_local("sip:203.0.113.6:5080"));
}

#[test]
fn a_local_domain_is_ours_without_a_port_or_with_one_of_a_listener() {
    assert!(is_local("sip:bob@example.COM"));
    assert!(is_local("sip:example.com:5070"));
    assert!(!is_local("sip:example.com:9"));
    assert!(!is_local("sip:sub.example.com"));
    assert!(identity().is_local_domain(TenantId::DEFAULT, "EXAMPLE.com"));
    assert!(!identity().is_local_domain(TenantId::DEFAULT, "192.0.2.1"));
}

#[test]
fn the_listener_towards_an_address_has_its_transport_and_its_family() {
    let identity = identity();
    let towards = |transport, address: &str, preferred| {
        identity.listener_towards(transport, address.parse().unwrap(), ListenerId(preferred)).map(|id| id.0)
    };
    assert_eq!(towards(TransportProtocol::Udp, "198.51.100.1", 2), Some(2), "the preferred one");
    assert_eq!(towards(TransportProtocol::Udp, "198.51.100.1", 1), Some(0), "the first that can");
    assert_eq!(towards(TransportProtocol::Udp, "2001:db8::9", 0), Some(3));
    assert_eq!(towards(TransportProtocol::Tls, "198.51.100.1", 0), None);
}

#[test]
fn a_script_names_a_listener_by_its_bound_address() {
    let identity = identity();
    let named = |transport, address: &str| {
        identity.listener_for(SendSocket { transport, address: address.parse().unwrap() }).map(|id| id.0)
    };
    assert_eq!(named(TransportProtocol::Tcp, "192.0.2.1:5070"), Some(1));
    assert_eq!(named(TransportProtocol::Udp, "203.0.113.5:5080"), Some(2));
    assert_eq!(named(TransportProtocol::Udp, "192.0.2.1:5070"), None);
}

#[test]
fn a_route_of_ours_gives_its_flow_to_the_callee_and_not_to_the_caller() {
    let identity = identity();
    let request = siphon_sip::Request::new(siphon_sip::Method::Invite, "sip:bob@example.com");
    let mut request = request;
    request.headers_mut().set(siphon_sip::HeaderName::From, "<sip:alice@example.com>;tag=caller");
    let flow = flow(TransportProtocol::Tcp);
    let token = identity.seal(TenantId::DEFAULT, &request, &flow, true);
    let route = identity.record_route(ListenerId(1), &token, false).unwrap();
    let uri: SipUri = route.trim_matches(['<', '>']).parse().unwrap();
    assert!(uri.is_loose() && identity.is_local_uri(TenantId::DEFAULT, &uri), "{route}");
    let opened = |tag: &[u8]| identity.open_route(TenantId::DEFAULT, &uri, Some(tag)).map(|token| token.flow);
    assert_eq!(opened(b"callee"), Some(flow));
    assert_eq!(opened(b"caller"), None);
    assert_eq!(identity.open_route(TenantId(7), &uri, Some(b"callee")), None, "another tenant's");
}

#[test]
fn a_via_of_ours_is_known_by_its_sent_by() {
    let identity = identity();
    let via = identity.via(ListenerId(2), &ByteStr::from("z9hG4bK1")).unwrap();
    assert_eq!(via, "SIP/2.0/UDP edge.example.net:6000;branch=z9hG4bK1;rport");
    assert!(identity.is_own_via(&Via::parse(via).unwrap()));
    assert!(!identity.is_own_via(&Via::parse("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1").unwrap()));
}

#[test]
fn what_is_sent_to_a_listener_comes_back() {
    let identity = identity();
    let is_own = |transport, address: &str| identity.is_own_address(transport, address.parse().unwrap());
    assert!(is_own(TransportProtocol::Udp, "192.0.2.1:5060"));
    assert!(is_own(TransportProtocol::Udp, "203.0.113.5:5080"));
    assert!(!is_own(TransportProtocol::Tcp, "192.0.2.1:5060"));
    assert!(!is_own(TransportProtocol::Udp, "192.0.2.1:5070"));
}
