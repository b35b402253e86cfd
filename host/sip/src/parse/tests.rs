use super::*;
use crate::{HeaderName, Method, StatusCode, Version};

fn parse(text: impl Into<Vec<u8>>) -> Result<Message, ParseError> {
    parse_message(Bytes::from(text.into()), &Limits::default())
}

fn request(text: impl Into<Vec<u8>>) -> Request {
    parse(text).unwrap().into_request().unwrap()
}

fn with_headers(lines: &str) -> Request {
    request(format!("OPTIONS sip:a SIP/2.0\r\n{lines}\r\n\r\n"))
}

#[test]
fn a_request_line_is_cut_at_its_blanks() {
    let request = request("NEWMETHOD sip:a@b;lr SIP/2.0\r\n\r\n");
    assert_eq!(request.method().as_str(), "NEWMETHOD");
    assert_eq!(*request.uri(), "sip:a@b;lr");
    assert_eq!(request.version(), Version::Sip2);
}

#[test]
fn a_method_in_lower_case_is_another_method() {
    assert_ne!(*request("invite sip:a SIP/2.0\r\n\r\n").method(), Method::Invite);
}

#[test]
fn a_reason_phrase_is_any_text_or_none() {
    let reason = |text: &[u8]| parse(text).unwrap().into_response().unwrap().reason().clone();
    assert_eq!(reason(b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xff\r\n\r\n"), &b"= 2**3 * 5**2 \xd0\xbd\xff"[..]);
    assert_eq!(reason(b"SIP/2.0 100 \r\n\r\n"), "");
    assert_eq!(reason(b"SIP/2.0 100\r\n\r\n"), "");
}

#[test]
fn a_status_code_is_three_digits_from_100() {
    for code in ["4294967301", "99", "099", "700", "20", "2 0", "20x", ""] {
        assert_eq!(parse(format!("SIP/2.0 {code} x\r\n\r\n")).unwrap_err(), ParseError::StatusCode, "{code}");
    }
    assert_eq!(parse("SIP/2.0 699 x\r\n\r\n").unwrap().as_response().map(Response::status), StatusCode::new(699));
}

#[test]
fn what_is_not_sip_is_refused_by_its_first_line() {
    for text in [
        "GET / HTTP/1.1\r\n\r\n",
        "INVITE\r\n\r\n",
        "INVITE sip:a\r\n\r\n",
        "IN VITE\r\n\r\n",
        "(x) sip:a SIP/2.0\r\n\r\n",
    ] {
        assert_eq!(parse(text).unwrap_err(), ParseError::StartLine, "{text}");
    }
}

#[test]
fn a_keepalive_is_no_message() {
    for text in ["", "\r\n\r\n", " \t", "\0"] {
        let expected = if text == "\0" { ParseError::Unterminated } else { ParseError::Empty };
        assert_eq!(parse(text).unwrap_err(), expected, "{text:?}");
    }
}

#[test]
fn line_ends_before_the_message_are_skipped() {
    assert_eq!(*request("\r\n\r\nBYE sip:a SIP/2.0\r\n\r\n").method(), Method::Bye);
}

#[test]
fn a_folded_value_is_one_line_with_single_blanks() {
    let request = with_headers("Subject: a  b\r\n \t c\r\n\td  ");
    assert_eq!(request.headers().first_str(&HeaderName::Subject), Some("a  b c d"));
    assert_eq!(request.headers().len(), 1);
}

#[test]
fn a_value_may_begin_on_the_next_line() {
    assert_eq!(with_headers("TO :\r\n sip:b").headers().first_str(&HeaderName::To), Some("sip:b"));
}

#[test]
fn any_case_compact_form_and_blanks_before_the_colon_name_the_same_header() {
    for line in ["Via: a", "v: a", "VIA:a", "V \t :  a  "] {
        assert_eq!(with_headers(line).headers().first_str(&HeaderName::Via), Some("a"), "{line}");
    }
}

#[test]
fn an_empty_value_is_a_value() {
    let request = with_headers("s :\r\nX:");
    assert_eq!(request.headers().first(&HeaderName::Subject), Some(&b""[..]));
    assert_eq!(request.headers().len(), 2);
}

#[test]
fn a_value_need_not_be_utf_8() {
    let request = request(b"OPTIONS sip:a SIP/2.0\r\nSubject: \xff\x00\xfe\r\n\r\n".to_vec());
    assert_eq!(request.headers().first(&HeaderName::Subject), Some(&b"\xff\x00\xfe"[..]));
    assert_eq!(request.headers().first_str(&HeaderName::Subject), None);
}

#[test]
fn a_line_without_a_name_is_refused() {
    for line in ["nothing", ": x", " x: y", "a b: c", "a\"b: c", "X\r\n : y"] {
        let text = format!("OPTIONS sip:a SIP/2.0\r\n{line}\r\n\r\n");
        assert_eq!(parse(text).unwrap_err(), ParseError::HeaderName, "{line}");
    }
}

#[test]
fn a_carriage_return_within_a_line_is_refused() {
    let text = "OPTIONS sip:a SIP/2.0\r\nSubject: a\rVia: b\r\n\r\n";
    assert_eq!(parse(text).unwrap_err(), ParseError::BareCarriageReturn);
}

#[test]
fn line_feeds_alone_end_lines_and_are_printed_as_they_should_be() {
    let request = request("OPTIONS sip:a SIP/2.0\nSubject: a\n b\nTo: c\r\n\nbody");
    assert_eq!(request.to_bytes(), "OPTIONS sip:a SIP/2.0\r\nSubject: a b\r\nTo: c\r\nContent-Length: 4\r\n\r\nbody");
    assert!(!request.is_edited());
}

#[test]
fn headers_must_end_in_an_empty_line() {
    for text in [
        "OPTIONS sip:a SIP/2.0",
        "OPTIONS sip:a SIP/2.0\r\n",
        "OPTIONS sip:a SIP/2.0\r\nTo: a\r\n",
        "OPTIONS sip:a SIP/2.0\r",
    ] {
        assert_eq!(parse(text).unwrap_err(), ParseError::Unterminated, "{text:?}");
    }
}

#[test]
fn what_follows_the_body_is_cut_off() {
    let request = request("OPTIONS sip:a SIP/2.0\r\nl: 2\r\n\r\nhi and more");
    assert_eq!(&request.body()[..], b"hi");
    assert_eq!(request.to_bytes(), "OPTIONS sip:a SIP/2.0\r\nl: 2\r\n\r\nhi");
}

#[test]
fn a_body_without_a_length_is_the_rest() {
    let request = request(b"OPTIONS sip:a SIP/2.0\r\n\r\n\xff\x00 \r\n".to_vec());
    assert_eq!(&request.body()[..], b"\xff\x00 \r\n");
}

#[test]
fn a_body_shorter_than_its_length_is_refused_with_400() {
    let error = parse("OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nhi").unwrap_err();
    assert_eq!((error, error.status()), (ParseError::BodyTruncated, Some(StatusCode::BAD_REQUEST)));
}

#[test]
fn a_length_that_is_no_number_is_refused() {
    for length in ["-999", "", "1x", "0x1", "99999999999999999999", "0\r\nl: 1"] {
        let text = format!("OPTIONS sip:a SIP/2.0\r\nContent-Length: {length}\r\n\r\nhi");
        assert_eq!(parse(text).unwrap_err(), ParseError::ContentLength, "{length}");
    }
}

#[test]
fn each_limit_has_its_error() {
    let text = "OPTIONS sip:a SIP/2.0\r\nX: 1\r\nX: 2\r\nl: 5\r\n\r\nhello";
    let limits = Limits { max_header_bytes: 40, max_body_bytes: 5, max_headers: 3, ..Limits::default() };
    let with = |limits: Limits| parse_message(Bytes::from(text), &limits).map(drop);
    assert_eq!(with(limits), Ok(()));
    assert_eq!(with(Limits { max_header_bytes: 30, ..limits }), Err(ParseError::HeadersTooLarge));
    assert_eq!(with(Limits { max_headers: 2, ..limits }), Err(ParseError::TooManyHeaders));
    assert_eq!(with(Limits { max_body_bytes: 4, ..limits }), Err(ParseError::BodyTooLarge));
}

#[test]
fn a_tortuous_invite_is_read() {
    // RFC 4475 3.1.1.1, without its body.
    let request = request(
        "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n\
         TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n\
         from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n\
         MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 0\r\ncseq: 0009\r\n  INVITE\r\n\
         Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\n\
         UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n\
         v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  \
         192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n\
         m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n",
    );
    let headers = request.headers();
    assert_eq!(headers.to_tag().unwrap(), "1918181833n");
    assert_eq!(headers.from().unwrap().display.unwrap(), "J Rosenberg \\\"");
    assert_eq!(headers.max_forwards(), Some(Ok(68)));
    assert_eq!(headers.cseq().unwrap().number, 9);
    let branches: Vec<String> = headers.vias().map(|via| via.unwrap().branch().unwrap().to_string()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(headers.contacts().unwrap().first().unwrap().q(), Some(330));
    assert_eq!(crate::verdict::validate_request(&request), Ok(()));
}

#[test]
fn a_name_is_shorter_than_a_kibibyte() {
    let name = "N".repeat(1023);
    assert_eq!(with_headers(&format!("{name}: x")).headers().iter().next().unwrap().name_text, name.as_bytes());
    let text = format!("OPTIONS sip:a SIP/2.0\r\nN{name}: x\r\n\r\n");
    assert_eq!(parse(text).unwrap_err(), ParseError::HeaderName);
}
