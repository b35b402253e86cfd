//! `listen`: Where to listen, and what peers are told instead.

use std::net::SocketAddr;

use siphon_sip::{Host, SentBy, TransportProtocol};

use crate::config::reader::{Node, Section};

/// One address to listen on.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The transport protocol.
    pub transport: TransportProtocol,
    /// The address to bind; port 0 takes a free one.
    pub address: SocketAddr,
    /// The address that peers are told instead.
    pub advertise: Option<(Host, Option<u16>)>,
    /// DSCP of what is sent, 0 to 63.
    pub dscp: Option<u8>,
    /// The line it stands on.
    pub line: Option<usize>,
}

/// `listen`.
#[derive(Clone, Debug)]
pub struct Listeners {
    /// Every address, in the order of the file, UDP first.
    pub addresses: Vec<Listen>,
    /// Path MTU in bytes; a larger UDP request less 200 bytes goes by TCP (RFC 3261 18.1.1).
    pub mtu: usize,
}

impl Listeners {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        if !section.is_present() {
            section.error("missing; at least one address to listen on is needed");
        }
        let dscp = section.node("dscp").and_then(|node| dscp(&node));
        let mtu = section.number("mtu", 1500, 576..=65_535);
        let mut addresses = Vec::new();
        for (key, transport) in [("udp", TransportProtocol::Udp), ("tcp", TransportProtocol::Tcp)] {
            addresses.extend(section.list(key).iter().filter_map(|node| listen(node, transport, dscp)));
        }
        section.not_yet(&["tls", "ws", "wss", "sctp"]);
        if section.is_present() && addresses.is_empty() {
            section.error("no address to listen on, such as `udp: [\"127.0.0.1:5060\"]`");
        }
        section.finish();
        Self { addresses, mtu }
    }
}

fn listen(node: &Node<'_>, transport: TransportProtocol, common_dscp: Option<u8>) -> Option<Listen> {
    let line = node.line();
    if !node.is_section() {
        let address = node.parse("an address such as 127.0.0.1:5060")?;
        return Some(Listen { transport, address, advertise: None, dscp: common_dscp, line });
    }
    let mut section = node.section();
    let address = section.parse("address", "an address such as 127.0.0.1:5060");
    let advertise = section.node("advertise").and_then(|node| advertised(&node));
    let dscp = section.node("dscp").map_or(common_dscp, |node| dscp(&node));
    if address.is_none() {
        section.error("`address` is missing");
    }
    section.finish();
    Some(Listen { transport, address: address?, advertise, dscp, line })
}

/// A host with or without a port, as it is to stand in Via.
pub(in crate::config) fn advertised(node: &Node<'_>) -> Option<(Host, Option<u16>)> {
    let text = node.text()?;
    match SentBy::parse(text.clone()) {
        Ok(sent_by) => Some((sent_by.host, sent_by.port)),
        Err(_) => {
            node.error(format_args!("a host with or without a port is wanted here, not `{text}`"));
            None
        }
    }
}

/// The classes of RFC 2474 and RFC 2597 by name, or the number itself.
fn dscp(node: &Node<'_>) -> Option<u8> {
    let text = node.text()?.to_ascii_uppercase();
    let digit = |text: &str| text.parse::<u8>().ok().filter(|digit| *digit <= 7);
    let value = match (text.as_str(), text.get(..2), text.get(2..)) {
        ("BE", ..) => Some(0),
        ("EF", ..) => Some(46),
        (_, Some("CS"), Some(class)) => digit(class).map(|class| class * 8),
        (_, Some("AF"), Some(class)) if class.len() == 2 => {
            let (class, drop) = class.split_at(1);
            digit(class).zip(digit(drop)).map(|(class, drop)| class * 8 + drop * 2)
        }
        _ => text.parse().ok().filter(|number| *number <= 63),
    };
    if value.is_none() {
        node.error("a DSCP is wanted here: 0 to 63, or a class such as CS3, AF31, EF, BE");
    }
    value
}
