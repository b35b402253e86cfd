//! Handlers of no request, for changed bindings and timers: however long they take, requests do not wait for them.

use std::time::Duration;

use siphon_tests::door::{self, Door};
use siphon_tests::load::ROUTE;
use siphon_tests::wait::until;
use siphon_tests::{Load, Phone, ServerProcess};

use crate::{one_shard, script_keys, setup};

const SCRIPT: &str = "
from siphon import registrar


@registrar.on_change
def changed(aor, event_type, contacts):
    wait_at_the_door()


@proxy.on_request(\"REGISTER\")
def register(request):
    registrar.save(request)


@proxy.on_request(\"MESSAGE\")
def wait(request):
    wait_at_the_door()
    request.reply(200, \"OK\")
";

/// A server with one shard, these keys of `script`, and handlers that wait before the door.
fn server_before(door: &Door, keys: &str) -> ServerProcess {
    let script = format!("{ROUTE}\n{}\n{SCRIPT}", door::SCRIPT);
    let config = format!("{}{}", one_shard(1), script_keys(keys));
    setup(&script).config(&config).env("DOOR", &door.environment()).start()
}

/// Registers twenty users, each of which is a changed binding.
fn register_twenty(phone: &mut Phone) {
    for number in 0..20 {
        let to = format!("sip:user{number}@example.com");
        phone.send(&phone.request("REGISTER", &to, &format!("register{number}"), "Expires: 3600"));
        assert_eq!(phone.receive_response().status().as_u16(), 200);
    }
}

#[test]
fn calls_pass_more_background_handlers_that_wait_than_there_are_threads_and_a_request_that_waits_beside() {
    let door = Door::new();
    let server = server_before(&door, "sync_pool_max: 8, handler_timeout_secs: 3600, handler_stall_abort_secs: 0");
    let mut phone = Phone::udp(server.udp());
    register_twenty(&mut phone);
    let mut waiting = vec![door.next()];
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "waits", ""));

    let report = Load::udp(server.udp()).calls(200).t1(Duration::from_secs(2)).run();
    report.assert_unaffected();

    // Then everybody is let go on: the background handlers in turn, and the request.
    let mut answered = false;
    until("the request that waited to be answered", || {
        waiting.clear();
        waiting.extend(std::iter::from_fn(|| door.look()));
        answered |= phone.receive_within(Duration::from_millis(1)).is_some();
        answered.then_some(())
    });
}

#[test]
fn a_changed_binding_for_which_there_is_no_room_is_left_out_and_counted_and_the_register_is_answered() {
    let door = Door::new();
    let server = server_before(&door, "sync_pool_max: 8, executor_queue_capacity: 1, handler_stall_abort_secs: 0");
    register_twenty(&mut Phone::udp(server.udp()));
    // Two threads and one place behind them: three events at the most found room.
    until("the events without room", || (server.metric("siphon_background_events_shed_total") >= 17).then_some(()));
}
