//! `send_socket="udp:192.0.2.1:5060"`: how a script names a listener. Whether there is such a listener is the
//! [`Identity`](crate::ports::Identity)'s answer.

use std::fmt;
use std::str::FromStr;

use crate::context::Context;
use crate::error::ApiError;
use crate::outcome::SendSocket;

impl FromStr for SendSocket {
    type Err = ApiError;

    /// Reads `<udp|tcp|tls|ws|wss|sctp>:<ip>:<port>`, IPv6 in brackets.
    fn from_str(text: &str) -> Result<Self, ApiError> {
        let parts = text.trim().split_once(':');
        parts
            .and_then(|(transport, address)| {
                Some(Self { transport: transport.parse().ok()?, address: address.parse().ok()? })
            })
            .ok_or_else(|| ApiError::InvalidSendSocket(text.to_owned()))
    }
}

impl fmt::Display for SendSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}

/// The listener that a script asked for. One that does not exist is warned about, and the default is taken.
pub(crate) fn resolve(context: &Context, text: Option<&str>) -> Result<Option<SendSocket>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let socket: SendSocket = text.parse()?;
    let known = context.ports.identity.listener_for(socket).is_some();
    if !known {
        tracing::warn!(
            target: "siphon::script",
            tenant = %context.tenant,
            call_id = %context.call_id,
            "send_socket {socket} is no listener of this server; the default is used"
        );
    }
    Ok(Some(socket).filter(|_| known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use siphon_sip::TransportProtocol;

    #[test]
    fn a_send_socket_is_transport_address_and_port() {
        let socket: SendSocket = "TLS:192.0.2.1:5061".parse().unwrap();
        assert_eq!(socket.transport, TransportProtocol::Tls);
        assert_eq!(socket.address, "192.0.2.1:5061".parse().unwrap());
        assert_eq!(socket.to_string(), "tls:192.0.2.1:5061");
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        assert_eq!("udp:[::1]:5060".parse::<SendSocket>().unwrap().address, "[::1]:5060".parse().unwrap());
    }

    #[test]
    fn what_is_malformed_is_a_value_error() {
        for text in ["", "udp", "udp:192.0.2.1", "udp:example.com:5060", "quic:192.0.2.1:5060", "udp:192.0.2.1:99999"] {
            assert_eq!(text.parse::<SendSocket>(), Err(ApiError::InvalidSendSocket(text.to_owned())));
        }
    }
}
