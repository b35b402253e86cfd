//! What runs outside a transaction.

use siphon_script::ports::Cache;
use siphon_script::{BackgroundEvent, BindingChange, Contact, ContactKind};
use siphon_sip::{ByteStr, TenantId, Time};

use crate::support::{Bench, reason};

fn fetch(bench: &Bench, key: &str) -> Option<String> {
    bench.kit.cache.fetch(TenantId::DEFAULT, "c", key, Time::ZERO)
}

#[test]
fn a_timer_calls_its_function_with_the_key() {
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy, timer, cache

@proxy.on_request
def route(request):
    handle = timer.set('plain', 1500, plain)
    timer.set('async', 10, later)
    timer.set('gone', 10, plain).cancel()
    request.reply(200, f'{handle.key} {timer.active_count} {timer.cancel(\"gone\")}')

def plain(key):
    asyncio.run(put(key, 'plain'))

async def put(key, word):
    await cache.store('c', key, word)

async def later(key):
    await asyncio.sleep(0.001)
    await put(key, 'waited')
",
    );
    assert_eq!(script.answer(), "plain 2 False");
    assert_eq!(bench.kit.timers.delay("plain").unwrap().as_millis(), 1500);
    for key in ["plain", "async"] {
        script.generation.script.run_background(bench.kit.timers.fire(key).unwrap());
    }
    assert_eq!(fetch(&bench, "plain").as_deref(), Some("plain"));
    assert_eq!(fetch(&bench, "async").as_deref(), Some("waited"), "run_background returns when the handler has ended");
}

#[test]
fn every_runs_the_handler_that_was_named() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import timer, cache

@timer.every(1)
async def first():
    await cache.list_push('c', 'runs', 'first')

@timer.every(2, jitter=1)
async def second():
    await cache.list_push('c', 'runs', 'second')
",
    );
    let handlers: Vec<_> = script.generation.handlers.iter().map(|(index, _)| index).collect();
    for handler in [handlers[1], handlers[0], handlers[1]] {
        script.generation.script.run_background(BackgroundEvent::Every { handler });
    }
    let runs = bench.kit.cache.list_pop_all(TenantId::DEFAULT, "c", "runs", Time::ZERO);
    assert_eq!(runs, ["second", "first", "second"]);
}

#[test]
fn a_change_of_bindings_reaches_every_handler_even_when_one_raises() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import registrar, cache

@registrar.on_change
def breaks(aor, event, contacts):
    raise ValueError(aor)

@registrar.on_change
async def works(aor, event, contacts):
    await cache.store('c', 'change', f'{aor} {event} {contacts[0].uri} {contacts[0].q} {contacts[0].kind}')
",
    );
    let contact = Contact {
        uri: ByteStr::from_static("sip:bob@192.0.2.7"),
        received: None,
        q: None,
        expires: 60,
        age_secs: 0,
        path: Vec::new(),
        instance_id: None,
        reg_id: None,
        instance_epoch: 0,
        is_local: true,
        flow_token: None,
        flow: None,
        params: Vec::new(),
        kind: ContactKind::UserAgent,
    };
    script.generation.script.run_background(BackgroundEvent::RegistrarChange {
        aor: "sip:bob@example.com".to_owned(),
        change: BindingChange::Refreshed,
        contacts: vec![contact],
    });
    let expected = "sip:bob@example.com refreshed sip:bob@192.0.2.7 1.0 ue";
    assert_eq!(fetch(&bench, "change").as_deref(), Some(expected));
}

#[test]
fn what_the_registrar_removes_in_an_event_is_staged_and_in_the_background_is_done() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, registrar, timer

@proxy.on_request
async def route(request):
    registrar.remove(request.to_uri)
    request.reply(200, 'removed')

@timer.every(1)
def sweep():
    registrar.remove('sip:carol@example.com')
",
    );
    let decision = crate::support::decided(script.options());
    assert_eq!(decision.registrations.len(), 1);
    let every = script.generation.handlers.iter().last().unwrap().0;
    script.generation.script.run_background(BackgroundEvent::Every { handler: every });
    assert_eq!(reason(script.options()), "removed");
}
