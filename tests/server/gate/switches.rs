//! What an async handler costs that waits for nothing: not one switch of threads.

use std::fs;

use siphon_tests::{Phone, ServerProcess};

use crate::{one_shard, setup};

const REQUESTS: u64 = 2000;

/// Answers and says on which thread.
const SYNC: &str = "
import threading

from siphon import proxy


@proxy.on_request(\"OPTIONS\")
def answer(request):
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

/// Asks one by one; the switches that it took, and the threads that answered.
fn ask(server: &ServerProcess, name: &str) -> (u64, Vec<String>) {
    let mut phone = Phone::udp(server.udp());
    let mut threads = Vec::new();
    let before = switches(server);
    for number in 0..REQUESTS {
        phone.send(&phone.request("OPTIONS", "sip:example.com", &format!("{name}{number}"), ""));
        let response = phone.receive_response();
        let thread = siphon_sip::HeaderName::parse(b"X-Thread").unwrap();
        let thread = response.headers().first_str(&thread).unwrap().to_owned();
        if !threads.contains(&thread) {
            threads.push(thread);
        }
    }
    (switches(server) - before, threads)
}

#[test]
fn an_async_handler_that_waits_for_nothing_makes_no_more_thread_switches_than_a_sync_one() {
    let server = setup(SYNC).config(&one_shard(1)).start();
    // Once before it counts: what is made at the first time is made.
    ask(&server, "warm");
    let (of_sync, _) = ask(&server, "sync");
    server.reload(&SYNC.replace("def answer", "async def answer"));
    ask(&server, "warm-async");
    let (of_async, _) = ask(&server, "async");
    // One hand-off for each would be at least one switch more for each, and its way back another one.
    assert!(of_async < of_sync + REQUESTS / 4, "{of_sync} for sync handlers, {of_async} for async ones");
}

#[test]
fn an_async_handler_that_waits_for_nothing_runs_on_the_thread_that_read_its_request() {
    // Each answer comes from the thread that a sync handler would have run on. It changes when that thread overstays on a
    // busy machine, and then it changes for both.
    let script =
        format!("{SYNC}\n{}", SYNC.replace("OPTIONS", "MESSAGE").replace("def answer", "async def answer_message"));
    let server = setup(&script).config(&one_shard(1)).start();
    let mut phone = Phone::udp(server.udp());
    let mut same = 0;
    for number in 0..200 {
        let mut thread = |method: &str| {
            phone.send(&phone.request(method, "sip:example.com", &format!("{method}{number}"), ""));
            let name = siphon_sip::HeaderName::parse(b"X-Thread").unwrap();
            phone.receive_response().headers().first_str(&name).unwrap().to_owned()
        };
        same += u64::from(thread("OPTIONS") == thread("MESSAGE"));
    }
    assert!(same > 150, "{same} of 200");
}
