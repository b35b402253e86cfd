use super::*;
use crate::kit::Kit;

const INVITE: &str = "INVITE sip:bob@example.com:5070;transport=tcp;user=phone;lr SIP/2.0\r\nCall-ID: 1\r\n\r\n";

#[test]
fn the_parts_of_a_request_uri_can_be_read() {
    let uri = Kit::new().request(INVITE).unwrap().ruri();
    assert_eq!(uri.scheme(), "sip");
    assert_eq!(uri.user().as_deref(), Some("bob"));
    assert_eq!(uri.host().as_deref(), Some("example.com"));
    assert_eq!(uri.port(), Some(5070));
    let params = [("transport", "tcp"), ("user", "phone"), ("lr", "")];
    assert_eq!(uri.params(), params.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!uri.is_tel());
}

#[test]
fn a_change_of_the_view_changes_the_request() {
    let request = Kit::new().request(INVITE).unwrap();
    let uri = request.ruri();
    uri.set_user(Some("carol")).unwrap();
    uri.set_host("192.0.2.5").unwrap();
    uri.set_port(None).unwrap();
    assert_eq!(request.ruri().to_string(), "sip:carol@192.0.2.5;transport=tcp;user=phone;lr");
    request.set_ruri("sip:dave@example.org").unwrap();
    assert_eq!(uri.user().as_deref(), Some("dave"));
}

#[test]
fn a_request_uri_of_a_local_domain_is_local_whatever_its_port_and_case() {
    let kit = Kit::new();
    assert!(kit.request(&INVITE.replace("example.com", "EXAMPLE.com")).unwrap().ruri().is_local());
    assert!(!kit.request(&INVITE.replace("example.com", "example.org")).unwrap().ruri().is_local());
    assert!(!kit.request(&INVITE.replace("example.com", "192.0.2.1")).unwrap().ruri().is_local());
}

#[test]
fn a_value_changes_only_itself() {
    let uri = ScriptUri::parse("<sip:alice@example.com>").unwrap();
    uri.set_host("example.org:5080").unwrap();
    assert_eq!(uri.to_string(), "sip:alice@example.org:5080");
    assert!(!uri.is_local());
}

#[test]
fn escapes_in_a_user_are_kept_and_what_needs_them_gets_them() {
    let uri = ScriptUri::parse("sip:a%40b@example.com").unwrap();
    assert_eq!(uri.user().as_deref(), Some("a%40b"));
    uri.set_user(Some("c%23d@e f")).unwrap();
    assert_eq!(uri.to_string(), "sip:c%23d%40e%20f@example.com");
}

#[test]
fn an_empty_user_removes_it() {
    let uri = ScriptUri::parse("sip:alice:secret@example.com").unwrap();
    uri.set_user(Some("")).unwrap();
    assert_eq!(uri.to_string(), "sip:example.com");
}

#[test]
fn a_tel_uri_has_a_number_and_no_host() {
    let uri = ScriptUri::parse("tel:+15550100;phone-context=example.com").unwrap();
    assert!(uri.is_tel());
    assert_eq!(uri.user().as_deref(), Some("+15550100"));
    assert_eq!(uri.host(), None);
    uri.set_user(Some("+15550199")).unwrap();
    assert_eq!(uri.to_string(), "tel:+15550199;phone-context=example.com");
    assert!(matches!(uri.set_host("example.com"), Err(ApiError::Value(_))));
}

#[test]
fn line_breaks_and_bad_hosts_are_refused() {
    let uri = ScriptUri::parse("sip:alice@example.com").unwrap();
    assert!(matches!(uri.set_user(Some("a\r\nVia: x")), Err(ApiError::InvalidText { .. })));
    assert!(matches!(uri.set_host("a b"), Err(ApiError::Value(_))));
    assert!(matches!(ScriptUri::parse("alice"), Err(ApiError::InvalidUri(_))));
    assert_eq!(uri.to_string(), "sip:alice@example.com");
}

#[test]
fn a_target_may_be_a_bare_address() {
    assert_eq!(parse_target("192.0.2.9:5080").unwrap().to_string(), "sip:192.0.2.9:5080");
    assert_eq!(parse_target("gw.example.com").unwrap().to_string(), "sip:gw.example.com");
    assert_eq!(parse_target("gw.example.com:5080").unwrap().to_string(), "sip:gw.example.com:5080");
    assert_eq!(parse_target("sips:gw.example.com").unwrap().to_string(), "sips:gw.example.com");
    assert!(matches!(parse_target("http://example.com/"), Err(ApiError::InvalidUri(_))));
}
