//! Hosts, and hosts with ports, as URIs and Via name them (RFC 3261 25.1, RFC 5118). Nothing is resolved here.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::ByteStr;
use crate::grammar::{self, ByteSet};

/// What may stand in a domain name.
static NAME: ByteSet = ByteSet::alphanumeric_and(b"-._");

/// A host. Names compare without case; addresses by value, however they are spelt.
#[derive(Clone, Debug)]
pub enum Host {
    /// A domain name.
    Name(ByteStr),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, printed in brackets.
    V6(Ipv6Addr),
}

/// The text is not a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host name or address")]
pub struct InvalidHost;

impl Host {
    /// Reads a name, an IPv4 address, or an IPv6 address with or without brackets.
    pub fn parse(text: impl Into<ByteStr>) -> Result<Self, InvalidHost> {
        let text = text.into();
        Ok(match HostRef::parse(&text)? {
            HostRef::Name(_) => Self::Name(text),
            HostRef::V4(address) => Self::V4(address),
            HostRef::V6(address) => Self::V6(address),
        })
    }

    /// Reads `host` or `host:port`, a part of `source`.
    pub(crate) fn parse_with_port(source: &ByteStr, text: &[u8]) -> Result<(Self, Option<u16>), InvalidHost> {
        let (host, port) = HostRef::parse_with_port(text)?;
        Ok((host.in_source(source), port))
    }

    /// The address, when it is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match *self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(address)),
            Self::V6(address) => Some(IpAddr::V6(address)),
        }
    }

    /// The name without its closing dot, or nothing for an address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => name.to_str().map(|name| name.strip_suffix('.').unwrap_or(name)),
            Self::V4(_) | Self::V6(_) => None,
        }
    }

    /// Appends the host as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Name(name) => out.extend_from_slice(name),
            Self::V4(address) => write_ipv4(out, *address),
            Self::V6(_) => out.extend_from_slice(self.to_string().as_bytes()),
        }
    }
}

/// As [`Host`], with a name that is borrowed from the text that it was read from.
#[derive(Clone, Copy, Debug)]
pub enum HostRef<'a> {
    /// A domain name.
    Name(&'a [u8]),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

impl<'a> HostRef<'a> {
    /// Reads a name, an IPv4 address, or an IPv6 address with or without brackets.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, InvalidHost> {
        let Some(&first) = text.first() else { return Err(InvalidHost) };
        if first.is_ascii_digit()
            && let Some(address) = parse_ipv4(text)
        {
            return Ok(Self::V4(address));
        }
        if NAME.has_all_of(text) {
            return Ok(Self::Name(text));
        }
        let inner = text.strip_prefix(b"[").map_or(Some(text), |rest| rest.strip_suffix(b"]"));
        inner.and_then(parse_ipv6).map(Self::V6).ok_or(InvalidHost)
    }

    /// Reads `host` or `host:port`.
    pub(crate) fn parse_with_port(text: &'a [u8]) -> Result<(Self, Option<u16>), InvalidHost> {
        let host_end = match text.first() {
            Some(b'[') => memchr::memchr(b']', text).map_or(text.len(), |at| at + 1),
            _ => text.iter().position(|byte| *byte == b':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at_checked(host_end).unwrap_or((text, &[]));
        let host = Self::parse(grammar::trim(host))?;
        let port = match grammar::trim(rest) {
            [] => None,
            [b':', digits @ ..] => Some(grammar::parse_u16(grammar::trim(digits)).ok_or(InvalidHost)?),
            _ => return Err(InvalidHost),
        };
        Ok((host, port))
    }

    /// The same host as a slice of `source`, which it was read from.
    pub(crate) fn in_source(self, source: &ByteStr) -> Host {
        match self {
            Self::Name(name) => Host::Name(source.slice_of(name)),
            Self::V4(address) => Host::V4(address),
            Self::V6(address) => Host::V6(address),
        }
    }

    /// The address, when it is one.
    #[must_use]
    pub const fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(address)),
            Self::V6(address) => Some(IpAddr::V6(address)),
        }
    }
}

/// An address with one colon too many, which the grammar of RFC 3261 allows, is tolerated (RFC 5118 4.10).
fn parse_ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    parse_address(text).or_else(|| {
        let extra = text.windows(3).position(|window| window == b":::")?;
        let (before, rest) = grammar::cut(text, extra);
        parse_address(&[before, rest].concat())
    })
}

/// Four numbers up to 255 without leading zeros: what [`Ipv4Addr`] reads too, but for every Via and URI.
fn parse_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut rest = text;
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let (first, mut behind) = rest.split_first()?;
        *octet = first.checked_sub(b'0').filter(|digit| *digit < 10)?;
        while let Some((digit @ b'0'..=b'9', tail)) = behind.split_first() {
            if *octet == 0 {
                return None;
            }
            *octet = octet.checked_mul(10)?.checked_add(digit - b'0')?;
            behind = tail;
        }
        rest = behind;
    }
    rest.is_empty().then(|| Ipv4Addr::from(octets))
}

fn write_ipv4(out: &mut Vec<u8>, address: Ipv4Addr) {
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        crate::print::write_decimal(out, u64::from(octet));
    }
}

fn parse_address<A: std::str::FromStr>(text: &[u8]) -> Option<A> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            (one, two) => one.ip() == two.ip() && one.ip().is_some(),
        }
    }
}

impl Eq for Host {}

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => name.iter().for_each(|byte| state.write_u8(byte.to_ascii_lowercase())),
            Self::V4(_) | Self::V6(_) => self.ip().hash(state),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => fmt::Display::fmt(name, f),
            Self::V4(address) => fmt::Display::fmt(address, f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

/// A host and maybe a port: the `sent-by` of a Via, the `hostport` of a URI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SentBy {
    /// The host.
    pub host: Host,
    /// The port; without one the transport's default is meant.
    pub port: Option<u16>,
}

impl SentBy {
    /// Reads `host` or `host:port`.
    pub fn parse(text: impl Into<ByteStr>) -> Result<Self, InvalidHost> {
        let text = text.into();
        let (host, port) = Host::parse_with_port(&text, &text)?;
        Ok(Self { host, port })
    }

    /// Appends `host` or `host:port`.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(b':');
            crate::print::write_decimal(out, u64::from(port));
        }
    }
}

impl From<SocketAddr> for SentBy {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().into(), port: Some(address.port()) }
    }
}

impl fmt::Display for SentBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => fmt::Display::fmt(&self.host, f),
        }
    }
}
