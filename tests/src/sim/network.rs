//! The network: who is at which address, what names stand for, and which datagrams are lost, doubled or late. What is
//! in them is not its business.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use smallvec::SmallVec;

use super::random::Random;

/// Where the proxy listens.
pub(super) const LISTENERS: [&str; 2] = ["192.0.2.1:5060", "198.51.100.1:5060"];

/// How many of 100 datagrams are lost; as many are doubled, and as many are so late that others overtake them.
const TROUBLE_PERCENT: u64 = 10;

/// Who is at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The proxy, at that listener.
    Proxy(u16),
    /// A user agent.
    Agent,
    /// Nobody, and nobody says so.
    BlackHole,
    /// Nobody, and an ICMP error says so.
    Unreachable,
    /// The proxy's kernel has no route there.
    Unroutable,
}

impl Place {
    pub(super) fn of(address: SocketAddr) -> Self {
        if let Some(listener) = listeners().position(|listener| listener == address) {
            return Self::Proxy(listener as u16);
        }
        match address.ip() {
            std::net::IpAddr::V4(ip) => match ip.octets() {
                [10, 0..=2, ..] => Self::Agent,
                [10, 9, 1, _] => Self::Unreachable,
                [10, 9, 2, _] => Self::Unroutable,
                _ => Self::BlackHole,
            },
            std::net::IpAddr::V6(_) => Self::BlackHole,
        }
    }
}

/// The proxy's addresses.
pub(super) fn listeners() -> impl Iterator<Item = SocketAddr> {
    [[192, 0, 2, 1], [198, 51, 100, 1]].into_iter().map(address)
}

/// An address at the port of SIP.
pub(super) const fn address(octets: [u8; 4]) -> SocketAddr {
    let [a, b, c, d] = octets;
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), 5060))
}

/// A name that stands for these addresses, in this order: `a-10-1-2-3.sim`.
pub(super) fn name_of(addresses: &[SocketAddr]) -> String {
    let octets = addresses.iter().map(|address| address.ip().to_string().replace('.', "-"));
    format!("a-{}.sim", octets.collect::<Vec<_>>().join("-"))
}

/// A name that stands for nothing.
pub(super) const NO_NAME: &str = "nx.sim";

/// What a name stands for.
pub(super) fn resolve(name: &str) -> Vec<SocketAddr> {
    let Some(text) = name.strip_prefix("a-").and_then(|rest| rest.strip_suffix(".sim")) else { return Vec::new() };
    let octets: Vec<u8> = text.split('-').filter_map(|part| part.parse().ok()).collect();
    octets.as_chunks::<4>().0.iter().map(|octets| address(*octets)).collect()
}

/// Where a user agent sends what has this URI.
pub(super) fn address_of(uri: &str) -> Option<SocketAddr> {
    let uri = uri.split_once("sip:")?.1;
    let end = uri.find([';', '>', '?']).unwrap_or(uri.len());
    let place = &uri[..end];
    let host = place.split_once('@').map_or(place, |(_, host)| host);
    match host.parse() {
        Ok(address) => Some(address),
        Err(_) => resolve(host.split_once(':').map_or(host, |(name, _)| name)).first().copied(),
    }
}

/// How much was transmitted, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Datagrams that somebody sent.
    pub transmissions: u64,
    /// Datagrams that never arrived.
    pub lost: u64,
    /// Datagrams that arrived twice.
    pub doubled: u64,
    /// Copies that were late enough to be overtaken.
    pub late: u64,
}

/// The wires between all addresses.
pub(super) struct Network {
    random: Random,
    pub(super) traffic: Traffic,
}

impl Network {
    pub(super) const fn new(seed: u64) -> Self {
        let traffic = Traffic { transmissions: 0, lost: 0, doubled: 0, late: 0 };
        Self { random: Random::new(seed, 1), traffic }
    }

    /// How long each copy of a datagram is under way.
    pub(super) fn carry(&mut self) -> SmallVec<[Duration; 2]> {
        self.traffic.transmissions += 1;
        if self.random.percent(TROUBLE_PERCENT) {
            self.traffic.lost += 1;
            return SmallVec::new();
        }
        let is_doubled = self.random.percent(TROUBLE_PERCENT);
        self.traffic.doubled += u64::from(is_doubled);
        (0..1 + usize::from(is_doubled)).map(|_| self.delay()).collect()
    }

    fn delay(&mut self) -> Duration {
        let latency = self.random.millis(2, 40);
        if self.random.percent(TROUBLE_PERCENT) {
            self.traffic.late += 1;
            return latency + self.random.millis(50, 1_200);
        }
        latency
    }
}
