//! `async def` handlers.

use std::collections::HashSet;

use siphon_python::PythonConfig;
use siphon_script::kit::event;
use siphon_script::{Action, EventKind, FaultKind};

use crate::support::{Bench, decided, failed, is_forwarded, message, python, reason};

#[test]
fn a_handler_that_never_waits_ends_where_it_began() {
    let bench = Bench::new();
    bench.kit.cache.add("c2");
    let script = bench.script(
        "import asyncio, threading
from siphon import proxy, cache, auth

@proxy.on_request
async def route(request):
    loop = asyncio.get_running_loop()
    assert asyncio.current_task() is not None and loop.is_running()
    async with asyncio.timeout(5):
        await cache.store('c2', 'k', 'v')
        values = await asyncio.gather(cache.fetch('c2', 'k'), cache.fetch('c2', 'none'))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(cache.fetch('c2', 'k'))
        other = group.create_task(asyncio.sleep(0, 'slept'))
    waited = await asyncio.wait_for(cache.fetch('c2', 'k'), 5)
    queue = asyncio.Queue()
    queue.put_nowait('q')
    words = [*map(str, values), task.result(), other.result(), waited, await queue.get()]
    request.reply(200, ' '.join(words) + ' ' + str(threading.get_native_id()))
",
    );
    let (now, _) = script.start("OPTIONS");
    let here: u32 = python("__import__('threading').get_native_id()");
    assert_eq!(reason(now.unwrap()), format!("v None v slept v q {here}"));
    assert_eq!(bench.engine.handovers(), 0, "a thread was switched");
}

#[test]
fn a_handler_that_waits_is_finished_by_another_thread() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy

@proxy.on_request
async def route(request):
    await asyncio.sleep(0.01)
    request.reply(200, 'slept')
",
    );
    let (now, outcomes) = script.start("OPTIONS");
    assert!(now.is_none());
    let (outcome, thread) = outcomes.next();
    assert_eq!(reason(outcome), "slept");
    assert_ne!(thread, format!("{:?}", std::thread::current().id()));
    assert!(bench.engine.handovers() >= 1);
}

#[test]
fn a_loop_that_was_taken_over_comes_back() {
    let bench = Bench::with(&PythonConfig { async_pool_size: 1, virtual_env: None });
    let script = bench.script(
        "import asyncio
from siphon import proxy

@proxy.on_request('INVITE')
async def slow(request):
    await asyncio.sleep(0.001)
    request.reply(200, str(id(asyncio.get_running_loop())))

@proxy.on_request('OPTIONS')
async def fast(request):
    request.reply(200, str(id(asyncio.get_running_loop())))
",
    );
    let loops: HashSet<String> =
        (0..20).flat_map(|_| [script.request(&message("INVITE", "")), script.options()]).map(reason).collect();
    assert_eq!(loops.len(), 1);
    // Only one of two handlers waits; the other goes on where it is unless the runner is not out yet.
    assert!(bench.engine.handovers() <= 40);
}

#[test]
fn threads_wait_with_asyncio() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio, threading
from siphon import proxy

@proxy.on_request
async def route(request):
    here = threading.get_ident()
    there = await asyncio.to_thread(threading.get_ident)
    request.reply(200, 'elsewhere' if here != there else 'here')
",
    );
    assert_eq!(script.answer(), "elsewhere");
}

#[test]
fn sockets_work_before_and_after_the_first_await() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy

@proxy.on_request
async def route(request):
    async def echo(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b'hello\\n')
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        await writer.wait_closed()
    request.reply(200, line.decode().strip())
",
    );
    assert_eq!([script.answer(), script.answer()], ["HELLO", "HELLO"]);
}

#[test]
fn a_client_that_belongs_to_a_loop_finds_it_again() {
    // What every connection pool does: made in the first handler, used by all later ones.
    let bench = Bench::with(&PythonConfig { async_pool_size: 4, virtual_env: None });
    let script = bench.script(
        "import asyncio
from siphon import proxy
home = None

@proxy.on_request
async def route(request):
    global home
    loop = asyncio.get_running_loop()
    if home is None:
        home = loop
    await asyncio.sleep(0.001)
    request.reply(200, 'same' if loop is home else 'other')
",
    );
    assert_eq!(script.answer(), "same");
    let answers: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| script.answer())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers, ["same"; 16]);
}

#[test]
fn many_waiting_handlers_share_a_bounded_number_of_threads() {
    let bench = Bench::with(&PythonConfig { async_pool_size: 2, virtual_env: None });
    let script = bench.script(
        "import asyncio, threading
from siphon import proxy
arrived = 0
everybody = None

@proxy.on_request
async def route(request):
    await asyncio.sleep(0.05)
    request.reply(200, str(sum(t.name == 'siphon-async' for t in threading.enumerate())))
",
    );
    let waiting: Vec<_> = (0..200).map(|_| script.start("OPTIONS").1).collect();
    for outcomes in waiting {
        let threads: u32 = reason(outcomes.next().0).parse().unwrap();
        assert!((1..=3).contains(&threads), "{threads} threads");
    }
}

#[test]
fn tasks_that_outlive_their_handler_go_on() {
    let bench = Bench::new();
    bench.kit.cache.add("log");
    let script = bench.script(
        "import asyncio
from siphon import proxy, cache
tasks = set()
done = asyncio.Event()

async def later(word):
    await asyncio.sleep(0.01)
    await cache.list_push('log', 'words', word)

@proxy.on_request('INVITE')
async def route(request):
    task = asyncio.create_task(later('written'))
    tasks.add(task)
    request.reply(200, 'at once')

@proxy.on_request('OPTIONS')
async def ask(request):
    for _ in range(2000):
        if await cache.list_len('log', 'words'):
            break
        await asyncio.sleep(0.005)
    request.reply(200, ' '.join(await cache.list_pop_all('log', 'words')))
",
    );
    let (now, _) = script.start("INVITE");
    assert_eq!(reason(now.unwrap()), "at once");
    assert_eq!(script.answer(), "written");
}

#[test]
fn handlers_of_both_kinds_run_in_order() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy

def add(request, word):
    request.set_header('X-Order', (request.get_header('X-Order') or '') + word)

@proxy.on_request
def one(request): add(request, '1')

@proxy.on_request
async def two(request): add(request, '2')

@proxy.on_request
async def three(request):
    await asyncio.sleep(0.001)
    add(request, '3')

@proxy.on_request
def four(request):
    asyncio.run(asyncio.sleep(0))
    add(request, '4')

@proxy.on_request
async def five(request):
    await asyncio.sleep(0.001)
    add(request, '5')

@proxy.on_request
async def six(request):
    request.reply(200, request.get_header('X-Order') + '6')
",
    );
    assert_eq!(script.answer(), "123456");
}

#[test]
fn an_exception_before_and_after_the_first_await_is_a_fault() {
    let bench = Bench::new();
    for body in ["raise ValueError('oops')", "await asyncio.sleep(0.001); raise ValueError('oops')"] {
        let script = bench.script(&format!(
            "import asyncio\nfrom siphon import proxy\n\n@proxy.on_request\nasync def route(request):\n    request.reply(200, 'no')\n    {body}\n"
        ));
        let fault = failed(script.options());
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Raised, "ValueError: oops"));
        let traceback = fault.traceback.unwrap();
        assert!(traceback.contains("route.py\", line 7, in route") && !traceback.contains("<siphon>"), "{traceback}");
    }
}

#[test]
fn a_handler_that_cancels_itself_or_leaves_the_process_is_a_fault() {
    let bench = Bench::new();
    for (body, message) in [
        ("asyncio.current_task().cancel(); await asyncio.sleep(1)", "CancelledError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("await asyncio.sleep(0.001); raise KeyboardInterrupt", "KeyboardInterrupt"),
    ] {
        let script = bench.script(&format!(
            "import asyncio\nfrom siphon import proxy\n\n@proxy.on_request\nasync def route(request):\n    {body}\n"
        ));
        assert!(failed(script.options()).message.contains(message));
    }
    let after = bench.script(
        "from siphon import proxy\n\n@proxy.on_request\nasync def route(request):\n    request.reply(200, 'alive')\n",
    );
    assert_eq!(after.answer(), "alive");
}

#[test]
fn a_callback_that_returns_a_coroutine_is_awaited() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy

@proxy.on_request
def route(request):
    request.relay(on_reply=answered, on_failure=lambda *args: failed(*args))

async def answered(request, reply):
    await asyncio.sleep(0.001)
    reply.relay()

async def failed(request, code, reason):
    request.reply(code, reason + ' indeed')
",
    );
    let Action::Relay(relay) = decided(script.request(&message("INVITE", ""))).action else { panic!("no relay") };
    let (context, request, reply) = script.exchange("INVITE", "SIP/2.0 200 OK");
    assert!(is_forwarded(script.event(event(&context, EventKind::Reply { request, reply, callback: relay.on_reply }))));
    let (context, request, reply) = script.exchange("INVITE", "SIP/2.0 503 Gone");
    let outcome = script.event(event(&context, EventKind::Failure { request, reply, callback: relay.on_failure }));
    assert_eq!(reason(outcome), "Gone indeed");
}

#[test]
fn a_handler_that_yields_for_ever_does_not_hold_the_thread() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy

@proxy.on_request('INVITE')
async def spin(request):
    for _ in range(5000):
        await asyncio.sleep(0)
    request.reply(200, 'done')
",
    );
    let (now, outcomes) = script.start("INVITE");
    assert!(now.is_none());
    assert_eq!(reason(outcomes.next().0), "done");
}

#[test]
fn async_generators_are_closed() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy
closed = []

async def numbers():
    try:
        for number in range(10):
            yield number
    finally:
        await asyncio.sleep(0)
        closed.append(True)

@proxy.on_request
async def route(request):
    async for number in numbers():
        break
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    request.reply(200, str(closed))
",
    );
    assert_eq!(script.answer(), "[True]");
}

#[test]
fn context_variables_of_one_handler_are_not_seen_by_the_next() {
    let bench = Bench::new();
    let script = bench.script(
        "import contextvars
from siphon import proxy
word = contextvars.ContextVar('word', default='nothing')

@proxy.on_request
async def route(request):
    seen = word.get()
    word.set('mine')
    request.reply(200, seen)
",
    );
    assert_eq!([script.answer(), script.answer()], ["nothing", "nothing"]);
}

#[test]
fn a_future_that_another_thread_resolves_wakes_its_handler() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio, threading
from siphon import proxy
waiting = []

@proxy.on_request('INVITE')
async def wait(request):
    future = asyncio.get_running_loop().create_future()
    waiting.append(future)
    request.reply(200, await future)

@proxy.on_request('OPTIONS')
def wake(request):
    future = waiting.pop()
    future.get_loop().call_soon_threadsafe(future.set_result, 'woken')
    request.reply(200, 'woke')
",
    );
    let (now, outcomes) = script.start("INVITE");
    assert!(now.is_none());
    assert_eq!(script.answer(), "woke");
    assert_eq!(reason(outcomes.next().0), "woken");
}

#[test]
fn an_async_callable_object_is_a_handler() {
    let bench = Bench::new();
    let script = bench.script(
        "import functools
from siphon import proxy

class Route:
    async def __call__(self, request):
        request.reply(200, 'object')

async def partly(word, request):
    request.reply(200, word)

proxy.on_request('INVITE')(Route())
proxy.on_request('OPTIONS')(functools.partial(partly, 'partial'))
",
    );
    assert_eq!([reason(script.request(&message("INVITE", ""))), script.answer()], ["object", "partial"]);
}

#[test]
fn a_sink_that_blocks_holds_no_loop() {
    // The server may do anything in deliver: run the next handler, wait for a lock.
    struct Slow(std::sync::Barrier);
    impl siphon_script::OutcomeSink for Slow {
        fn deliver(&self, _: siphon_script::EventId, _: siphon_script::Outcome) {
            self.0.wait();
        }
    }
    let bench = Bench::with(&PythonConfig { async_pool_size: 1, virtual_env: None });
    let script = bench.script(
        "import asyncio
from siphon import proxy

@proxy.on_request
async def route(request):
    await asyncio.sleep(0.001)
    request.reply(200, 'through')
",
    );
    let slow = std::sync::Arc::new(Slow(std::sync::Barrier::new(2)));
    let sink: std::sync::Arc<dyn siphon_script::OutcomeSink> = slow.clone();
    let context = script.context();
    let request = bench.kit.request_in(&context, &message("INVITE", "")).unwrap();
    assert!(script.generation.script.run(event(&context, EventKind::Request(request)), &sink).is_none());
    assert_eq!(script.answer(), "through");
    slow.0.wait();
}
