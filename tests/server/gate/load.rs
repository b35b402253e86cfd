//! The load of these tests itself: it would notice.

use std::time::Duration;

use siphon_tests::Load;
use siphon_tests::load::ROUTE;

use crate::setup;

/// A server that lets every tenth request fall, as a network would that loses it.
const LOSSY: &str = "
from siphon import proxy

seen = 0


@proxy.on_request(\"INVITE|BYE\")
def route(request):
    global seen
    seen += 1
    if seen % 10 == 0:
        return
    if request.in_dialog:
        request.loose_route()
    else:
        request.record_route()
    request.relay()
";

#[test]
fn a_message_that_is_lost_is_sent_again_and_counted() {
    let server = setup(LOSSY).start();
    let report = Load::udp(server.udp()).calls(100).t1(Duration::from_millis(20)).run();
    report.assert_no_call_failed();
    assert_eq!(report.completed, 100);
    assert!(report.sent_again >= 20, "{report:?}");
}

#[test]
fn a_call_that_is_refused_is_a_failure_with_its_reason() {
    let server =
        setup("from siphon import proxy\n\n\n@proxy.on_request\ndef route(request):\n    request.reply(603, \"No\")\n")
            .start();
    let report = Load::tcp(server.tcp()).calls(3).at_once(1).run();
    assert_eq!(report.completed, 0);
    assert_eq!(report.failures.len(), 1, "after a failure it begins no more");
    assert!(report.failures[0].ends_with("INVITE got 603 No"), "{report:?}");
}

#[test]
fn it_knows_which_version_routed_each_call() {
    let server =
        setup(&ROUTE.replace("record_route()", "record_route(); request.set_header(\"X-Generation\", \"7\")")).start();
    let report = Load::udp(server.udp()).calls(5).run();
    report.assert_no_call_failed();
    assert_eq!(report.routed_by.get("7"), Some(&5));
}
