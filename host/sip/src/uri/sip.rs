//! `sip` and `sips` URIs (RFC 3261 19.1). Comparison stands in `equality`.

use std::fmt;
use std::str::FromStr;

use crate::grammar;
use crate::{ByteStr, Host, Params, SentBy, TransportProtocol};

use super::{Uri, UriError, escape};

/// A `sip` or `sips` URI. User, password, parameters and headers are kept as written, escapes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipUri {
    /// Whether it is `sips`.
    pub secure: bool,
    /// The user, percent escapes included. What is set here must be escaped: see [`crate::escape_user`].
    pub user: Option<ByteStr>,
    /// The password, percent escapes included.
    pub password: Option<ByteStr>,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
    /// What follows the `?`, unread.
    pub headers: Option<ByteStr>,
}

impl SipUri {
    /// A `sip` URI of host and port only.
    #[must_use]
    pub fn new(host: Host, port: Option<u16>) -> Self {
        Self { secure: false, user: None, password: None, host, port, params: Params::for_uri(), headers: None }
    }

    /// The same URI with a user, which is escaped where needed.
    #[must_use]
    pub fn with_user(self, user: &[u8]) -> Self {
        Self { user: Some(ByteStr::from(escape::escape_user(user).into_owned())), ..self }
    }

    /// Reads what follows the scheme. `rest` is a part of `source`, which holds no blank, quote or angle bracket.
    pub(super) fn parse_behind_scheme(source: &ByteStr, rest: &[u8], secure: bool) -> Result<Self, UriError> {
        let (userinfo, rest) = match grammar::split_once(rest, b'@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, rest),
        };
        let (user, password) = match userinfo.map(|text| grammar::split_once(text, b':').ok_or(text)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(user), Some(source.slice_of(password))),
            Some(Err(user)) => (Some(user), None),
        };
        if user.is_some_and(<[u8]>::is_empty) {
            return Err(UriError::User);
        }
        let (rest, headers) = match grammar::split_once(rest, b'?') {
            Some((rest, headers)) => (rest, Some(source.slice_of(headers))),
            None => (rest, None),
        };
        let (hostport, params) = match grammar::split_once(rest, b';') {
            Some((hostport, params)) => (hostport, Params::parse_uri(source.slice_of(params))),
            None => (rest, Params::for_uri()),
        };
        let (host, port) = Host::parse_with_port(source, hostport).map_err(|_| UriError::Host)?;
        Ok(Self { secure, user: user.map(|user| source.slice_of(user)), password, host, port, params, headers })
    }

    /// `sip` or `sips`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "sips" } else { "sip" }
    }

    /// The user without percent escapes.
    #[must_use]
    pub fn unescaped_user(&self) -> Option<std::borrow::Cow<'_, [u8]>> {
        self.user.as_deref().map(escape::unescape)
    }

    /// The value of the `transport` parameter, as written.
    #[must_use]
    pub fn transport(&self) -> Option<&[u8]> {
        self.params.value("transport")
    }

    /// The transport protocol of the `transport` parameter, when it names a known one. For `sips`, `tcp` means TLS and
    /// `ws` means WSS (RFC 3261 26.2.2, RFC 7118 5.2).
    #[must_use]
    pub fn transport_protocol(&self) -> Option<TransportProtocol> {
        let transport: TransportProtocol = std::str::from_utf8(self.transport()?).ok()?.parse().ok()?;
        Some(match transport {
            TransportProtocol::Tcp if self.secure => TransportProtocol::Tls,
            TransportProtocol::Ws if self.secure => TransportProtocol::Wss,
            other => other,
        })
    }

    /// Whether it has the `lr` parameter.
    #[must_use]
    pub fn is_loose(&self) -> bool {
        self.params.has("lr")
    }

    /// The value of the `maddr` parameter.
    #[must_use]
    pub fn maddr(&self) -> Option<Host> {
        self.params.get("maddr").flatten().and_then(|host| Host::parse(host).ok())
    }

    /// Host and port.
    #[must_use]
    pub fn sent_by(&self) -> SentBy {
        SentBy { host: self.host.clone(), port: self.port }
    }

    /// The port that is meant: the given one, else the default of the scheme or of the `transport` parameter.
    #[must_use]
    pub fn effective_port(&self) -> u16 {
        let default = if self.secure { TransportProtocol::Tls } else { TransportProtocol::Udp };
        self.port.unwrap_or_else(|| self.transport_protocol().unwrap_or(default).default_port())
    }

    /// The key of an address of record: scheme, user with its needless escapes undone and its case kept, host in lower
    /// case, and the port unless it is the scheme's default. Neither password, parameters nor headers.
    #[must_use]
    pub fn to_canonical_key(&self) -> ByteStr {
        let mut key = Vec::with_capacity(64);
        key.extend_from_slice(self.scheme().as_bytes());
        key.push(b':');
        if let Some(user) = &self.user {
            key.extend_from_slice(&escape::escape_user(&escape::unescape(user)));
            key.push(b'@');
        }
        let host_at = key.len();
        self.host.write(&mut key);
        if let Some(host) = key.get_mut(host_at..) {
            host.make_ascii_lowercase();
        }
        let default = if self.secure { 5061 } else { 5060 };
        if let Some(port) = self.port.filter(|port| *port != default) {
            key.push(b':');
            crate::print::write_decimal(&mut key, u64::from(port));
        }
        key.into()
    }

    /// Appends the URI as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.scheme().as_bytes());
        out.push(b':');
        if let Some(user) = &self.user {
            out.extend_from_slice(user);
            if let Some(password) = &self.password {
                out.push(b':');
                out.extend_from_slice(password);
            }
            out.push(b'@');
        }
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(b':');
            crate::print::write_decimal(out, u64::from(port));
        }
        self.params.write(out);
        if let Some(headers) = &self.headers {
            out.push(b'?');
            out.extend_from_slice(headers);
        }
    }

    /// The URI as it is printed.
    #[must_use]
    pub fn to_byte_str(&self) -> ByteStr {
        let mut out = Vec::with_capacity(64);
        self.write(&mut out);
        out.into()
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        grammar::display(f, |out| self.write(out))
    }
}

impl FromStr for SipUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        match text.parse()? {
            Uri::Sip(uri) => Ok(uri),
            Uri::Tel(_) | Uri::Other(_) => Err(UriError::Scheme),
        }
    }
}
