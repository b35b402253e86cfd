use super::*;
use crate::{HeaderError, Host, Method, SentBy, TransportProtocol, UnixTime};

fn via(text: &'static str) -> Via {
    Via::parse(text).unwrap()
}

fn address(text: &'static str) -> NameAddr {
    NameAddr::parse(text).unwrap()
}

#[test]
fn a_via_is_read_with_all_its_parts() {
    let via = via("SIP/2.0/TCP pc33.atlanta.com:5066;branch=z9hG4bK77;received=192.0.2.1;rport=5060");
    assert_eq!(via.transport.known(), Some(TransportProtocol::Tcp));
    assert_eq!(via.sent_by().to_string(), "pc33.atlanta.com:5066");
    assert_eq!(via.branch().unwrap(), "z9hG4bK77");
    assert_eq!(via.received(), Some(Host::V4([192, 0, 2, 1].into())));
    assert_eq!(via.rport(), Some(Some(5060)));
    assert!(via.has_magic_cookie());
}

#[test]
fn blanks_may_stand_everywhere_in_a_via() {
    let via = via("SIP  / 2.0  / udp     spindle.example.com : 5070   ; branch  =   z9hG4bK9ikj8 ; rport");
    assert_eq!(via.to_string(), "SIP/2.0/UDP spindle.example.com:5070;branch=z9hG4bK9ikj8;rport");
    assert_eq!(via.rport(), Some(None));
}

#[test]
fn an_unknown_transport_of_a_via_is_kept() {
    let via = via("SIP/2.0/TLS-SCTP t1.example.com;branch=z9hG4bK1");
    assert_eq!(via.transport.known(), None);
    assert_eq!(via.to_string(), "SIP/2.0/TLS-SCTP t1.example.com;branch=z9hG4bK1");
}

#[test]
fn a_received_address_of_ipv6_may_come_with_or_without_brackets() {
    // RFC 5118 4.5.
    let expected = Some(Host::V6("2001:db8::9:255".parse().unwrap()));
    assert_eq!(via("SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255]").received(), expected);
    assert_eq!(via("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255").received(), expected);
}

#[test]
fn a_malformed_via_is_refused() {
    for text in [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/3.0/UDP a",
        "HTTP/2.0/UDP a",
        "SIP/2.0/UDP a;;b",
        "SIP/2.0/UDP a;",
        "SIP/2.0/UDP 2001:db8::1",
        "SIP/2.0/UDP a:70000",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP a;x=\"y",
        "SIP/2.0/UDPa",
    ] {
        assert!(Via::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_port_that_sent_by_leaves_out_is_the_default_one() {
    let ours = |text: &'static str| SentBy::parse(text).unwrap();
    assert!(via("SIP/2.0/TLS A.example").is_sent_by(&ours("a.Example:5061")));
    assert!(via("SIP/2.0/UDP a:5060").is_sent_by(&ours("a")));
    assert!(!via("SIP/2.0/UDP a").is_sent_by(&ours("a:5061")));
}

#[test]
fn a_via_of_ours_prints_as_it_is_on_the_wire() {
    let ours = Via::new(TransportProtocol::Tls, SentBy::parse("[::1]:5061").unwrap(), "z9hG4bKa");
    assert_eq!(ours.to_string(), "SIP/2.0/TLS [::1]:5061;branch=z9hG4bKa");
}

#[test]
fn parameters_within_brackets_belong_to_the_uri() {
    let contact = address("\"Mr. \\\"W\\\", A\"<sips:w@example.com;x=1?y=2>;q=0.7;tag=a");
    assert_eq!(contact.display.as_ref().unwrap(), &"Mr. \"W\", A");
    assert_eq!(contact.uri, "sips:w@example.com;x=1?y=2");
    assert_eq!(contact.tag().unwrap(), "a");
    assert_eq!(contact.params.len(), 2);
}

#[test]
fn parameters_of_a_bare_uri_belong_to_the_header() {
    let to = address("sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n");
    assert_eq!(to.uri, "sip:vivekg@chair-dnrc.example.com");
    assert_eq!(to.tag().unwrap(), "1918181833n");
    assert_eq!(to.to_string(), "<sip:vivekg@chair-dnrc.example.com>;tag=1918181833n");
}

#[test]
fn a_name_of_several_tokens_needs_no_quotes() {
    let from = address("token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"a;b\"");
    assert_eq!(from.display.as_ref().unwrap(), &"token1~` token2'+_ token3*%!.-");
    assert_eq!(from.params.unquoted("fromparam''~+*_!.-%").as_deref(), Some(&b"a;b"[..]));
}

#[test]
fn a_name_may_touch_the_bracket() {
    assert_eq!(address("caller<sip:caller@example.com>;tag=323").uri, "sip:caller@example.com");
}

#[test]
fn a_malformed_address_is_refused() {
    for text in [
        "",
        "<>",
        "<sip:a@b",
        "\"a <sip:a@b>",
        "\"a\" sip:a@b",
        "sip:a@b?x=y",
        "<sip:a@b >",
        "< sip:a@b>",
        "<sip:a@b>x",
        "<sip:a@b>;;",
        "<sip:a@b>;",
        "sip:a@b,c",
        "a \"b\" <sip:a@b>",
        "sip:a@b;;c",
    ] {
        assert!(NameAddr::parse(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_set_cannot_break_out_of_an_address() {
    let mut address = NameAddr::new("sip:a@b>\r\nX: y");
    address.display = Some("a\" <sip:evil>\r\n".into());
    address.set_tag("1;x=2, <y>");
    assert_eq!(address.to_string(), "\"a\\\" <sip:evil>  \" <sip:a@b%3E%0D%0AX:%20y>;tag=\"1;x=2, <y>\"");
}

#[test]
fn a_contact_has_its_registration_parameters() {
    let contact = Contact::parse(
        "<sip:a@b>;q=0.25;expires=7200;reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"",
    )
    .unwrap();
    assert_eq!((contact.q(), contact.expires(), contact.reg_id()), (Some(250), Some(7200), Some(1)));
    assert_eq!(contact.instance().unwrap(), "urn:uuid:00000000-0000-1000-8000-000A95A0E128");
}

#[test]
fn a_contact_forgives_expires_that_is_no_number() {
    let expires = |text: &'static str| Contact::parse(text).unwrap().expires();
    assert_eq!(expires("<sip:a@b>;expires=soon"), Some(3600));
    assert_eq!(expires("<sip:a@b>;expires=280297596632815"), Some(u32::MAX));
    assert_eq!(expires("<sip:a@b>"), None);
}

#[test]
fn a_preference_has_at_most_three_decimals() {
    let q = |text: &'static str| contact::parse_q(text.as_bytes());
    assert_eq!(
        [q("1"), q("0.5"), q("1.000"), q("0.333"), q(".5")],
        [Some(1000), Some(500), Some(1000), Some(333), Some(500)]
    );
    assert_eq!([q("1.1"), q("0.3333"), q(""), q("2"), q("0.x"), q("-1")], [None; 6]);
}

#[test]
fn a_cseq_is_a_number_and_a_method() {
    assert_eq!(CSeq::parse("0009   INVITE"), Ok(CSeq::new(9, Method::Invite)));
    for text in ["", "1", "INVITE", "1INVITE", "36893488147419103232 INVITE", "-1 INVITE", "1 IN VITE", "1 "] {
        assert!(CSeq::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_rack_names_response_and_request() {
    let rack = RAck::parse("776656 1 INVITE").unwrap();
    assert_eq!((rack.response, rack.number, &rack.method), (776_656, 1, &Method::Invite));
    assert_eq!(rack.to_string(), "776656 1 INVITE");
    assert!(RAck::parse("1 INVITE").is_err());
}

#[test]
fn a_session_timer_says_who_refreshes() {
    let timer = SessionExpires::parse("1800 ; Refresher=UAS;x").unwrap();
    assert_eq!((timer.interval, timer.refresher), (1800, Some(Refresher::Uas)));
    assert_eq!(timer.to_string(), "1800;refresher=uas");
    assert_eq!(parse_min_se("90;x=y".into()), Ok(90));
}

#[test]
fn a_replaces_needs_both_tags_once() {
    let replaces = Replaces::parse("98732@sip.example.com ;from-tag=r33th4x0r;to-tag=ff87ff;early-only").unwrap();
    assert_eq!(replaces.to_string(), "98732@sip.example.com;to-tag=ff87ff;from-tag=r33th4x0r;early-only");
    for text in ["a", "a;to-tag=1", "a;to-tag=1;from-tag=", "a;to-tag=1;to-tag=2;from-tag=3", ";to-tag=1;from-tag=2"] {
        assert!(Replaces::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_target_dialog_is_told_from_the_other_side() {
    let dialog =
        Replaces::parse_target_dialog("fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544").unwrap();
    assert_eq!((dialog.to_tag.to_string(), dialog.from_tag.to_string()), ("kkaz-".to_owned(), "6544".to_owned()));
}

#[test]
fn a_reason_has_a_cause_and_a_text() {
    let reason = Reason::parse("Q.850 ;cause=16 ;text=\"Terminated; \\\"normally\\\"\"").unwrap();
    assert_eq!((reason.cause(), reason.text().as_deref()), (Some(16), Some("Terminated; \"normally\"")));
    assert_eq!(
        Reason::new("SIP", 200, Some("Call completed elsewhere")).to_string(),
        "SIP;cause=200;text=\"Call completed elsewhere\""
    );
}

#[test]
fn a_retry_after_may_hold_a_comment() {
    let retry = RetryAfter::parse("18000 (I'm (really) in a meeting);duration=3600").unwrap();
    assert_eq!((retry.seconds, retry.duration()), (18000, Some(3600)));
    assert_eq!(retry.comment.as_ref().unwrap(), &"(I'm (really) in a meeting)");
    assert_eq!(RetryAfter::parse("120").unwrap().to_string(), "120");
    assert!(RetryAfter::parse("120 (open").is_err());
}

#[test]
fn an_event_keeps_its_package_and_id() {
    let event = Event::parse("presence.winfo ; id=7").unwrap();
    assert_eq!((event.package.to_string().as_str(), event.id().unwrap().to_string().as_str()), ("presence.winfo", "7"));
    let state = SubscriptionState::parse("Terminated;reason=noresource;retry-after=60").unwrap();
    assert!(state.is_terminated());
    assert_eq!(
        (state.reason().unwrap().to_string().as_str(), state.retry_after(), state.expires()),
        ("noresource", Some(60), None)
    );
}

#[test]
fn credentials_are_read_with_quotes_and_commas_in_them() {
    let auth = AuthScheme::parse(
        "Digest username=\"bob, \\\"b\\\"\", realm = \"atlanta.com\",nonce=\"\" , algorithm=MD5,\
         uri=\"sip:bob@biloxi.com;x=1,2\"",
    )
    .unwrap();
    assert!(auth.is_digest());
    assert_eq!(auth.get_str("Username").as_deref(), Some("bob, \"b\""));
    assert_eq!(auth.get_between_quotes("username"), Some(&b"bob, \\\"b\\\""[..]));
    assert_eq!(auth.get_str("algorithm").as_deref(), Some("MD5"));
    assert_eq!(auth.get_str("uri").as_deref(), Some("sip:bob@biloxi.com;x=1,2"));
    assert_eq!(auth.get_str("nonce").as_deref(), Some(""));
}

#[test]
fn an_unknown_scheme_of_credentials_is_read_too() {
    let auth = AuthScheme::parse("NoOneKnowsThisScheme opaque-data=here").unwrap();
    assert!(!auth.is_digest());
    assert_eq!(auth.to_string(), "NoOneKnowsThisScheme opaque-data=here");
}

#[test]
fn a_challenge_quotes_what_must_be_quoted() {
    let mut challenge = AuthScheme::new("Digest".into());
    challenge.set_quoted("realm", b"a\"b");
    challenge.set("algorithm", "SHA-256");
    challenge.set("opaque", "a, b");
    assert_eq!(challenge.to_string(), "Digest realm=\"a\\\"b\", algorithm=SHA-256, opaque=\"a, b\"");
    assert_eq!(AuthScheme::parse(challenge.to_string()), Ok(challenge));
}

#[test]
fn malformed_credentials_are_refused() {
    for text in
        ["", "Digest", "Digest realm", "Digest realm=\"a\"b", "Digest realm=\"a", "Digest a=1, A=2", "Di gest=1 x"]
    {
        assert!(AuthScheme::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_media_range_includes_its_types() {
    let of = |text: &'static str| MediaType::parse(text).unwrap();
    assert!(of("application/*;q=0.5").includes(&of("Application / SDP")));
    assert!(!of("text/*").includes(&of("application/sdp")));
    assert!(of("multipart/mixed;boundary=\"a;b\"").is("MULTIPART", "mixed"));
    assert_eq!([of("a/b;q=0.5").q(), of("a/b").q()], [500, 1000]);
    assert!(MediaType::parse("sdp").is_err());
}

#[test]
fn a_date_is_read_and_printed() {
    let text = "Sat, 13 Nov 2010 23:29:00 GMT";
    assert_eq!(Date::parse(text), Ok(Date(UnixTime(1_289_690_940))));
    assert_eq!(Date(UnixTime(1_289_690_940)).to_string(), text);
    assert_eq!(Date(UnixTime(0)).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(Date(UnixTime(951_782_400)).to_string(), "Tue, 29 Feb 2000 00:00:00 GMT");
}

#[test]
fn a_date_is_always_gmt_and_exists() {
    for text in [
        "Fri, 01 Jan 2010 16:00:00 EST",
        "Mon, 30 Feb 2015 00:00:00 GMT",
        "01 Jan 2010 16:00:00 GMT",
        "Fri, 01 Jan 2010 24:00:00 GMT",
        "Fri, 00 Jan 2010 16:00:00 GMT",
        "Fri, 01 Jan 1969 16:00:00 GMT",
        "",
    ] {
        assert_eq!(Date::parse(text), Err(HeaderError::Malformed("Date", "not a date in GMT")), "{text}");
    }
}

#[test]
fn the_magic_cookie_alone_names_no_transaction() {
    assert!(!via("SIP/2.0/UDP a;branch=z9hG4bK").has_magic_cookie());
}

#[test]
fn an_ipv6_address_with_a_colon_too_many_is_tolerated() {
    assert_eq!(Host::parse("[2001:db8:::192.0.2.1]"), Host::parse("[2001:db8::192.0.2.1]"));
    assert!(Host::parse("[2001:db8:::1::]").is_err());
}
