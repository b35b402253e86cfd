//! Record-Route: one or two, and the way back in the dialog.

use siphon_core::kit::{Peer, Server};
use siphon_sip::{Response, TransportProtocol};

use crate::world::{alice, bob, in_dialog, sent_request};

/// A call of `caller` that bob answers: the INVITE that bob got, and the 200 that the caller got.
fn answered(server: &mut Server, caller: &Peer) -> (siphon_sip::Request, Response) {
    server.receive(caller.request("INVITE", "sip:bob@example.com").build(), caller);
    let forwarded = sent_request(server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    (forwarded, server.take_sent()[0].response().clone())
}

#[test]
fn one_record_route_when_the_request_leaves_as_it_came() {
    let mut server = Server::new(in_dialog());
    let (forwarded, _) = answered(&mut server, &alice());
    assert_eq!(forwarded.headers().record_routes().count(), 1);
}

#[test]
fn two_record_routes_when_the_listeners_differ_the_outgoing_one_on_top() {
    let mut server = Server::new(in_dialog());
    let alice = alice().over_tcp(7);
    let (forwarded, success) = answered(&mut server, &alice);
    let routes: Vec<_> = forwarded.headers().record_routes().map(|route| route.unwrap().uri.to_string()).collect();
    assert_eq!(routes.len(), 2);
    assert!(routes[0].starts_with("sip:192.0.2.1:5060;lr;tok="), "{}", routes[0]);
    assert!(routes[1].starts_with("sip:192.0.2.1:5060;transport=tcp;lr;tok="), "{}", routes[1]);

    let bye = alice.in_dialog("BYE", &alice.request("INVITE", "sip:bob@example.com").build(), &success).build();
    server.receive(bye, &alice);
    let bye = server.take_sent().remove(0);
    assert_eq!((bye.to.remote, bye.values("Route").len()), (bob().address, 0), "both are consumed together");
}

#[test]
fn a_request_of_the_callee_finds_the_callers_connection() {
    let mut server = Server::new(in_dialog());
    let alice = alice().over_tcp(7);
    let (forwarded, _) = answered(&mut server, &alice);
    server.receive(bob().in_reverse("BYE", &forwarded).build(), &bob());
    let bye = server.take_sent().remove(0);
    assert_eq!((bye.to.transport, bye.to.connection), (TransportProtocol::Tcp, alice.connection));
    assert_eq!(bye.to.remote, alice.address);
}

#[test]
fn a_request_of_the_callee_finds_a_caller_behind_a_nat() {
    let mut server = Server::new(in_dialog());
    let inside = alice();
    let outside = Peer { address: "203.0.113.9:33000".parse().unwrap(), ..alice() };
    server.receive(inside.request("INVITE", "sip:bob@example.com").build(), &outside);
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    server.take_sent();
    server.receive(bob().in_reverse("BYE", &forwarded).build(), &bob());
    assert_eq!(server.take_sent()[0].to.remote, outside.address);
}

#[test]
fn a_request_of_the_callee_follows_the_remote_target_when_there_is_no_nat() {
    let mut server = Server::new(in_dialog());
    let alice = alice();
    let invite = alice.request("INVITE", "sip:bob@example.com").set("Contact", "<sip:alice@192.0.2.77:5099>").build();
    server.receive(invite, &alice);
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().in_reverse("BYE", &forwarded).build(), &bob());
    assert_eq!(server.take_sent()[0].to.remote.to_string(), "192.0.2.77:5099");
}

#[test]
fn a_caller_that_reconnected_is_still_known_as_the_caller() {
    let mut server = Server::new(in_dialog());
    let alice = alice().over_tcp(7);
    let (_, success) = answered(&mut server, &alice);
    let again = Peer { address: "192.0.2.10:50999".parse().unwrap(), ..alice.clone().over_tcp(8) };
    let bye = again.in_dialog("BYE", &alice.request("INVITE", "sip:bob@example.com").build(), &success).build();
    server.receive(bye, &again);
    assert_eq!(server.take_sent()[0].to.remote, bob().address);
}

#[test]
fn a_forged_token_names_no_flow() {
    let mut server = Server::new(in_dialog());
    let route = "<sip:192.0.2.1:5060;lr;tok=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA>";
    let bye = bob().request("BYE", "sip:alice@192.0.2.10:5060").set("To", "<sip:a@x>;tag=a").header("Route", route);
    server.receive(bye.build(), &bob());
    assert_eq!(server.take_sent()[0].to.remote, alice().address, "it goes where its Request-URI says");
}
