//! What is lost is sent again, and what comes again is known. The side that must see each message runs without the
//! retransmissions of SIPp itself.

use siphon_tests::door::{Door, SCRIPT};
use siphon_tests::wait::until;
use siphon_tests::{ServerProcess, Setup, scenario};

use crate::{SIPHON, bob, relay};

/// A handler that waits before the door, and no 100 meanwhile: a caller has to send its INVITE again.
fn hesitating(door: &Door) -> ServerProcess {
    let script = format!(
        "{SCRIPT}
from siphon import proxy

@proxy.on_request
def route(request):
    if request.in_dialog:
        request.loose_route()
    else:
        wait_at_the_door()
        request.record_route()
    request.relay()
"
    );
    let late_trying = "transaction: { auto_emit_100_trying_delay_ms: 10000 }";
    Setup::new(SIPHON, &script).env("DOOR", &door.environment()).config(late_trying).start()
}

#[test]
fn an_invite_that_comes_again_reaches_the_callee_once() {
    let door = Door::new();
    let server = hesitating(&door);
    let callee = scenario!("answer").counting_every_message().listen();
    let caller = scenario!("call").set("target", bob(callee.address())).start(server.udp());
    let handler = door.next();
    until("the INVITE to come again", || (server.metric("siphon_retransmissions_total") > 0).then_some(()));
    drop(handler);
    caller.succeed();
    callee.succeed();
    assert!(door.look().is_none(), "a second handler has run");
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
