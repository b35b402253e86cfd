//! What scripts store: caches, timers, metrics.

use siphon_tests::{Phone, ServerProcess};

use crate::setup;

/// Asks one OPTIONS handler; what it replied with.
fn ask(server: &ServerProcess) -> String {
    let mut phone = Phone::udp(server.udp());
    phone.send(&phone.request("OPTIONS", "sip:example.com", "ask", ""));
    let response = phone.receive_response();
    assert_eq!(response.status().as_u16(), 200, "{}", server.log());
    response.reason().to_string_lossy().into_owned()
}

#[test]
fn an_entry_beyond_the_most_of_a_cache_pushes_out_the_one_that_was_not_used_for_longest() {
    let script = "
from siphon import cache


@proxy.on_request(\"OPTIONS\")
async def answer(request):
    await cache.store(\"small\", \"one\", \"1\")
    await cache.store(\"small\", \"two\", \"2\")
    await cache.fetch(\"small\", \"one\")
    await cache.store(\"small\", \"three\", \"3\")
    found = [await cache.fetch(\"small\", key) for key in (\"one\", \"two\", \"three\")]
    request.reply(200, \" \".join(str(value) for value in found))
";
    let server = setup(script).config("cache: [{ name: small, local_max_entries: 2 }]").start();
    assert_eq!(ask(&server), "1 None 3");
    assert_eq!(server.metric("siphon_cache_entries"), 2);
    assert_eq!(server.metric("siphon_cache_evicted_total"), 1);
}

#[test]
fn a_timer_beyond_the_most_is_refused_with_an_exception_and_one_of_a_known_key_is_not() {
    let script = "
from siphon import timer

LIMIT = 100_000


def ring(key):
    pass


@proxy.on_request(\"OPTIONS\")
def answer(request):
    for number in range(LIMIT):
        timer.set(f\"timer{number}\", 3_600_000, ring)
    try:
        timer.set(\"one more\", 3_600_000, ring)
        refused = \"nothing\"
    except RuntimeError as error:
        refused = type(error).__name__
    timer.set(\"timer7\", 7_200_000, ring)
    request.reply(200, f\"{timer.active_count} {refused}\")
";
    let timeout = "script: { path: route.py, handler_timeout_secs: 600 }";
    assert_eq!(ask(&setup(script).config(timeout).start()), "100000 RuntimeError");
}

#[test]
fn a_series_beyond_the_most_of_a_metric_is_refused_with_an_exception_and_known_ones_are_not() {
    let script = "
from siphon import metrics

CALLERS = metrics.counter(\"route_callers_total\", \"callers\", labels=[\"who\"])


@proxy.on_request(\"OPTIONS\")
def answer(request):
    for number in range(128):
        CALLERS.labels(who=str(number)).inc()
    try:
        CALLERS.labels(who=\"one more\").inc()
        refused = \"nothing\"
    except ValueError as error:
        refused = type(error).__name__
    CALLERS.labels(who=\"7\").inc()
    request.reply(200, refused)
";
    let server = setup(script).start();
    assert_eq!(ask(&server), "ValueError");
    assert_eq!(server.metric("route_callers_total{who=\"7\"}"), 2);
    assert_eq!(server.metric("siphon_script_metrics_refused_total"), 1);
}
