//! Peers that send what is no SIP, or far too much of it.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, UdpSocket};

use siphon_tests::wait::{PATIENCE, until};
use siphon_tests::{Load, Phone, ServerProcess};

use crate::{beside, setup};

const ANSWER: &str = "
@proxy.on_request(\"OPTIONS\")
def answer(request):
    request.reply(200, \"OK\")
";

/// Asks on another socket and waits for the answer: what was sent before has been read by then.
fn ask(server: &ServerProcess, call_id: &str) {
    let mut phone = Phone::udp(server.udp());
    phone.send(&phone.request("OPTIONS", "sip:example.com", call_id, ""));
    assert_eq!(phone.receive_response().status().as_u16(), 200);
}

/// The same bytes at each run, by a generator that needs no crate (Marsaglia's xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[3]).collect()
    }

    /// Up to `below`.
    fn number(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % below as u64).unwrap()
    }
}

const REQUEST: &str = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKgarbage\r\n\
    From: <sip:a@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: garbage\r\nCSeq: 1 INVITE\r\n\
    Contact: <sip:a@127.0.0.1:9>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

/// Noise, nothing, blanks, parts of a message, messages with bytes changed, and heads without an end.
fn garbage(noise: &mut Noise, number: u64) -> Vec<u8> {
    match number % 6 {
        0 => {
            let length = noise.number(1400);
            noise.bytes(length)
        }
        1 => b"\r\n\0 \r\n"[..noise.number(6)].to_vec(),
        2 => REQUEST.as_bytes()[..noise.number(REQUEST.len())].to_vec(),
        3 => {
            // Not what could still be routed: the head of the first line goes.
            let mut bytes = REQUEST.as_bytes().to_vec();
            for _ in 0..20 {
                let position = noise.number(bytes.len());
                bytes[position] = noise.bytes(1)[0];
            }
            bytes[0] = b'\xFF';
            bytes
        }
        4 => format!("SIP/2.0 200 OK\r\n{}", "Via: ;;;,,,\r\n".repeat(noise.number(100))).into_bytes(),
        _ => {
            let mut bytes = b"INVITE sip:bob@example.com SIP/2.0\r\n".to_vec();
            bytes.extend(noise.bytes(60_000).iter().map(|byte| byte % 96 + 32));
            bytes
        }
    }
}

#[test]
fn garbage_in_datagrams_is_dropped_and_is_no_concern_of_the_calls_beside() {
    let server = setup(ANSWER).start();
    let load = beside(Load::udp(server.udp())).start();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut noise = Noise(0x5EED_CAFE);
    for number in 0..20_000 {
        socket.send_to(&garbage(&mut noise, number), server.udp()).unwrap();
        // Not more at once than fits into the server's socket buffer: its loss would be the kernel's.
        if number % 20 == 19 {
            ask(&server, &format!("garbage{number}"));
        }
    }
    load.wait_for(10);
    load.finish().assert_unaffected();
    assert!(server.metric("siphon_malformed_messages_total") > 5000);
    assert_eq!(server.metric("siphon_script_errors_total"), 0, "{}", server.log());
}

#[test]
fn garbage_on_streams_closes_them_and_is_no_concern_of_the_calls_beside() {
    let server = setup(ANSWER).start();
    let load = beside(Load::tcp(server.tcp())).start();
    let mut noise = Noise(0x5EED_CAFE);
    for _ in 0..200 {
        let mut stream = TcpStream::connect(server.tcp()).unwrap();
        let mut bytes = noise.bytes(5000);
        bytes[0] = b'\x01';
        // It may be closed before everything is written.
        let _ = stream.write_all(&bytes);
        assert_eq!(read_to_end(&mut stream), "");
    }
    load.wait_for(10);
    load.finish().assert_unaffected();
}

/// What the server sends until it closes the stream.
fn read_to_end(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => text.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => break,
            Err(error) => panic!("the server does not close the stream: {error}"),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The head of a request without its end.
fn endless_head(call_id: &str) -> String {
    format!(
        "OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK{call_id}\r\n\
         From: <sip:a@example.com>;tag=a\r\nTo: <sip:example.com>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\n"
    )
}

#[test]
fn ten_megabytes_of_headers_on_a_stream_are_refused_and_are_no_concern_of_the_calls_beside() {
    let server = setup(ANSWER).start();
    let load = beside(Load::tcp(server.tcp())).start();
    let line = format!("X-Large: {}\r\n", "x".repeat(1000));
    for number in 0..20 {
        let mut stream = TcpStream::connect(server.tcp()).unwrap();
        stream.write_all(endless_head(&format!("large{number}")).as_bytes()).unwrap();
        // The rest of the ten megabytes is not taken any more.
        let written = (0..10_000).take_while(|_| stream.write_all(line.as_bytes()).is_ok()).count();
        assert!(written < 10_000, "the server read ten megabytes of headers");
    }
    load.wait_for(10);
    load.finish().assert_unaffected();
    assert!(server.metric("siphon_streams_refused_total") >= 20);
}

#[test]
fn headers_over_64_kib_on_a_stream_get_513_and_then_the_end_of_the_stream() {
    let server = setup(ANSWER).start();
    let mut stream = TcpStream::connect(server.tcp()).unwrap();
    let head = endless_head("large");
    stream.write_all(head.as_bytes()).unwrap();
    // Exactly one byte more than may be: nothing unread is left, so that the answer is not lost with a reset.
    let filler = 64 * 1024 + 1 - head.len() - "X-Large: ".len();
    stream.write_all(format!("X-Large: {}", "x".repeat(filler)).as_bytes()).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.starts_with("SIP/2.0 513 "), "{answer}");
    assert!(answer.contains("Call-ID: large\r\n"), "{answer}");
}

#[test]
fn headers_over_the_limit_in_a_datagram_are_dropped() {
    // A datagram cannot have more than 64 KiB at all: with the usual limit none is too large.
    let server = setup(ANSWER).config("server: { max_header_bytes: 4096 }").start();
    let mut phone = Phone::udp(server.udp());
    let large = format!("Subject: {}", "x".repeat(5000));
    phone.send(&phone.request("OPTIONS", "sip:example.com", "large", &large));
    until("the datagram to be dropped", || (server.metric("siphon_malformed_messages_total") == 1).then_some(()));
    let small = format!("Subject: {}", "x".repeat(3000));
    phone.send(&phone.request("OPTIONS", "sip:example.com", "small", &small));
    let answered = phone.receive_response();
    assert_eq!(answered.headers().call_id().unwrap().to_string_lossy(), "small");
}

#[test]
fn a_body_over_the_limit_on_a_stream_gets_413_and_then_the_end_of_the_stream() {
    let server = setup(ANSWER).config("server: { max_body_bytes: 4096 }").start();
    let mut stream = TcpStream::connect(server.tcp()).unwrap();
    stream.write_all(format!("{}Content-Length: 5000\r\n\r\n", endless_head("large")).as_bytes()).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.starts_with("SIP/2.0 413 "), "{answer}");
}
