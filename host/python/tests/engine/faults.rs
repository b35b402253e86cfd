//! What a handler that raises leaves behind.

use siphon_script::FaultKind;
use siphon_script::kit::event;

use crate::support::{Bench, failed, message};

#[test]
fn the_traceback_has_the_scripts_frames_and_their_lines() {
    let bench = Bench::new();
    bench.directory.write("deep.py", "def fail():\n    raise KeyError('key')  # here\n");
    let script = bench.script(
        "import deep
from siphon import proxy

@proxy.on_request
def route(request):
    request.reply(200, 'no')
    try:
        deep.fail()
    except KeyError as error:
        raise ValueError('because') from error
",
    );
    let fault = failed(script.options());
    assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Raised, "ValueError: because"));
    let traceback = fault.traceback.unwrap();
    for part in [
        "route.py\", line 8, in route",
        "deep.py\", line 2, in fail\n    raise KeyError('key')  # here",
        "direct cause",
    ] {
        assert!(traceback.contains(part), "{traceback}");
    }
}

#[test]
fn a_traceback_quotes_the_generation_that_ran_whatever_the_file_says_now() {
    let bench = Bench::new();
    let old = bench.script(
        "from siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    raise ValueError('old line')\n",
    );
    let _new = bench.script(
        "from siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    raise ValueError('new line')\n",
    );
    std::fs::remove_file(bench.directory.path("route.py")).unwrap();
    let traceback = failed(old.options()).traceback.unwrap();
    assert!(traceback.contains("    raise ValueError('old line')"), "{traceback}");
}

#[test]
fn a_script_that_formats_its_own_exceptions_sees_its_lines() {
    let bench = Bench::new();
    let script = bench.script(
        "import traceback
from siphon import proxy

@proxy.on_request
def route(request):
    try:
        1 / 0  # the place
    except ZeroDivisionError:
        request.reply(200, traceback.format_exc().splitlines()[2].strip())
",
    );
    std::fs::remove_file(bench.directory.path("route.py")).unwrap();
    assert_eq!(script.answer(), "1 / 0  # the place");
}

#[test]
fn later_handlers_do_not_run_after_a_raise() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, cache

@proxy.on_request
def first(request):
    raise RuntimeError('first')

@proxy.on_request
def second(request):
    raise RuntimeError('second')
",
    );
    assert_eq!(failed(script.options()).message, "RuntimeError: first");
}

#[test]
fn an_exception_group_is_told_with_its_members() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy

async def fail(word):
    raise ValueError(word)

@proxy.on_request
async def route(request):
    async with asyncio.TaskGroup() as group:
        group.create_task(fail('one'))
        group.create_task(fail('two'))
",
    );
    let fault = failed(script.options());
    assert!(fault.message.contains("2 sub-exceptions"), "{}", fault.message);
    let traceback = fault.traceback.unwrap();
    assert!(traceback.contains("ValueError: one") && traceback.contains("ValueError: two"), "{traceback}");
}

#[test]
fn an_exception_whose_text_raises_is_still_a_fault() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy

class Odd(Exception):
    def __str__(self):
        raise RuntimeError('no text')

@proxy.on_request
def route(request):
    raise Odd
",
    );
    assert!(failed(script.options()).message.contains("Odd"));
}

#[test]
fn a_verb_that_refuses_raises_the_class_that_python_has_for_it() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, cache, metrics

def raised(error, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except error:
        return
    raise AssertionError((function, args))

@proxy.on_request
def route(request):
    raised(ValueError, request.set_header, 'X-A', 'a\\r\\nb')
    raised(ValueError, request.set_header, 'Via', 'x')
    raised(ValueError, request.set_header, 'not a name', 'x')
    raised(ValueError, request.reply, 99, 'x')
    raised(ValueError, request.reply, 200, 'a\\nb')
    raised(ValueError, request.relay, 'http://')
    raised(ValueError, request.relay, send_socket='udp')
    raised(TypeError, request.relay, 7)
    raised(TypeError, request.relay, on_reply=7)
    raised(TypeError, request.relay, flow='udp')
    raised(TypeError, request.fork, 'sip:a@b')
    raised(TypeError, request.fork, [7])
    raised(TypeError, request.set_body, 7)
    raised(TypeError, proxy.rate_limit, 'request', 1, 1)
    raised(ValueError, cache.store, 'c', 'siphon:x', 'y')
    raised(ValueError, metrics.counter, 'no name', '')
    raised(AttributeError, lambda: request.no_such_thing)
    raised(AttributeError, setattr, request, 'note', 1)
    request.reply(200, 'all refused')
",
    );
    assert_eq!(script.answer(), "all refused");
}

#[test]
fn an_object_that_outlives_its_event_can_be_read_and_not_changed() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy
kept = []

@proxy.on_request
def route(request):
    if kept:
        assert kept[0].method == 'OPTIONS' and kept[0].from_uri.user == 'alice'
        try:
            kept[0].reply(200, 'again')
        except RuntimeError as error:
            return request.reply(200, str(error))
    kept.append(request)
    request.reply(200, 'first')
",
    );
    assert_eq!(script.answer(), "first");
    assert!(script.answer().contains("the handler has ended"));
}

#[test]
fn a_handler_called_with_a_malformed_message_reads_what_is_missing_as_none() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy

@proxy.on_request
def route(request):
    values = (request.from_uri, request.to_uri, request.from_tag, request.call_id, request.cseq, request.event)
    request.reply(200, str(values) + str(request.max_forwards))
",
    );
    let context = script.context();
    let request = bench.kit.request_in(&context, "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: x\r\n\r\n").unwrap();
    let outcome = script.event(event(&context, siphon_script::EventKind::Request(request)));
    assert_eq!(crate::support::reason(outcome), "(None, None, None, None, None, None)70");
    let _ = message("OPTIONS", "");
}
