//! Digest authentication as a question and an answer (RFC 3261 22, RFC 7616, RFC 8760). It knows no request and sends
//! nothing: challenging and stripping are the verbs' business.

use std::net::IpAddr;

use bytes::Bytes;
use siphon_sip::{Method, TenantId, Time, UnixTime};

/// Which pair of headers a digest is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestHeader {
    /// `WWW-Authenticate`, `Authorization`, 401.
    Www,
    /// `Proxy-Authenticate`, `Proxy-Authorization`, 407.
    Proxy,
}

/// A secret that the script gave instead of the user table's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Secret<'a> {
    /// The password in the clear.
    Password(&'a str),
    /// H(user:realm:password) in hexadecimal digits.
    Ha1(&'a str),
}

impl std::fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Everything that a digest is checked against.
#[derive(Clone, Debug)]
pub struct DigestQuery<'a> {
    /// The method of the request.
    pub method: &'a Method,
    /// Which header the credentials came in.
    pub header: DigestHeader,
    /// The realm that the credentials must be for.
    pub realm: &'a str,
    /// The Request-URI as it was received.
    pub request_uri: &'a [u8],
    /// The values of the header, one credentials each, other realms included.
    pub credentials: &'a [&'a [u8]],
    /// The body, for `auth-int`.
    pub body: &'a Bytes,
    /// Instead of the user table.
    pub secret: Option<Secret<'a>>,
    /// The Call-ID: without qop a nonce serves one only.
    pub call_id: &'a [u8],
    /// Where the request came from, for bans.
    pub source: IpAddr,
    /// The monotonic clock, for the replay table.
    pub now: Time,
    /// The wall clock, for the nonce's age.
    pub unix: UnixTime,
}

/// What the check gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestVerdict {
    /// The digest is right and fresh.
    Valid {
        /// The user name of the credentials.
        user: String,
    },
    /// There are no credentials for the realm.
    NoCredentials,
    /// The digest may be right, but its nonce is unknown, too old or used up: challenge with `stale=true`.
    Stale,
    /// The digest is wrong, or the credentials cannot be read.
    Invalid,
    /// The user table has no such user. Must look like [`DigestVerdict::Invalid`] to the peer.
    UnknownUser,
}

/// Checks digests and makes challenges.
pub trait Authenticator: Send + Sync {
    /// Checks the credentials for the realm. Only a valid response leaves a trace in the replay table.
    fn verify(&self, tenant: TenantId, query: &DigestQuery<'_>) -> DigestVerdict;

    /// The challenges for a realm, as header values: MD5, SHA-256 and SHA-512-256, in this order.
    fn challenges(&self, tenant: TenantId, realm: &str, stale: bool, unix: UnixTime) -> Vec<String>;

    /// A new nonce.
    fn generate_nonce(&self, tenant: TenantId, unix: UnixTime) -> String;

    /// Whether a nonce is ours and fresh.
    fn validate_nonce(&self, tenant: TenantId, nonce: &str, unix: UnixTime) -> bool;

    /// The realm when the script names none.
    fn default_realm(&self, tenant: TenantId) -> String;

    /// Whether an authenticated user may register its own address only.
    fn enforce_aor_match(&self, tenant: TenantId) -> bool;
}
