//! Via (RFC 3261 20.42, RFC 3581). Where a response goes is decided elsewhere.

use std::fmt;

use crate::grammar;
use crate::{ByteStr, HeaderError, Host, Params, SentBy, TransportProtocol};

use super::printed_header;

mod parts;

pub use parts::ViaRef;

/// One hop of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The transport.
    pub transport: ViaTransport,
    /// The host of `sent-by`.
    pub host: Host,
    /// The port of `sent-by`.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
}

/// The transport of a Via: one of ours, or any other token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViaTransport {
    /// A transport of this server.
    Known(TransportProtocol),
    /// Another transport.
    Other(ByteStr),
}

const fn malformed(why: &'static str) -> HeaderError {
    HeaderError::Malformed("Via", why)
}

impl Via {
    /// A Via of ours, with a branch and without other parameters.
    #[must_use]
    pub fn new(transport: TransportProtocol, sent_by: SentBy, branch: &str) -> Self {
        let mut params = Params::new();
        params.set("branch", branch);
        Self { transport: ViaTransport::Known(transport), host: sent_by.host, port: sent_by.port, params }
    }

    /// Reads one Via value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let value = value.into();
        let parts = ViaRef::cut(&value)?;
        let transport = match parts.transport {
            b"UDP" => ViaTransport::Known(TransportProtocol::Udp),
            b"TCP" => ViaTransport::Known(TransportProtocol::Tcp),
            other => ViaTransport::from_token(value.slice_of(other)),
        };
        let host = parts.host.in_source(&value);
        let params = Params::parse(value.slice_of(parts.params())).map_err(|_| malformed("parameters"))?;
        Ok(Self { transport, host, port: parts.port, params })
    }

    /// The `branch` parameter.
    #[must_use]
    pub fn branch(&self) -> Option<ByteStr> {
        self.params.get("branch").flatten()
    }

    /// Whether the branch begins with the magic cookie, so that it names the transaction (RFC 3261 8.1.1.7). The cookie
    /// alone names none (RFC 4475 3.2.1).
    #[must_use]
    pub fn has_magic_cookie(&self) -> bool {
        self.params.value("branch").is_some_and(parts::names_a_transaction)
    }

    /// The `received` parameter.
    #[must_use]
    pub fn received(&self) -> Option<Host> {
        self.params.get("received").flatten().and_then(|host| Host::parse(host).ok())
    }

    /// The `rport` parameter (RFC 3581): `Some(None)` asks for it, `Some(Some(port))` gives it. A value that is no port
    /// counts as none.
    #[must_use]
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.has("rport").then(|| self.params.value("rport").and_then(grammar::parse_u16))
    }

    /// The `maddr` parameter.
    #[must_use]
    pub fn maddr(&self) -> Option<Host> {
        self.params.get("maddr").flatten().and_then(|host| Host::parse(host).ok())
    }

    /// Host and port.
    #[must_use]
    pub fn sent_by(&self) -> SentBy {
        SentBy { host: self.host.clone(), port: self.port }
    }

    /// The port of `sent-by`, or the transport's default (RFC 3261 18.2.2).
    #[must_use]
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or_else(|| parts::default_port(self.transport.known()))
    }

    /// Whether `sent-by` is that host and port, an absent port being the default of the transport.
    #[must_use]
    pub fn is_sent_by(&self, other: &SentBy) -> bool {
        let default = parts::default_port(self.transport.known());
        self.host == other.host && self.effective_port() == other.port.unwrap_or(default)
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"SIP/2.0/");
        out.extend_from_slice(self.transport.as_bytes());
        out.push(b' ');
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(b':');
            crate::print::write_decimal(out, u64::from(port));
        }
        self.params.write(out);
    }
}

printed_header!(Via);

impl ViaTransport {
    fn from_token(token: ByteStr) -> Self {
        match parts::known_transport(&token) {
            Some(transport) => Self::Known(transport),
            None => Self::Other(token),
        }
    }

    /// The transport, when it is one of ours.
    #[must_use]
    pub const fn known(&self) -> Option<TransportProtocol> {
        match self {
            Self::Known(transport) => Some(*transport),
            Self::Other(_) => None,
        }
    }

    /// The token.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Known(transport) => transport.via_token().as_bytes(),
            Self::Other(token) => token,
        }
    }
}

impl fmt::Display for ViaTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf8_lossy(self.as_bytes()))
    }
}

impl From<TransportProtocol> for ViaTransport {
    fn from(transport: TransportProtocol) -> Self {
        Self::Known(transport)
    }
}
