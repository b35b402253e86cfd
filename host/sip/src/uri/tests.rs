use super::*;
use crate::Host;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn sip(text: &str) -> SipUri {
    text.parse().unwrap()
}

#[track_caller]
fn assert_equivalent(one: &str, two: &str) {
    assert!(uri(one).equivalent(&uri(two)), "{one} {two}");
    assert!(uri(two).equivalent(&uri(one)), "{two} {one}");
}

#[track_caller]
fn assert_different(one: &str, two: &str) {
    assert!(!uri(one).equivalent(&uri(two)), "{one} {two}");
    assert!(!uri(two).equivalent(&uri(one)), "{two} {one}");
}

// RFC 3261 19.1.4: the examples of equivalent URIs, in their order.

#[test]
fn escapes_and_the_case_of_host_and_parameters_do_not_count() {
    assert_equivalent("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp");
}

#[test]
fn an_unknown_parameter_in_one_uri_only_is_ignored() {
    assert_equivalent("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5");
    assert_equivalent("sip:carol@chicago.com", "sip:carol@chicago.com;security=on");
    assert_equivalent("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on");
}

#[test]
fn the_order_of_parameters_does_not_count() {
    assert_equivalent(
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    );
}

#[test]
fn the_order_of_headers_does_not_count() {
    assert_equivalent(
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    );
}

// The examples of URIs that are not equivalent, in their order.

#[test]
fn the_case_of_the_user_counts() {
    assert_different("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP");
}

#[test]
fn the_default_port_is_not_an_absent_port() {
    assert_different("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060");
}

#[test]
fn the_default_transport_is_not_an_absent_transport() {
    assert_different("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp");
    assert_different("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp");
}

#[test]
fn a_header_in_one_uri_only_is_never_ignored() {
    assert_different("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting");
}

#[test]
fn a_name_is_never_the_address_it_resolves_to() {
    assert_different("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4");
}

#[test]
fn equivalence_is_not_transitive() {
    assert_equivalent("sip:carol@chicago.com", "sip:carol@chicago.com;security=on");
    assert_equivalent("sip:carol@chicago.com", "sip:carol@chicago.com;security=off");
    assert_different("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off");
}

// The rules without an example of their own.

#[test]
fn sip_and_sips_are_never_equivalent() {
    assert_different("sip:bob@biloxi.com", "sips:bob@biloxi.com");
}

#[test]
fn an_escaped_reserved_character_is_not_that_character() {
    assert_different("sip:a%3Bb@biloxi.com", "sip:a;b@biloxi.com");
    assert_equivalent("sip:a%3bb@biloxi.com", "sip:a%3Bb@biloxi.com");
}

#[test]
fn a_password_in_one_uri_only_never_matches() {
    assert_different("sip:bob:x@biloxi.com", "sip:bob@biloxi.com");
    assert_different("sip:bob:x@biloxi.com", "sip:bob:X@biloxi.com");
}

#[test]
fn an_important_parameter_in_one_uri_only_never_matches() {
    for parameter in ["user=phone", "ttl=1", "method=INVITE", "maddr=192.0.2.1", "transport=tcp"] {
        assert_different("sip:bob@biloxi.com", &format!("sip:bob@biloxi.com;{parameter}"));
    }
}

#[test]
fn addresses_compare_by_value() {
    assert_equivalent("sip:[2001:db8::1]", "sip:[2001:DB8:0:0::1]");
}

#[test]
fn tel_uris_compare_without_separators() {
    assert_equivalent("tel:+1-201-555-0123", "tel:+12015550123");
    assert_equivalent("tel:7042;phone-context=Example.com", "TEL:7042;Phone-Context=example.com");
    assert_different("tel:+12015550123", "tel:12015550123");
    assert_different("tel:7042;phone-context=example.com", "tel:7042");
}

#[test]
fn all_parts_of_a_sip_uri_are_read() {
    let uri = sip("SIPS:alice;x=1:secret@[2001:db8::9]:5070;transport=tcp;lr;a=%41?Subject=a&b=c");
    assert!(uri.secure && uri.is_loose());
    assert_eq!(uri.user.as_deref(), Some(&b"alice;x=1"[..]));
    assert_eq!(uri.password.as_deref(), Some(&b"secret"[..]));
    assert_eq!(uri.host, Host::V6("2001:db8::9".parse().unwrap()));
    assert_eq!(uri.port, Some(5070));
    assert_eq!(uri.transport(), Some(&b"tcp"[..]));
    assert_eq!(uri.params.unquoted("a").as_deref(), Some(&b"A"[..]));
    assert_eq!(uri.headers.as_deref(), Some(&b"Subject=a&b=c"[..]));
}

#[test]
fn the_transport_of_a_sips_uri_is_a_protected_one() {
    use crate::TransportProtocol::{Tls, Wss};
    assert_eq!(sip("sips:a@b;transport=tcp").transport_protocol(), Some(Tls));
    assert_eq!(sip("sips:a@b;transport=ws").transport_protocol(), Some(Wss));
    assert_eq!(sip("sips:a@b").transport_protocol(), None);
}

#[test]
fn a_wide_range_of_characters_is_a_user() {
    // RFC 4475 3.1.1.2.
    let text =
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com";
    let uri = sip(text);
    assert_eq!(uri.user.as_deref(), Some(&b"1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"[..]));
    assert_eq!(uri.to_string(), text);
}

#[test]
fn what_is_no_uri_is_refused() {
    for text in [
        "",
        "sip",
        ":a@b",
        "sip:",
        "sip:@b",
        "sip:a@",
        "sip:a@b:x",
        "sip:a@b:65536",
        "sip:a@b@c",
        "sip:[::1",
        "sip:a b@c",
        "<sip:a@b>",
        "sip:a@b ",
        "tel:",
        "tel:--",
        "tel:abcx",
        "1a:b",
        "sip:a@b\r\nX: y",
        "sip:2001:db8::1",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
}

#[test]
fn any_other_scheme_is_kept_as_text() {
    let uri = uri("urn:service:sos");
    assert_eq!((uri.scheme(), uri.to_string().as_str()), ("urn", "urn:service:sos"));
}

#[test]
fn the_key_of_an_address_of_record_has_one_spelling() {
    let key = |text: &str| sip(text).to_canonical_key().to_string();
    assert_eq!(key("SIP:%41lice@EXAMPLE.com:5060;transport=tcp?x=y"), "sip:Alice@example.com");
    assert_eq!(key("sips:a:password@b:5061"), "sips:a@b");
    assert_eq!(key("sip:a%40b@c:5061"), "sip:a%40b@c:5061");
    assert_eq!(key("sip:[2001:DB8::1]"), "sip:[2001:db8::1]");
}

#[test]
fn a_user_is_escaped_where_it_must_be_and_nowhere_else() {
    assert_eq!(&*escape_user(b"a b@c:d;e"), b"a%20b%40c%3Ad;e");
    assert_eq!(&*unescape(b"a%20b%4xc%"), b"a b%4xc%");
}

#[test]
fn a_parameter_that_is_set_cannot_break_the_uri() {
    let mut uri = sip("sip:b;lr;x=1");
    uri.params.set("x", "a;b>\r\n c");
    uri.params.set_flag("ob");
    assert_eq!(uri.to_string(), "sip:b;lr;x=a%3Bb%3E%0D%0A%20c;ob");
    assert!(uri.params.remove("LR"));
    assert_eq!(uri.to_string(), "sip:b;x=a%3Bb%3E%0D%0A%20c;ob");
}
