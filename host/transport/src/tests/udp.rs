//! Datagrams in and out, and the ICMP errors about them.

use std::net::UdpSocket;

use super::*;
use crate::SendError;

fn peer() -> UdpSocket {
    peer_on("127.0.0.1:0")
}

fn peer_on(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// An address where nobody listens.
fn nowhere() -> SocketAddr {
    peer().local_addr().unwrap()
}

fn read(peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 1 << 16];
    let (length, from) = peer.recv_from(&mut buffer).unwrap();
    (buffer[..length].to_vec(), from)
}

#[test]
fn a_datagram_comes_with_the_way_it_came() {
    let (mut server, peer) = (Server::udp(), peer());
    peer.send_to(b"hello", server.address()).unwrap();
    let (bytes, flow) = server.message();
    assert_eq!(bytes, "hello");
    let expected = Flow {
        transport: TransportProtocol::Udp,
        listener: ListenerId(0),
        local: server.address(),
        remote: peer.local_addr().unwrap(),
        connection: None,
    };
    assert_eq!(flow, expected);
}

#[test]
fn an_answer_leaves_from_the_listener() {
    let (mut server, peer) = (Server::udp(), peer());
    peer.send_to(b"hello", server.address()).unwrap();
    let (_, flow) = server.message();
    server.send(flow, b"answer");
    assert_eq!(read(&peer), (b"answer".to_vec(), server.address()));
    assert_eq!(server.transport.stats().datagrams_sent, 1);
}

#[test]
fn more_datagrams_than_one_batch_come_in_order() {
    let (mut server, peer) = (Server::udp(), peer());
    for number in 0..100_u8 {
        peer.send_to(&[b'#', number], server.address()).unwrap();
    }
    for number in 0..100_u8 {
        assert_eq!(*server.message().0, [b'#', number]);
    }
}

#[test]
fn datagrams_of_different_lengths_keep_them() {
    let (mut server, peer) = (Server::udp(), peer());
    for length in [1, 65_507, 2, 1400] {
        peer.send_to(&vec![b'x'; length], server.address()).unwrap();
    }
    for length in [1, 65_507, 2, 1400] {
        assert_eq!(server.message().0.len(), length);
    }
}

#[test]
fn keepalives_are_counted_and_left_out() {
    let (mut server, peer) = (Server::udp(), peer());
    for keepalive in [&b"\r\n\r\n"[..], b"", b"\0\0\0\0", b" \t\r\n"] {
        peer.send_to(keepalive, server.address()).unwrap();
    }
    peer.send_to(b"\r\nhello", server.address()).unwrap();
    assert_eq!(server.message().0, "\r\nhello");
    let stats = server.transport.stats();
    assert_eq!((stats.datagram_keepalives, stats.datagrams_received), (4, 1));
}

#[test]
fn an_icmp_error_comes_with_the_beginning_of_the_datagram() {
    let (mut server, nowhere) = (Server::udp(), nowhere());
    let datagram = request("c1", 2000);
    server.send(server.to(nowhere), &datagram);
    match server.next() {
        Incoming::Unreachable { to, datagram: beginning } => {
            assert_eq!(to, server.to(nowhere));
            assert!(beginning.len() >= 100 && datagram.starts_with(&beginning), "{beginning:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(server.transport.stats().icmp_errors, 1);
}

#[test]
fn an_icmp_error_reaches_a_reader_whichever_seat_sent() {
    let mut server =
        Server::new(TransportProtocol::Udp, "127.0.0.1:0", TransportConfig { seats: 2, ..Default::default() });
    for _ in 0..8 {
        server.send(server.to(nowhere()), b"lost");
        assert!(matches!(server.next(), Incoming::Unreachable { .. }));
    }
}

#[test]
fn the_icmp_error_of_one_send_does_not_fail_another() {
    let (server, peer) = (Server::udp(), peer());
    for _ in 0..20 {
        server.send(server.to(nowhere()), b"lost");
        server.send(server.to(peer.local_addr().unwrap()), b"arrives");
        assert_eq!(read(&peer).0, b"arrives");
    }
}

#[test]
fn datagrams_are_read_while_icmp_errors_are_pending() {
    let (mut server, peer) = (Server::udp(), peer());
    server.send(server.to(nowhere()), b"lost");
    peer.send_to(b"hello", server.address()).unwrap();
    let both = [server.next(), server.next()];
    assert!(both.iter().any(|incoming| matches!(incoming, Incoming::Unreachable { .. })));
    assert!(both.iter().any(|incoming| matches!(incoming, Incoming::Datagram { .. })));
}

#[test]
fn what_no_datagram_can_carry_is_refused_at_once() {
    let (server, peer) = (Server::udp(), peer());
    let to = server.to(peer.local_addr().unwrap());
    let error = server.transport.send(&to, vec![b'x'; 65_508].into(), SendTag(1)).unwrap_err();
    assert!(matches!(error, SendError::TooLarge(65_508)));
    assert_eq!(server.transport.stats().datagrams_oversize, 1);
}

#[test]
fn a_peer_of_the_other_family_is_refused_at_once() {
    let server = Server::udp();
    let to = server.to("[::1]:5060".parse().unwrap());
    let error = server.transport.send(&to, Bytes::from_static(b"x"), SendTag(1)).unwrap_err();
    assert!(matches!(error, SendError::WrongFamily { .. }));
}

#[test]
fn a_listener_that_does_not_exist_is_refused_at_once() {
    let server = Server::udp();
    let to = Destination { listener: ListenerId(7), ..server.to(nowhere()) };
    let error = server.transport.send(&to, Bytes::from_static(b"x"), SendTag(1)).unwrap_err();
    assert!(matches!(error, SendError::NoListener(TransportProtocol::Udp)));
}

#[test]
fn a_listener_on_all_addresses_answers_from_the_one_that_the_peer_spoke_to() {
    let mut server = Server::new(TransportProtocol::Udp, "0.0.0.0:0", TransportConfig::default());
    let port = server.address().port();
    for address in ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.2"] {
        let spoken_to = SocketAddr::new(address.parse().unwrap(), port);
        let peer = peer();
        peer.send_to(b"hello", spoken_to).unwrap();
        let (_, flow) = server.message();
        assert_eq!(flow.local, spoken_to);
        server.send(flow, b"answer");
        assert_eq!(read(&peer), (b"answer".to_vec(), spoken_to));
    }
}

#[test]
fn ipv6_works_as_ipv4_does() {
    let mut server = Server::new(TransportProtocol::Udp, "[::1]:0", TransportConfig::default());
    let peer = peer_on("[::1]:0");
    peer.send_to(b"hello", server.address()).unwrap();
    let (_, flow) = server.message();
    assert_eq!((flow.local, flow.remote), (server.address(), peer.local_addr().unwrap()));
    server.send(flow, b"answer");
    assert_eq!(read(&peer), (b"answer".to_vec(), server.address()));
    let gone = peer.local_addr().unwrap();
    drop(peer);
    server.send(server.to(gone), b"lost");
    assert!(matches!(server.next(), Incoming::Unreachable { to, datagram } if to.remote == gone && datagram == "lost"));
}

#[test]
fn a_listener_on_all_ipv6_addresses_knows_the_one_that_the_peer_spoke_to() {
    let mut server = Server::new(TransportProtocol::Udp, "[::]:0", TransportConfig::default());
    let peer = peer_on("[::1]:0");
    let spoken_to: SocketAddr = format!("[::1]:{}", server.address().port()).parse().unwrap();
    peer.send_to(b"hello", spoken_to).unwrap();
    assert_eq!(server.message().1.local, spoken_to);
}

#[test]
fn one_thread_reads_listeners_of_both_families_and_kinds() {
    let listeners = ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"]
        .map(|address| ListenerConfig::new(TransportProtocol::Udp, address.parse().unwrap()));
    let config = TransportConfig { listeners: listeners.to_vec(), ..TransportConfig::default() };
    let (transport, seats) = bind(&config).unwrap();
    let bound: Vec<u16> = transport.listeners().iter().map(|listener| listener.bound.port()).collect();
    let mut server = Server { transport, seats, now: Time::ZERO, arrived: VecDeque::new() };
    let (four, six) = (peer(), peer_on("[::1]:0"));
    for _ in 0..3 {
        for (peer, ip, port) in [(&four, "127.0.0.1", 0), (&six, "[::1]", 1), (&four, "127.0.0.2", 2)] {
            peer.send_to(b"hello", format!("{ip}:{}", bound[port])).unwrap();
            let (_, flow) = server.message();
            assert_eq!(flow.remote, peer.local_addr().unwrap());
            assert_eq!(usize::from(flow.listener.0), port);
            assert_eq!(flow.local.to_string(), format!("{ip}:{}", bound[port]));
        }
    }
}
