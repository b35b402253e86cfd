//! Sync handlers.

use siphon_script::kit::event;
use siphon_script::{Action, EventKind, ReplyDecision};

use crate::support::{Bench, decided, failed, is_forwarded, message, reason};

#[test]
fn a_sync_handler_runs_on_the_thread_that_has_the_event() {
    let bench = Bench::new();
    let script = bench.script(
        "import threading
from siphon import proxy

@proxy.on_request
def route(request):
    request.reply(200, str(threading.get_native_id()))
",
    );
    let (now, _) = script.start("OPTIONS");
    let here: u32 = crate::support::python("__import__('threading').get_native_id()");
    assert_eq!(reason(now.unwrap()), here.to_string());
    assert_eq!(bench.engine.handovers(), 0);
}

#[test]
fn every_matching_handler_runs_in_order_on_one_object() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy
seen = []

@proxy.on_request
def first(request):
    seen.append(request)
    request.set_header('X-Order', '1')

@proxy.on_request('INVITE')
def never(request):
    request.reply(500, 'Wrong')

@proxy.on_request('OPTIONS|INVITE')
def second(request):
    assert seen == [request]
    request.reply(200, request.get_header('x-order') + '2')
",
    );
    assert_eq!(script.answer(), "12");
}

#[test]
fn a_handler_that_does_nothing_decides_nothing() {
    let bench = Bench::new();
    let script = bench.script("from siphon import proxy\n\n@proxy.on_request\ndef route(request): pass\n");
    assert!(matches!(decided(script.options()).action, Action::None));
}

#[test]
fn the_handlers_of_a_reply_gate_it() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy

@proxy.on_reply
def replies(request, reply):
    assert request.method == 'INVITE' and reply.reason == 'Ringing' or reply.status_code == 200
    reply.set_header('X-Seen', request.from_uri.user)
    if reply.status_code == 180:
        reply.relay()
",
    );
    let run = |status| {
        let (context, request, reply) = script.exchange("INVITE", status);
        script.event(event(&context, EventKind::Reply { request, reply, callback: None }))
    };
    assert!(!is_forwarded(run("SIP/2.0 200 OK")));
    match decided(run("SIP/2.0 180 Ringing")).reply {
        Some(ReplyDecision::Forward(response)) => {
            assert!(String::from_utf8_lossy(&response.to_bytes()).contains("X-Seen: alice\r\n"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_callbacks_of_a_relay_get_their_own_arguments() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy

@proxy.on_request
def route(request):
    request.relay('sip:192.0.2.9', on_reply=lambda request, reply: reply.relay(), on_failure=failed)

def failed(request, code, reason):
    request.reply(code + 100, reason + ' ' + request.method)
",
    );
    let Action::Relay(relay) = decided(script.request(&message("INVITE", ""))).action else { panic!("no relay") };
    let (context, request, reply) = script.exchange("INVITE", "SIP/2.0 180 Ringing");
    let callback = relay.on_reply.clone();
    assert!(is_forwarded(script.event(event(&context, EventKind::Reply { request, reply, callback }))));
    let (context, request, reply) = script.exchange("INVITE", "SIP/2.0 486 Busy Here");
    let outcome = script.event(event(&context, EventKind::Failure { request, reply, callback: relay.on_failure }));
    assert_eq!(reason(outcome), "Busy Here INVITE");
}

#[test]
fn a_cancel_reaches_its_handlers() {
    let bench = Bench::new();
    bench.kit.cache.add("seen");
    let script = bench.script(
        "from siphon import proxy, cache

@proxy.on_cancel
async def cancelled(request):
    await cache.store('seen', 'method', request.method)
",
    );
    let (context, request, _) = script.exchange("INVITE", "SIP/2.0 180 Ringing");
    decided(script.event(event(&context, EventKind::Cancel { request })));
    let fetch = bench.script(
        "from siphon import proxy, cache

@proxy.on_request
async def route(request):
    request.reply(200, await cache.fetch('seen', 'method'))
",
    );
    assert_eq!(fetch.answer(), "INVITE");
}

#[test]
fn a_handler_past_its_deadline_cannot_change_anything_and_its_outcome_is_a_timeout() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, log

@proxy.on_request
def route(request):
    try:
        request.reply(200, 'late')
    except RuntimeError as error:
        assert 'deadline' in str(error), error
        assert request.method == 'OPTIONS'
        raise
",
    );
    let context = script.context();
    let request = bench.kit.request_in(&context, &message("OPTIONS", "")).unwrap();
    context.expire();
    let fault = failed(script.event(event(&context, EventKind::Request(request))));
    assert!(fault.message.contains("deadline"), "{}", fault.message);
}

#[test]
fn scripts_of_several_threads_run_at_once() {
    let bench = Bench::new();
    let script = bench.script(
        "import threading
from siphon import proxy
both = threading.Barrier(2)

@proxy.on_request
def route(request):
    both.wait(10)
    request.reply(200, 'met')
",
    );
    let answers = std::thread::scope(|scope| {
        let other = scope.spawn(|| script.answer());
        [script.answer(), other.join().unwrap()]
    });
    assert_eq!(answers, ["met", "met"]);
}

#[test]
fn a_thread_scope_lives_once() {
    use siphon_script::ScriptEngine;
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    request.reply(200, 'inside')\n",
    );
    let mut answers = Vec::new();
    bench.engine.thread_scope(&mut || answers.push(script.answer()));
    assert_eq!(answers, ["inside"]);
}
