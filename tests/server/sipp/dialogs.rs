//! Requests within a call, and requests that are no call.

use siphon_tests::scenario;

use crate::{bob, bob_by_tcp, relay, residential};

#[test]
fn both_sides_change_their_call() {
    let server = relay();
    let callee = scenario!("reinvited").listen();
    scenario!("reinvite").set("target", bob(callee.address())).run(server.udp());
    callee.succeed();
}

#[test]
fn both_sides_change_their_call_between_udp_and_tcp() {
    let server = relay();
    let callee = scenario!("reinvited").tcp().listen();
    scenario!("reinvite").set("target", bob_by_tcp(callee.address())).run(server.udp());
    callee.succeed();
}

#[test]
fn the_server_answers_options() {
    let server = residential();
    let caller = scenario!("request").set("method", "OPTIONS").set("target", "sip:127.0.0.1").set("header", "Allow: ");
    caller.run(server.udp());
}

fn relayed(method: &str) {
    let server = relay();
    let callee = scenario!("serve").set("method", method).listen();
    let caller = scenario!("request").set("method", method).set("target", bob(callee.address()));
    caller.set("header", "X-Answered-By: bob").run(server.udp());
    callee.succeed();
}

#[test]
fn options_are_relayed() {
    relayed("OPTIONS");
}

#[test]
fn a_message_is_relayed() {
    relayed("MESSAGE");
}
