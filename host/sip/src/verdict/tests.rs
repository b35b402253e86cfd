use bytes::Bytes;

use super::*;
use crate::{Limits, Message, ParseError, Request, parse_message, salvage_request};

/// A valid request; each test breaks one line of it.
const LINES: [(&str, &str); 7] = [
    ("", "INVITE sip:bob@biloxi.com SIP/2.0"),
    ("Via", "Via: SIP/2.0/UDP a;branch=z9hG4bK1"),
    ("Max-Forwards", "Max-Forwards: 70"),
    ("To", "To: <sip:bob@biloxi.com>"),
    ("From", "From: <sip:alice@atlanta.com>;tag=1"),
    ("Call-ID", "Call-ID: 1@a"),
    ("CSeq", "CSeq: 1 INVITE"),
];

/// The valid request with another line in the place of one, or behind it.
fn request_with(name: &str, line: &str) -> Request {
    let mut text = String::new();
    for (other, original) in LINES {
        text += if other == name { line } else { original };
        text += if other == name && line.is_empty() { "" } else { "\r\n" };
    }
    if LINES.iter().all(|(other, _)| *other != name) {
        text += line;
        text += "\r\n";
    }
    text += "Content-Length: 0\r\n\r\n";
    parse_message(Bytes::from(text), &Limits::default()).unwrap().into_request().unwrap()
}

fn verdict(name: &str, line: &str) -> Option<(u16, &'static str)> {
    validate_request(&request_with(name, line)).err().map(|rejection| (rejection.status.as_u16(), rejection.reason))
}

#[track_caller]
fn assert_bad(name: &str, line: &str) {
    assert_eq!(verdict(name, line).map(|(status, _)| status), Some(400), "{line}");
}

#[track_caller]
fn assert_good(name: &str, line: &str) {
    assert_eq!(verdict(name, line), None, "{line}");
}

#[test]
fn a_whole_request_is_valid() {
    assert_good("X", "X: y");
}

#[test]
fn another_version_is_505() {
    assert_eq!(verdict("", "INVITE sip:bob@biloxi.com SIP/7.0"), Some((505, "Version Not Supported")));
}

#[test]
fn the_version_has_no_case() {
    assert_good("", "INVITE sip:bob@biloxi.com sip/2.0");
}

#[test]
fn each_mandatory_header_is_missed_by_name() {
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let (status, reason) = verdict(name, "").unwrap();
        assert_eq!((status, reason), (400, format!("Missing {name} Header").as_str()));
    }
}

#[test]
fn max_forwards_may_be_missing_as_in_rfc_2543() {
    assert_good("Max-Forwards", "");
}

#[test]
fn single_headers_must_not_come_twice() {
    for line in ["From: <sip:a@b>;tag=2", "t: <sip:a@b>", "i: 2@a", "CSeq: 1 INVITE", "Max-Forwards: 5", "l: 0"] {
        assert_bad("X", line);
    }
}

#[test]
fn a_cseq_of_another_method_or_too_large_is_bad() {
    for line in ["CSeq: 1 OPTIONS", "CSeq: 2147483648 INVITE", "CSeq: 36893488147419103232 INVITE", "CSeq: INVITE"] {
        assert_bad("CSeq", line);
    }
    assert_good("CSeq", "CSeq: 2147483647 INVITE");
}

#[test]
fn a_request_uri_with_headers_is_bad() {
    assert_eq!(
        verdict("", "INVITE sip:bob@biloxi.com?Route=%3Csip:a%3E SIP/2.0"),
        Some((400, "Headers in Request-URI"))
    );
}

#[test]
fn blanks_and_brackets_in_the_request_line_are_bad() {
    for line in [
        "INVITE <sip:bob@biloxi.com> SIP/2.0",
        "INVITE sip:bob@biloxi.com; lr SIP/2.0",
        "INVITE  sip:bob@biloxi.com  SIP/2.0",
        "INVITE sip:bob@biloxi.com SIP/2.0  ",
    ] {
        assert_bad("", line);
    }
}

#[test]
fn an_unknown_scheme_of_the_request_uri_is_416() {
    for uri in ["nobodyKnowsThisScheme:totallyopaquecontent", "soap.beep://192.0.2.103:3002"] {
        assert_eq!(verdict("", &format!("INVITE {uri} SIP/2.0")).unwrap().0, 416);
    }
}

#[test]
fn telephone_numbers_and_emergency_services_are_known_schemes() {
    for uri in ["tel:+12015550123", "urn:service:sos", "SIPS:bob@biloxi.com"] {
        assert_good("", &format!("INVITE {uri} SIP/2.0"));
    }
}

#[test]
fn malformed_addresses_are_bad() {
    assert_bad("To", "To: \"Mr. J. User <sip:j.user@example.com>");
    assert_bad("To", "To: \"Watson, Thomas\" < sip:t.watson@example.org >");
    assert_bad("From", "From: sip:a@b?x=y;tag=1");
    assert_bad("X", "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E");
    assert_bad("X", "Contact: \"Joe\" <sip:joe@example.org>;;;;");
    assert_bad("X", "Route: <sip:a;lr>;;");
    assert_bad("X", "Record-Route: sip:a?b");
    assert_bad("X", "Contact: *, <sip:a@b>");
    assert_bad("Via", "Via: SIP/2.0/UDP 192.0.2.15;;,;,,");
}

#[test]
fn unknown_schemes_in_other_headers_are_no_concern() {
    assert_good("To", "To: isbn:2983792873");
    assert_good("X", "Contact: <name:John_Smith>");
}

#[test]
fn max_forwards_is_at_most_255() {
    assert_good("Max-Forwards", "Max-Forwards: 0068");
    assert_bad("Max-Forwards", "Max-Forwards: 300");
    assert_bad("Max-Forwards", "Max-Forwards: -1");
}

#[test]
fn a_date_of_another_zone_is_bad() {
    assert_bad("X", "Date: Fri, 01 Jan 2010 16:00:00 EST");
    assert_good("X", "Date: Fri, 01 Jan 2010 16:00:00 GMT");
}

#[test]
fn a_response_is_discarded_for_what_a_request_is_rejected_for() {
    let response = |cseq: &str| {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>;tag=2\r\nCall-ID: 1\r\n{cseq}\r\n\r\n"
        );
        let message = parse_message(Bytes::from(text), &Limits::default()).unwrap();
        validate_response(&message.into_response().unwrap()).map_err(|discard| discard.reason)
    };
    assert_eq!(response("CSeq: 1 INVITE"), Ok(()));
    assert_eq!(response("CSeq: 9292394834772304023312 OPTIONS"), Err("Malformed CSeq Header"));
    assert_eq!(response("X: y"), Err("Missing CSeq Header"));
}

#[test]
fn what_the_parser_refuses_can_be_answered_from_what_is_readable() {
    let text = "INVITE sip:a SIP/2.0\r\nv: SIP/2.0/UDP a\r\nbroken line\r\nf: <sip:a>;tag=1\r\nt: <sip:b>\r\ni: 1\r\n\
        CSeq: 1 INVITE\r\nContent-Length: -5\r\n\r\n";
    let error = parse_message(Bytes::from(text), &Limits::default()).unwrap_err();
    let request = salvage_request(Bytes::from(text), &Limits::default()).unwrap();
    let response = request.response(error.status().unwrap(), None);
    assert_eq!(error, ParseError::HeaderName);
    assert_eq!(
        response.to_bytes(),
        "SIP/2.0 400 Bad Request\r\nv: SIP/2.0/UDP a\r\nf: <sip:a>;tag=1\r\nt: <sip:b>\r\ni: 1\r\nCSeq: 1 INVITE\r\n\
        Content-Length: 0\r\n\r\n"
    );
}

#[test]
fn an_ack_or_a_request_without_via_is_never_answered() {
    let ack =
        "ACK sip:a SIP/2.0\r\nv: SIP/2.0/UDP a\r\nf: <sip:a>\r\nt: <sip:b>\r\ni: 1\r\nCSeq: 1 ACK\r\nl: x\r\n\r\n";
    let no_via = "BYE sip:a SIP/2.0\r\nf: <sip:a>\r\nt: <sip:b>\r\ni: 1\r\nCSeq: 1 BYE\r\nl: x\r\n\r\n";
    for text in [ack, no_via] {
        assert!(matches!(parse_message(Bytes::from(text), &Limits::default()), Err(ParseError::ContentLength)));
        assert!(salvage_request(Bytes::from(text), &Limits::default()).is_none());
    }
}

#[test]
fn headers_that_are_cut_off_can_be_answered_too() {
    let text =
        "OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/TCP a\r\nf: <sip:a>\r\nt: <sip:b>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\nX: ";
    let request = salvage_request(Bytes::from(text), &Limits::default()).unwrap();
    assert!(matches!(Message::from(request), Message::Request(_)));
}

#[test]
fn an_unknown_method_with_another_in_cseq_is_501() {
    assert_eq!(verdict("", "NEWMETHOD sip:bob@biloxi.com SIP/2.0"), Some((501, "Not Implemented")));
}
