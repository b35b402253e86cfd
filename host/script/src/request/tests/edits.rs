//! Header, identity and body edits.

use bytes::Bytes;

use super::invite;
use crate::error::ApiError;

#[test]
fn headers_are_found_in_any_case_and_compact_form() {
    let request = invite();
    assert_eq!(request.header("i").unwrap().as_deref(), Some("call-1"));
    assert_eq!(request.header("CALL-ID").unwrap().as_deref(), Some("call-1"));
    assert_eq!(request.headers("supported").unwrap(), ["100rel", "timer"]);
    assert_eq!(request.headers("Via").unwrap().len(), 2);
    assert_eq!(request.header("X-None").unwrap(), None);
    assert!(request.has_header("User-Agent").unwrap());
}

#[test]
fn set_replaces_every_value_and_ensure_only_adds() {
    let request = invite();
    request.set_header("Contact", "<sip:one@example.com>").unwrap();
    assert_eq!(request.headers("Contact").unwrap(), ["<sip:one@example.com>"]);
    request.ensure_header("User-Agent", "other").unwrap();
    request.ensure_header("X-New", "1").unwrap();
    assert_eq!(request.user_agent().as_deref(), Some("kit"));
    assert_eq!(request.header("X-New").unwrap().as_deref(), Some("1"));
}

#[test]
fn headers_can_be_removed_one_by_one_and_by_prefix() {
    let request = invite();
    request.set_header("X-A", "1").unwrap();
    request.set_header("x-b", "2").unwrap();
    request.remove_headers_matching("X-").unwrap();
    request.remove_header("User-Agent").unwrap();
    assert!(!request.has_header("X-A").unwrap() && !request.has_header("X-B").unwrap());
    assert_eq!(request.user_agent(), None);
}

#[test]
fn one_token_can_be_taken_out_of_a_list() {
    let request = invite();
    request.remove_from_header_list("Supported", "TIMER").unwrap();
    assert_eq!(request.header("Supported").unwrap().as_deref(), Some("100rel"));
    request.remove_from_header_list("k", "100rel").unwrap();
    assert!(!request.has_header("Supported").unwrap());
    request.remove_from_header_list("X-None", "x").unwrap();
    request.set_header("X-List", "a, b,c").unwrap();
    request.remove_from_header_list("X-List", "B").unwrap();
    assert_eq!(request.header("X-List").unwrap().as_deref(), Some("a, c"));
    request.set_header("Contact", "\"x, y\" <sip:a@example.com>, <sip:b@example.com>").unwrap();
    request.remove_from_header_list("Contact", "<sip:b@example.com>").unwrap();
    assert_eq!(request.header("Contact").unwrap().as_deref(), Some("\"x, y\" <sip:a@example.com>"));
}

#[test]
fn what_the_server_owns_cannot_be_written() {
    let request = invite();
    for name in ["Via", "v", "Content-Length", "l", "Max-Forwards", "CSeq", "Call-ID", "i"] {
        for result in [
            request.set_header(name, "x"),
            request.ensure_header(name, "x"),
            request.remove_header(name),
            request.remove_from_header_list(name, "x"),
            request.set_reply_header(name, "x"),
            request.add_reply_header(name, "x"),
        ] {
            assert!(matches!(result, Err(ApiError::ProtectedHeader(_))), "{name}");
        }
    }
    request.remove_headers_matching("").unwrap();
    assert!(request.has_header("Via").unwrap() && request.has_header("CSeq").unwrap());
}

#[test]
fn names_and_values_cannot_smuggle_a_line() {
    let request = invite();
    for value in ["a\r\nVia: x", "a\nb", "a\0b", "\r"] {
        assert!(matches!(request.set_header("X", value), Err(ApiError::InvalidText { .. })), "{value:?}");
        assert!(matches!(request.set_reply_header("X", value), Err(ApiError::InvalidText { .. })), "{value:?}");
        assert!(matches!(request.reply(200, value, false), Err(ApiError::InvalidText { .. })), "{value:?}");
        assert!(matches!(request.set_from_display(value), Err(ApiError::InvalidText { .. })), "{value:?}");
        let body = request.set_body(Bytes::new(), Some(value));
        assert!(matches!(body, Err(ApiError::InvalidText { .. })), "{value:?}");
        assert!(request.set_ruri(&format!("sip:{value}@example.com")).is_err(), "{value:?}");
    }
    for name in ["", "X Y", "X:Y", "X\r\nY"] {
        assert!(matches!(request.set_header(name, "x"), Err(ApiError::InvalidHeaderName(_))), "{name:?}");
    }
}

#[test]
fn display_names_change_and_tags_stay() {
    let request = invite();
    request.set_from_display("Ann \"A\" Lee").unwrap();
    request.set_to_display("Bob").unwrap();
    assert_eq!(request.header("From").unwrap().as_deref(), Some(r#""Ann \"A\" Lee" <sip:alice@example.com>;tag=1"#));
    assert_eq!(request.header("To").unwrap().as_deref(), Some("\"Bob\" <sip:bob@example.com>"));
    request.set_from_display("").unwrap();
    assert_eq!(request.header("From").unwrap().as_deref(), Some("<sip:alice@example.com>;tag=1"));
}

#[test]
fn from_and_to_uris_change_and_the_rest_stays() {
    let request = invite();
    request.set_from_uri("sip:anne@example.org").unwrap();
    request.set_to_uri("<tel:+15550100>").unwrap();
    assert_eq!(request.header("From").unwrap().as_deref(), Some("\"Alice\" <sip:anne@example.org>;tag=1"));
    assert_eq!(request.header("To").unwrap().as_deref(), Some("<tel:+15550100>"));
    assert!(matches!(request.set_from_uri("anne"), Err(ApiError::InvalidUri(_))));
    request.set_from_user("bea").unwrap();
    request.set_from_host("192.0.2.3:5080").unwrap();
    assert_eq!(request.from_uri().unwrap().to_string(), "sip:bea@192.0.2.3:5080");
}

#[test]
fn only_the_first_contact_changes() {
    let request = invite();
    request.set_contact_user("anne").unwrap();
    assert_eq!(request.headers("Contact").unwrap(), ["<sip:anne@192.0.2.7:5062>;expires=120", "<sip:alice@192.0.2.8>"]);
    request.set_contact_uri("sip:192.0.2.1").unwrap();
    assert_eq!(request.headers("Contact").unwrap(), ["<sip:192.0.2.1>;expires=120", "<sip:alice@192.0.2.8>"]);
}

#[test]
fn without_the_header_an_identity_edit_does_nothing() {
    let request = invite();
    request.remove_header("Contact").unwrap();
    request.set_contact_uri("sip:x@example.com").unwrap();
    assert!(!request.has_header("Contact").unwrap());
    request.set_header("Contact", "*").unwrap();
    request.set_contact_user("x").unwrap();
    assert_eq!(request.header("Contact").unwrap().as_deref(), Some("*"));
}

#[test]
fn a_body_is_matched_by_the_beginning_of_its_type() {
    let request = invite();
    assert!(request.has_body("application/SDP; charset=x") && request.has_body("application/"));
    assert!(!request.has_body("application/sdpx"));
    request.set_body(Bytes::from_static(b"hi"), Some("text/plain")).unwrap();
    assert_eq!(request.body().as_deref(), Some(&b"hi"[..]));
    assert_eq!(request.content_type().as_deref(), Some("text/plain"));
    request.set_body(Bytes::new(), None).unwrap();
    assert_eq!((request.body(), request.has_body("")), (None, false));
}

#[test]
fn the_request_uri_can_be_replaced_whole_or_in_part() {
    let request = invite();
    request.set_ruri("<sip:carol@example.org>").unwrap();
    request.set_ruri_user(Some("dave")).unwrap();
    request.set_ruri_host("192.0.2.4").unwrap();
    assert_eq!(request.ruri().to_string(), "sip:dave@192.0.2.4");
    request.set_ruri_user(None).unwrap();
    assert_eq!(request.ruri().to_string(), "sip:192.0.2.4");
    assert!(matches!(request.set_ruri("carol"), Err(ApiError::InvalidUri(_))));
}
