//! What the configuration says of sockets and addresses, as the transport and the core want it.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use siphon_core::ServerIdentity;
use siphon_core::route_token::RouteTokens;
use siphon_sip::{Flow, Host, Limits, Listener};
use siphon_transport::{ListenerConfig, Transport, TransportConfig};

use crate::config::Config;
use crate::server::StartError;

/// The transport's part of the configuration.
pub(super) fn transport_config(config: &Config) -> TransportConfig {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    TransportConfig {
        listeners: config
            .listen
            .addresses
            .iter()
            .map(|listen| ListenerConfig {
                transport: listen.transport,
                address: listen.address,
                advertise: listen.advertise.clone(),
                dscp: listen.dscp,
            })
            .collect(),
        seats: config.server.readers.unwrap_or(cores).max(1),
        udp_receive_buffer: config.server.udp_receive_buffer,
        max_connections: config.connections.max,
        connection_idle: config.connections.idle,
        incomplete_message: config.connections.message_timeout,
        connect_timeout: config.connections.connect_timeout,
        send_queue_bytes: config.connections.send_queue_bytes,
        limits: limits(config),
    }
}

/// Bounds on what is parsed.
pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        max_header_bytes: config.server.max_header_bytes,
        max_body_bytes: config.server.max_body_bytes,
        ..Limits::default()
    }
}

/// The listeners with what each tells peers: its own `advertise`, else `advertised_address`, else on a wildcard the
/// address by which this machine reaches others.
pub(super) fn listeners(config: &Config, bound: &[Listener]) -> Vec<Listener> {
    let advertise = |listener: &Listener| {
        let common = config.advertised_address.clone();
        let own = listener.bound.ip().is_unspecified().then(|| routable(listener.bound)).flatten();
        common.or_else(|| own.map(Host::from)).map(|host| (host, Some(listener.bound.port())))
    };
    let told = |listener: &Listener| Listener {
        advertise: listener.advertise.clone().or_else(|| advertise(listener)),
        ..listener.clone()
    };
    bound.iter().map(told).collect()
}

/// The source address that the kernel would choose towards the outside. Nothing is sent.
fn routable(wildcard: SocketAddr) -> Option<IpAddr> {
    let (any, outside) = match wildcard.ip() {
        IpAddr::V4(any) => (SocketAddr::from((any, 0)), "192.0.2.1:9"),
        IpAddr::V6(any) => (SocketAddr::from((any, 0)), "[2001:db8::1]:9"),
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(outside).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_unspecified())
}

/// Who the server is: its listeners, domains and route tokens.
///
/// # Errors
/// When the machine's own addresses cannot be listed.
pub(super) fn identity(
    config: &Config,
    listeners: Vec<Listener>,
    transport: Option<&Arc<Transport>>,
) -> Result<ServerIdentity, StartError> {
    let secret = config.server.secret.clone().map_or_else(|| rand::random::<[u8; 32]>().to_vec(), String::into_bytes);
    let tokens = RouteTokens::new(&secret, rand::random());
    let interfaces = nix::ifaddrs::getifaddrs()
        .map_err(|error| StartError::System { what: "listing this machine's addresses", error: error.into() })?
        .filter_map(|interface| address_of(interface.address?))
        .collect();
    let identity = ServerIdentity::new(listeners, config.local_domains.clone(), tokens).with_interfaces(interfaces);
    Ok(match transport {
        None => identity,
        Some(transport) => {
            let transport = Arc::clone(transport);
            identity.with_flow_check(Arc::new(move |flow: &Flow| {
                flow.connection.is_none_or(|connection| transport.is_open(connection))
            }))
        }
    })
}

fn address_of(address: nix::sys::socket::SockaddrStorage) -> Option<IpAddr> {
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => Some(IpAddr::V4(v4.ip())),
        (_, Some(v6)) => Some(IpAddr::V6(v6.ip())),
        _ => None,
    }
}
