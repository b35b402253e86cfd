//! Calls that nobody takes.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use siphon_tests::ports::Lease;
use siphon_tests::sipp::{Finished, Scenario};
use siphon_tests::{Setup, scenario};

use crate::{SIPHON, bob, relay};

/// Timer B, and Timer F: 64 * T1 (RFC 3261 17.1.1.2).
const TIMER_B: Duration = Duration::from_secs(32);

fn refused(status: u16) -> Scenario {
    scenario!("refused").set("status", status)
}

#[test]
fn busy_is_what_the_caller_hears() {
    let server = relay();
    let callee = scenario!("refuse").set("status", 486).set("header", "Retry-After: 60").listen();
    refused(486).set("target", bob(callee.address())).run(server.udp());
    callee.succeed();
}

#[test]
fn a_target_that_says_nothing_is_given_up_by_timer_b() {
    let server = relay();
    let deaf = UdpSocket::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    let caller = refused(408).set("target", bob(deaf.local_addr().unwrap()));
    caller.within(TIMER_B * 3).run(server.udp());
    assert!(begun.elapsed() >= TIMER_B, "given up after {:?}", begun.elapsed());
}

#[test]
fn a_target_whose_port_is_closed_fails_at_once() {
    let server = relay();
    let nobody = Lease::new();
    refused(500).set("target", bob(nobody.address())).within(TIMER_B / 2).run(server.udp());
}

#[test]
fn a_redirection_goes_to_the_caller() {
    let server = relay();
    let elsewhere = "sip:bob@192.0.2.7";
    let callee = scenario!("refuse").set("status", 302).set("header", format!("Contact: <{elsewhere}>")).listen();
    let caller = scenario!("redirected").set("target", bob(callee.address())).set("elsewhere", elsewhere);
    caller.run(server.udp());
    callee.succeed();
}

#[test]
fn a_script_follows_a_redirection() {
    let script = "
from siphon import proxy

@proxy.on_request
def route(request):
    if request.in_dialog:
        request.loose_route()
    else:
        request.record_route()
    request.relay()

@proxy.on_failure
def follow(request, reply):
    if reply.status_code == 302:
        request.ruri = reply.get_header('Contact').strip('<>')
        request.relay()
    else:
        reply.relay()
";
    let server = Setup::new(SIPHON, script).start();
    let answering = scenario!("answer").listen();
    let contact = format!("Contact: <{}>", bob(answering.address()));
    let redirecting = scenario!("refuse").set("status", 302).set("header", contact).listen();
    scenario!("call").set("target", bob(redirecting.address())).run(server.udp());
    redirecting.succeed();
    answering.succeed();
}

#[test]
fn nobody_is_found_at_an_address_without_a_phone() {
    let server = crate::residential();
    let Finished { messages, .. } = refused(404).set("target", "sip:alice@example.com").run(server.udp());
    assert!(!messages.contains("SIP/2.0 1"), "{messages}");
}
