use siphon_sip::{Message, TransportProtocol};

use super::*;

const INVITE: &[u8] = b"INVITE sip:bob@biloxi.example SIP/2.0\r\n\
    v: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bKkjshdyff, SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKother\r\n\
    Via: SIP/2.0/TCP 192.0.2.10;branch=z9hG4bKthird\r\n\
    To: Bob <sip:bob@biloxi.example>\r\n\
    f: Alice\r\n <sip:alice@atlanta.example>;tag=88sja8x\r\n\
    Max-Forwards: 12\r\n\
    Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n\
    Route: <sip:p3.example;lr>\r\n\
    i: 987asjd97y7atg\r\n\
    CSeq: 986759 INVITE\r\n\
    Contact: <sip:alice@192.0.2.9>\r\n\
    Require: 100rel\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 4\r\n\r\nv=0\n";

fn ack() -> siphon_sip::Request {
    let Ok(Message::Request(invite)) = parse_message(Bytes::from_static(INVITE), &Limits::default()) else { panic!() };
    let response = crate::kit::response(&invite, siphon_sip::StatusCode::BUSY_HERE);
    let bytes = acknowledge(&Bytes::from_static(INVITE), &response).unwrap();
    let Ok(Message::Request(ack)) = parse_message(bytes, &Limits::default()) else { panic!() };
    ack
}

#[test]
fn it_has_the_request_uri_call_id_and_from_of_the_invite() {
    let ack = ack();
    assert_eq!(*ack.method(), Method::Ack);
    assert_eq!(*ack.uri(), "sip:bob@biloxi.example");
    assert_eq!(ack.headers().first_str(&HeaderName::CallId), Some("987asjd97y7atg"));
    assert_eq!(ack.headers().first_str(&HeaderName::From), Some("Alice <sip:alice@atlanta.example>;tag=88sja8x"));
}

#[test]
fn it_has_the_to_of_the_response() {
    assert_eq!(ack().headers().first_str(&HeaderName::To), Some("Bob <sip:bob@biloxi.example>;tag=bob"));
}

#[test]
fn it_has_only_the_top_via_of_the_invite() {
    let ack = ack();
    let vias: Vec<_> = ack.headers().values(&HeaderName::Via).collect();
    assert_eq!(vias, [b"SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bKkjshdyff"]);
}

#[test]
fn it_has_the_cseq_number_with_its_own_method() {
    assert_eq!(ack().headers().first_str(&HeaderName::CSeq), Some("986759 ACK"));
}

#[test]
fn it_has_the_route_of_the_invite() {
    let ack = ack();
    let routes: Vec<_> = ack.headers().values(&HeaderName::Route).collect();
    assert_eq!(routes, [&b"<sip:p1.example;lr>"[..], b"<sip:p2.example;lr>", b"<sip:p3.example;lr>"]);
}

#[test]
fn it_has_neither_body_nor_anything_else() {
    let ack = ack();
    assert!(ack.body().is_empty());
    for name in [HeaderName::Contact, HeaderName::Require, HeaderName::ContentType] {
        assert!(!ack.headers().contains(&name), "{name:?}");
    }
    assert_eq!(ack.headers().first_str(&HeaderName::MaxForwards), Some("70"));
}

#[test]
fn what_is_no_invite_gives_no_ack() {
    let kit = crate::kit::MessageKit::new(TransportProtocol::Udp);
    let response = crate::kit::response(&kit.request(Method::Invite, "z9hG4bK-1"), siphon_sip::StatusCode::OK);
    assert_eq!(acknowledge(&Bytes::from_static(b"nonsense\r\n\r\n"), &response), None);
}
