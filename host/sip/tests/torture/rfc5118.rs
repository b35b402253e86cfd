//! The rows of RFC 5118.

use std::net::Ipv6Addr;

use siphon_sip::sdp::SessionDescription;
use siphon_sip::{HeaderName, Host, Message, SipUri, Uri, Via};

use super::Verdict::{self, Accepted, Refused};
use super::{Row, nothing, request};

const fn row(
    section: &'static str,
    name: &'static str,
    verdict: Verdict,
    why: &'static str,
    facts: fn(&Message),
) -> Row {
    Row { name, section, verdict, why, facts }
}

pub(crate) const ROWS: &[Row] = &[
    row("4.1", "ipv6-good", Accepted, "IPv6 in Request-URI, Via and Contact", ipv6_good),
    row("4.2", "ipv6-bad", Refused(400), "an IPv6 address without brackets in the Request-URI", nothing),
    row("4.3", "port-ambiguous", Accepted, "what looks like a port is a part of the address", port_ambiguous),
    row("4.4", "port-unambiguous", Accepted, "a port behind the bracket", port_unambiguous),
    row("4.5", "via-received-param-with-delim", Accepted, "received in brackets", via_received),
    row("4.5", "via-received-param-no-delim", Accepted, "received without brackets", via_received),
    row("4.6", "ipv6-in-sdp", Accepted, "no brackets in SDP", ipv6_in_sdp),
    row("4.7", "mult-ip-in-header", Accepted, "both families in the Vias", mult_ip_in_header),
    row("4.8", "mult-ip-in-sdp", Accepted, "both families in one description", mult_ip_in_sdp),
    row("4.9", "ipv4-mapped-ipv6", Accepted, "IPv4-mapped addresses", ipv4_mapped),
    row("4.10", "ipv6-bug-abnf-3-colons", Accepted, "a colon too many, by RFC 3261's grammar, is tolerated", abnf_bug),
    row("4.10", "ipv6-correct-abnf-2-colons", Accepted, "as before without the colon", abnf_bug),
];

fn sip(text: &[u8]) -> SipUri {
    match Uri::parse(text.to_vec()).expect("a URI") {
        Uri::Sip(uri) => uri,
        other => panic!("not a SIP URI: {other}"),
    }
}

fn v6(address: &str) -> Host {
    Host::V6(address.parse().unwrap())
}

fn vias(message: &Message) -> Vec<Via> {
    request(message).headers().values_bytes(&HeaderName::Via).map(|value| Via::parse(&value).expect("a Via")).collect()
}

fn sdp(message: &Message) -> SessionDescription {
    SessionDescription::parse(message.body()).expect("a session description")
}

fn contact(message: &Message) -> SipUri {
    let value = request(message).headers().first_value_bytes(&HeaderName::Contact).unwrap();
    sip(&siphon_sip::NameAddr::parse(&value).unwrap().uri)
}

fn ipv6_good(message: &Message) {
    let uri = sip(request(message).uri());
    assert_eq!((uri.host, uri.port), (v6("2001:db8::10"), None));
    let via = &vias(message)[0];
    assert_eq!((via.host.clone(), via.port), (v6("2001:db8::9:1"), None));
    assert_eq!(contact(message).host, v6("2001:db8::1"));
}

fn port_ambiguous(message: &Message) {
    let uri = sip(request(message).uri());
    assert_eq!((uri.host, uri.port), (v6("2001:db8::10:5070"), None));
}

fn port_unambiguous(message: &Message) {
    let uri = sip(request(message).uri());
    assert_eq!((uri.host, uri.port), (v6("2001:db8::10"), Some(5070)));
}

fn via_received(message: &Message) {
    let via = request(message).headers().via().unwrap();
    let received = via.received().unwrap();
    assert_eq!(received, v6("2001:db8::9:255"));
}

fn ipv6_in_sdp(message: &Message) {
    let sdp = sdp(message);
    assert_eq!(sdp.origin().unwrap().address, b"2001:db8::20");
    assert_eq!(sdp.section().connection().unwrap().address_type, b"IP6");
    assert_eq!(sdp.media().len(), 2);
}

fn mult_ip_in_header(message: &Message) {
    let vias = vias(message);
    assert_eq!((vias[0].host.clone(), vias[0].port), (v6("2001:db8::9:1"), Some(6050)));
    assert_eq!(vias[1].host, Host::V4("192.0.2.1".parse().unwrap()));
    assert_eq!(vias[2].host, v6("2001:db8::9:255"));
    assert_eq!(vias[2].received(), Some(Host::V4("192.0.2.200".parse().unwrap())));
}

fn mult_ip_in_sdp(message: &Message) {
    let sdp = sdp(message);
    let addresses: Vec<&[u8]> = sdp.media().iter().map(|media| media.section().connection().unwrap().address).collect();
    assert_eq!(addresses, [&b"192.0.2.1"[..], b"2001:db8::1"]);
    assert_eq!(sdp.session_name(), Some(&b""[..]));
}

fn ipv4_mapped(message: &Message) {
    let vias = vias(message);
    assert_eq!((vias[0].host.clone(), vias[0].port), (v6("::ffff:192.0.2.10"), Some(19823)));
    assert_eq!(vias[1].host, v6("::ffff:192.0.2.2"));
    assert_eq!(contact(message).host, v6("::ffff:192.0.2.2"));
    let address = std::str::from_utf8(sdp(message).section().connection().unwrap().address).unwrap().parse();
    assert_eq!(address, Ok("::ffff:192.0.2.2".parse::<Ipv6Addr>().unwrap()));
}

fn abnf_bug(message: &Message) {
    let uri = sip(request(message).uri());
    assert_eq!((uri.host, uri.port), (v6("2001:db8::192.0.2.1"), None));
}
