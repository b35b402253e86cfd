//! Calls that somebody takes, or that are taken back.

use siphon_tests::sipp::Sipp;
use siphon_tests::{ServerProcess, Setup, scenario};

use crate::registration::alice;
use crate::{SIPHON, bob, bob_by_tcp, relay, residential};

#[test]
fn a_registered_phone_is_called() {
    let server = residential();
    let lease = siphon_tests::ports::Lease::new();
    let contact = format!("sip:alice@{}", lease.address());
    let phone = alice(scenario!("register")).set("contact", contact).on(lease).run(server.udp());
    let callee = scenario!("answer").on(phone.lease).listen();
    scenario!("call").set("target", "sip:alice@127.0.0.1").run(server.udp());
    callee.succeed();
}

#[test]
fn a_phone_that_registered_over_tcp_is_called_over_tcp() {
    let server = residential();
    let lease = siphon_tests::ports::Lease::new();
    let contact = format!("sip:alice@{};transport=tcp", lease.address());
    let phone = alice(scenario!("register")).set("contact", contact).tcp().on(lease).run(server.tcp());
    let callee = scenario!("answer").tcp().on(phone.lease).listen();
    scenario!("call").set("target", "sip:alice@127.0.0.1").tcp().run(server.tcp());
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

/// Every call rings at both.
fn forking(first: &Sipp, second: &Sipp) -> ServerProcess {
    let script = "
from siphon import proxy

@proxy.on_request
def route(request):
    if request.in_dialog:
        request.loose_route()
        request.relay()
    else:
        request.record_route()
        request.fork(['FIRST', 'SECOND'])
";
    let script = script.replace("FIRST", &bob(first.address())).replace("SECOND", &bob(second.address()));
    Setup::new(SIPHON, &script).start()
}

#[test]
fn of_two_phones_one_answers_and_the_other_is_cancelled() {
    let (winner, loser) = (scenario!("answer").listen(), scenario!("cancelled").listen());
    let server = forking(&winner, &loser);
    scenario!("call-forked").set("target", "sip:bob@example.com").run(server.udp());
    winner.succeed();
    loser.succeed();
}

#[test]
fn a_caller_takes_its_call_back_from_two_phones() {
    let (one, two) = (scenario!("cancelled").listen(), scenario!("cancelled").listen());
    let server = forking(&one, &two);
    scenario!("cancel-forked").set("target", "sip:bob@example.com").run(server.udp());
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
