//! ACK: forwarded end to end without state, and never answered.

use siphon_core::kit::{Script, Server};

use crate::world::{alice, bob, in_dialog, invite, sent_request, to_bob};

#[test]
fn a_stray_ack_is_never_answered() {
    let mut server = Server::new(in_dialog());
    for uri in ["sip:bob@example.com", "sip:192.0.2.1:5060", "tel:+123", "sip:other.example.net;transport=pigeon"] {
        server.receive(alice().request("ACK", uri).header("Route", "<sip:192.0.2.1;lr>").build(), &alice());
        assert!(server.take_sent().is_empty(), "{uri}");
    }
    assert_eq!(server.environment.counters.stray_acks.value(), 4);
    assert_eq!(server.shard.gauges().contexts, 0);
}

#[test]
fn an_invalid_ack_is_never_answered() {
    let mut server = Server::new(in_dialog());
    server.receive(alice().request("ACK", "sip:bob@example.com").set("CSeq", "1 INVITE").build(), &alice());
    server.receive(alice().request("ACK", "sip:192.0.2.20").set("Max-Forwards", "0").build(), &alice());
    assert!(server.take_sent().is_empty());
}

#[test]
fn an_ack_never_reaches_the_script() {
    let mut server = Server::new(Script::new().on_request("", |request| {
        assert_ne!(request.method(), "ACK");
        request.relay(Default::default())
    }));
    server.receive(alice().request("ACK", "sip:bob@192.0.2.20").build(), &alice());
    assert_eq!(server.take_summaries(), ["ACK"]);
    assert_eq!(server.environment.counters.script_runs.value(), 0);
}

#[test]
fn a_retransmitted_ack_leaves_with_the_same_branch() {
    let mut server = Server::new(in_dialog());
    let ack = alice().request("ACK", "sip:bob@192.0.2.20").build();
    server.receive(ack.clone(), &alice());
    server.receive(ack, &alice());
    let sent = server.take_sent();
    assert_eq!(sent[0].bytes, sent[1].bytes);
}

#[test]
fn an_ack_that_names_only_us_goes_where_its_invite_was_answered() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    let success = server.take_sent()[0].response().clone();
    let ack = alice().request("ACK", "sip:bob@example.com").branch("z9hG4bK-ack");
    let ack = ack.copy(success.headers(), &siphon_sip::HeaderName::To).build();
    server.receive(ack, &alice());
    let sent = server.take_sent();
    assert_eq!((sent[0].summary().as_str(), sent[0].to.remote), ("ACK", bob().address));
}

#[test]
fn the_ack_to_an_error_that_was_sent_without_state_ends_here() {
    let mut server = Server::new(Script::new());
    server.receive(alice().request("INVITE", "sip:bob@192.0.2.20").build(), &alice());
    let error = server.take_sent()[0].response().clone();
    assert_eq!(error.status().as_u16(), 500);
    let invite = alice().request("INVITE", "sip:bob@192.0.2.20").build();
    server.receive(alice().ack_failure(&invite, &error).build(), &alice());
    assert!(server.take_sent().is_empty());
}

#[test]
fn an_ack_waits_for_the_resolver_without_state_of_a_transaction() {
    let mut server = Server::new(in_dialog());
    server.receive(alice().request("ACK", "sip:bob@name.example.net:5070").build(), &alice());
    let (ticket, query) = server.take_questions().remove(0);
    assert_eq!((query.host.as_str(), query.port), ("name.example.net", Some(5070)));
    assert_eq!(server.shard.gauges().stateless_resolves, 1);
    server.resolve(ticket, &[(siphon_sip::TransportProtocol::Udp, "192.0.2.20:5070")]);
    assert_eq!(server.take_sent()[0].to.remote.to_string(), "192.0.2.20:5070");
    assert_eq!(server.shard.gauges().stateless_resolves, 0);
}
