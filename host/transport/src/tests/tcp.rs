//! Streams: framing, reuse, connects, and what a broken connection costs.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;
use crate::SendError;

fn connect(server: &Server) -> TcpStream {
    let peer = TcpStream::connect(server.address()).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer
}

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn read(peer: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    peer.read_exact(&mut bytes).unwrap();
    bytes
}

/// Waits until every connect and queued message is through.
fn settle(server: &mut Server, opened: u64) {
    server
        .until("the connection opens", |server| (server.transport.stats().connections_opened >= opened).then_some(()));
}

#[test]
fn a_message_comes_with_its_connection_and_the_answer_goes_back_on_it() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.write_all(&request("c1", 10)).unwrap();
    let (bytes, flow) = server.message();
    assert_eq!(bytes, request("c1", 10));
    assert_eq!((flow.local, flow.remote), (server.address(), peer.local_addr().unwrap()));
    assert!(flow.connection.is_some());
    server.send(flow, b"answer");
    assert_eq!(read(&mut peer, 6), b"answer");
    assert_eq!(server.transport.connection_count(TransportProtocol::Tcp), 1);
}

#[test]
fn messages_are_framed_however_they_are_cut() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.set_nodelay(true).unwrap();
    let mut stream = request("c1", 0);
    stream.extend(request("c2", 100_000));
    stream.extend(request("c3", 3));
    for chunk in stream.chunks(7001) {
        peer.write_all(chunk).unwrap();
        server.read(Duration::ZERO);
    }
    for (call_id, body) in [("c1", 0), ("c2", 100_000), ("c3", 3)] {
        assert_eq!(server.message().0, request(call_id, body));
    }
}

#[test]
fn a_keepalive_ping_is_answered() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.write_all(b"\r\n\r\n").unwrap();
    peer.write_all(&request("c1", 0)).unwrap();
    server.message();
    assert_eq!(read(&mut peer, 2), b"\r\n");
    assert_eq!(server.transport.stats().stream_keepalives, 1);
}

#[test]
fn a_send_opens_a_connection_and_the_next_one_uses_it() {
    let (mut server, (listener, address)) = (Server::tcp(), listen());
    server.send(server.to(address), b"one");
    let mut peer = accept(&listener);
    assert_eq!(peer.peer_addr().unwrap().ip(), server.address().ip());
    settle(&mut server, 1);
    assert_eq!(read(&mut peer, 3), b"one");
    server.send(server.to(address), b"two");
    assert_eq!(read(&mut peer, 3), b"two");
    assert_eq!(server.transport.stats().connections_opened, 1);
}

#[test]
fn a_request_comes_back_on_a_connection_that_was_opened() {
    let (mut server, (listener, address)) = (Server::tcp(), listen());
    server.send(server.to(address), b"one");
    let mut peer = accept(&listener);
    peer.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    assert_eq!((flow.local, flow.remote), (peer.peer_addr().unwrap(), address));
}

#[test]
fn a_connection_that_the_peer_opened_is_used_towards_its_address() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.write_all(&request("c1", 0)).unwrap();
    server.message();
    server.send(server.to(peer.local_addr().unwrap()), b"reused");
    assert_eq!(read(&mut peer, 6), b"reused");
}

#[test]
fn sends_of_many_threads_to_a_new_peer_share_one_connect() {
    let (mut server, (listener, address)) = (Server::tcp(), listen());
    let to = server.to(address);
    std::thread::scope(|scope| {
        for tag in 0..8 {
            let transport = &server.transport;
            scope.spawn(move || transport.send(&to, Bytes::from_static(b"12345678"), SendTag(tag)).unwrap());
        }
    });
    let mut peer = accept(&listener);
    settle(&mut server, 1);
    assert_eq!(read(&mut peer, 64), b"12345678".repeat(8));
    assert_eq!(server.transport.connection_count(TransportProtocol::Tcp), 1);
}

#[test]
fn a_refused_connect_fails_every_message_that_waited_for_it() {
    let (mut server, (listener, address)) = (Server::tcp(), listen());
    drop(listener);
    server.send_tagged(server.to(address), b"one", 1);
    server.send_tagged(server.to(address), b"two", 2);
    assert_eq!(server.endings(2), ["failed 1", "failed 2"]);
    assert_eq!(server.transport.stats().connects_failed, 1);
    assert_eq!(server.transport.connection_count(TransportProtocol::Tcp), 0);
}

#[test]
fn a_connection_that_the_peer_closes_is_reported_and_forgotten() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    drop(peer);
    assert!(matches!(server.next(), Incoming::ConnectionClosed { flow: closed } if closed == flow));
    assert_eq!(server.transport.connection_count(TransportProtocol::Tcp), 0);
}

#[test]
fn a_message_for_a_connection_that_is_gone_takes_a_new_one_to_the_same_peer() {
    let (mut server, (listener, address)) = (Server::tcp(), listen());
    server.send(server.to(address), b"one");
    let mut first = accept(&listener);
    first.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    drop(first);
    assert_eq!(server.endings(1), ["closed"]);
    server.send(flow, b"two");
    let mut second = accept(&listener);
    settle(&mut server, 2);
    assert_eq!(read(&mut second, 3), b"two");
}

#[test]
fn an_open_connection_is_used_whatever_the_listener() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    server.send(Destination { listener: ListenerId(9), ..flow.into() }, b"answer");
    assert_eq!(read(&mut peer, 6), b"answer");
}

#[test]
fn a_new_connection_needs_a_listener_of_its_protocol() {
    let (server, (_listener, address)) = (Server::tcp(), listen());
    let to = Destination { listener: ListenerId(9), ..server.to(address) };
    let error = server.transport.send(&to, Bytes::from_static(b"x"), SendTag(1)).unwrap_err();
    assert!(matches!(error, SendError::NoListener(TransportProtocol::Tcp)));
}

#[test]
fn connections_leave_from_the_address_of_their_listener() {
    let server = Server::new(TransportProtocol::Tcp, "127.0.0.2:0", TransportConfig::default());
    let (listener, address) = listen();
    server.send(server.to(address), b"one");
    assert_eq!(accept(&listener).peer_addr().unwrap().ip().to_string(), "127.0.0.2");
}

#[test]
fn a_stream_that_is_not_sip_is_closed() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(matches!(server.next(), Incoming::StreamRefused { head, .. } if head.starts_with(b"GET / HTTP/1.1")));
    assert_eq!(server.endings(1), ["closed"]);
    assert_eq!(peer.read(&mut [0; 16]).unwrap_or(0), 0);
}

#[test]
fn headers_that_are_too_large_are_answered_513_before_the_connection_ends() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    let mut message = request("c1", 0);
    message.truncate(message.len() - 2);
    message.extend(b"X-Large: ");
    message.resize(100_000, b'x');
    peer.write_all(&message).unwrap();
    assert!(matches!(server.next(), Incoming::StreamRefused { .. }));
    peer.write_all(&[b'x'; 10_000]).unwrap();
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"SIP/2.0 513 Message Too Large\r\n"));
    drop(peer);
    assert_eq!(server.endings(1), ["closed"]);
}

#[test]
fn a_refused_peer_that_never_stops_sending_is_cut_off() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.set_nonblocking(true).unwrap();
    let mut message = request("c1", 0);
    message.truncate(message.len() - 2);
    message.extend(b"X-Large: ");
    message.resize(4 << 20, b'x');
    let mut rest = &message[..];
    server.until("the connection is closed", |server| {
        if let Ok(written) = peer.write(rest) {
            rest = &rest[written..];
        }
        server.arrived.iter().any(|incoming| matches!(incoming, Incoming::ConnectionClosed { .. })).then_some(())
    });
}

#[test]
fn connections_are_spread_over_the_seats() {
    let mut server = Server::tcp_with(TransportConfig { seats: 2, ..TransportConfig::default() });
    let mut peers: Vec<TcpStream> = (0..4).map(|_| connect(&server)).collect();
    server.until("all are accepted", |server| (server.transport.stats().connections_accepted == 4).then_some(()));
    for peer in &mut peers {
        peer.write_all(&request("c1", 0)).unwrap();
    }
    let mut counts = [0, 0];
    server.until("both seats read", |server| {
        for (seat, count) in server.seats.iter().zip(&mut counts) {
            let mut incoming = Vec::new();
            seat.wait(Some(Duration::ZERO), server.now, &mut incoming).unwrap();
            *count += incoming.len();
        }
        (counts == [2, 2]).then_some(())
    });
}

#[test]
fn a_connection_can_be_closed_by_any_thread() {
    let mut server = Server::tcp();
    let mut peer = connect(&server);
    peer.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    let connection = flow.connection.unwrap();
    assert!(server.transport.is_open(connection));
    server.transport.close(connection);
    assert!(!server.transport.is_open(connection));
    assert_eq!(server.endings(1), ["closed"]);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_drain_refuses_new_connections_and_keeps_the_open_ones() {
    let mut server = Server::tcp_with(TransportConfig { seats: 2, ..TransportConfig::default() });
    let mut peer = connect(&server);
    peer.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    server.transport.close_listeners();
    assert!(TcpStream::connect(server.address()).is_err());
    server.send(flow, b"answer");
    assert_eq!(read(&mut peer, 6), b"answer");
    peer.write_all(&request("c2", 0)).unwrap();
    assert_eq!(server.message().0, request("c2", 0));
}

#[test]
fn ipv6_streams_work_as_ipv4_ones_do() {
    let mut server = Server::new(TransportProtocol::Tcp, "[::1]:0", TransportConfig::default());
    let mut peer = connect(&server);
    peer.write_all(&request("c1", 0)).unwrap();
    let (_, flow) = server.message();
    server.send(flow, b"answer");
    assert_eq!(read(&mut peer, 6), b"answer");
    let listener = TcpListener::bind("[::1]:0").unwrap();
    server.send(server.to(listener.local_addr().unwrap()), b"one");
    let mut other = accept(&listener);
    settle(&mut server, 1);
    assert_eq!(read(&mut other, 3), b"one");
}
