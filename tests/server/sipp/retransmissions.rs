//! What is lost is sent again, and what comes again is known. The side that must see each message runs without SIPp's own
//! retransmissions.

use siphon_tests::scenario;

use crate::{bob, relay};

#[test]
fn an_invite_that_comes_twice_reaches_the_callee_once() {
    let server = relay();
    let callee = scenario!("answer").counting_every_message().listen();
    scenario!("call-repeated-invite").set("target", bob(callee.address())).run(server.udp());
    callee.succeed();
    assert!(server.metric("siphon_retransmissions_total") >= 1);
}

#[test]
fn a_failure_comes_again_until_its_ack() {
    let server = relay();
    let callee = scenario!("refuse").set("status", 486).set("header", "Retry-After: 60").listen();
    scenario!("refused-late-ack").counting_every_message().set("target", bob(callee.address())).run(server.udp());
    callee.succeed();
}

#[test]
fn a_200_of_the_callee_comes_again_until_its_ack() {
    let server = relay();
    let callee = scenario!("answer").listen();
    scenario!("call-late-ack").counting_every_message().set("target", bob(callee.address())).run(server.udp());
    callee.succeed();
}
