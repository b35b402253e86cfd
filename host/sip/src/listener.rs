//! One address that this server listens on, as it names itself to others. The socket lives in `siphon-transport`.

use std::net::SocketAddr;

use crate::{Host, ListenerId, SentBy, TransportProtocol};

/// One address that this server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its place in the configuration.
    pub id: ListenerId,
    /// The transport protocol.
    pub transport: TransportProtocol,
    /// The address of the socket, with the real port.
    pub bound: SocketAddr,
    /// The host, and maybe the port, that others shall use instead. For a socket on a wildcard address the server fills
    /// it when it starts.
    pub advertise: Option<(Host, Option<u16>)>,
}

impl Listener {
    /// The one address that Via, Contact and Record-Route take. An advertised host without a port has the bound one.
    #[must_use]
    pub fn advertised(&self) -> SentBy {
        match &self.advertise {
            Some((host, port)) => SentBy { host: host.clone(), port: port.or(Some(self.bound.port())) },
            None => self.bound.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(bound: &str, advertise: Option<(&str, Option<u16>)>) -> Listener {
        let advertise = advertise.map(|(host, port)| (Host::parse(host.to_owned()).unwrap(), port));
        Listener { id: ListenerId(0), transport: TransportProtocol::Udp, bound: bound.parse().unwrap(), advertise }
    }

    #[test]
    fn without_an_advertised_address_the_bound_one_is_named() {
        assert_eq!(listener("[2001:db8::1]:5062", None).advertised().to_string(), "[2001:db8::1]:5062");
    }

    #[test]
    fn an_advertised_host_without_a_port_has_the_bound_one() {
        assert_eq!(
            listener("10.0.0.1:5062", Some(("sip.example.com", None))).advertised().to_string(),
            "sip.example.com:5062"
        );
        assert_eq!(
            listener("10.0.0.1:5062", Some(("192.0.2.1", Some(5060)))).advertised().to_string(),
            "192.0.2.1:5060"
        );
    }
}
