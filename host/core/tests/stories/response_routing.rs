//! Where a response goes (RFC 3261 18.2.2, RFC 3581).

use siphon_core::CoreConfig;
use siphon_core::kit::{Peer, Script, Server, ServerBuilder};

use crate::world::alice;

fn answering() -> Script {
    Script::new().on_request("", |request| request.reply(200, "OK", false))
}

fn server(force_rport: bool) -> Server {
    let config = CoreConfig { force_rport, ..CoreConfig::default() };
    ServerBuilder { config, ..ServerBuilder::new(answering()) }.build()
}

/// Behind a NAT: its Via says 10.0.0.1:5060, it comes from elsewhere.
fn ask(server: &mut Server, via: &str) -> siphon_core::kit::Sent {
    let outside = Peer { address: "203.0.113.9:33000".parse().unwrap(), ..alice() };
    server.receive(outside.request("OPTIONS", "sip:example.com").set("Via", via).build(), &outside);
    server.take_sent().remove(0)
}

#[test]
fn with_rport_it_goes_back_where_the_request_came_from() {
    let sent = ask(&mut server(false), "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport");
    assert_eq!(sent.to.remote.to_string(), "203.0.113.9:33000");
    assert!(sent.values("Via")[0].contains("received=203.0.113.9") && sent.values("Via")[0].contains("rport=33000"));
}

#[test]
fn without_rport_it_goes_to_the_received_address_and_the_port_of_sent_by() {
    let sent = ask(&mut server(false), "SIP/2.0/UDP 10.0.0.1:5099;branch=z9hG4bK1");
    assert_eq!(sent.to.remote.to_string(), "203.0.113.9:5099");
    assert!(!sent.values("Via")[0].contains("rport"));
}

#[test]
fn force_rport_sends_it_to_the_source_port_all_the_same() {
    let sent = ask(&mut server(true), "SIP/2.0/UDP 10.0.0.1:5099;branch=z9hG4bK1");
    assert_eq!(sent.to.remote.to_string(), "203.0.113.9:33000");
    assert!(!sent.values("Via")[0].contains("rport"), "nobody asked for the parameter");
}

#[test]
fn a_received_that_the_client_wrote_itself_is_not_believed() {
    let sent = ask(&mut server(true), "SIP/2.0/UDP 203.0.113.9:33000;branch=z9hG4bK1;received=198.51.100.66");
    assert_eq!(sent.values("Via"), ["SIP/2.0/UDP 203.0.113.9:33000;branch=z9hG4bK1"]);
}

#[test]
fn on_a_stream_it_goes_back_on_the_connection_or_to_a_new_one_to_sent_by() {
    let mut server = server(true);
    let alice = Peer { address: "192.0.2.10:41000".parse().unwrap(), ..alice() }.over_tcp(7);
    let via = "SIP/2.0/TCP 192.0.2.10:5070;branch=z9hG4bK1";
    server.receive(alice.request("OPTIONS", "sip:example.com").set("Via", via).build(), &alice);
    let to = server.take_sent()[0].to;
    assert_eq!((to.connection, to.remote.to_string()), (alice.connection, "192.0.2.10:5070".to_owned()));
}

#[test]
fn fix_contact_gives_the_contact_the_address_that_the_response_came_from() {
    let config = CoreConfig { fix_contact: true, ..CoreConfig::default() };
    let mut server = ServerBuilder { config, ..ServerBuilder::new(crate::world::to_bob()) }.build();
    server.receive(crate::world::invite(), &alice());
    let forwarded = crate::world::sent_request(&mut server, "INVITE");
    let outside = Peer { address: "203.0.113.20:33000".parse().unwrap(), ..crate::world::bob() };
    server.receive(crate::world::bob().response(&forwarded, 200), &outside);
    assert_eq!(server.take_sent()[0].values("Contact"), ["<sip:bob@203.0.113.20:33000>"]);
}
