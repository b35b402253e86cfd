use bytes::Bytes;

use super::*;
use crate::{CSeq, Contacts, HeaderError, Limits, Method, Request, Response, StatusCode, parse_message};

const TEXT: &str = "OPTIONS sip:a SIP/2.0\r\n\
    v:  SIP/2.0/UDP a;x=\"1,2\" , SIP/2.0/UDP b\r\n\
    Via: SIP/2.0/UDP c\r\n\
    Subject: one\r\n two\r\n\
    x-other : y\r\n\
    Contact: \"a, b\" <sip:c,d>, <sip:e>\r\n\
    Content-Length: 0\r\n\r\n";

fn request(text: &'static str) -> Request {
    parse_message(Bytes::from(text), &Limits::default()).unwrap().into_request().unwrap()
}

/// The message after an edit, without its first line and its end.
fn edited(edit: impl FnOnce(&mut Headers)) -> String {
    let mut request = request(TEXT);
    edit(request.headers_mut());
    let printed = String::from_utf8(request.to_bytes().to_vec()).unwrap();
    let printed = printed.strip_prefix("OPTIONS sip:a SIP/2.0\r\n").unwrap();
    printed.strip_suffix("Content-Length: 0\r\n\r\n").unwrap().to_owned()
}

fn values(name: HeaderName) -> Vec<String> {
    request(TEXT).headers().values(&name).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

const VIAS: &str = "v:  SIP/2.0/UDP a;x=\"1,2\" , SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n";
const REST: &str = "Subject: one\r\n two\r\nx-other : y\r\nContact: \"a, b\" <sip:c,d>, <sip:e>\r\n";

#[test]
fn a_message_that_nobody_edited_prints_as_it_came() {
    let request = request(TEXT);
    assert_eq!(request.to_bytes(), TEXT);
    assert_eq!(request.to_bytes().as_ptr(), request.headers().buffer().as_ptr());
}

#[test]
fn values_are_cut_at_commas_outside_quotes_and_brackets_across_lines() {
    assert_eq!(values(HeaderName::Via), ["SIP/2.0/UDP a;x=\"1,2\"", "SIP/2.0/UDP b", "SIP/2.0/UDP c"]);
    assert_eq!(values(HeaderName::Contact), ["\"a, b\" <sip:c,d>", "<sip:e>"]);
}

#[test]
fn values_of_other_headers_are_whole_lines() {
    let request = request("OPTIONS sip:a SIP/2.0\r\nSubject: a, b\r\nX-Y: c, d\r\n\r\n");
    assert_eq!(request.headers().first_value(&HeaderName::Subject), Some(&b"a, b"[..]));
    assert_eq!(request.headers().first_value(&"x-y".parse().unwrap()), Some(&b"c, d"[..]));
}

#[test]
fn lines_come_with_their_names_as_they_are_spelt() {
    let request = request(TEXT);
    let other = request.headers().iter().nth(3).unwrap();
    assert_eq!((other.name_text, other.value), (&b"x-other"[..], &b"y"[..]));
    assert_eq!(other.name, "X-Other".parse().unwrap());
    assert_eq!(request.headers().iter().next().unwrap().name, HeaderName::Via);
}

#[test]
fn set_replaces_all_lines_in_the_place_of_the_first() {
    assert_eq!(edited(|headers| headers.set(HeaderName::Via, "x")), format!("Via: x\r\n{REST}"));
}

#[test]
fn set_adds_at_the_end_what_is_not_there() {
    let mut request = request(TEXT);
    request.headers_mut().set(HeaderName::Server, "x");
    assert!(request.to_bytes().ends_with(b"Content-Length: 0\r\nServer: x\r\n\r\n"));
}

#[test]
fn append_goes_behind_the_last_of_its_name() {
    assert_eq!(edited(|headers| headers.append(HeaderName::Via, "x")), format!("{VIAS}Via: x\r\n{REST}"));
}

#[test]
fn prepend_goes_before_the_first_of_its_name_or_to_the_top() {
    assert_eq!(edited(|headers| headers.prepend(HeaderName::Via, "x")), format!("Via: x\r\n{VIAS}{REST}"));
    assert_eq!(edited(|headers| headers.prepend(HeaderName::Route, "x")), format!("Route: x\r\n{VIAS}{REST}"));
}

#[test]
fn remove_takes_all_lines_and_counts_them() {
    assert_eq!(edited(|headers| assert_eq!(headers.remove(&HeaderName::Via), 2)), REST);
    assert_eq!(edited(|headers| assert_eq!(headers.remove(&HeaderName::Route), 0)), format!("{VIAS}{REST}"));
}

#[test]
fn removing_nothing_is_no_edit() {
    let mut request = request(TEXT);
    request.headers_mut().remove(&HeaderName::Route);
    assert!(!request.is_edited());
}

#[test]
fn popping_leaves_the_other_values_of_the_line() {
    let printed = edited(|headers| {
        assert_eq!(headers.pop_first_value(&HeaderName::Via).unwrap(), "SIP/2.0/UDP a;x=\"1,2\"");
    });
    assert_eq!(printed, format!("Via: SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n{REST}"));
}

#[test]
fn popping_ends_when_no_value_is_left() {
    let printed = edited(|headers| while headers.pop_first_value(&HeaderName::Via).is_some() {});
    assert_eq!(printed, REST);
}

#[test]
fn the_first_value_is_replaced_alone() {
    let printed = edited(|headers| headers.replace_first_value(&HeaderName::Via, "x"));
    assert_eq!(printed, format!("Via: x, SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n{REST}"));
}

#[test]
fn values_are_dropped_one_by_one() {
    let printed = edited(|headers| headers.retain_values(&HeaderName::Via, |via| !via.ends_with(b"b")));
    assert_eq!(printed, format!("Via: SIP/2.0/UDP a;x=\"1,2\"\r\nVia: SIP/2.0/UDP c\r\n{REST}"));
    let printed = edited(|headers| headers.retain_values(&HeaderName::Via, |via| !via.ends_with(b"c")));
    assert_eq!(printed, format!("v:  SIP/2.0/UDP a;x=\"1,2\" , SIP/2.0/UDP b\r\n{REST}"));
}

#[test]
fn lines_are_dropped_by_any_rule() {
    let printed = edited(|headers| assert_eq!(headers.retain(|header| !header.name_text.starts_with(b"x-")), 1));
    assert!(!printed.contains("x-other"));
}

#[test]
fn a_value_cannot_make_a_second_line() {
    let printed = edited(|headers| headers.set(HeaderName::Via, "a\r\nEvil: b\0".to_owned()));
    assert_eq!(printed, format!("Via: a  Evil: b\r\n{REST}"));
    assert!(HeaderValue::new("a\nb").is_err() && *HeaderValue::new(" a b ").unwrap().as_byte_str() == "a b");
}

#[test]
fn lines_of_another_index_of_the_same_message_are_taken_without_copies() {
    let request = request(TEXT);
    let mut response = request.response(StatusCode::OK, None);
    response.headers_mut().append_from(request.headers(), &HeaderName::Subject);
    response.headers_mut().append_from(request.headers(), &HeaderName::Contact);
    let printed = "SIP/2.0 200 OK\r\nv:  SIP/2.0/UDP a;x=\"1,2\" , SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n\
        Subject: one\r\n two\r\nContact: \"a, b\" <sip:c,d>, <sip:e>\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(response.to_bytes(), printed);
}

#[test]
fn lines_of_another_message_are_copied() {
    let mut response = Response::new(StatusCode::OK, "");
    response.headers_mut().append_from(request(TEXT).headers(), &HeaderName::Subject);
    assert_eq!(response.to_bytes(), "SIP/2.0 200 \r\nSubject: one two\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn a_new_body_brings_its_length_and_type() {
    let mut request = request(TEXT);
    request.set_body(Bytes::from_static(b"hello"), Some("text/plain"));
    assert!(request.to_bytes().ends_with(b"Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello"));
    request.set_body(Bytes::new(), None);
    assert!(request.to_bytes().ends_with(b"Content-Length: 0\r\n\r\n"));
}

#[test]
fn a_missing_length_is_printed() {
    assert_eq!(
        request("OPTIONS sip:a SIP/2.0\r\n\r\n").to_bytes(),
        "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn a_new_request_uri_cannot_break_the_request_line() {
    let mut request = request("OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n");
    request.set_uri("sip:b SIP/2.0\r\nX: y");
    assert_eq!(request.to_bytes(), "OPTIONS sip:b%20SIP/2.0%0D%0AX:%20y SIP/2.0\r\nl: 0\r\n\r\n");
}

#[test]
fn a_response_to_100_takes_the_timestamp_along() {
    let request = request("OPTIONS sip:a SIP/2.0\r\nTimestamp: 54\r\nv: a\r\nUser-Agent: b\r\n\r\n");
    let lines = |status| request.response(status, None).headers().len();
    assert_eq!((lines(StatusCode::TRYING), lines(StatusCode::OK)), (2, 1));
}

#[test]
fn typed_headers_say_what_is_missing_or_wrong() {
    let request =
        request("OPTIONS sip:a SIP/2.0\r\nFrom: <sip:a\r\nCSeq: 5 BYE\r\nMax-Forwards: x\r\nContact: *\r\n\r\n");
    let headers = request.headers();
    assert_eq!(headers.via(), Err(HeaderError::Missing("Via")));
    assert!(matches!(headers.from(), Err(HeaderError::Malformed("From", _))));
    assert_eq!(headers.cseq(), Ok(CSeq::new(5, Method::Bye)));
    assert!(matches!(headers.max_forwards(), Some(Err(_))));
    assert_eq!(headers.contacts(), Ok(Contacts::Star));
}

#[test]
fn option_tags_have_no_case_and_come_in_any_line() {
    let request = request("OPTIONS sip:a SIP/2.0\r\nk: timer, Replaces\r\nSupported: path\r\n\r\n");
    let has = |tag| request.headers().has_option_tag(&HeaderName::Supported, tag);
    assert!(has("replaces") && has("path") && !has("100rel"));
}

#[test]
fn every_known_name_is_found_by_each_of_its_spellings() {
    for text in
        ["Via", "v", "WWW-Authenticate", "P-Charging-Function-Addresses", "Session-Expires", "x", "CSeq", "To", "t"]
    {
        for text in [text.to_owned(), text.to_uppercase(), text.to_lowercase()] {
            assert!(!matches!(HeaderName::parse(text.as_bytes()), Ok(HeaderName::Other(_)) | Err(_)), "{text}");
        }
    }
    assert!(matches!(HeaderName::parse(b"z"), Ok(HeaderName::Other(_))));
    assert!(HeaderName::parse(b"a:b").is_err() && HeaderName::parse(b"").is_err());
}
