use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const OFFER: &str = "v=0\r\n\
    o=alice 2890844526 2890844526 IN IP4 atlanta.example.com\r\n\
    s=-\r\n\
    c=IN IP4 192.0.2.1\r\n\
    t=0 0\r\n\
    a=group:BUNDLE a1 v1\r\n\
    a=ice-lite\r\n\
    X-unknown line\r\n\
    m=audio 49170 RTP/AVP 0 8 97 101\r\n\
    a=mid:a1\r\n\
    a=rtpmap:97 iLBC/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-16\r\n\
    a=ptime:20\r\n\
    a=sendrecv\r\n\
    m=video 51372/2 RTP/AVPF 31 99 100\r\n\
    c=IN IP6 2001:db8::1\r\n\
    a=mid:v1\r\n\
    a=rtpmap:99 h263-1998/90000\r\n\
    a=rtcp-fb:99 nack\r\n\
    a=rtpmap:100 rtx/90000\r\n\
    a=fmtp:100 rtx-time=3000; apt=99\r\n";

fn offer() -> SessionDescription {
    OFFER.parse().unwrap()
}

fn with(line: &str) -> SessionDescription {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n{line}").parse().unwrap()
}

fn names(media: &MediaDescription) -> Vec<String> {
    let name = |codec: &Codec<'_>| String::from_utf8_lossy(codec.name.unwrap_or(b"?")).into_owned();
    media.codecs().iter().map(name).collect()
}

#[test]
fn an_unedited_description_prints_as_it_came() {
    assert_eq!(offer().to_string(), OFFER);
}

#[test]
fn line_feeds_alone_end_lines_too_and_leave_as_crlf() {
    let unix = OFFER.replace("\r\n", "\n");
    assert_eq!(unix.parse::<SessionDescription>().unwrap().to_string(), OFFER);
}

#[test]
fn a_last_line_without_its_end_is_a_line() {
    assert_eq!(OFFER.trim_end().parse::<SessionDescription>().unwrap(), offer());
}

#[test]
fn blank_lines_are_skipped() {
    let spread = format!("\r\n{}\r\n\r\n", OFFER.replace("m=", "\r\nm="));
    assert_eq!(spread.parse::<SessionDescription>().unwrap(), offer());
}

#[test]
fn bytes_that_are_no_utf8_stay_what_they_are() {
    let body = Bytes::from_static(b"v=0\r\ns=caf\xe9\r\na=x:\x00\xff\r\n");
    let description = SessionDescription::parse(&body).unwrap();
    assert_eq!(description.session_name(), Some(&b"caf\xe9"[..]));
    assert_eq!(description.to_bytes(), body);
}

#[test]
fn the_session_level_says_origin_name_and_connection() {
    let offer = offer();
    assert_eq!(offer.origin_text(), Some(&b"alice 2890844526 2890844526 IN IP4 atlanta.example.com"[..]));
    let origin = offer.origin().unwrap();
    assert_eq!((origin.username, origin.session_id), (&b"alice"[..], &b"2890844526"[..]));
    assert_eq!((origin.address_type, origin.address), (&b"IP4"[..], &b"atlanta.example.com"[..]));
    assert_eq!(offer.session_name(), Some(&b"-"[..]));
    assert_eq!(offer.section().connection_text(), Some(&b"IN IP4 192.0.2.1"[..]));
    assert_eq!(offer.section().connection().unwrap().address, b"192.0.2.1");
}

#[test]
fn an_origin_of_other_than_six_fields_is_only_text() {
    let description: SessionDescription = "v=0\r\no=alice 1 IN IP4\r\n".parse().unwrap();
    assert_eq!(description.origin(), None);
    assert_eq!(description.origin_text(), Some(&b"alice 1 IN IP4"[..]));
}

#[test]
fn a_new_origin_and_name_take_the_place_of_the_old() {
    let mut offer = offer();
    let origin = Origin { username: b"SIPhon", address: b"198.51.100.1", ..offer.origin().unwrap() };
    let mut edited = offer.clone();
    edited.set_origin(&origin).unwrap();
    edited.set_session_name("SIPhon").unwrap();
    let expected =
        OFFER.replace("o=alice", "o=SIPhon").replace("atlanta.example.com", "198.51.100.1").replace("s=-", "s=SIPhon");
    assert_eq!(edited.to_string(), expected);
    offer.set_session_name("caf\u{e9}").unwrap();
    assert_eq!(offer.session_name(), Some("caf\u{e9}".as_bytes()));
}

#[test]
fn fields_that_would_break_the_line_are_refused() {
    let mut offer = offer();
    let origin =
        Origin { username: b"two words", ..OFFER.parse::<SessionDescription>().unwrap().origin().unwrap() }.to_text();
    assert_eq!(origin, Err(InvalidText));
    assert_eq!(offer.set_session_name("a\r\nc=IN IP4 203.0.113.66"), Err(InvalidText));
    assert_eq!(offer.set_session_name(""), Err(InvalidText));
    assert_eq!(offer.section_mut().set_attribute("x", Some(b"1\na=y")), Err(InvalidText));
    assert_eq!(offer.section_mut().set_attribute("x:y", None), Err(InvalidText));
    assert_eq!(offer.section_mut().set_attribute("", Some(b"1")), Err(InvalidText));
    assert_eq!(offer.section_mut().add_attribute("x y", None), Err(InvalidText));
    assert_eq!(offer.section_mut().set_attributes(&["sendrecv", "a b:c"]), Err(InvalidText));
    assert_eq!(offer.media_mut()[0].set_protocol("RTP//AVP"), Err(InvalidText));
    assert_eq!(offer.to_string(), OFFER);
}

#[test]
fn a_connection_that_was_missing_goes_where_the_grammar_has_it() {
    let mut offer = offer();
    let connection = Connection { network_type: b"IN", address_type: b"IP4", address: b"203.0.113.7" };
    offer.media_mut()[0].section_mut().set_connection(&connection).unwrap();
    let expected = OFFER.replace("101\r\na=mid:a1", "101\r\nc=IN IP4 203.0.113.7\r\na=mid:a1");
    assert_eq!(offer.to_string(), expected);

    let mut bare: SessionDescription = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n".parse().unwrap();
    bare.section_mut().set_connection(&connection).unwrap();
    assert_eq!(bare.to_string(), "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 203.0.113.7\r\nt=0 0\r\n");
}

#[test]
fn attributes_are_found_by_name_in_any_case() {
    let offer = offer();
    assert_eq!(offer.section().attribute("group"), Some(Some(&b"BUNDLE a1 v1"[..])));
    assert_eq!(offer.section().attribute("ICE-Lite"), Some(None));
    assert_eq!(offer.section().attribute("sendrecv"), None);
    assert!(offer.media()[0].section().has_attribute("sendrecv"));
    assert_eq!(offer.media()[0].section().attribute("rtpmap"), Some(Some(&b"97 iLBC/8000"[..])));
}

#[test]
fn setting_an_attribute_leaves_one_of_its_name_in_the_first_place() {
    let mut offer = offer();
    offer.media_mut()[0].section_mut().set_attribute("rtpmap", Some(b"97 speex/8000")).unwrap();
    let expected = OFFER.replace("a=rtpmap:101 telephone-event/8000\r\n", "").replace("97 iLBC/8000", "97 speex/8000");
    assert_eq!(offer.to_string(), expected);
}

#[test]
fn setting_an_attribute_that_was_missing_appends_it() {
    let mut offer = offer();
    offer.media_mut()[0].section_mut().set_attribute("rtcp-mux", None).unwrap();
    assert_eq!(offer.to_string(), OFFER.replace("a=sendrecv\r\n", "a=sendrecv\r\na=rtcp-mux\r\n"));
}

#[test]
fn removing_an_attribute_removes_all_of_its_name() {
    let mut offer = offer();
    assert_eq!(offer.media_mut()[0].section_mut().remove_attribute("rtpmap"), 2);
    assert_eq!(offer.media_mut()[0].section_mut().remove_attribute("rtpmap"), 0);
    assert!(!offer.media()[0].section().has_attribute("rtpmap"));
}

#[test]
fn all_attributes_of_a_level_can_be_replaced() {
    let mut offer = offer();
    offer.section_mut().set_attributes(&["recvonly", "x:1:2"]).unwrap();
    let attributes: Vec<_> = offer.section().attributes().collect();
    let expected = [Attribute { name: b"recvonly", value: None }, Attribute { name: b"x", value: Some(b"1:2") }];
    assert_eq!(attributes, expected);
    assert!(offer.to_string().contains("X-unknown line\r\n"));
}

#[test]
fn a_media_line_is_type_port_protocol_and_formats() {
    let offer = offer();
    let video = &offer.media()[1];
    assert_eq!((video.media_type(), video.protocol()), (&b"video"[..], &b"RTP/AVPF"[..]));
    assert_eq!((video.port(), video.port_count()), (51372, Some(2)));
    assert_eq!(video.formats().collect::<Vec<_>>(), [b"31", b"99", b"100".as_slice()]);
    assert_eq!(video.section().connection().unwrap().address, b"2001:db8::1");
    assert_eq!(offer.media()[0].section().connection(), None);
}

#[test]
fn port_and_protocol_of_a_stream_can_be_changed() {
    let mut offer = offer();
    offer.media_mut()[0].set_port(0);
    offer.media_mut()[0].set_protocol("UDP/TLS/RTP/SAVPF").unwrap();
    let expected = OFFER.replace("m=audio 49170 RTP/AVP 0", "m=audio 0 UDP/TLS/RTP/SAVPF 0");
    assert_eq!(offer.to_string(), expected);
}

#[test]
fn codecs_have_names_from_rtpmap_or_from_the_static_table() {
    let offer = offer();
    assert_eq!(names(&offer.media()[0]), ["PCMU", "PCMA", "iLBC", "telephone-event"]);
    assert_eq!(names(&offer.media()[1]), ["H261", "h263-1998", "rtx"]);
    let events = offer.media()[0].codecs()[3];
    assert_eq!((events.payload_type, events.clock_rate), (&b"101"[..], Some(8000)));
    assert_eq!(events.format_parameters, Some(&b"0-16"[..]));
}

#[test]
fn a_dynamic_payload_type_without_rtpmap_has_no_name() {
    let description = with("m=audio 5004 RTP/AVP 96\r\n");
    assert_eq!(description.media()[0].codecs()[0].name, None);
}

#[test]
fn rtpmap_goes_before_the_static_table() {
    let description = with("m=audio 5004 RTP/AVP 0\r\na=rtpmap:0 L16/44100/2\r\n");
    let codec = description.media()[0].codecs()[0];
    assert_eq!((codec.name, codec.clock_rate), (Some(&b"L16"[..]), Some(44100)));
    assert_eq!(codec.encoding_parameters, Some(&b"2"[..]));
}

#[test]
fn codecs_are_named_by_encoding_rate_channels_or_payload_type() {
    let description = with("m=audio 5004 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
    let codec = description.media()[0].codecs()[0];
    for word in ["opus", "OPUS", " opus ", "opus/48000", "Opus/48000/2", "111"] {
        assert!(codec.is(word), "{word}");
    }
    for word in ["", "opu", "opus/8000", "opus/48000/1", "opus/", "11", "/48000"] {
        assert!(!codec.is(word), "{word}");
    }
}

#[test]
fn filtering_codecs_drops_the_others_with_their_attributes() {
    let mut offer = offer();
    assert_eq!(offer.filter_codecs(&["pcma", "telephone-event", "h261"]), 4);
    let expected = OFFER
        .replace("RTP/AVP 0 8 97 101", "RTP/AVP 8 101")
        .replace("a=rtpmap:97 iLBC/8000\r\n", "")
        .replace("RTP/AVPF 31 99 100", "RTP/AVPF 31")
        .replace("a=rtpmap:99 h263-1998/90000\r\na=rtcp-fb:99 nack\r\n", "")
        .replace("a=rtpmap:100 rtx/90000\r\na=fmtp:100 rtx-time=3000; apt=99\r\n", "");
    assert_eq!(offer.to_string(), expected);
}

#[test]
fn a_removed_codec_takes_its_retransmission_along() {
    let mut offer = offer();
    assert_eq!(offer.remove_codecs(&["H263-1998"]), 2);
    assert_eq!(names(&offer.media()[1]), ["H261"]);
    assert_eq!(names(&offer.media()[0]).len(), 4);
}

#[test]
fn a_stream_without_a_codec_left_is_switched_off_and_keeps_its_place() {
    let mut offer = offer();
    offer.filter_codecs(&["PCMU"]);
    assert_eq!(offer.media().len(), 2);
    assert_eq!(offer.media()[0].port(), 49170);
    assert!(offer.to_string().contains("m=video 0/2 RTP/AVPF 31\r\nc=IN IP6 2001:db8::1\r\na=mid:v1\r\n"));
}

#[test]
fn formats_that_are_no_payload_types_are_left_alone() {
    let line = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=image 4 udptl t38\r\n";
    let mut description = with(line);
    assert_eq!(description.filter_codecs(&["PCMU"]), 0);
    assert!(description.to_string().ends_with(line));
    assert!(description.media().iter().all(|media| media.codecs().is_empty()));
}

#[test]
fn removing_media_takes_them_out_of_their_group() {
    let mut offer = offer();
    assert_eq!(offer.remove_media("Video"), 1);
    assert_eq!(offer.media().len(), 1);
    assert_eq!(offer.section().attribute("group"), Some(Some(&b"BUNDLE a1"[..])));
    assert_eq!(offer.remove_media("video"), 0);
    assert_eq!(offer.remove_media("audio"), 1);
    assert!(!offer.section().has_attribute("group"));
}

#[test]
fn what_is_no_description_is_an_error() {
    assert_eq!("".parse::<SessionDescription>(), Err(SdpError::Empty));
    assert_eq!("\r\n\r\n".parse::<SessionDescription>(), Err(SdpError::Empty));
    assert_eq!("INVITE sip:a SIP/2.0\r\n".parse::<SessionDescription>(), Err(SdpError::NotSdp));
    for media in ["m=", "m=audio", "m=audio 5004", "m=audio x RTP/AVP 0", "m=audio 65536 RTP/AVP 0", "m=a +1 RTP 0"] {
        assert_eq!(format!("v=0\r\n{media}\r\n").parse::<SessionDescription>(), Err(SdpError::Media { line: 2 }));
    }
}

/// A line of a description, known or not, with odd bytes in it.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let text = proptest::collection::vec(any::<u8>().prop_filter("a line end", |b| !matches!(b, b'\r' | b'\n')), 1..20);
    let attribute =
        (prop_oneof!["rtpmap", "fmtp", "rtcp-fb", "mid", "group", "sendrecv"], "(:[0-9]{1,2} [a-z/0-9=]{1,9})?")
            .prop_map(|(name, value)| format!("a={name}{value}").into_bytes());
    let media = ("(audio|video)", 0..=u16::MAX, "(RTP/AVP|RTP/SAVPF|udptl)", "( [0-9]{1,2}){0,6}")
        .prop_map(|(kind, port, protocol, formats)| format!("m={kind} {port} {protocol}{formats}").into_bytes());
    let known = "[osctbik]=[ -~]{0,20}".prop_map(String::into_bytes);
    let unknown = text.prop_filter("a media line is another case", |line| !line.starts_with(b"m="));
    prop_oneof![1 => unknown, 3 => attribute, 2 => media, 1 => known]
}

fn any_body() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any_line(), 0..30).prop_map(|lines| {
        let mut body = b"v=0\r\n".to_vec();
        for line in lines {
            body.extend(line);
            body.extend(b"\r\n");
        }
        Bytes::from(body)
    })
}

proptest! {
    #[test]
    fn any_bytes_parse_or_are_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SessionDescription::parse(&Bytes::from(body));
    }

    #[test]
    fn what_parses_prints_as_it_was(body in any_body()) {
        let description = SessionDescription::parse(&body).unwrap();
        prop_assert_eq!(description.to_bytes(), body);
    }

    #[test]
    fn an_edited_description_is_one_still(body in any_body(), keep in "[a-z]{1,2}", name in "[a-z]{1,3}", value in "[ -~]{0,9}") {
        let mut description = SessionDescription::parse(&body).unwrap();
        let media = description.media().len();
        description.filter_codecs(&[&keep, "0", "8"]);
        description.remove_codecs(&["8", "gsm"]);
        prop_assert_eq!(description.media().len(), media);
        description.section_mut().set_attribute(&name, Some(value.as_bytes())).unwrap();
        for media in description.media_mut() {
            media.section_mut().set_attribute(&name, None).unwrap();
        }
        description.remove_media("video");
        prop_assert_eq!(description.section().attribute(&name), Some(Some(value.as_bytes())));
        prop_assert!(description.media().iter().all(|media| media.media_type() == b"audio"));
        prop_assert_eq!(SessionDescription::parse(&description.to_bytes()).unwrap(), description);
    }

    #[test]
    fn filtering_leaves_only_what_was_kept_or_a_stream_that_is_off(body in any_body()) {
        let mut description = SessionDescription::parse(&body).unwrap();
        let before = description.media().to_vec();
        description.filter_codecs(&["PCMU", "PCMA"]);
        for (media, before) in description.media().iter().zip(&before) {
            let kept = media.codecs().iter().all(|codec| codec.is("PCMU") || codec.is("PCMA"));
            prop_assert!(kept || media.port() == 0, "{before:?} became {media:?}");
        }
    }
}
