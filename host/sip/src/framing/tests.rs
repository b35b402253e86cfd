use super::*;

const OPTIONS: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nhi";

fn decode(stream: &[u8]) -> (Vec<Frame>, Option<FrameError>) {
    decode_with(stream, Limits::default())
}

fn decode_with(stream: &[u8], limits: Limits) -> (Vec<Frame>, Option<FrameError>) {
    let mut decoder = StreamDecoder::new(limits);
    decoder.push(stream);
    let mut frames = Vec::new();
    loop {
        match decoder.next() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}

fn message(bytes: &[u8]) -> Frame {
    Frame::Message(Bytes::copy_from_slice(bytes))
}

#[test]
fn messages_behind_each_other_are_cut_at_their_lengths() {
    let stream = [OPTIONS, OPTIONS].concat();
    assert_eq!(decode(&stream), (vec![message(OPTIONS), message(OPTIONS)], None));
}

#[test]
fn a_message_waits_for_its_last_byte() {
    let mut decoder = StreamDecoder::new(Limits::default());
    let (last, rest) = OPTIONS.split_last().unwrap();
    decoder.push(rest);
    assert_eq!(decoder.next(), Ok(None));
    assert_eq!(decoder.buffered(), rest.len());
    decoder.push(&[*last]);
    assert_eq!(decoder.next(), Ok(Some(message(OPTIONS))));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn the_compact_form_and_a_folded_length_count_too() {
    for head in ["l:2", "Content-Length\t:\r\n 2 ", "CONTENT-LENGTH: 002", "Subject: l\r\n l: 5\r\nl: 2"] {
        let stream = format!("OPTIONS sip:a SIP/2.0\r\n{head}\r\n\r\nhi");
        assert_eq!(decode(stream.as_bytes()), (vec![message(stream.as_bytes())], None), "{head}");
    }
}

#[test]
fn a_message_without_a_length_has_no_body() {
    let stream = b"SIP/2.0 200 OK\r\n\r\n";
    assert_eq!(decode(stream), (vec![message(stream)], None));
}

#[test]
fn line_feeds_alone_end_lines_too() {
    let stream = b"OPTIONS sip:a SIP/2.0\nl: 2\n\nhi";
    assert_eq!(decode(stream), (vec![message(stream)], None));
}

#[test]
fn two_line_ends_are_a_ping_and_a_single_one_may_be_a_pong() {
    assert_eq!(decode(b"\r\n").0, [Frame::KeepalivePong]);
    assert_eq!(decode(b"\r\n\r\n").0, [Frame::KeepalivePong, Frame::KeepalivePing]);
    let twice = [Frame::KeepalivePong, Frame::KeepalivePing, Frame::KeepalivePong, Frame::KeepalivePing];
    assert_eq!(decode(b"\r\n\r\n\r\n\r\n").0, twice);
}

#[test]
fn a_line_end_before_a_message_does_not_belong_to_it() {
    let stream = [b"\r\n", OPTIONS, b"\r\n"].concat();
    assert_eq!(decode(&stream).0, [Frame::KeepalivePong, message(OPTIONS), Frame::KeepalivePong]);
}

#[test]
fn a_first_line_of_another_protocol_ends_the_stream() {
    for stream in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01\x02", b" INVITE sip:a SIP/2.0\r\n", b"\rX", b"INVITE\r\n"]
    {
        assert_eq!(decode(stream), (Vec::new(), Some(FrameError::NotSip)), "{}", stream.escape_ascii());
    }
}

#[test]
fn a_first_line_that_does_not_end_ends_the_stream() {
    assert_eq!(decode(&[b'A'; 4097]).1, Some(FrameError::NotSip));
    assert_eq!(decode(&[b'A'; 4096]).1, None);
}

#[test]
fn headers_that_do_not_end_are_too_large() {
    let stream = [b"OPTIONS sip:a SIP/2.0\r\n", "X: y\r\n".repeat(11_000).as_bytes()].concat();
    assert_eq!(decode(&stream).1, Some(FrameError::HeadersTooLarge));
}

#[test]
fn the_beginning_of_refused_headers_can_be_read() {
    let mut decoder = StreamDecoder::new(Limits { max_header_bytes: 30, ..Limits::default() });
    decoder.push(b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n");
    assert_eq!(decoder.next(), Err(FrameError::HeadersTooLarge));
    assert!(decoder.pending().starts_with(b"OPTIONS"));
    assert_eq!(decoder.next(), Err(FrameError::HeadersTooLarge));
}

#[test]
fn a_length_that_is_no_number_ends_the_stream() {
    for length in ["-1", "x", "", "1 2", "99999999999999999999999", "2\r\nl: 3"] {
        let stream = format!("OPTIONS sip:a SIP/2.0\r\nl: {length}\r\n\r\n");
        assert_eq!(decode(stream.as_bytes()).1, Some(FrameError::ContentLength), "{length}");
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused_before_it_comes() {
    let limits = Limits { max_body_bytes: 1, ..Limits::default() };
    assert_eq!(decode_with(OPTIONS.strip_suffix(b"hi").unwrap(), limits).1, Some(FrameError::BodyTooLarge));
}

#[test]
fn a_large_message_leaves_no_large_buffer_behind() {
    let mut decoder = StreamDecoder::new(Limits::default());
    decoder.push(b"OPTIONS sip:a SIP/2.0\r\nl: 100000\r\n\r\n");
    decoder.push(&[b'x'; 100_000]);
    assert!(matches!(decoder.next(), Ok(Some(Frame::Message(_)))));
    assert!(decoder.buffer.capacity() <= KEPT_CAPACITY);
}
