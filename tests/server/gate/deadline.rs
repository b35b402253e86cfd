//! Handlers that pass their deadline: their request is answered without them.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use nix::sys::signal::Signal;
use siphon_tests::door::{self, Door};
use siphon_tests::wait::until;
use siphon_tests::{Phone, ServerProcess};

use crate::{one_shard, script_keys, setup};

const SYNC: &str = "
from siphon import log, proxy


def try_late(what, act):
    try:
        act()
        log.info(f\"{what} was taken\")
    except Exception as error:
        log.info(f\"{what} raised {type(error).__name__}\")


@proxy.on_request(\"MESSAGE\")
def overstay(request):
    wait_at_the_door()
    try_late(\"set_header\", lambda: request.set_header(\"X-Late\", \"1\"))
    try_late(\"reply\", lambda: request.reply(200, \"OK\"))
    log.info(f\"reading still gives {request.method}\")


@proxy.on_request(\"OPTIONS\")
def answer(request):
    request.reply(200, \"OK\")
";

fn start(script: &str, door: &Door) -> ServerProcess {
    let keys = script_keys("handler_timeout_secs: 0.3");
    setup(&format!("{}\n{script}", door::SCRIPT)).config(&keys).env("DOOR", &door.environment()).start()
}

/// A request whose handler overstays is answered 500; then the handler goes on and changes nothing any more.
fn assert_too_late(script: &str) {
    let door = Door::new();
    let server = start(script, &door);
    let mut phone = Phone::udp(server.udp());
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "late", ""));
    let handler = door.next();
    assert_eq!(phone.receive_response().status().as_u16(), 500);
    assert_eq!(server.metric("siphon_script_timeouts_total"), 1);
    assert_eq!(server.metric("siphon_late_outcomes_total"), 0);

    drop(handler);
    until("the outcome to come in late", || (server.metric("siphon_late_outcomes_total") == 1).then_some(()));
    for line in ["set_header raised RuntimeError", "reply raised RuntimeError", "reading still gives MESSAGE"] {
        assert!(server.log().contains(line), "{line}\nis not in\n{}", server.log());
    }
    // Nothing more came for that request: the next message is the answer to another one.
    phone.send(&phone.request("OPTIONS", "sip:example.com", "next", ""));
    let next = phone.receive_response();
    assert_eq!(next.headers().call_id().unwrap().to_string_lossy(), "next");
}

#[test]
fn a_sync_handler_that_overstays_gets_500_and_what_it_decides_later_is_ignored() {
    assert_too_late(SYNC);
}

#[test]
fn an_async_handler_that_overstays_gets_500_and_what_it_decides_later_is_ignored() {
    let script =
        SYNC.replace("def overstay", "async def overstay").replace("wait_at_the_door", "await wait_at_the_async_door");
    assert_too_late(&script);
}

#[test]
fn an_invite_that_waits_for_its_handler_is_told_that_it_is_tried() {
    let door = Door::new();
    let server = start(&SYNC.replace("MESSAGE", "INVITE"), &door);
    let mut phone = Phone::udp(server.udp());
    phone.send(&phone.request("INVITE", "sip:bob@example.com", "trying", ""));
    let first = phone.receive_within(Duration::from_secs(30)).unwrap();
    assert_eq!(first.as_response().unwrap().status().as_u16(), 100);
    assert_eq!(phone.receive_response().status().as_u16(), 500);
}

#[test]
fn a_process_in_which_events_wait_and_no_handler_ever_ends_gives_itself_up() {
    let door = Door::new();
    let script = format!("{}\n{SYNC}", door::SCRIPT);
    let keys = "sync_pool_max: 2, handler_timeout_secs: 3600, handler_stall_abort_secs: 0.5";
    let mut server = setup(&script)
        .config(&format!("{}{}", one_shard(1), script_keys(keys)))
        .env("DOOR", &door.environment())
        .start();
    let mut phone = Phone::udp(server.udp());
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "runs", ""));
    let _running = door.next();
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "waits", ""));
    let status = server.wait();
    assert_eq!(status.signal(), Some(Signal::SIGABRT as i32), "{}", server.log());
    assert!(server.log().contains("script.handler_stall_abort_secs"), "{}", server.log());
}
