use super::*;
use crate::kit::Kit;

const RINGING: &str = "SIP/2.0 180 Ringing\r\n\
    Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1\r\n\
    From: <sip:alice@example.com>;tag=1\r\n\
    To: <sip:bob@example.com>;tag=2\r\n\
    Call-ID: 1\r\n\
    CSeq: 1 INVITE\r\n\
    X-One: a\r\n\
    x-one: b\r\n\
    Content-Type: application/sdp;charset=utf-8\r\n\
    Content-Length: 5\r\n\r\nv=0\r\n";

fn reply(text: &str) -> Arc<Reply> {
    let kit = Kit::new();
    kit.reply_in(&kit.context(), text).unwrap()
}

#[test]
fn a_reply_says_what_it_is_and_where_it_came_from() {
    let reply = reply(RINGING);
    assert_eq!((reply.status_code(), reply.reason().as_str()), (180, "Ringing"));
    assert_eq!(reply.from_uri().unwrap().to_string(), "sip:alice@example.com");
    assert_eq!(reply.to_uri().unwrap().user().as_deref(), Some("bob"));
    assert_eq!(reply.call_id().as_deref(), Some("1"));
    assert_eq!(reply.body().as_deref(), Some(&b"v=0\r\n"[..]));
    assert!(reply.has_body("application/SDP"));
    assert!(!reply.has_body("text/plain"));
    assert_eq!(reply.source_ip().unwrap().to_string(), "192.0.2.9");
    assert_eq!(reply.source_port(), Some(5060));
}

#[test]
fn a_synthetic_reply_came_from_nowhere() {
    let kit = Kit::new();
    let response = siphon_sip::Response::new(StatusCode::REQUEST_TIMEOUT, "Request Timeout");
    let reply = Reply::new(kit.context(), response, None);
    assert_eq!((reply.source_ip(), reply.source_port()), (None, None));
}

#[test]
fn header_edits_are_in_the_message() {
    let reply = reply(RINGING);
    reply.set_header("x-one", "c").unwrap();
    reply.ensure_header("X-Two", "d").unwrap();
    reply.ensure_header("X-Two", "e").unwrap();
    assert_eq!(reply.headers("X-One").unwrap(), ["c"]);
    assert_eq!(reply.header("X-Two").unwrap().as_deref(), Some("d"));
    reply.remove_headers_matching("x-").unwrap();
    assert!(!reply.has_header("X-One").unwrap());
    reply.remove_header("c").unwrap();
    assert_eq!(reply.content_type(), None);
}

#[test]
fn what_the_server_owns_cannot_be_written() {
    let reply = reply(RINGING);
    for name in ["Via", "v", "Content-Length", "Max-Forwards", "CSeq", "Call-ID", "i"] {
        assert!(matches!(reply.set_header(name, "x"), Err(ApiError::ProtectedHeader(_))), "{name}");
        assert!(matches!(reply.remove_header(name), Err(ApiError::ProtectedHeader(_))), "{name}");
    }
    reply.remove_headers_matching("C").unwrap();
    assert!(reply.has_header("CSeq").unwrap() && reply.has_header("Call-ID").unwrap());
}

#[test]
fn relay_opens_the_gate() {
    let reply = reply(RINGING);
    assert!(!reply.is_relayed());
    reply.relay().unwrap();
    assert!(reply.is_relayed());
}

#[test]
fn a_rejected_1xx_stays_rejected() {
    let reply = reply(RINGING);
    assert_eq!(reply.reject(488, None), Ok(true));
    reply.relay().unwrap();
    let Gate::Reject { status, reason } = reply.gate().0 else { panic!("not rejected") };
    assert_eq!((status.as_u16(), reason.to_string().as_str()), (488, "Not Acceptable Here"));
}

#[test]
fn a_final_reply_cannot_be_rejected() {
    let reply = reply(&RINGING.replace("180 Ringing", "200 OK"));
    assert_eq!(reply.reject(488, Some("No")), Ok(false));
    assert_eq!(reply.gate().0, Gate::Undecided);
}

#[test]
fn a_reject_takes_errors_only() {
    let reply = reply(RINGING);
    for code in [-1, 200, 399, 700] {
        assert_eq!(reply.reject(code, None), Err(ApiError::InvalidStatus { code, low: 400, high: 699 }));
    }
}

#[test]
fn after_the_deadline_a_reply_can_be_read_and_not_changed() {
    let reply = reply(RINGING);
    reply.context().expire();
    assert_eq!(reply.relay(), Err(ApiError::Overdue));
    assert_eq!(reply.set_header("X", "y"), Err(ApiError::Overdue));
    assert_eq!(reply.status_code(), 180);
}
