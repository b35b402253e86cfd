//! Calls that come back: loops end, spirals go on.

use std::net::UdpSocket;

use siphon_tests::{Setup, scenario};

use crate::{SIPHON, bob, relay};

#[test]
fn a_call_without_hops_left_ends() {
    let server = relay();
    let next = UdpSocket::bind("127.0.0.1:0").unwrap();
    next.set_nonblocking(true).unwrap();
    scenario!("no-hops-left").set("target", bob(next.local_addr().unwrap())).run(server.udp());
    assert!(next.recv(&mut [0; 1]).is_err(), "the call went on");
}

#[test]
fn a_call_that_leads_back_to_the_server_is_a_loop() {
    let server = relay();
    let target = bob(server.udp());
    scenario!("refused").set("status", 482).set("target", target).run(server.udp());
}

#[test]
fn a_call_that_a_neighbour_sends_back_is_a_loop() {
    let neighbour = scenario!("reflect").listen();
    let script = format!(
        "
from siphon import proxy

@proxy.on_request
def route(request):
    request.relay('sip:{}')
",
        neighbour.address()
    );
    let server = Setup::new(SIPHON, &script).start();
    scenario!("refused").set("status", 482).set("target", "sip:bob@example.com").run(server.udp());
    neighbour.succeed();
    assert_eq!(server.metric("siphon_loops_total"), 1);
}

#[test]
fn a_call_that_comes_back_with_another_target_is_a_spiral() {
    let callee = scenario!("answer").listen();
    let script = "
from siphon import proxy

@proxy.on_request
def route(request):
    if request.in_dialog:
        request.loose_route()
    else:
        request.record_route()
        if request.ruri.user == 'first':
            request.ruri.user = 'second'
        else:
            request.ruri = 'BOB'
    request.relay()
";
    let server = Setup::new(SIPHON, &script.replace("BOB", &bob(callee.address()))).start();
    scenario!("call").set("target", format!("sip:first@{}", server.udp())).run(server.udp());
    callee.succeed();
}
