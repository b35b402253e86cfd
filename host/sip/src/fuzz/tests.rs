use proptest::prelude::*;

use super::*;

/// Pieces that messages are made of, so that random ones come near to being valid.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        &b"INVITE sip:a@b;lr SIP/2.0\r\n"[..],
        b"SIP/2.0 200 OK\r\n",
        b"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n",
        b"v: SIP / 2.0 / TCP [::1]:5060 ; rport, SIP/2.0/UDP b\r\n",
        b"From: \"A \\\" B\" <sip:a@b>;tag=1\r\n",
        b"t: sip:a@b;tag=2\r\n",
        b"i: 1@a\r\n",
        b"CSeq: 1 INVITE\r\n",
        b"m: <sip:a@b:5;transport=tcp>;q=0.5, *\r\n",
        b"Subject: a\r\n b\n\tc\r\n",
        b"X-Other: ;;,,\"\r\n",
        b"Content-Length: 4\r\n",
        b"l: 4\n",
        b"\r\n",
        b"\n",
        b" ",
        b"body",
        b"\xff\0",
        b"\"",
        b"<",
        b">",
        b",",
        b";",
        b":",
        b"\r",
        b"%41%",
    ]);
    prop::collection::vec(words, 0..24).prop_map(|words| words.concat())
}

/// Pieces that header values are made of.
fn value_pieces() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        &b"SIP/2.0/UDP "[..],
        b"sip / 2.0 / Tls ",
        b"192.0.2.1:5060",
        b"[2001:db8::1]",
        b"a.example.com : 5070 ",
        b";branch=z9hG4bK-1",
        b" ; Branch = z9hG4bK",
        b";rport",
        b";RPORT=5060",
        b";received=255.255.255.255",
        b";received",
        b";maddr=[::1]",
        b";tag=1",
        b";TAG=\"a;b\"",
        b";tag=",
        b"<sip:a@b;lr>",
        b"sip:a@b",
        b"\"A <\\\"> B\" ",
        b"A B ",
        b"*",
        b"\"",
        b";",
        b"=",
        b",",
        b"<",
        b">",
        b" ",
        b"x",
    ]);
    prop::collection::vec(words, 0..10).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_keep_the_invariants_of_messages(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        message(&bytes);
    }

    #[test]
    fn almost_messages_keep_the_invariants_of_messages(bytes in pieces()) {
        message(&bytes);
    }

    #[test]
    fn messages_with_any_header_lines_keep_the_invariants(lines in pieces(), body in prop::collection::vec(any::<u8>(), 0..40)) {
        message(&[b"INVITE sip:a@b SIP/2.0\r\n", &lines[..], b"\r\n\r\n", &body[..]].concat());
    }

    #[test]
    fn any_stream_keeps_the_invariants_of_framing(bytes in pieces(), seed in any::<u8>()) {
        framing(&[&[seed][..], &bytes[..]].concat());
    }

    #[test]
    fn any_text_keeps_the_invariants_of_uris(text in "(sips?|tel|SIP|urn):[a-z0-9%@:;?=&.+*#!\\[\\]-]{0,40}") {
        uri(text.as_bytes());
    }

    #[test]
    fn any_edits_keep_the_rest_of_the_headers(edits in prop::collection::vec(any::<u8>(), 0..96)) {
        headers(&edits);
    }

    #[test]
    fn any_bytes_keep_the_invariants_of_session_descriptions(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        sdp(&[b"v=0\r\n", &bytes[..]].concat());
    }

    #[test]
    fn any_value_is_read_borrowed_as_it_is_read_typed(text in value_pieces()) {
        value(&text);
    }

    #[test]
    fn any_via_is_read_borrowed_as_it_is_read_typed(text in value_pieces()) {
        value(&[b"SIP/2.0/UDP 192.0.2.1", &text[..]].concat());
    }

    #[test]
    fn an_ipv4_address_is_what_the_standard_library_takes_for_one(text in "([0-9]{1,3}[.]){0,4}[0-9.:]{0,3}") {
        let expected = text.parse::<std::net::Ipv4Addr>().ok().map(std::net::IpAddr::V4);
        let read = crate::HostRef::parse(text.as_bytes()).ok().and_then(crate::HostRef::ip);
        prop_assert_eq!(read.filter(std::net::IpAddr::is_ipv4), expected);
    }
}
