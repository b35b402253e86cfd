//! A generation that is gone leaves nothing alive.

use std::time::{Duration, Instant};

use siphon_script::kit::event;
use siphon_script::{Action, EventKind};

use crate::support::{Bench, Loaded, decided, message, python, reason, sink};

const SCRIPT: &str = "
import asyncio, sys, weakref
import helper
from siphon import proxy, timer, registrar

class Marker:
    pass

marker = Marker()
sys.tracked = getattr(sys, 'tracked', [])
sys.tracked.append(weakref.ref(marker))

@proxy.on_request
def route(request):
    keep = marker
    request.relay(on_reply=lambda request, reply: keep, on_failure=lambda *args: request)

@proxy.on_request
async def wait(request):
    await asyncio.sleep(0.001)

sys.tracked.extend(map(weakref.ref, (route, wait, helper.help)))
";

/// How many of the tracked objects are alive, once the collector has had its time.
fn alive_at_last(expected: usize) -> usize {
    let begin = Instant::now();
    loop {
        let alive = python("(__import__('gc').collect(), sum(r() is not None for r in __import__('sys').tracked))[1]");
        if alive == expected || begin.elapsed() > Duration::from_secs(10) {
            return alive;
        }
    }
}

#[test]
fn a_dropped_generation_frees_its_functions_and_modules() {
    let bench = Bench::new();
    bench.directory.write("helper.py", "def help(): pass\n");
    let script = bench.script(SCRIPT);
    drop(decided(script.request(&message("INVITE", ""))));
    assert_eq!(alive_at_last(4), 4);
    drop(script);
    assert_eq!(alive_at_last(0), 0);
    let left: usize = python("sum(type(name) is not str for name in __import__('sys').modules)");
    assert_eq!(left, 0, "modules of a generation are still listed");
}

#[test]
fn a_callback_that_was_armed_before_the_deadline_passed_does_not_keep_its_generation() {
    let bench = Bench::new();
    bench.directory.write("helper.py", "def help(): pass\n");
    let script = bench.script(&SCRIPT.replace("await asyncio.sleep(0.001)", WAIT_FOR_RELEASE));
    let context = script.context();
    let request = bench.kit.request_in(&context, &message("INVITE", "")).unwrap();
    let (sink, outcomes) = sink();
    assert!(script.generation.script.run(event(&context, EventKind::Request(request)), &sink).is_none());
    context.expire();
    let _: bool = python("setattr(__import__('sys'), 'released', True) is None");
    drop(outcomes.recv().unwrap());
    drop((context, script));
    assert_eq!(alive_at_last(0), 0);
}

/// What the handler does until the test lets it go.
const WAIT_FOR_RELEASE: &str = "
    while not getattr(sys, 'released', False):
        await asyncio.sleep(0.001)
";

#[test]
fn a_load_that_fails_frees_what_it_had_loaded() {
    let bench = Bench::new();
    bench.directory.write("helper.py", "def help(): pass\n");
    assert!(bench.try_script(&format!("{SCRIPT}\n1 / 0\n")).is_err());
    assert_eq!(alive_at_last(0), 0);
}

#[test]
fn a_callback_of_a_running_transaction_keeps_its_generation() {
    let bench = Bench::new();
    bench.directory.write("helper.py", "def help(): pass\n");
    let script = bench.script(SCRIPT);
    let decision = decided(script.request(&message("INVITE", "")));
    let Action::Relay(relay) = decision.action else { panic!("no relay") };
    drop(script);
    // The marker and the handlers hang together through the module that the callback belongs to.
    assert_eq!(alive_at_last(4), 4);
    drop(relay);
    assert_eq!(alive_at_last(0), 0);
}

#[test]
fn a_handler_that_raises_after_arming_a_callback_leaves_nothing() {
    let bench = Bench::new();
    bench.directory.write("helper.py", "def help(): pass\n");
    let script = bench.script(&format!("{SCRIPT}\n@proxy.on_request\ndef fail(request):\n    1 / 0\n"));
    drop(script.request(&message("INVITE", "")));
    drop(script);
    assert_eq!(alive_at_last(0), 0);
}

#[test]
fn a_timer_that_is_waiting_keeps_its_generation_and_runs_in_it() {
    let bench = Bench::new();
    let set = |script: &Loaded<'_>| reason(script.options());
    let script = bench.script(
        "from siphon import proxy, timer, cache

@proxy.on_request
def route(request):
    timer.set('later', 50, fired)
    request.reply(200, str(timer.active_count))

async def fired(key):
    import helper
    await cache.store('c', key, helper.WORD)
",
    );
    assert_eq!(set(&script), "1");
    let event = bench.kit.timers.fire("later").unwrap();
    let generation = std::sync::Arc::clone(&script.generation);
    bench.directory.write("helper.py", "WORD = 'late'\n");
    // The file came after the load: the generation does not know it, and says so in the log.
    generation.script.run_background(event);
    assert!(bench.kit.timers.fire("later").is_none());
}
