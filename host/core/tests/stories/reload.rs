//! A transaction keeps the generation that it began with.

use std::sync::Arc;

use siphon_core::kit::{Script, Server};

use crate::world::{alice, bob, invite, sent_request, to_bob};

fn marking(mark: &'static str) -> Script {
    to_bob().on_reply(move |_, reply| {
        reply.set_header("X-Generation", mark)?;
        reply.relay()
    })
}

#[test]
fn the_responses_of_an_old_request_run_the_old_handlers() {
    let mut server = Server::new(marking("old"));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.reload(marking("new"), 2);
    server.receive(bob().response(&forwarded, 180), &bob());
    assert_eq!(server.take_sent()[0].values("X-Generation"), ["old"]);

    server.receive(alice().request("MESSAGE", "sip:bob@example.com").call_id("other").build(), &alice());
    let forwarded = sent_request(&mut server, "MESSAGE");
    server.receive(bob().response(&forwarded, 200), &bob());
    assert_eq!(server.take_sent()[0].values("X-Generation"), ["new"]);
}

#[test]
fn an_old_generation_dies_as_soon_as_its_calls_are_answered() {
    let mut server = Server::new(marking("old"));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    let old = Arc::downgrade(&server.generation().unwrap());
    server.reload(marking("new"), 2);
    assert!(old.upgrade().is_some(), "its handlers are still needed");
    server.receive(bob().response(&forwarded, 200), &bob());
    assert!(old.upgrade().is_none(), "long before the transactions' timers have run out");
}

#[test]
fn a_generation_without_reply_handlers_dies_when_the_request_was_decided() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let old = Arc::downgrade(&server.generation().unwrap());
    server.reload(to_bob(), 2);
    assert!(old.upgrade().is_none());
}
