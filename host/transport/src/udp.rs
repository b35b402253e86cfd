//! UDP listeners: one socket per seat under one address. Retransmission and DNS are elsewhere; a datagram is sent once.

mod error_queue;
mod receive;
mod source;

use std::io;
use std::net::{SocketAddr, UdpSocket};

use nix::errno::Errno;
use siphon_sip::{Destination, Flow, ListenerId, TransportProtocol};

use crate::error::SendError;
use crate::incoming::Incoming;
use crate::stats::Counters;
use source::LocalAddresses;

/// How often a send is tried when the socket reports the ICMP error of an earlier, unrelated one instead of sending.
const SEND_ATTEMPTS: usize = 8;

/// What UDP over IPv4 can carry; over IPv6 it is a few bytes more.
const MAX_DATAGRAM: usize = 65_507;

/// One address that datagrams come to and leave from.
#[derive(Debug)]
pub(crate) struct UdpListener {
    id: ListenerId,
    bound: SocketAddr,
    /// By seat. All of them have the same address.
    sockets: Vec<UdpSocket>,
    /// Only for a listener on all addresses.
    local_addresses: Option<LocalAddresses>,
}

impl UdpListener {
    /// A listener of sockets that are bound and non-blocking, one for each seat.
    pub(crate) fn new(id: ListenerId, bound: SocketAddr, sockets: Vec<UdpSocket>) -> Self {
        let local_addresses = bound.ip().is_unspecified().then(LocalAddresses::default);
        Self { id, bound, sockets, local_addresses }
    }

    /// The socket of a seat, or the first for a thread that has none.
    pub(crate) fn socket(&self, seat: usize) -> Option<&UdpSocket> {
        self.sockets.get(seat).or_else(|| self.sockets.first())
    }

    /// Takes one batch of datagrams from the seat's socket. What is left keeps the socket readable.
    pub(crate) fn receive(&self, seat: usize, counters: &Counters, incoming: &mut Vec<Incoming>) {
        let Some(socket) = self.socket(seat) else { return };
        let wildcard = self.local_addresses.is_some();
        receive::batch(socket, self.bound.is_ipv4(), wildcard, counters, |datagram, remote, arrived_at| {
            if is_keepalive(datagram) {
                counters.datagram_keepalives.increment();
                return;
            }
            let mut local = self.bound;
            if let (Some(addresses), Some(ip)) = (&self.local_addresses, arrived_at) {
                local.set_ip(ip);
                addresses.learn(remote, ip);
            }
            counters.datagrams_received.increment();
            let flow = Flow { transport: TransportProtocol::Udp, listener: self.id, local, remote, connection: None };
            incoming.push(Incoming::Datagram { bytes: datagram.to_vec().into(), flow });
        });
    }

    /// Empties the error queue of the seat's socket: ICMP errors of datagrams that any seat sent.
    pub(crate) fn receive_errors(&self, seat: usize, counters: &Counters, incoming: &mut Vec<Incoming>) {
        let Some(socket) = self.socket(seat) else { return };
        error_queue::drain(socket, self.bound.is_ipv4(), |remote, datagram| {
            counters.icmp_errors.increment();
            let to = Destination { transport: TransportProtocol::Udp, listener: self.id, remote, connection: None };
            incoming.push(Incoming::Unreachable { to, datagram });
        });
    }

    /// Sends one datagram, with one system call unless an error of another datagram is in the way.
    ///
    /// A datagram for which the kernel has no room counts as sent: it is lost like one that the network loses.
    pub(crate) fn send(
        &self,
        seat: usize,
        remote: SocketAddr,
        datagram: &[u8],
        counters: &Counters,
    ) -> Result<(), SendError> {
        if remote.is_ipv4() != self.bound.is_ipv4() {
            return Err(SendError::WrongFamily { local: self.bound, remote });
        }
        if datagram.len() > MAX_DATAGRAM {
            counters.datagrams_oversize.increment();
            return Err(SendError::TooLarge(datagram.len()));
        }
        let Some(socket) = self.socket(seat) else { return Err(SendError::NoListener(TransportProtocol::Udp)) };
        let source = self.local_addresses.as_ref().and_then(|addresses| addresses.towards(remote));
        let mut attempt = 1;
        loop {
            let sent = match source {
                None => socket.send_to(datagram, remote),
                Some(ip) => source::send_from(socket, ip, remote, datagram),
            };
            let Err(error) = sent else {
                counters.datagrams_sent.increment();
                return Ok(());
            };
            match Obstacle::of(&error) {
                Obstacle::EarlierError if attempt < SEND_ATTEMPTS => attempt += 1,
                Obstacle::NoRoom => {
                    counters.datagrams_dropped.increment();
                    return Ok(());
                }
                Obstacle::EarlierError | Obstacle::Refused => {
                    return Err(SendError::Unreachable { remote, source: error });
                }
            }
        }
    }
}

/// What kept a datagram from being sent.
enum Obstacle {
    /// Possibly the ICMP error of another datagram, which the kernel reports once, on whatever call comes next.
    EarlierError,
    /// The send buffer or the interface's queue is full.
    NoRoom,
    /// This datagram cannot be sent.
    Refused,
}

impl Obstacle {
    fn of(error: &io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw) {
            Some(
                Errno::ECONNREFUSED
                | Errno::EHOSTUNREACH
                | Errno::ENETUNREACH
                | Errno::EHOSTDOWN
                | Errno::ENONET
                | Errno::EPROTO
                | Errno::ENOPROTOOPT
                | Errno::EOPNOTSUPP
                | Errno::EACCES
                | Errno::EMSGSIZE
                | Errno::EINTR,
            ) => Self::EarlierError,
            Some(Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM) => Self::NoRoom,
            _ => Self::Refused,
        }
    }
}

/// Whether a datagram only keeps a NAT binding open: white space, or the NUL bytes that some phones send.
fn is_keepalive(datagram: &[u8]) -> bool {
    datagram.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0))
}
