//! Opening listeners, and the wait itself.

use std::net::UdpSocket;

use super::*;
use crate::BindError;

fn config(transport: TransportProtocol, address: SocketAddr, seats: usize) -> TransportConfig {
    TransportConfig { listeners: vec![ListenerConfig::new(transport, address)], seats, ..TransportConfig::default() }
}

fn refusal(transport: TransportProtocol, address: SocketAddr) -> BindError {
    bind(&config(transport, address, 2)).map(|_| ()).unwrap_err()
}

#[test]
fn a_second_server_fails_to_bind_the_same_udp_address() {
    let server = Server::new(TransportProtocol::Udp, "127.0.0.1:0", TransportConfig { seats: 2, ..Default::default() });
    assert!(matches!(refusal(TransportProtocol::Udp, server.address()), BindError::AddressInUse { .. }));
}

#[test]
fn a_second_server_fails_to_bind_the_same_tcp_address() {
    let server = Server::tcp();
    assert!(matches!(refusal(TransportProtocol::Tcp, server.address()), BindError::AddressInUse { .. }));
}

#[test]
fn a_bind_error_names_the_address_and_the_reason() {
    let error = refusal(TransportProtocol::Udp, "203.0.113.77:5060".parse().unwrap());
    let expected = "cannot listen on udp:203.0.113.77:5060: no interface of this host has this address";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_protocol_that_is_not_implemented_is_refused() {
    let error = refusal(TransportProtocol::Tls, "127.0.0.1:0".parse().unwrap());
    assert!(matches!(error, BindError::UnsupportedProtocol { .. }));
}

#[test]
fn a_transport_without_a_seat_is_refused() {
    let error = bind(&config(TransportProtocol::Udp, "127.0.0.1:0".parse().unwrap(), 0)).map(|_| ()).unwrap_err();
    assert!(matches!(error, BindError::NoSeats));
}

#[test]
fn udp_and_tcp_listeners_have_the_ids_of_their_places() {
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let listeners = vec![
        ListenerConfig::new(TransportProtocol::Udp, address),
        ListenerConfig::new(TransportProtocol::Tcp, address),
    ];
    let (transport, _) = bind(&TransportConfig { listeners, ..TransportConfig::default() }).unwrap();
    let ids: Vec<_> = transport.listeners().iter().map(|listener| (listener.id.0, listener.transport)).collect();
    assert_eq!(ids, [(0, TransportProtocol::Udp), (1, TransportProtocol::Tcp)]);
    assert!(transport.listeners().iter().all(|listener| listener.bound.port() != 0));
}

#[test]
fn all_seats_share_the_free_port_and_each_has_its_part_of_the_peers() {
    let server = Server::new(TransportProtocol::Udp, "127.0.0.1:0", TransportConfig { seats: 2, ..Default::default() });
    let mut counts = [0, 0];
    for round in 0.. {
        assert!(round < 200, "one seat got nothing: {counts:?}");
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.send_to(b"hello", server.address()).unwrap();
        let mut incoming = Vec::new();
        for (seat, count) in server.seats.iter().zip(&mut counts) {
            seat.wait(Some(Duration::ZERO), Time::ZERO, &mut incoming).unwrap();
            *count += incoming.drain(..).count();
        }
        if counts.iter().all(|count| *count > 0) {
            return;
        }
    }
}

#[test]
fn a_wait_ends_at_its_timeout_with_nothing() {
    let server = Server::udp();
    let mut incoming = Vec::new();
    server.seats[0].wait(Some(Duration::from_millis(1)), Time::ZERO, &mut incoming).unwrap();
    assert!(incoming.is_empty());
}

#[test]
fn a_wake_from_another_thread_ends_the_wait() {
    let server = Server::udp();
    let seat = Arc::clone(&server.seats[0]);
    let waker = std::thread::spawn(move || seat.wake());
    let mut incoming = Vec::new();
    server.seats[0].wait(None, Time::ZERO, &mut incoming).unwrap();
    waker.join().unwrap();
    assert!(incoming.is_empty());
}

#[test]
fn the_code_point_is_set_on_what_is_sent() {
    let mut listener = ListenerConfig::new(TransportProtocol::Udp, "127.0.0.1:0".parse().unwrap());
    listener.dscp = Some(24);
    let (transport, _) = bind(&TransportConfig { listeners: vec![listener], ..TransportConfig::default() }).unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket2::SockRef::from(&peer).set_recv_tos_v4(true).unwrap();
    let to = Destination {
        transport: TransportProtocol::Udp,
        listener: ListenerId(0),
        remote: peer.local_addr().unwrap(),
        connection: None,
    };
    transport.send(&to, Bytes::from_static(b"hello"), SendTag(0)).unwrap();
    assert_eq!(received_tos(&peer), 24 << 2);
}

/// The type of service octet of the next datagram.
fn received_tos(peer: &UdpSocket) -> u8 {
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg};
    use std::os::fd::AsRawFd;

    let (mut bytes, mut control) = ([0; 64], nix::cmsg_space!(u8));
    let mut slices = [std::io::IoSliceMut::new(&mut bytes)];
    let message = recvmsg::<SockaddrIn>(peer.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty()).unwrap();
    let tos = message.cmsgs().unwrap().find_map(|control| match control {
        ControlMessageOwned::Ipv4Tos(tos) => Some(tos),
        _ => None,
    });
    tos.unwrap()
}
