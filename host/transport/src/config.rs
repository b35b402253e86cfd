//! What the transport is told at start. It reads no file and knows no key names; `siphon-server` maps its
//! configuration to this.

use std::net::SocketAddr;
use std::time::Duration;

use siphon_sip::{Host, Limits, TransportProtocol};

/// One address to listen on.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// The protocol: UDP or TCP.
    pub transport: TransportProtocol,
    /// The address to bind; port 0 takes a free port, the same one for all seats.
    pub address: SocketAddr,
    /// What Via, Contact and Record-Route say instead of the address that is bound.
    pub advertise: Option<(Host, Option<u16>)>,
    /// The differentiated services code point of what is sent, 0 to 63 (RFC 2474); the system's default without one.
    pub dscp: Option<u8>,
}

impl ListenerConfig {
    /// A listener that advertises what it binds.
    #[must_use]
    pub const fn new(transport: TransportProtocol, address: SocketAddr) -> Self {
        Self { transport, address, advertise: None, dscp: None }
    }
}

/// The listeners and the limits of one [`Transport`](crate::Transport).
#[derive(Clone, Debug)]
pub struct TransportConfig {
    /// The addresses to listen on. A [`ListenerId`](siphon_sip::ListenerId) is the place in this list.
    pub listeners: Vec<ListenerConfig>,
    /// How many seats there are: how many threads can read at the same time. At least one.
    pub seats: usize,
    /// Bytes of kernel receive buffer that each UDP socket asks for. The kernel may grant less, which is logged.
    pub udp_receive_buffer: usize,
    /// Stream connections, in both directions together. At the limit the one that has been idle longest is closed.
    pub max_connections: usize,
    /// A connection on which nothing was read or written for this long is closed; up to a quarter later.
    pub connection_idle: Duration,
    /// A message that stays half received, or half sent, for this long closes its connection; up to a quarter later.
    pub incomplete_message: Duration,
    /// A connect that has not been answered after this long has failed; up to a quarter later.
    pub connect_timeout: Duration,
    /// Bytes that wait for a peer that does not read, per connection. What comes on top is refused.
    pub send_queue_bytes: usize,
    /// Limits of one message, for the framing on streams.
    pub limits: Limits,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            listeners: Vec::new(),
            seats: 1,
            udp_receive_buffer: 4 << 20,
            max_connections: 16_384,
            connection_idle: Duration::from_secs(300),
            incomplete_message: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            send_queue_bytes: 1 << 20,
            limits: Limits::default(),
        }
    }
}
