//! What an async handler costs that waits for nothing: not one switch of threads.

use std::fs;

use siphon_sip::HeaderName;
use siphon_tests::{Phone, ServerProcess};

use crate::{one_shard, setup};

const REQUESTS: u64 = 200;

/// Answers and says on which thread: OPTIONS by a sync handler, MESSAGE by an async one.
const SCRIPT: &str = "
import threading

from siphon import proxy


@proxy.on_request(\"OPTIONS\")
def answer(request):
    request.set_reply_header(\"X-Thread\", str(threading.get_native_id()))
    request.reply(200, \"OK\")


@proxy.on_request(\"MESSAGE\")
async def answer_async(request):
    request.set_reply_header(\"X-Thread\", str(threading.get_native_id()))
    request.reply(200, \"OK\")
";

/// How often the threads of the server have given up their processor by themselves. The monitor is left out: it looks at
/// the clock, whatever the handlers do.
fn switches(server: &ServerProcess) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    tasks
        .map(|task| task.unwrap().path())
        .filter_map(|task| of_thread(&fs::read_to_string(task.join("status")).ok()?))
        .sum()
}

fn of_thread(status: &str) -> Option<u64> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("Name:") == Some("siphon-monitor") {
        return None;
    }
    field("voluntary_ctxt_switches:")?.parse().ok()
}

/// Asks; the thread that answered.
fn ask(phone: &mut Phone, method: &str, call_id: &str) -> String {
    phone.send(&phone.request(method, "sip:example.com", call_id, ""));
    let name = HeaderName::parse(b"X-Thread").unwrap();
    phone.receive_response().headers().first_str(&name).unwrap().to_owned()
}

/// The switches that it took to ask one by one.
fn switches_of(server: &ServerProcess, method: &str, round: u64) -> u64 {
    let mut phone = Phone::udp(server.udp());
    let before = switches(server);
    for number in 0..REQUESTS {
        ask(&mut phone, method, &format!("{method}{round}x{number}"));
    }
    switches(server) - before
}

#[test]
fn an_async_handler_that_waits_for_nothing_makes_no_more_thread_switches_than_a_sync_one() {
    let server = setup(SCRIPT).config(&one_shard(1)).start();
    let mut seen = Vec::new();
    // Again and again: on a busy machine handlers of both kinds lose their thread now and then. One hand-off for each
    // request would be at least one switch more for each, and its way back another one, in every round.
    let any_equal = (0..30).any(|round| {
        let (of_sync, of_async) = (switches_of(&server, "OPTIONS", round), switches_of(&server, "MESSAGE", round));
        seen.push((of_sync, of_async));
        of_async < of_sync + REQUESTS / 4
    });
    assert!(any_equal, "of sync and async handlers: {seen:?}");
}

#[test]
fn an_async_handler_that_waits_for_nothing_runs_on_the_thread_that_read_its_request() {
    // That is where a sync handler runs. It changes when a handler overstays, and then it changes for both.
    let server = setup(SCRIPT).config(&one_shard(1)).start();
    let mut phone = Phone::udp(server.udp());
    let same = (0..REQUESTS).filter(|number| {
        let mut thread = |method: &str| ask(&mut phone, method, &format!("{method}{number}"));
        thread("OPTIONS") == thread("MESSAGE")
    });
    assert!(same.count() > 100);
}
