//! Opens the listening sockets with their options. It is done once, at start, and may block.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use nix::sys::socket::{setsockopt, sockopt};
use siphon_sip::{ListenerId, TransportProtocol};
use socket2::{Domain, Protocol, Socket, Type};

use crate::config::{ListenerConfig, TransportConfig};
use crate::error::BindError;
use crate::tcp::StreamListener;
use crate::udp::UdpListener;

/// Connections that may wait to be accepted; the system's own limit applies as well.
const BACKLOG: i32 = 4096;

/// The sockets of one listener.
#[derive(Debug)]
pub(crate) enum Sockets {
    Udp(UdpListener),
    Stream(StreamListener),
}

/// Opens one listener and says which address it has got.
pub(crate) fn listener(
    id: ListenerId,
    listener: &ListenerConfig,
    config: &TransportConfig,
) -> Result<(Sockets, SocketAddr), BindError> {
    let ListenerConfig { transport, address, dscp, .. } = *listener;
    let sockets = match transport {
        TransportProtocol::Udp => udp(listener, config.seats, config.udp_receive_buffer)
            .map(|(sockets, bound)| (Sockets::Udp(UdpListener::new(id, bound, sockets)), bound)),
        TransportProtocol::Tcp => tcp(listener)
            .map(|(socket, bound)| (Sockets::Stream(StreamListener::new(id, transport, bound, dscp, socket)), bound)),
        _ => return Err(BindError::UnsupportedProtocol { transport, address }),
    };
    sockets.map_err(|source| BindError::listener(transport, address, source))
}

/// Sets the code point of what a socket towards `address` sends (RFC 2474: the upper six bits of the octet).
pub(crate) fn set_dscp(socket: &Socket, address: SocketAddr, dscp: Option<u8>) -> io::Result<()> {
    match (dscp, address) {
        (None, _) => Ok(()),
        (Some(dscp), SocketAddr::V4(_)) => socket.set_tos_v4(u32::from(dscp) << 2),
        (Some(dscp), SocketAddr::V6(_)) => socket.set_tclass_v6(u32::from(dscp) << 2),
    }
}

/// The sockets of a UDP listener, one a seat. The first is bound without `SO_REUSEPORT`, so that it fails when
/// anybody has the address, a second server with the same option included; then it lets the others in.
fn udp(listener: &ListenerConfig, seats: usize, receive_buffer: usize) -> io::Result<(Vec<UdpSocket>, SocketAddr)> {
    let first = udp_socket(listener, receive_buffer)?;
    first.bind(&listener.address.into())?;
    let first = UdpSocket::from(first);
    let bound = first.local_addr()?;
    if seats > 1 {
        socket2::SockRef::from(&first).set_reuse_port(true)?;
    }
    let mut sockets = vec![first];
    while sockets.len() < seats {
        let socket = udp_socket(listener, receive_buffer)?;
        socket.set_reuse_port(true)?;
        socket.bind(&bound.into())?;
        sockets.push(socket.into());
    }
    Ok((sockets, bound))
}

fn udp_socket(listener: &ListenerConfig, receive_buffer: usize) -> io::Result<Socket> {
    let address = listener.address;
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    let wildcard = address.ip().is_unspecified();
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &wildcard)?;
    } else {
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &wildcard)?;
    }
    set_dscp(&socket, address, listener.dscp)?;
    grow_receive_buffer(&socket, address, receive_buffer)?;
    Ok(socket)
}

/// Asks for room for the datagrams that arrive while nobody reads, and says so when the host grants less.
fn grow_receive_buffer(socket: &Socket, address: SocketAddr, asked: usize) -> io::Result<()> {
    if setsockopt(socket, sockopt::RcvBufForce, &asked).is_err() {
        socket.set_recv_buffer_size(asked)?;
    }
    // The kernel doubles what it is asked for, to account for its own overhead, socket(7).
    let granted = socket.recv_buffer_size()? / 2;
    if granted < asked {
        tracing::warn!(
            listener = %address, asked, granted,
            "the host grants a smaller UDP receive buffer; raise net.core.rmem_max"
        );
    }
    Ok(())
}

fn tcp(listener: &ListenerConfig) -> io::Result<(TcpListener, SocketAddr)> {
    let address = listener.address;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Connections of an earlier process that linger in TIME_WAIT do not keep the port; a listening one does.
    socket.set_reuse_address(true)?;
    set_dscp(&socket, address, listener.dscp)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let socket = TcpListener::from(socket);
    let bound = socket.local_addr()?;
    Ok((socket, bound))
}
