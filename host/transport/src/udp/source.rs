//! From which of several local addresses a listener on all addresses answers: the one that the peer spoke to. A
//! listener on one address has no need of it.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, SockaddrIn6, sendmsg};
use parking_lot::Mutex;

/// Peers that are remembered before the older half is forgotten.
const PEERS: usize = 16_384;

/// Which local address each peer spoke to. As long as all speak to the same one, there is nothing to remember and no
/// lock.
#[derive(Debug, Default)]
pub(super) struct LocalAddresses {
    first: OnceLock<IpAddr>,
    several: AtomicBool,
    peers: Mutex<Peers>,
}

/// Two generations: when the younger is full, the older is forgotten.
#[derive(Debug, Default)]
struct Peers {
    younger: HashMap<SocketAddr, IpAddr>,
    older: HashMap<SocketAddr, IpAddr>,
}

impl LocalAddresses {
    /// Notes that `remote` spoke to `local`.
    pub(super) fn learn(&self, remote: SocketAddr, local: IpAddr) {
        if !self.several.load(Ordering::Relaxed) {
            if *self.first.get_or_init(|| local) == local {
                return;
            }
            self.several.store(true, Ordering::Relaxed);
        }
        let mut peers = self.peers.lock();
        if peers.younger.len() >= PEERS / 2 {
            peers.older = std::mem::take(&mut peers.younger);
        }
        peers.younger.insert(remote, local);
    }

    /// The address to send to `remote` from; `None` leaves it to the routing table.
    pub(super) fn towards(&self, remote: SocketAddr) -> Option<IpAddr> {
        if !self.several.load(Ordering::Relaxed) {
            return None;
        }
        let peers = self.peers.lock();
        peers.younger.get(&remote).or_else(|| peers.older.get(&remote)).copied()
    }
}

/// Sends one datagram from one of the addresses of a socket that is bound to all of them.
pub(super) fn send_from(socket: &UdpSocket, source: IpAddr, remote: SocketAddr, datagram: &[u8]) -> io::Result<usize> {
    let (socket, bytes, flags) = (socket.as_raw_fd(), [IoSlice::new(datagram)], MsgFlags::MSG_NOSIGNAL);
    let sent = match (source, remote) {
        (IpAddr::V4(source), SocketAddr::V4(remote)) => {
            let source = libc::in_addr { s_addr: u32::from_ne_bytes(source.octets()) };
            let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: source, ipi_addr: source };
            let control = [ControlMessage::Ipv4PacketInfo(&info)];
            sendmsg(socket, &bytes, &control, flags, Some(&SockaddrIn::from(remote)))?
        }
        (IpAddr::V6(source), SocketAddr::V6(remote)) => {
            let source = libc::in6_addr { s6_addr: source.octets() };
            let info = libc::in6_pktinfo { ipi6_addr: source, ipi6_ifindex: 0 };
            let control = [ControlMessage::Ipv6PacketInfo(&info)];
            sendmsg(socket, &bytes, &control, flags, Some(&SockaddrIn6::from(remote)))?
        }
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn local(last: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, last])
    }

    #[test]
    fn a_host_with_one_address_leaves_the_choice_to_the_routing_table() {
        let addresses = LocalAddresses::default();
        addresses.learn(peer(1), local(1));
        addresses.learn(peer(2), local(1));
        assert_eq!(addresses.towards(peer(1)), None);
    }

    #[test]
    fn a_peer_is_answered_from_the_address_that_it_spoke_to_last() {
        let addresses = LocalAddresses::default();
        addresses.learn(peer(1), local(1));
        addresses.learn(peer(2), local(2));
        addresses.learn(peer(1), local(1));
        assert_eq!(addresses.towards(peer(1)), Some(local(1)));
        assert_eq!(addresses.towards(peer(2)), Some(local(2)));
        addresses.learn(peer(1), local(2));
        assert_eq!(addresses.towards(peer(1)), Some(local(2)));
    }

    #[test]
    fn only_so_many_peers_are_remembered_and_the_latest_is_among_them() {
        let addresses = LocalAddresses::default();
        addresses.learn(peer(1), local(1));
        for port in 0..=u16::MAX {
            addresses.learn(peer(port), local(2));
        }
        let peers = addresses.peers.lock();
        assert!(peers.younger.len() + peers.older.len() <= PEERS);
        assert!(peers.younger.contains_key(&peer(u16::MAX)));
    }
}
