//! The opaque parameter of our Record-Route URIs: tenant, inbound flow and a MAC under `server.secret`, so that
//! in-dialog requests find their way after a restart too. It is not a secret and carries nothing that the peer does
//! not know.

use std::hash::Hasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use siphasher::sip::SipHasher13;
use siphon_sip::{ConnectionId, Flow, ListenerId, TenantId, TransportProtocol};
use smallvec::SmallVec;

/// The name of the parameter: `;tok=...`.
pub const PARAMETER: &str = "tok";

/// What `server.secret` is hashed with. 64 bits of the MAC are kept: forging one takes 2^63 messages to this server.
const MAC_LENGTH: usize = 8;
const VERSION: u8 = 1;
const FLAG_IPV6: u8 = 0x10;
const FLAG_CONNECTION: u8 = 0x20;
const FLAG_ADJACENT: u8 = 0x40;

/// What a Record-Route URI of ours says about the request that it was put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteFacts {
    /// Whose dialog it is.
    pub tenant: TenantId,
    /// How the dialog-forming request came in. `local` is not kept: it is unspecified, port 0.
    pub flow: Flow,
    /// Whether the flow leads to the user agent itself and is the better way to it: the request had one Via, and came
    /// over a stream or through a NAT. Only then is it preferred to the remote target of the dialog.
    pub adjacent: bool,
    /// The print of the caller's From-tag, which tells the directions of the dialog apart: [`tag_print`].
    pub caller: u32,
}

/// A few bits of a tag; enough to tell the two tags of one dialog apart.
#[must_use]
pub fn tag_print(tag: Option<&[u8]>) -> u32 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    let lower: SmallVec<[u8; 64]> = tag.unwrap_or_default().iter().map(u8::to_ascii_lowercase).collect();
    hasher.write(&lower);
    u32::try_from(hasher.finish() >> 32).unwrap_or_default()
}

/// Makes and opens the parameter. Cheap to clone.
#[derive(Clone)]
pub struct RouteTokens {
    keyed: Hmac<Sha256>,
    epoch: u32,
}

impl std::fmt::Debug for RouteTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RouteTokens")
    }
}

impl RouteTokens {
    /// Tokens under `server.secret`, of any length. `epoch` tells this run of the server from others: connections of
    /// another run are left out of what a token gives back.
    #[must_use]
    pub fn new(secret: &[u8], epoch: u32) -> Self {
        // HMAC takes keys of every length; the error type exists for other algorithms behind the same trait.
        let keyed = Hmac::<Sha256>::new_from_slice(secret)
            .unwrap_or_else(|_| <Hmac<Sha256> as Mac>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        Self { keyed, epoch }
    }

    /// The parameter's value: some 30 characters of `A-Z a-z 0-9 - _`.
    #[must_use]
    pub fn seal(&self, facts: &RouteFacts) -> String {
        let mut bytes = Vec::with_capacity(48);
        encode(facts, self.epoch, &mut bytes);
        let mac = self.mac(&bytes);
        bytes.extend_from_slice(&mac);
        to_base64(&bytes)
    }

    /// What a value of ours says; `None` when it is not ours or was changed.
    #[must_use]
    pub fn open(&self, value: &[u8]) -> Option<RouteFacts> {
        let bytes = from_base64(value)?;
        let (body, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LENGTH)?)?;
        let mut keyed = self.keyed.clone();
        keyed.update(body);
        keyed.verify_truncated_left(mac).ok()?;
        decode(body, self.epoch)
    }

    fn mac(&self, body: &[u8]) -> [u8; MAC_LENGTH] {
        let mut keyed = self.keyed.clone();
        keyed.update(body);
        let full = keyed.finalize().into_bytes();
        let mut mac = [0; MAC_LENGTH];
        for (kept, byte) in mac.iter_mut().zip(full) {
            *kept = byte;
        }
        mac
    }
}

fn encode(facts: &RouteFacts, epoch: u32, bytes: &mut Vec<u8>) {
    let flow = &facts.flow;
    let mut flags = VERSION;
    if flow.remote.is_ipv6() {
        flags |= FLAG_IPV6;
    }
    if flow.connection.is_some() {
        flags |= FLAG_CONNECTION;
    }
    if facts.adjacent {
        flags |= FLAG_ADJACENT;
    }
    bytes.push(flags);
    bytes.push(transport_code(flow.transport));
    push_number(bytes, u64::from(facts.tenant.0));
    push_number(bytes, u64::from(flow.listener.0));
    match flow.remote.ip() {
        IpAddr::V4(address) => bytes.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => bytes.extend_from_slice(&address.octets()),
    }
    bytes.extend_from_slice(&flow.remote.port().to_be_bytes());
    bytes.extend_from_slice(&facts.caller.to_be_bytes());
    if let Some(ConnectionId(connection)) = flow.connection {
        bytes.extend_from_slice(&epoch.to_be_bytes());
        push_number(bytes, connection);
    }
}

fn decode(bytes: &[u8], epoch: u32) -> Option<RouteFacts> {
    let mut reader = Reader { rest: bytes };
    let flags = reader.byte()?;
    if flags & 0x0f != VERSION {
        return None;
    }
    let transport = transport_of(reader.byte()?)?;
    let tenant = TenantId(u32::try_from(reader.number()?).ok()?);
    let listener = ListenerId(u16::try_from(reader.number()?).ok()?);
    let address = if flags & FLAG_IPV6 != 0 {
        IpAddr::V6(Ipv6Addr::from(reader.array::<16>()?))
    } else {
        IpAddr::V4(Ipv4Addr::from(reader.array::<4>()?))
    };
    let remote = SocketAddr::new(address, u16::from_be_bytes(reader.array::<2>()?));
    let caller = u32::from_be_bytes(reader.array::<4>()?);
    let connection = if flags & FLAG_CONNECTION != 0 {
        let is_of_this_run = u32::from_be_bytes(reader.array::<4>()?) == epoch;
        Some(ConnectionId(reader.number()?)).filter(|_| is_of_this_run)
    } else {
        None
    };
    let unspecified = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let flow = Flow { transport, listener, local: SocketAddr::new(unspecified, 0), remote, connection };
    reader.rest.is_empty().then_some(RouteFacts { tenant, flow, adjacent: flags & FLAG_ADJACENT != 0, caller })
}

const fn transport_code(transport: TransportProtocol) -> u8 {
    match transport {
        TransportProtocol::Udp => 0,
        TransportProtocol::Tcp => 1,
        TransportProtocol::Tls => 2,
        TransportProtocol::Ws => 3,
        TransportProtocol::Wss => 4,
        TransportProtocol::Sctp => 5,
    }
}

const fn transport_of(code: u8) -> Option<TransportProtocol> {
    match code {
        0 => Some(TransportProtocol::Udp),
        1 => Some(TransportProtocol::Tcp),
        2 => Some(TransportProtocol::Tls),
        3 => Some(TransportProtocol::Ws),
        4 => Some(TransportProtocol::Wss),
        5 => Some(TransportProtocol::Sctp),
        _ => None,
    }
}

/// Seven bits a byte, the least first.
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

/// The URL-safe alphabet of RFC 4648 5, without padding: every character may stand in a URI parameter.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_usize, |word, place| word << 8 | usize::from(*chunk.get(place).unwrap_or(&0)));
        for place in 0..=chunk.len() {
            let digit = word >> (18 - 6 * place) & 63;
            text.push(char::from(*BASE64.get(digit).unwrap_or(&b'A')));
        }
    }
    text
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.chunks(4) {
        let mut word = 0_u32;
        for byte in chunk {
            word = word << 6 | u32::from(base64_digit(*byte)?);
        }
        let [_, first, second, third] = (word << (6 * (4 - u32::try_from(chunk.len()).ok()?))).to_be_bytes();
        bytes.extend([first, second, third].into_iter().take(chunk.len().checked_sub(1)?));
    }
    Some(bytes)
}

const fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(remote: &str, connection: Option<u64>) -> RouteFacts {
        let remote: SocketAddr = remote.parse().unwrap();
        let local = if remote.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }.parse().unwrap();
        let connection = connection.map(ConnectionId);
        let flow = Flow { transport: TransportProtocol::Tcp, listener: ListenerId(3), local, remote, connection };
        RouteFacts { tenant: TenantId(70_000), flow, adjacent: true, caller: 99 }
    }

    #[test]
    fn a_token_gives_back_what_was_sealed() {
        let tokens = RouteTokens::new(b"secret", 1);
        for facts in [facts("192.0.2.1:5060", None), facts("[2001:db8::1]:65535", Some(u64::MAX))] {
            let token = tokens.seal(&facts);
            assert!(token.bytes().all(|byte| base64_digit(byte).is_some()), "{token}");
            assert_eq!(tokens.open(token.as_bytes()), Some(facts));
        }
    }

    #[test]
    fn a_changed_token_does_not_open() {
        let tokens = RouteTokens::new(b"secret", 1);
        let token = tokens.seal(&facts("192.0.2.1:5060", Some(5))).into_bytes();
        for place in 0..token.len() {
            let mut changed = token.clone();
            changed[place] = if changed[place] == b'x' { b'y' } else { b'x' };
            let opened = tokens.open(&changed);
            assert!(opened.is_none() || changed[place..].len() == 1, "place {place}");
        }
    }

    #[test]
    fn a_token_of_another_secret_does_not_open() {
        let token = RouteTokens::new(b"secret", 1).seal(&facts("192.0.2.1:5060", None));
        assert_eq!(RouteTokens::new(b"other", 1).open(token.as_bytes()), None);
    }

    #[test]
    fn a_connection_of_an_earlier_run_is_left_out() {
        let token = RouteTokens::new(b"secret", 1).seal(&facts("192.0.2.1:5060", Some(5)));
        let opened = RouteTokens::new(b"secret", 2).open(token.as_bytes()).unwrap();
        assert_eq!(opened, facts("192.0.2.1:5060", None));
    }

    #[test]
    fn garbage_does_not_open() {
        let tokens = RouteTokens::new(b"secret", 1);
        for garbage in [&b""[..], b"A", b"AAAA", b"=", b"%41%41", &[0xff; 40]] {
            assert_eq!(tokens.open(garbage), None);
        }
    }
}
