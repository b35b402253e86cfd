//! A Via value cut into its parts, borrowed from its text: the one place that knows its grammar. What is asked of every
//! message on its way is asked here, without building a [`Via`](crate::Via).

use crate::grammar;
use crate::host::HostRef;
use crate::params::Parameters;
use crate::{HeaderError, TransportProtocol};

use super::malformed;

/// What every branch of RFC 3261 begins with.
const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

/// The parts of a Via value. All of it was read: what makes a [`Via`](crate::Via) makes these, and the other way round.
#[derive(Clone, Debug)]
pub struct ViaRef<'a> {
    /// The token of the transport, as it stands.
    pub transport: &'a [u8],
    /// The host of `sent-by`.
    pub host: HostRef<'a>,
    /// The port of `sent-by`.
    pub port: Option<u16>,
    /// The first `branch` parameter, when it has a value.
    pub branch: Option<&'a [u8]>,
    /// The first `received` parameter; empty when it has no value.
    pub received: Option<&'a [u8]>,
    /// The first `maddr` parameter; empty when it has no value.
    pub maddr: Option<&'a [u8]>,
    /// Whether there is an `rport` parameter.
    pub has_rport: bool,
    sent_by: &'a [u8],
    params: &'a [u8],
}

impl<'a> ViaRef<'a> {
    /// Reads one Via value.
    pub fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        let mut parts = Self::cut(value)?;
        let mut branch = None;
        for parameter in Parameters::new(parts.params).map_err(|_| malformed("parameters"))? {
            let (name, value) = parameter.map_err(|_| malformed("parameters"))?;
            match name.len() {
                5 if grammar::is_name(name, b"rport") => parts.has_rport = true,
                5 if grammar::is_name(name, b"maddr") => {
                    parts.maddr.get_or_insert(value.unwrap_or_default());
                }
                6 if grammar::is_name(name, b"branch") => {
                    branch.get_or_insert(value);
                }
                8 if grammar::is_name(name, b"received") => {
                    parts.received.get_or_insert(value.unwrap_or_default());
                }
                _ => {}
            }
        }
        parts.branch = branch.flatten();
        Ok(parts)
    }

    /// Cuts a value without looking at the parameters.
    #[inline]
    pub(super) fn cut(value: &'a [u8]) -> Result<Self, HeaderError> {
        let (transport, rest) = sent_protocol(value).ok_or_else(|| malformed("sent-protocol"))?;
        let sent_by_end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
        let (sent_by, params) = rest.split_at_checked(sent_by_end).unwrap_or((rest, &[]));
        let sent_by = grammar::trim(sent_by);
        let (host, port) = HostRef::parse_with_port(sent_by).map_err(|_| malformed("sent-by"))?;
        let (branch, received, maddr, has_rport) = (None, None, None, false);
        Ok(Self { transport, host, port, branch, received, maddr, has_rport, sent_by, params })
    }

    /// The text of the parameters, the first `;` included.
    pub(super) const fn params(&self) -> &'a [u8] {
        self.params
    }

    /// The parameters in their order.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        Parameters::new(self.params).into_iter().flatten().filter_map(Result::ok)
    }

    /// As [`Via::has_magic_cookie`](crate::Via::has_magic_cookie).
    #[must_use]
    pub fn has_magic_cookie(&self) -> bool {
        self.branch.is_some_and(names_a_transaction)
    }

    /// The port of `sent-by`, or the transport's default (RFC 3261 18.2.2).
    #[must_use]
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or_else(|| default_port(known_transport(self.transport)))
    }

    /// Appends transport and `sent-by`: all but the parameters.
    pub fn write_hop(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"SIP/2.0/");
        out.extend_from_slice(self.transport);
        out.push(b' ');
        out.extend_from_slice(self.sent_by);
    }
}

/// Whether a branch begins with the magic cookie and is more than that.
pub(super) fn names_a_transaction(branch: &[u8]) -> bool {
    branch.len() > MAGIC_COOKIE.len() && branch.starts_with(MAGIC_COOKIE)
}

/// The transport of that token, when it is one of ours.
pub(super) fn known_transport(token: &[u8]) -> Option<TransportProtocol> {
    std::str::from_utf8(token).ok()?.parse().ok()
}

/// The port that is meant where a Via of that transport names none.
pub(super) fn default_port(transport: Option<TransportProtocol>) -> u16 {
    transport.map_or(5060, TransportProtocol::default_port)
}

/// `SIP/2.0/TRANSPORT`, with blanks around the slashes allowed: the transport, and what stands behind it.
fn sent_protocol(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = match value.strip_prefix(b"SIP/2.0/") {
        Some(rest) => rest,
        None => {
            let (name, rest) = grammar::split_once(value, b'/')?;
            let (version, rest) = grammar::split_once(rest, b'/')?;
            let is_sip = grammar::trim(name).eq_ignore_ascii_case(b"SIP") && grammar::trim(version) == b"2.0";
            is_sip.then_some(rest)?
        }
    };
    let rest = grammar::trim_start(rest);
    let length = rest.iter().take_while(|byte| grammar::is_token_byte(**byte)).count();
    let (transport, rest) = rest.split_at_checked(length)?;
    let is_separated = rest.first().is_some_and(|byte| grammar::is_blank(*byte));
    (!transport.is_empty() && is_separated).then_some((transport, grammar::trim(rest)))
}
