//! Handlers that wait for what comes a thousand calls later.

use std::time::Duration;

use siphon_tests::load::{Gate, ROUTE, Report};
use siphon_tests::{Load, ServerProcess};

use crate::{one_shard, script_keys, setup};

const CALLS: u64 = 1000;

const SYNC: &str = "
import threading

gate = threading.Event()


@proxy.on_request(\"MESSAGE\")
def wait(request):
    gate.wait()
    request.reply(200, \"OK\")


@proxy.on_request(\"INFO\")
def open_the_gate(request):
    gate.set()
    request.reply(202, \"Accepted\")
";

/// Each waiting handler runs on a loop of its own, perhaps.
const ASYNC: &str = "
import asyncio

waiting = []


@proxy.on_request(\"MESSAGE\")
async def wait(request):
    gate = asyncio.Event()
    waiting.append((asyncio.get_running_loop(), gate))
    await gate.wait()
    request.reply(200, \"OK\")


@proxy.on_request(\"INFO\")
def open_the_gate(request):
    for loop, gate in waiting:
        loop.call_soon_threadsafe(gate.set)
    request.reply(202, \"Accepted\")
";

fn server(handlers: &str, readers: usize) -> ServerProcess {
    let keys = script_keys("handler_timeout_secs: 3600, handler_stall_abort_secs: 0");
    setup(&format!("{ROUTE}\n{handlers}")).config(&one_shard(readers)).config(&keys).start()
}

/// A thousand calls on the socket on which three requests wait, and then the request that lets them go on.
fn run_behind_the_gate(load: Load) -> Report {
    load.calls(CALLS).t1(Duration::from_secs(2)).gate("MESSAGE", 3, "INFO").run()
}

/// The calls noticed nothing of the three handlers that waited, which were answered when they could be.
fn assert_nobody_waited(report: &Report) {
    report.assert_unaffected();
    assert_eq!(report.completed, CALLS);
    let gate = Gate { early: 0, answers: vec![200, 200, 200], opened: Some(202) };
    assert_eq!(report.gate, Some(gate));
}

#[test]
fn a_thousand_udp_calls_pass_a_sync_handler_that_waits_with_one_reader() {
    let server = server(SYNC, 1);
    assert_nobody_waited(&run_behind_the_gate(Load::udp(server.udp())));
    assert!(server.metric("siphon_handler_takeovers_total") >= 3);
}

#[test]
fn a_thousand_udp_calls_pass_a_sync_handler_that_waits_with_two_readers() {
    let server = server(SYNC, 2);
    assert_nobody_waited(&run_behind_the_gate(Load::udp(server.udp())));
}

#[test]
fn a_thousand_tcp_calls_pass_a_sync_handler_that_waits_with_one_reader() {
    let server = server(SYNC, 1);
    assert_nobody_waited(&run_behind_the_gate(Load::tcp(server.tcp())));
}

#[test]
fn a_thousand_tcp_calls_pass_a_sync_handler_that_waits_with_two_readers() {
    let server = server(SYNC, 2);
    assert_nobody_waited(&run_behind_the_gate(Load::tcp(server.tcp())));
}

#[test]
fn a_thousand_udp_calls_pass_an_async_handler_that_waits_with_one_reader() {
    let server = server(ASYNC, 1);
    assert_nobody_waited(&run_behind_the_gate(Load::udp(server.udp())));
}

#[test]
fn a_thousand_udp_calls_pass_an_async_handler_that_waits_with_two_readers() {
    let server = server(ASYNC, 2);
    assert_nobody_waited(&run_behind_the_gate(Load::udp(server.udp())));
}

#[test]
fn a_thousand_tcp_calls_pass_an_async_handler_that_waits_with_one_reader() {
    let server = server(ASYNC, 1);
    assert_nobody_waited(&run_behind_the_gate(Load::tcp(server.tcp())));
}

#[test]
fn a_thousand_tcp_calls_pass_an_async_handler_that_waits_with_two_readers() {
    let server = server(ASYNC, 2);
    assert_nobody_waited(&run_behind_the_gate(Load::tcp(server.tcp())));
}
