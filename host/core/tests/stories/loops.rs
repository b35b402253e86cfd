//! Loops and spirals (RFC 5393).

use siphon_core::kit::{Peer, Script, Server};
use siphon_script::request::RelayOptions;

use crate::world::{alice, bob, invite, sent_request, to_bob};

/// The server itself, as a peer.
fn ourselves() -> Peer {
    Peer::new("us", "192.0.2.1:5060")
}

#[test]
fn a_request_that_would_come_back_unchanged_is_answered_482() {
    let script = Script::new().on_request("", |request| request.relay(RelayOptions::default()));
    let mut server = Server::new(script);
    server.receive(alice().request("MESSAGE", "sip:bob@192.0.2.1:5060").build(), &alice());
    assert_eq!(server.take_summaries(), ["482 MESSAGE"]);
}

#[test]
fn a_request_that_comes_back_as_it_was_is_answered_482() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(forwarded, &bob());
    assert_eq!(server.take_summaries(), ["482 INVITE"]);
    assert_eq!(server.environment.counters.loops.value(), 1);
}

#[test]
fn a_spiral_with_a_new_request_uri_is_a_new_transaction() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let mut forwarded = sent_request(&mut server, "INVITE");
    forwarded.set_uri("sip:robert@example.com");
    server.receive(forwarded, &bob());
    assert_eq!(server.take_summaries(), ["100 INVITE", "INVITE"]);
}

#[test]
fn a_spiral_through_ourselves_passes() {
    let script = Script::new().on_request("", |request| {
        if request.max_forwards() == 70 {
            request.set_ruri("sip:next@192.0.2.1:5060")?;
            return request.relay(RelayOptions::default());
        }
        request.relay(RelayOptions { next_hop: Some(crate::world::BOB), ..Default::default() })
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let sent = server.take_sent();
    assert_eq!(sent[1].to.remote, ourselves().address);
    server.receive(sent[1].request().clone(), &ourselves());
    let sent = server.take_sent();
    assert_eq!((sent[1].summary().as_str(), sent[1].to.remote), ("INVITE", bob().address));
    let second = sent[1].request().clone();
    server.receive(bob().response(&second, 200), &bob());
    let first_answer = server.take_sent().remove(0);
    assert_eq!(first_answer.to.remote, ourselves().address);
    server.receive(first_answer.response().clone(), &ourselves());
    let last = server.take_sent().remove(0);
    assert_eq!((last.summary().as_str(), last.to.remote), ("200 INVITE", alice().address));
}
