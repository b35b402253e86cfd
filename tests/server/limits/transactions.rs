//! `transaction.max_transactions`, `script.executor_queue_capacity` and `script.async_pending_max`.

use siphon_tests::door::{self, Door};
use siphon_tests::load::respond;
use siphon_tests::wait::until;
use siphon_tests::{Phone, ServerProcess, Setup};

use crate::{assert_busy, setup};

fn call_id(response: &siphon_sip::Response) -> String {
    response.headers().call_id().unwrap().to_string_lossy().into_owned()
}

#[test]
fn a_request_beyond_the_most_transactions_gets_503_and_those_in_progress_go_on() {
    let limits = "transaction: { max_transactions: 64 }\nserver: { shards: 1, readers: 1 }";
    let server = setup("").config(limits).start();
    let (mut caller, mut callee) = (Phone::udp(server.udp()), Phone::udp(server.udp()));
    let uri = format!("sip:callee@{}", callee.address());
    // A call in progress holds one transaction on either side.
    for number in 0..40 {
        caller.send(&caller.request("INVITE", &uri, &format!("call{number}"), ""));
    }
    let refused = caller.receive_response();
    assert_busy(&refused);
    assert!(server.metric("siphon_overload_total") > 0);
    assert!(server.metric("siphon_transactions_active") <= 64);

    let invite = callee.receive_request();
    let invited = invite.headers().call_id().unwrap().to_string_lossy().into_owned();
    callee.send_bytes(respond(&invite, "200 OK", &uri).as_bytes());
    let answered = loop {
        let response = caller.receive_response();
        if response.status().as_u16() == 503 {
            assert_busy(&response);
        } else {
            break response;
        }
    };
    assert_eq!((answered.status().as_u16(), call_id(&answered)), (200, invited));
}

#[test]
fn a_refusal_for_lack_of_room_is_given_again_to_each_retransmission() {
    let limits = "transaction: { max_transactions: 64 }\nserver: { shards: 1, readers: 1 }";
    let server = setup("").config(limits).start();
    let (mut caller, callee) = (Phone::udp(server.udp()), Phone::udp(server.udp()));
    let uri = format!("sip:callee@{}", callee.address());
    let requests: Vec<_> = (0..70).map(|number| caller.request("INVITE", &uri, &format!("call{number}"), "")).collect();
    requests.iter().for_each(|request| caller.send(request));
    let refused = caller.receive_response();
    assert_busy(&refused);
    let again = requests.iter().find(|request| request.contains(&format!("Call-ID: {}\r", call_id(&refused))));
    let mut another = Phone::udp(server.udp());
    another.send(again.unwrap());
    assert_busy(&another.receive_response());
}

/// One reader, one more thread for handlers, and room for one event that waits for it.
fn narrow(door: &Door, script: &str, keys: &str) -> ServerProcess {
    let script = format!("{}\n{script}", door::SCRIPT);
    let keys = format!("script: {{ path: route.py, handler_timeout_secs: 3600, {keys} }}");
    let setup: Setup = setup(&script).config("server: { readers: 1 }").config(&keys);
    setup.env("DOOR", &door.environment()).start()
}

#[test]
fn an_event_beyond_the_handler_queue_gets_503_and_those_that_wait_get_their_turn() {
    let script = "
@proxy.on_request(\"MESSAGE\")
def wait(request):
    wait_at_the_door()
    request.reply(200, \"OK\")
";
    let door = Door::new();
    let server = narrow(&door, script, "sync_pool_max: 2, executor_queue_capacity: 1");
    let mut phone = Phone::udp(server.udp());
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "runs", ""));
    let running = door.next();
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "waits", ""));
    until("an event to wait", || (server.metric("siphon_pyexec_queue_depth") == 1).then_some(()));
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "refused", ""));
    let refused = phone.receive_response();
    assert_busy(&refused);
    assert_eq!(call_id(&refused), "refused");
    assert_eq!(server.metric("siphon_pyexec_jobs_shed_total"), 1);

    drop(running);
    let first = phone.receive_response();
    assert_eq!((first.status().as_u16(), call_id(&first)), (200, "runs".to_owned()));
    drop(door.next());
    let second = phone.receive_response();
    assert_eq!((second.status().as_u16(), call_id(&second)), (200, "waits".to_owned()));
}

#[test]
fn an_async_handler_beyond_those_that_may_wait_gets_503_and_the_others_end() {
    let script = "
@proxy.on_request(\"MESSAGE\")
async def wait(request):
    await wait_at_the_async_door()
    request.reply(200, \"OK\")
";
    let door = Door::new();
    let server = narrow(&door, script, "async_pending_max: 2");
    let mut phone = Phone::udp(server.udp());
    let mut waiting = Vec::new();
    for number in 0..2 {
        phone.send(&phone.request("MESSAGE", "sip:bob@example.com", &format!("waits{number}"), ""));
        waiting.push(door.next());
    }
    until("both handlers to wait", || (server.metric("siphon_pyexec_parked") == 2).then_some(()));
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "refused", ""));
    let refused = phone.receive_response();
    assert_busy(&refused);
    assert_eq!(call_id(&refused), "refused");

    drop(waiting);
    for _ in 0..2 {
        assert_eq!(phone.receive_response().status().as_u16(), 200);
    }
    until("nobody to wait", || (server.metric("siphon_pyexec_parked") == 0).then_some(()));
    phone.send(&phone.request("MESSAGE", "sip:bob@example.com", "later", ""));
    drop(door.next());
    assert_eq!(phone.receive_response().status().as_u16(), 200);
}
