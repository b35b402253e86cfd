//! SIGTERM: what is in progress ends, nothing new begins.

use nix::sys::signal::Signal;
use siphon_sip::{HeaderName, Request, Response};
use siphon_tests::load::respond;
use siphon_tests::wait::until;
use siphon_tests::{Phone, ServerProcess, Setup};

use crate::SIPHON;

const ROUTE: &str = "
from siphon import proxy


@proxy.on_request
def route(request):
    if request.in_dialog:
        request.loose_route()
    else:
        request.record_route()
    request.relay()
";

/// A caller and a callee with a call between them that rings.
struct Ringing {
    caller: Phone,
    callee: Phone,
    invite: Request,
    call_id: &'static str,
}

impl Ringing {
    fn begin(server: &ServerProcess, call_id: &'static str) -> Self {
        let (mut caller, mut callee) = (Phone::udp(server.udp()), Phone::udp(server.udp()));
        let uri = format!("sip:callee@{}", callee.address());
        caller.send(&caller.request("INVITE", &uri, call_id, ""));
        let invite = callee.receive_request();
        callee.send_bytes(respond(&invite, "180 Ringing", &uri).as_bytes());
        assert_eq!(caller.receive_response().status().as_u16(), 180);
        Self { caller, callee, invite, call_id }
    }

    /// The callee answers; what the caller hears.
    fn answer(&mut self) -> Response {
        let uri = format!("sip:callee@{}", self.callee.address());
        self.callee.send_bytes(respond(&self.invite, "200 OK", &uri).as_bytes());
        self.caller.receive_response()
    }

    /// A request inside the dialog that the 200 made.
    fn send_inside(&mut self, method: &str, cseq: u32, ok: &Response) {
        let routes: String = ok
            .headers()
            .values(&HeaderName::RecordRoute)
            .map(|route| format!("Route: {}\r\n", String::from_utf8_lossy(route)))
            .collect();
        let (caller, callee, call_id) = (self.caller.address(), self.callee.address(), self.call_id);
        let to = ok.headers().first_str(&HeaderName::To).unwrap();
        self.caller.send_bytes(
            format!(
                "{method} sip:callee@{callee} SIP/2.0\r\nVia: SIP/2.0/UDP {caller};rport;branch=z9hG4bK{call_id}{method}\r\n\
                 From: <sip:phone@example.com>;tag=from{call_id}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
                 CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n{routes}Content-Length: 0\r\n\r\n"
            )
            .as_bytes(),
        );
    }
}

fn draining(server: &ServerProcess) {
    server.signal(Signal::SIGTERM);
    until("the server to drain", || server.log().contains("draining").then_some(()));
}

#[test]
fn after_sigterm_what_is_in_progress_ends_and_a_new_call_gets_503_with_retry_after() {
    let mut server = Setup::new(SIPHON, ROUTE).start();
    let (mut first, mut second) = (Ringing::begin(&server, "first"), Ringing::begin(&server, "second"));
    draining(&server);

    let mut late = Phone::udp(server.udp());
    late.send(&late.request("INVITE", &format!("sip:callee@{}", first.callee.address()), "late", ""));
    let refused = late.receive_response();
    assert_eq!(refused.status().as_u16(), 503);
    assert!(refused.headers().retry_after().is_some_and(|after| after.is_ok()), "{:?}", refused.to_bytes());

    let ok = first.answer();
    assert_eq!(ok.status().as_u16(), 200);
    first.send_inside("ACK", 1, &ok);
    assert_eq!(first.callee.receive_request().method().as_str(), "ACK");
    first.send_inside("BYE", 2, &ok);
    let bye = first.callee.receive_request();
    assert_eq!(bye.method().as_str(), "BYE");
    first.callee.send_bytes(respond(&bye, "200 OK", "sip:callee@example.com").as_bytes());
    assert_eq!(first.caller.receive_response().headers().cseq().unwrap().method.as_str(), "BYE");

    assert_eq!(second.answer().status().as_u16(), 200);
    let status = server.wait();
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert!(server.log().contains("\"drained\""), "{}", server.log());
}

#[test]
fn sigint_drains_too_and_with_nothing_in_progress_the_end_is_there_at_once() {
    let mut server = Setup::new(SIPHON, ROUTE).start();
    server.signal(Signal::SIGINT);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
}

#[test]
fn a_drain_ends_at_its_limit() {
    let mut server = Setup::new(SIPHON, ROUTE).config("server: { drain_secs: 0.5 }").start();
    let _ringing = Ringing::begin(&server, "ringing");
    server.signal(Signal::SIGTERM);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    assert!(server.log().contains("ending with requests in progress"), "{}", server.log());
}

#[test]
fn a_second_sigterm_ends_the_drain() {
    let mut server = Setup::new(SIPHON, ROUTE).config("server: { drain_secs: 3600 }").start();
    let _ringing = Ringing::begin(&server, "ringing");
    draining(&server);
    server.signal(Signal::SIGTERM);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
}
