//! Calls that somebody takes, or that are taken back.

use siphon_tests::ports::Lease;
use siphon_tests::{ServerProcess, scenario};

use crate::registration::alice;
use crate::{bob, bob_by_tcp, relay, residential};

const ALICE: &str = "sip:alice@127.0.0.1";

/// A phone of Alice's registers from these ports.
fn registered(server: &ServerProcess) -> Lease {
    let lease = Lease::new();
    let contact = format!("sip:alice@{}", lease.address());
    alice(scenario!("register")).set("contact", contact).on(lease).run(server.udp()).lease
}

#[test]
fn a_registered_phone_is_called() {
    let server = residential();
    let callee = scenario!("answer").on(registered(&server)).listen();
    scenario!("call").set("target", ALICE).run(server.udp());
    callee.succeed();
}

#[test]
fn a_phone_that_registered_over_tcp_is_called_over_tcp() {
    let server = residential();
    let lease = Lease::new();
    let contact = format!("sip:alice@{};transport=tcp", lease.address());
    let phone = alice(scenario!("register")).set("contact", contact).tcp().on(lease).run(server.tcp());
    let callee = scenario!("answer").tcp().on(phone.lease).listen();
    scenario!("call").set("target", ALICE).tcp().run(server.tcp());
    callee.succeed();
}

#[test]
fn a_call_is_relayed() {
    let server = relay();
    let callee = scenario!("answer").listen();
    scenario!("call").set("target", bob(callee.address())).run(server.udp());
    callee.succeed();
}

#[test]
fn a_call_goes_on_from_udp_to_tcp() {
    let server = relay();
    let callee = scenario!("answer").tcp().listen();
    scenario!("call").set("target", bob_by_tcp(callee.address())).run(server.udp());
    callee.succeed();
}

#[test]
fn a_call_goes_on_from_tcp_to_udp() {
    let server = relay();
    let callee = scenario!("answer").listen();
    scenario!("call").set("target", bob(callee.address())).tcp().run(server.tcp());
    callee.succeed();
}

#[test]
fn of_two_phones_one_answers_and_the_other_is_cancelled() {
    let server = residential();
    let winner = scenario!("answer").on(registered(&server)).listen();
    let loser = scenario!("cancelled").on(registered(&server)).listen();
    scenario!("call-forked").set("target", ALICE).run(server.udp());
    winner.succeed();
    loser.succeed();
}

#[test]
fn a_caller_takes_its_call_back_from_two_phones() {
    let server = residential();
    let one = scenario!("cancelled").on(registered(&server)).listen();
    let two = scenario!("cancelled").on(registered(&server)).listen();
    scenario!("cancel-forked").set("target", ALICE).run(server.udp());
    one.succeed();
    two.succeed();
}

#[test]
fn a_caller_takes_its_call_back() {
    let server = relay();
    let callee = scenario!("cancelled").listen();
    scenario!("cancel").set("target", bob(callee.address())).run(server.udp());
    callee.succeed();
}

#[test]
fn a_caller_takes_its_call_back_over_tcp() {
    let server = relay();
    let callee = scenario!("cancelled").tcp().listen();
    scenario!("cancel").set("target", bob_by_tcp(callee.address())).tcp().run(server.tcp());
    callee.succeed();
}
