//! Calls that ring while the script is saved: they go on as they began.

use siphon_sip::{Request, Response};
use siphon_tests::load::respond;
use siphon_tests::wait::until;
use siphon_tests::{Phone, ServerProcess};

use crate::{header, save, setup};

/// Each of its four functions for responses says which version it is and which version of a file it met that it imports
/// only then.
fn route(version: &str) -> String {
    format!(
        "
from siphon import proxy

VERSION = \"{version}\"


def heard(request, reply):
    import helper
    reply.set_header(\"X-Callback\", VERSION + helper.VERSION)
    reply.relay()


def failed(request, code, reason):
    import helper
    request.set_reply_header(\"X-Callback\", VERSION + helper.VERSION)
    request.reply(480, \"Failed\")


@proxy.on_reply
def on_reply(request, reply):
    import late
    reply.set_header(\"X-Reply\", VERSION + late.VERSION)
    reply.relay()


@proxy.on_request(\"INVITE\")
def route(request):
    if request.ruri.user == \"plain\":
        request.relay()
    elif request.ruri.user == \"busy\":
        request.relay(on_failure=failed)
    else:
        request.relay(on_reply=heard)


@proxy.on_failure
def on_failure(request, reply):
    import late
    reply.set_header(\"X-Failure\", VERSION + late.VERSION)
    reply.relay()
"
    )
}

fn helper(version: &str) -> String {
    format!("VERSION = \"{version}\"\n")
}

fn server() -> ServerProcess {
    setup(&route("old")).file("helper.py", &helper("old")).file("late.py", &helper("old")).start()
}

fn save_everything_new(server: &ServerProcess) {
    save(server, "helper.py", &helper("new"));
    save(server, "late.py", &helper("new"));
    save(server, "route.py", &route("new"));
}

/// A call of which the callee has the INVITE and has not said anything.
struct Held {
    caller: Phone,
    callee: Phone,
    invite: Request,
}

impl Held {
    fn begin(server: &ServerProcess, user: &str, call_id: &str) -> Self {
        let (mut caller, mut callee) = (Phone::udp(server.udp()), Phone::udp(server.udp()));
        let uri = format!("sip:{user}@{}", callee.address());
        caller.send(&caller.request("INVITE", &uri, call_id, ""));
        let invite = callee.receive_request();
        Self { caller, callee, invite }
    }

    /// The callee responds; what the caller hears.
    fn respond(&mut self, status: &str) -> Response {
        let contact = format!("sip:callee@{}", self.callee.address());
        self.callee.send_bytes(respond(&self.invite, status, &contact).as_bytes());
        self.caller.receive_response()
    }
}

#[test]
fn a_call_that_rings_over_a_save_is_finished_by_the_version_that_began_it_late_imports_and_callbacks_included() {
    let server = server();
    let mut old = Held::begin(&server, "callee", "old");
    save_everything_new(&server);
    let mut new = Held::begin(&server, "callee", "new");
    for status in ["180 Ringing", "200 OK"] {
        let heard = old.respond(status);
        assert_eq!((header(&heard, "X-Reply"), header(&heard, "X-Callback")), ("oldold", "oldold"), "{status}");
        let heard = new.respond(status);
        assert_eq!((header(&heard, "X-Reply"), header(&heard, "X-Callback")), ("newnew", "newnew"), "{status}");
    }
}

#[test]
fn the_failure_of_a_call_that_rang_over_a_save_is_handled_by_the_version_that_began_it() {
    let server = server();
    let mut old = Held::begin(&server, "plain", "old");
    let mut with_callback = Held::begin(&server, "busy", "callback");
    save_everything_new(&server);
    let mut new = Held::begin(&server, "plain", "new");
    assert_eq!(header(&old.respond("486 Busy Here"), "X-Failure"), "oldold");
    assert_eq!(header(&new.respond("486 Busy Here"), "X-Failure"), "newnew");
    let refused = with_callback.respond("486 Busy Here");
    assert_eq!((refused.status().as_u16(), header(&refused, "X-Callback")), (480, "oldold"));
}

#[test]
fn a_version_goes_when_its_last_call_has_ended() {
    let server = server();
    let mut held = Held::begin(&server, "callee", "held");
    save(&server, "route.py", &route("new"));
    save(&server, "route.py", &route("newer"));
    until("only the held version to stay", || (server.metric("siphon_script_generations") == 2).then_some(()));
    assert_eq!(held.respond("200 OK").status().as_u16(), 200);
    until("the held version to go", || (server.metric("siphon_script_generations") == 1).then_some(()));
}
