//! Where a request goes: transports, names, failover, listeners, size.

use siphon_core::kit::{Script, Sent, Server, ServerBuilder};
use siphon_core::{CoreConfig, Input};
use siphon_script::request::RelayOptions;
use siphon_sip::{Flow, ListenerId, TransportProtocol};

use crate::world::{alice, bob, carol};

fn relay_to(next_hop: &'static str) -> Script {
    Script::new()
        .on_request("", move |request| request.relay(RelayOptions { next_hop: Some(next_hop), ..Default::default() }))
}

fn message() -> siphon_sip::Request {
    alice().request("MESSAGE", "sip:bob@example.com").build()
}

fn sent_by(server: &mut Server) -> Sent {
    server.receive(message(), &alice());
    server.take_sent().remove(0)
}

#[test]
fn a_next_hop_without_a_transport_goes_over_udp_whatever_the_request_came_over() {
    let mut server = Server::new(relay_to("sip:192.0.2.20"));
    let alice = alice().over_tcp(7);
    server.receive(alice.request("MESSAGE", "sip:bob@example.com").build(), &alice);
    let sent = server.take_sent().remove(0);
    assert_eq!((sent.to.transport, sent.to.remote), (TransportProtocol::Udp, "192.0.2.20:5060".parse().unwrap()));
    assert!(sent.values("Via")[0].starts_with("SIP/2.0/UDP"));
}

#[test]
fn the_transport_parameter_is_obeyed() {
    let sent = sent_by(&mut Server::new(relay_to("sip:192.0.2.20;transport=tcp")));
    assert_eq!((sent.to.transport, sent.to.listener), (TransportProtocol::Tcp, ListenerId(1)));
    assert!(sent.values("Via")[0].starts_with("SIP/2.0/TCP 192.0.2.1:5060;"));
}

#[test]
fn a_sips_next_hop_without_a_tls_listener_is_answered_500() {
    assert_eq!(sent_by(&mut Server::new(relay_to("sips:192.0.2.20"))).summary(), "500 MESSAGE");
}

#[test]
fn the_listener_has_the_address_family_of_the_next_hop() {
    let sent = sent_by(&mut Server::new(relay_to("sip:[2001:db8::20]")));
    assert_eq!(sent.to.listener, ListenerId(3));
    assert!(sent.values("Via")[0].contains("[2001:db8::1]:5060"));
}

#[test]
fn the_listener_that_the_request_came_in_by_is_preferred() {
    let mut server = Server::new(relay_to("sip:192.0.2.20"));
    let alice = alice().at_listener(2);
    server.receive(message(), &alice);
    assert_eq!(server.take_sent()[0].to.listener, ListenerId(2));
}

#[test]
fn send_socket_names_the_listener_and_its_transport() {
    for (socket, listener) in [("udp:198.51.100.1:5060", 2), ("tcp:192.0.2.1:5060", 1)] {
        let script = Script::new().on_request("", move |request| {
            let next_hop = Some("sip:192.0.2.20");
            request.relay(RelayOptions { next_hop, send_socket: Some(socket), ..Default::default() })
        });
        assert_eq!(sent_by(&mut Server::new(script)).to.listener, ListenerId(listener), "{socket}");
    }
}

#[test]
fn a_flow_outranks_the_next_hop() {
    let script = Script::new().on_request("", |request| {
        let flow = Some(Flow { remote: "192.0.2.99:1234".parse().unwrap(), ..request.flow() });
        request.relay(RelayOptions { next_hop: Some("sip:192.0.2.20"), flow, ..Default::default() })
    });
    assert_eq!(sent_by(&mut Server::new(script)).to.remote.to_string(), "192.0.2.99:1234");
}

#[test]
fn the_top_route_outranks_the_request_uri_and_stays_in_the_request() {
    let script = Script::new().on_request("", |request| request.relay(RelayOptions::default()));
    let mut server = Server::new(script);
    let request =
        alice().request("MESSAGE", "sip:bob@192.0.2.20").header("Route", "<sip:192.0.2.1;lr>, <sip:192.0.2.30;lr>");
    server.receive(request.build(), &alice());
    let sent = server.take_sent().remove(0);
    assert_eq!(sent.to.remote, carol().address);
    assert_eq!(sent.values("Route"), ["<sip:192.0.2.30;lr>"], "ours is gone although loose_route was not called");
    assert_eq!(sent.request().uri(), "sip:bob@192.0.2.20");
}

#[test]
fn a_strict_router_gets_its_own_uri_as_the_request_uri() {
    let script = Script::new().on_request("", |request| request.relay(RelayOptions::default()));
    let mut server = Server::new(script);
    let request =
        alice().request("MESSAGE", "sip:bob@192.0.2.20").header("Route", "<sip:192.0.2.30>, <sip:192.0.2.40;lr>");
    server.receive(request.build(), &alice());
    let sent = server.take_sent().remove(0);
    assert_eq!((sent.to.remote, sent.request().uri().to_string()), (carol().address, "sip:192.0.2.30".to_owned()));
    assert_eq!(sent.values("Route"), ["<sip:192.0.2.40;lr>", "<sip:bob@192.0.2.20>"]);
}

#[test]
fn a_name_is_resolved_and_its_addresses_tried_in_order() {
    let mut server = Server::new(relay_to("sip:name.example.net"));
    server.receive(message(), &alice());
    let (ticket, query) = server.take_questions().remove(0);
    assert_eq!(
        (query.host.as_str(), query.port, query.transport, query.secure),
        ("name.example.net", None, None, false)
    );
    assert!(server.take_sent().is_empty());
    let targets = [(TransportProtocol::Tcp, "192.0.2.20:5060"), (TransportProtocol::Udp, "192.0.2.30:5060")];
    server.resolve(ticket, &targets);
    let first = server.take_sent().remove(0);
    assert_eq!((first.to.transport, first.to.remote), (TransportProtocol::Tcp, bob().address));
    server.handle(Input::SendFailed { tag: first.tag });
    let second = server.take_sent().remove(0);
    assert_eq!((second.to.transport, second.to.remote), (TransportProtocol::Udp, carol().address));
    let via = |sent: &Sent| sent.request().headers().via().unwrap().branch().unwrap();
    assert_ne!(via(&first), via(&second), "a new client transaction");
    assert_eq!(second.values("Via").len(), 2);
    server.handle(Input::SendFailed { tag: second.tag });
    assert_eq!(server.take_summaries(), ["500 MESSAGE"]);
}

#[test]
fn a_503_moves_on_to_the_next_address_of_the_name() {
    let mut server = Server::new(relay_to("sip:name.example.net"));
    server.receive(message(), &alice());
    let (ticket, _) = server.take_questions().remove(0);
    server.resolve(ticket, &[(TransportProtocol::Udp, "192.0.2.20:5060"), (TransportProtocol::Udp, "192.0.2.30:5060")]);
    let first = server.take_sent().remove(0);
    server.receive(bob().response(first.request(), 503), &bob());
    let second = server.take_sent().remove(0);
    assert_eq!(second.to.remote, carol().address);
    server.receive(carol().response(second.request(), 200), &carol());
    assert_eq!(server.take_summaries(), ["200 MESSAGE"]);
}

#[test]
fn an_unresolvable_name_is_answered_502() {
    let mut server = Server::new(relay_to("sip:nowhere.example.net"));
    server.receive(message(), &alice());
    let (ticket, _) = server.take_questions().remove(0);
    server.resolve(ticket, &[]);
    assert_eq!(server.take_summaries(), ["502 MESSAGE"]);
}

#[test]
fn a_request_uri_that_is_no_sip_uri_is_answered_416() {
    let script = Script::new().on_request("", |request| request.relay(RelayOptions::default()));
    let mut server = Server::new(script);
    server.receive(alice().request("MESSAGE", "tel:+15551234").build(), &alice());
    assert_eq!(server.take_summaries(), ["416 MESSAGE"]);
}

#[test]
fn a_request_that_is_too_large_for_udp_goes_over_tcp_and_falls_back() {
    let config = CoreConfig { mtu: Some(1500), ..CoreConfig::default() };
    let mut server = ServerBuilder { config, ..ServerBuilder::new(relay_to("sip:192.0.2.20")) }.build();
    server
        .receive(alice().request("MESSAGE", "sip:b@example.com").header("X-Long", &"x".repeat(1200)).build(), &alice());
    let over_tcp = server.take_sent().remove(0);
    assert_eq!(over_tcp.to.transport, TransportProtocol::Tcp);
    assert!(over_tcp.values("Via")[0].starts_with("SIP/2.0/TCP"));
    server.handle(Input::SendFailed { tag: over_tcp.tag });
    let over_udp = server.take_sent().remove(0);
    assert_eq!((over_udp.to.transport, over_udp.values("Via").len()), (TransportProtocol::Udp, 2));
}
