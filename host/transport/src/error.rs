//! Why a listener could not be opened and why a message could not be sent. Nothing that a peer does while reading is an
//! error here: that is an [`Incoming`](crate::Incoming).

use std::io;
use std::net::SocketAddr;

use siphon_sip::TransportProtocol;

/// The operator's or the host's fault: the transport cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another socket has the address, of this server or of another program.
    #[error("cannot listen on {transport}:{address}: the address is in use")]
    AddressInUse {
        /// The protocol of the listener.
        transport: TransportProtocol,
        /// The address of the listener.
        address: SocketAddr,
    },
    /// No interface of this host has the address.
    #[error("cannot listen on {transport}:{address}: no interface of this host has this address")]
    AddressNotLocal {
        /// The protocol of the listener.
        transport: TransportProtocol,
        /// The address of the listener.
        address: SocketAddr,
    },
    /// The port needs a privilege that the process does not have.
    #[error("cannot listen on {transport}:{address}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE")]
    NotPermitted {
        /// The protocol of the listener.
        transport: TransportProtocol,
        /// The address of the listener.
        address: SocketAddr,
    },
    /// The protocol is not implemented.
    #[error("cannot listen on {transport}:{address}: only udp and tcp are implemented")]
    UnsupportedProtocol {
        /// The protocol of the listener.
        transport: TransportProtocol,
        /// The address of the listener.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("cannot listen on {transport}:{address}: {source}")]
    Listener {
        /// The protocol of the listener.
        transport: TransportProtocol,
        /// The address of the listener.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// More listeners than a `ListenerId` can number.
    #[error("{0} listeners are more than 65535")]
    TooManyListeners(usize),
    /// No seat was asked for, so nobody could read.
    #[error("a transport needs at least one seat")]
    NoSeats,
    /// No epoll instance or eventfd could be made.
    #[error("cannot watch sockets: {0}")]
    Poller(#[source] io::Error),
}

impl BindError {
    /// Names the listener that `source` befell.
    pub(crate) fn listener(transport: TransportProtocol, address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse { transport, address },
            io::ErrorKind::AddrNotAvailable => Self::AddressNotLocal { transport, address },
            io::ErrorKind::PermissionDenied => Self::NotPermitted { transport, address },
            _ => Self::Listener { transport, address, source },
        }
    }
}

/// A message that certainly did not leave, known at once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The destination names a listener that does not exist or that speaks another protocol.
    #[error("no {0} listener to send from")]
    NoListener(TransportProtocol),
    /// The listener's address is of the other IP family than the peer's.
    #[error("the listener on {local} cannot reach {remote}: one is IPv4, the other IPv6")]
    WrongFamily {
        /// The listener's address.
        local: SocketAddr,
        /// The peer's address.
        remote: SocketAddr,
    },
    /// The message does not fit into a datagram.
    #[error("{0} bytes do not fit into a datagram")]
    TooLarge(usize),
    /// The system has no way to the peer.
    #[error("cannot send to {remote}: {source}")]
    Unreachable {
        /// The peer's address.
        remote: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The peer does not read, and as much as is allowed waits for it already.
    #[error("the send queue to {0} is full")]
    QueueFull(SocketAddr),
    /// A new connection would be needed, the table is full and no connection in it is idle.
    #[error("no connection to {0}: the connection table is full")]
    TooManyConnections(SocketAddr),
}
