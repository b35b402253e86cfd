//! `connections.*`: too many streams, silent ones, and peers that do not read.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use siphon_tests::wait::{PATIENCE, until};
use siphon_tests::{Load, ServerProcess};

use crate::{beside, setup};

const ANSWER: &str = "
@proxy.on_request(\"OPTIONS\")
def answer(request):
    request.reply(200, \"OK\")
";

fn start(connections: &str) -> ServerProcess {
    setup(ANSWER).config(&format!("connections: {{ {connections} }}")).config("server: { readers: 1 }").start()
}

/// Connects and asks; `None` when the server closed the connection instead of answering.
fn connect(server: &ServerProcess, call_id: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server.tcp()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = options(call_id, "");
    let mut answer = [0; 15];
    let answered = stream.write_all(request.as_bytes()).and_then(|()| stream.read_exact(&mut answer));
    answered.is_ok().then(|| assert_eq!(&answer, b"SIP/2.0 200 OK\r")).map(|()| stream)
}

fn options(call_id: &str, more: &str) -> String {
    format!(
        "OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK{call_id}\r\n\
         From: <sip:a@example.com>;tag=a\r\nTo: <sip:example.com>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

/// Waits until the server has closed the stream.
fn assert_closed(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
            Err(error) => panic!("the server does not close the stream: {error}"),
        }
    }
}

#[test]
fn a_stream_beyond_the_most_takes_the_place_of_one_that_is_idle() {
    // What is idle is known when a sweep has seen it quiet; sweeps take an eighth of the shortest limit.
    let server = start("max: 3, connect_timeout_secs: 0.2");
    let _quiet: Vec<_> = (0..3).map(|number| connect(&server, &format!("quiet{number}")).unwrap()).collect();
    let mut attempts = 0;
    let _new = until("an idle stream to make room", || {
        attempts += 1;
        connect(&server, &format!("new{attempts}"))
    });
    assert!(server.metric("siphon_connections_evicted_total") >= 1);
    assert!(server.metric("siphon_connections_active{transport=\"tcp\"}") <= 3);
}

#[test]
fn a_stream_beyond_the_most_is_refused_when_none_is_idle_and_those_that_are_there_go_on() {
    let server = start("max: 2");
    let mut busy: Vec<_> = (0..2)
        .map(|number| {
            let mut stream = TcpStream::connect(server.tcp()).unwrap();
            stream.write_all(b"OPTIONS sip:example.com SIP/2.0\r\n").unwrap();
            until("the stream to be accepted", || {
                (server.metric("siphon_connections_active{transport=\"tcp\"}") > number).then_some(())
            });
            stream
        })
        .collect();
    let mut refused = TcpStream::connect(server.tcp()).unwrap();
    assert_closed(&mut refused);
    assert_eq!(server.metric("siphon_connections_refused_total"), 1);
    for (number, stream) in busy.iter_mut().enumerate() {
        let request = options(&format!("busy{number}"), "");
        let (_, rest) = request.split_once("\r\n").unwrap();
        stream.write_all(rest.as_bytes()).unwrap();
        let mut answer = [0; 15];
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"SIP/2.0 200 OK\r");
    }
}

#[test]
fn messages_that_never_end_are_closed_and_are_no_concern_of_the_calls_beside() {
    let server = start("message_timeout_secs: 1");
    let over_tcp = beside(Load::tcp(server.tcp())).start();
    let over_udp = beside(Load::udp(server.udp())).start();
    let halves = [
        "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKhalf\r\nCall-ID: half",
        "MESSAGE sip:bob@example.com SIP/2.0\r\nCall-ID: half\r\nContent-Length: 1000\r\n\r\nhalf",
        "INV",
        "SIP/2.0 200 OK\r\n",
    ];
    let mut streams: Vec<_> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(server.tcp()).unwrap();
            stream.write_all(halves[number % halves.len()].as_bytes()).unwrap();
            stream
        })
        .collect();
    streams.iter_mut().for_each(assert_closed);
    over_tcp.wait_for(10);
    over_udp.wait_for(10);
    over_tcp.finish().assert_unaffected();
    over_udp.finish().assert_unaffected();
}

#[test]
fn a_peer_that_does_not_read_is_closed_and_is_no_concern_of_the_calls_beside() {
    let server = start("send_queue_bytes: 4096, message_timeout_secs: 1");
    let load = beside(Load::tcp(server.tcp())).start();
    let mut deaf = TcpStream::connect(server.tcp()).unwrap();
    deaf.set_nonblocking(true).unwrap();
    let mut asked = 0;
    until("the peer that does not read to be closed", || {
        // As fast as the server takes them, until its answers have nowhere to go.
        for _ in 0..1000 {
            asked += 1;
            let request = options(&format!("deaf{asked}"), &format!("Subject: {}\r\n", "x".repeat(1000)));
            let mut rest = request.as_bytes();
            while !rest.is_empty() {
                match deaf.write(rest) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                    Err(_) => return Some(()),
                }
            }
        }
        None
    });
    assert!(server.metric("siphon_send_queue_overflows_total") > 0);
    load.wait_for(10);
    load.finish().assert_unaffected();
}

#[test]
fn silent_connections_to_the_metrics_page_make_room_for_one_that_asks() {
    let server = start("max: 100");
    let log = server.log();
    let line = log.lines().find(|line| line.contains("\"metrics page\"")).unwrap();
    let address = line.split("\"address\":\"").nth(1).unwrap().split('"').next().unwrap();
    let silent: Vec<_> = (0..40).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert_eq!(server.metric("siphon_script_generations"), 1);
    drop(silent);
}
