//! Responses of our own.

use bytes::Bytes;
use siphon_sip::HeaderName;

use super::{INVITE, invite, lines, reply_of};
use crate::error::ApiError;
use crate::kit::Kit;
use crate::request::ALLOW;

#[test]
fn a_reply_copies_what_identifies_the_transaction() {
    let request = invite();
    request.reply(486, "Busy Here", false).unwrap();
    let response = reply_of(&request).response;
    assert_eq!((response.status().as_u16(), response.reason().to_string()), (486, "Busy Here".to_owned()));
    assert_eq!(lines(&response, &HeaderName::Via).len(), 2);
    assert_eq!(lines(&response, &HeaderName::To), ["<sip:bob@example.com>"]);
    assert_eq!(lines(&response, &HeaderName::CSeq), ["7 INVITE"]);
    assert!(!response.headers().contains(&HeaderName::Contact));
    assert!(!response.headers().contains(&HeaderName::Supported));
}

#[test]
fn a_code_must_be_a_status() {
    let request = invite();
    for code in [-1, 0, 99, 700, 70_000] {
        assert_eq!(request.reply(code, "x", false), Err(ApiError::InvalidStatus { code, low: 100, high: 699 }));
    }
}

#[test]
fn expires_and_entity_tag_on_the_request_are_echoed() {
    let request = invite();
    request.set_header("Expires", "300").unwrap();
    request.reply(200, "OK", false).unwrap();
    request.set_header("SIP-ETag", "abc").unwrap();
    let response = reply_of(&request).response;
    assert_eq!(lines(&response, &HeaderName::Expires), ["300"]);
    assert_eq!(lines(&response, &HeaderName::SipEtag), ["abc"]);
}

#[test]
fn reply_headers_are_applied_in_order_whenever_the_reply_was_armed() {
    let request = invite();
    request.add_reply_header("X-A", "1").unwrap();
    request.reply(200, "OK", false).unwrap();
    request.add_reply_header("X-A", "2").unwrap();
    request.set_reply_header("X-B", "3").unwrap();
    request.set_reply_header("X-B", "4").unwrap();
    let response = reply_of(&request).response;
    let named = |name: &str| lines(&response, &HeaderName::parse(name.as_bytes()).unwrap());
    assert_eq!(named("X-A"), ["1", "2"]);
    assert_eq!(named("X-B"), ["4"]);
}

#[test]
fn a_reply_can_have_its_own_tag_and_body() {
    let request = invite();
    request.set_reply_to_tag("mine").unwrap();
    request.set_reply_body(Bytes::from_static(b"v=0\r\n"), "application/sdp").unwrap();
    request.reply(200, "OK", false).unwrap();
    let response = reply_of(&request).response;
    assert_eq!(lines(&response, &HeaderName::To), ["<sip:bob@example.com>;tag=mine"]);
    assert_eq!(lines(&response, &HeaderName::ContentType), ["application/sdp"]);
    assert_eq!(response.body().as_ref(), b"v=0\r\n");
}

#[test]
fn a_tag_must_be_a_token() {
    assert!(matches!(invite().set_reply_to_tag("a;b"), Err(ApiError::Value(_))));
}

#[test]
fn a_1xx_is_reliable_only_when_the_invite_offers_it() {
    let reliable = |code, text: &str| {
        let request = Kit::new().request(text).unwrap();
        request.reply(code, "x", true).unwrap();
        reply_of(&request).reliable
    };
    assert!(reliable(183, INVITE));
    assert!(!reliable(100, INVITE));
    assert!(!reliable(200, INVITE));
    assert!(!reliable(183, &INVITE.replace("100rel, ", "")));
    assert!(!reliable(183, &INVITE.replace("INVITE", "MESSAGE")));
}

#[test]
fn a_2xx_to_options_says_where_and_what_we_are() {
    let kit = Kit::new();
    let options = INVITE.replace("INVITE", "OPTIONS");
    let request = kit.request(&options).unwrap();
    request.reply(200, "OK", false).unwrap();
    let response = reply_of(&request).response;
    assert_eq!(lines(&response, &HeaderName::Contact), ["<sip:192.0.2.1:5060>"]);
    assert_eq!(lines(&response, &HeaderName::Allow), [ALLOW]);
    let request = kit.request(&options).unwrap();
    request.set_reply_header("Allow", "OPTIONS").unwrap();
    request.reply(200, "OK", false).unwrap();
    assert_eq!(lines(&reply_of(&request).response, &HeaderName::Allow), ["OPTIONS"]);
    let request = kit.request(&options).unwrap();
    request.reply(404, "Not Found", false).unwrap();
    assert!(!reply_of(&request).response.headers().contains(&HeaderName::Allow));
}
