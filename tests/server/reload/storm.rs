//! Many saves under load.

use std::time::{Duration, Instant};

use siphon_tests::Load;
use siphon_tests::wait::until;

use crate::{loads, save, setup};

const CALLS_A_SECOND: u32 = 300;
const SECONDS: u64 = 60;
const SAVES: u64 = 200;

/// Routes calls and says in each INVITE which save it is.
fn route(save: u64) -> String {
    format!(
        "
from siphon import proxy

GENERATION = \"{save}\"


@proxy.on_request(\"INVITE|BYE\")
def route(request):
    if request.in_dialog:
        request.loose_route()
    else:
        request.record_route()
        request.set_header(\"X-Generation\", GENERATION)
    request.relay()
"
    )
}

fn broken(save: u64) -> String {
    format!("{}\n\ndef broken_{save}(:\n", route(save))
}

#[test]
fn two_hundred_saves_in_a_minute_of_calls_fail_none_of_them_and_are_counted_exactly() {
    let server = setup(&route(0)).start();
    let calls = u64::from(CALLS_A_SECOND) * SECONDS;
    let lasting = Duration::from_millis(20);
    let load = Load::udp(server.udp()).calls(calls).per_second(CALLS_A_SECOND).lasting(lasting, lasting).start();
    for number in 1..=SAVES {
        until("the calls before the next save", || (load.started() >= number * calls / (SAVES + 1)).then_some(()));
        save(&server, "route.py", &if number % 5 == 0 { broken(number) } else { route(number) });
    }
    let report = load.finish();
    report.assert_no_call_failed();
    assert_eq!(report.completed, calls);
    // The first load counts as a swap too.
    assert_eq!(loads(&server), (1 + SAVES * 4 / 5, SAVES / 5));

    // Every save that loads routes from there on until the next one, those that do not load never do.
    let routed = |save: u64| report.routed_by.get(&save.to_string()).copied().unwrap_or_default();
    for number in 0..=SAVES {
        let is_broken = number > 0 && number % 5 == 0;
        assert_eq!(routed(number) > 0, !is_broken, "save {number}: {:?}", report.routed_by);
    }
    assert_eq!(report.routed_by.values().sum::<u64>(), calls);

    let begun = Instant::now();
    until("the old generations to go", || (server.metric("siphon_script_generations") == 1).then_some(()));
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
}
