//! Where a message came from and where one shall go, as plain values. The sockets themselves live in `siphon-transport`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// The transport protocols of RFC 3261 section 18 and RFC 7118.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransportProtocol {
    /// Datagrams.
    Udp,
    /// Streams in the clear.
    Tcp,
    /// Streams under TLS.
    Tls,
    /// WebSocket in the clear.
    Ws,
    /// WebSocket under TLS.
    Wss,
    /// SCTP.
    Sctp,
}

impl TransportProtocol {
    /// The token of a Via header: `UDP`.
    #[must_use]
    pub const fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Sctp => "SCTP",
        }
    }

    /// The value of a `transport` parameter: `udp`. Scripts see this form.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Sctp => "sctp",
        }
    }

    /// Whether the transport delivers in order and without loss, so that nothing is retransmitted over it (RFC 3261 17).
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether the transport is protected, as a `sips` URI demands.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The port that a URI or a Via without one means (RFC 3261 19.1.2, RFC 7118 5.2).
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
            Self::Udp | Self::Tcp | Self::Sctp => 5060,
        }
    }
}

impl fmt::Display for TransportProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parameter())
    }
}

/// The name is not one of a transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a transport: udp, tcp, tls, ws, wss or sctp")]
pub struct UnknownTransport;

impl FromStr for TransportProtocol {
    type Err = UnknownTransport;

    /// Reads a Via token or a `transport` parameter, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownTransport> {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss, Self::Sctp]
            .into_iter()
            .find(|transport| transport.parameter().eq_ignore_ascii_case(name))
            .ok_or(UnknownTransport)
    }
}

/// One address that this server listens on, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u16);

/// One stream connection of this process; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The way that a message came in: what a response, or a later request to the same peer, goes back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The transport protocol.
    pub transport: TransportProtocol,
    /// The listener whose socket it is. An outbound connection has the listener that its address was chosen from.
    pub listener: ListenerId,
    /// Our address, as the peer sees the socket.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The connection, on stream transports.
    pub connection: Option<ConnectionId>,
}

/// Where a message shall be sent: an address that is already resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The transport protocol.
    pub transport: TransportProtocol,
    /// The listener to send from.
    pub listener: ListenerId,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The connection to use; without one, or where it is gone, an open connection to `remote` or a new one.
    pub connection: Option<ConnectionId>,
}

impl From<Flow> for Destination {
    fn from(flow: Flow) -> Self {
        Self { transport: flow.transport, listener: flow.listener, remote: flow.remote, connection: flow.connection }
    }
}
