//! Ports for peers that must be told theirs. A socket of the test itself asks for port 0 and needs none of this.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};

/// Ports of one lease.
pub const BLOCK: u16 = 8;

/// Below what Linux gives away for port 0, so that no other socket of this machine takes a leased port meanwhile.
const FIRST: u16 = 10_000;
const BLOCKS: u16 = 2_700;

/// Eight neighbouring ports on 127.0.0.1 that no other test gets as long as the value lives. They are free, not bound:
/// the peer binds them.
pub struct Lease {
    base: u16,
    _lock: UnixListener,
}

impl Lease {
    /// Leases a block that nobody uses, for UDP and for TCP.
    ///
    /// # Panics
    /// When every block is taken.
    #[must_use]
    pub fn new() -> Self {
        let start = u16::try_from(std::process::id() % u32::from(BLOCKS)).unwrap();
        let numbers = (0..BLOCKS).map(|offset| (start + offset) % BLOCKS);
        numbers.map(|number| FIRST + number * BLOCK).find_map(Self::of).expect("no free ports")
    }

    /// The lock is a name in the kernel: it goes with the process, however that ends.
    fn of(base: u16) -> Option<Self> {
        let name = UnixAddr::from_abstract_name(format!("siphon-tests-ports-{base}")).unwrap();
        let lock = UnixListener::bind_addr(&name).ok()?;
        (base..base + BLOCK).all(is_free).then_some(Self { base, _lock: lock })
    }

    /// One port of the block.
    ///
    /// # Panics
    /// When the block is smaller.
    #[must_use]
    pub fn port(&self, offset: u16) -> u16 {
        assert!(offset < BLOCK, "a lease has {BLOCK} ports");
        self.base + offset
    }

    /// The address of the first port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        loopback(self.base)
    }
}

impl Default for Lease {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether somebody listens on this port of the machine, by UDP or by TCP. It looks without binding: a trial bind would
/// get in the way of the very process that is waited for.
#[must_use]
pub fn is_listening(transport: &str, port: u16) -> bool {
    const TCP_LISTEN: &str = "0A";
    let table = std::fs::read_to_string(format!("/proc/net/{transport}")).unwrap();
    let port = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, state) = (fields.next().unwrap_or_default(), fields.nth(1).unwrap_or_default());
        local.ends_with(&port) && (transport == "udp" || state == TCP_LISTEN)
    })
}

fn is_free(port: u16) -> bool {
    UdpSocket::bind(loopback(port)).is_ok() && TcpListener::bind(loopback(port)).is_ok()
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into()
}
