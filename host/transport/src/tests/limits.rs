//! What has lasted too long, what there is too much of.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;
use crate::SendError;

fn connect(server: &Server) -> TcpStream {
    let peer = TcpStream::connect(server.address()).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer
}

/// Connects and sends a message, so that the connection is known to be accepted.
fn connect_and_speak(server: &mut Server) -> (TcpStream, Flow) {
    let mut peer = connect(server);
    peer.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    (peer, flow)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Sends to a peer that does not read until its queue is full; how many messages were taken.
fn fill(server: &Server, flow: Flow) -> u64 {
    for tag in 0.. {
        match server.transport.send(&flow.into(), vec![b'x'; 10_000].into(), SendTag(tag)) {
            Ok(()) => {}
            Err(SendError::QueueFull(_)) => return tag,
            Err(other) => panic!("{other}"),
        }
    }
    0
}

#[test]
fn a_connection_on_which_nothing_happens_is_closed_at_the_idle_limit() {
    let mut server = Server::tcp();
    let (_peer, _) = connect_and_speak(&mut server);
    server.pass(seconds(299));
    assert!(server.arrived.is_empty());
    server.pass(seconds(76));
    assert_eq!(server.endings(1), ["closed"]);
    assert_eq!(server.transport.stats().connections_closed_idle, 1);
}

#[test]
fn a_message_in_either_direction_keeps_a_connection_open() {
    let mut server = Server::tcp();
    let (mut peer, flow) = connect_and_speak(&mut server);
    server.pass(seconds(200));
    peer.write_all(&request("c2", 0)).unwrap();
    server.message();
    server.pass(seconds(200));
    server.send(flow, b"answer");
    server.pass(seconds(200));
    assert!(server.arrived.is_empty());
    assert_eq!(server.transport.connection_count(TransportProtocol::Tcp), 1);
}

#[test]
fn a_message_that_is_never_completed_closes_its_connection() {
    let mut server = Server::tcp();
    let (mut peer, _) = connect_and_speak(&mut server);
    let half = request("c2", 100);
    for byte in &half[..half.len() - 50] {
        peer.write_all(&[*byte]).unwrap();
        server.pass(Duration::from_millis(100));
    }
    server.pass(seconds(20));
    assert_eq!(server.endings(1), ["closed"]);
    assert_eq!(server.transport.stats().connections_closed_stalled, 1);
}

#[test]
fn messages_in_pieces_are_no_stall_as_long_as_each_is_completed() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    let message = request("c1", 100);
    let (head, tail) = message.split_at(50);
    peer.write_all(head).unwrap();
    for _ in 0..4 {
        server.pass(seconds(20));
        peer.write_all(tail).unwrap();
        peer.write_all(head).unwrap();
        assert_eq!(server.message().0, message);
    }
    assert!(server.arrived.is_empty());
}

#[test]
fn a_connect_that_nobody_answers_fails_at_its_timeout() {
    let mut server = Server::tcp();
    let (_listener, address, _fillers) = deaf_peer();
    server.send_tagged(server.to(address), b"one", 1);
    server.pass(seconds(4));
    assert!(server.arrived.is_empty());
    server.pass(seconds(3));
    assert_eq!(server.endings(1), ["failed 1"]);
    assert_eq!(server.transport.stats().connects_failed, 1);
}

/// A peer that does not answer connects: its queue of connections to be accepted is full.
fn deaf_peer() -> (socket2::Socket, SocketAddr, Vec<socket2::Socket>) {
    use socket2::{Domain, Socket, Type};
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let fillers = (0..4)
        .map(|_| {
            let filler = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            filler.set_nonblocking(true).unwrap();
            let _ = filler.connect(&address);
            filler
        })
        .collect();
    (listener, address.as_socket().unwrap(), fillers)
}

#[test]
fn a_peer_that_does_not_read_costs_only_its_own_connection() {
    let mut server = Server::tcp();
    let (_deaf, deaf_flow) = connect_and_speak(&mut server);
    let (mut other, other_flow) = connect_and_speak(&mut server);
    fill(&server, deaf_flow);
    server.send(other_flow, b"answer");
    let mut answer = [0; 6];
    other.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"answer");
    assert_eq!(server.transport.stats().send_queue_overflows, 1);
}

#[test]
fn a_peer_that_reads_again_gets_all_that_was_taken_in_order() {
    let mut server = Server::tcp();
    let (mut peer, flow) = connect_and_speak(&mut server);
    let taken = fill(&server, flow);
    let reader = std::thread::spawn(move || {
        let mut bytes = vec![0; usize::try_from(taken).unwrap() * 10_000];
        peer.read_exact(&mut bytes).map(|()| peer)
    });
    server.until("everything is written", |_| reader.is_finished().then_some(()));
    reader.join().unwrap().unwrap();
    server.send(flow, b"more");
}

#[test]
fn a_peer_that_never_reads_is_closed_and_what_waits_for_it_has_failed() {
    let mut server = Server::tcp();
    let (_peer, flow) = connect_and_speak(&mut server);
    let taken = fill(&server, flow);
    server.pass(seconds(38));
    let endings: Vec<Incoming> = server.arrived.drain(..).collect();
    let (closed, failed) = endings.split_last().unwrap();
    assert!(matches!(closed, Incoming::ConnectionClosed { .. }));
    assert!(failed.len() > 50, "{}", failed.len());
    assert!(matches!(failed.last(), Some(Incoming::SendFailed { tag, .. }) if tag.0 == taken - 1));
}

#[test]
fn the_longest_idle_connection_makes_room_for_a_new_one() {
    let mut server = Server::tcp_with(TransportConfig { max_connections: 2, ..TransportConfig::default() });
    let (_first, first_flow) = connect_and_speak(&mut server);
    server.pass(seconds(10));
    let (_second, second_flow) = connect_and_speak(&mut server);
    server.pass(seconds(10));
    let (mut peer, mut closed) = (connect(&server), None);
    peer.write_all(&request("c3", 0)).unwrap();
    for _ in 0..2 {
        match server.next() {
            Incoming::ConnectionClosed { flow } => closed = Some(flow),
            Incoming::StreamMessage { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(closed, Some(first_flow));
    server.send(second_flow, b"still there");
    assert_eq!(server.transport.connection_count(TransportProtocol::Tcp), 2);
    assert_eq!(server.transport.stats().connections_evicted, 1);
}

#[test]
fn a_new_connection_is_refused_when_no_other_is_idle() {
    let mut server = Server::tcp_with(TransportConfig { max_connections: 1, ..TransportConfig::default() });
    let (mut busy, _) = connect_and_speak(&mut server);
    busy.write_all(b"MESSAGE sip:bob@example.com SIP/2.0\r\n").unwrap();
    server.pass(seconds(10));
    let mut refused = connect(&server);
    server.until("the new one is refused", |server| (server.transport.stats().connections_refused == 1).then_some(()));
    assert_eq!(refused.read(&mut [0; 1]).unwrap_or(0), 0);
    assert_eq!(server.transport.connection_count(TransportProtocol::Tcp), 1);
}

#[test]
fn a_send_that_needs_a_connection_is_refused_when_no_other_is_idle() {
    let mut server = Server::tcp_with(TransportConfig { max_connections: 1, ..TransportConfig::default() });
    let (_busy, _) = connect_and_speak(&mut server);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = server.to(listener.local_addr().unwrap());
    let error = server.transport.send(&to, Bytes::from_static(b"one"), SendTag(1)).unwrap_err();
    assert!(matches!(error, SendError::TooManyConnections(_)));
}

#[test]
fn a_send_that_needs_a_connection_takes_the_place_of_an_idle_one() {
    let mut server = Server::tcp_with(TransportConfig { max_connections: 1, ..TransportConfig::default() });
    let (_idle, idle_flow) = connect_and_speak(&mut server);
    server.pass(seconds(10));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    server.send(server.to(listener.local_addr().unwrap()), b"one");
    let (_peer, _) = listener.accept().unwrap();
    assert!(matches!(server.next(), Incoming::ConnectionClosed { flow } if flow == idle_flow));
}

#[test]
fn an_empty_table_needs_no_sweep_so_the_wait_has_no_deadline_of_its_own() {
    let mut server = Server::tcp();
    let (peer, _) = connect_and_speak(&mut server);
    drop(peer);
    assert_eq!(server.endings(1), ["closed"]);
    server.pass(seconds(1));
    let begun = Instant::now();
    server.read(Duration::from_millis(200));
    assert!(begun.elapsed() >= Duration::from_millis(200));
}
