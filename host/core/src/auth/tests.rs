//! Digest authentication against the RFCs' examples, forgers, replays and garbage.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use siphon_script::ports::{Authenticator, DigestHeader, DigestQuery, DigestVerdict, Secret};
use siphon_sip::{Method, TenantId, Time, UnixTime};

use super::algorithm::Algorithm;
use super::{DigestAuthenticator, DigestConfig, NonceConfig};

mod freshness;
mod parsing;
mod responses;

const TENANT: TenantId = TenantId::DEFAULT;
const REALM: &str = "example.com";
const NOW: UnixTime = UnixTime(1_700_000_000);

fn nonce_config() -> NonceConfig {
    NonceConfig {
        secret: b"secret".to_vec(),
        seed: [1, 2],
        ttl: Duration::from_secs(3600),
        max_nonces: 1600,
        started: UnixTime(NOW.0 - 100),
    }
}

fn digest_config() -> DigestConfig {
    let user = |name: &str, password: &str| (name.to_owned(), password.to_owned());
    DigestConfig {
        realm: REALM.to_owned(),
        further_realms: vec!["other.example.com".to_owned()],
        users: vec![user("alice", "wonderland"), user("Zoë \"Z\"", "p:w")],
        ..DigestConfig::default()
    }
}

fn authenticator() -> DigestAuthenticator {
    DigestAuthenticator::new(nonce_config(), [(TENANT, digest_config())])
}

/// A user agent's credentials for a REGISTER.
#[derive(Clone)]
struct Client {
    algorithm: Algorithm,
    user: &'static str,
    realm: &'static str,
    password: &'static str,
    nonce: String,
    /// `None`: without qop.
    count: Option<u32>,
    method: &'static str,
    uri: &'static str,
}

impl Client {
    fn alice(nonce: &str) -> Self {
        Self {
            algorithm: Algorithm::Md5,
            user: "alice",
            realm: REALM,
            password: "wonderland",
            nonce: nonce.to_owned(),
            count: Some(1),
            method: "REGISTER",
            uri: "sip:example.com",
        }
    }

    fn hash(&self, parts: &[&str]) -> String {
        let parts: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
        String::from_utf8(self.algorithm.hash(&parts).to_vec()).unwrap()
    }

    fn authorization(&self) -> String {
        let ha1 = self.hash(&[self.user, self.realm, self.password]);
        let ha2 = self.hash(&[self.method, self.uri]);
        let (response, counted) = match self.count {
            None => (self.hash(&[&ha1, &self.nonce, &ha2]), String::new()),
            Some(count) => {
                let count = format!("{count:08x}");
                let response = self.hash(&[&ha1, &self.nonce, &count, "c0ffee", "auth", &ha2]);
                (response, format!(", qop=auth, nc={count}, cnonce=\"c0ffee\""))
            }
        };
        let user = self.user.replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "Digest username=\"{user}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\", \
             algorithm={}{counted}",
            self.realm,
            self.nonce,
            self.uri,
            self.algorithm.name()
        )
    }
}

/// What a test changes of a REGISTER without a body.
struct Ask<'a> {
    realm: &'a str,
    secret: Option<Secret<'a>>,
    call_id: &'a str,
    unix: UnixTime,
    tenant: TenantId,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self { realm: REALM, secret: None, call_id: "call-1", unix: NOW, tenant: TENANT }
    }
}

fn ask(authenticator: &DigestAuthenticator, credentials: &[&str], ask: &Ask<'_>) -> DigestVerdict {
    let lines: Vec<_> = credentials.iter().map(|line| line.as_bytes()).collect();
    verify(authenticator, &lines, ask)
}

fn verify(authenticator: &DigestAuthenticator, credentials: &[&[u8]], ask: &Ask<'_>) -> DigestVerdict {
    let query = DigestQuery {
        method: &Method::Register,
        header: DigestHeader::Www,
        realm: ask.realm,
        request_uri: b"sip:example.com",
        credentials,
        body: &Bytes::new(),
        secret: ask.secret,
        call_id: ask.call_id.as_bytes(),
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        now: Time::ZERO,
        unix: ask.unix,
    };
    authenticator.verify(ask.tenant, &query)
}

fn check(authenticator: &DigestAuthenticator, client: &Client) -> DigestVerdict {
    ask(authenticator, &[&client.authorization()], &Ask::default())
}

fn valid(user: &str) -> DigestVerdict {
    DigestVerdict::Valid { user: user.to_owned() }
}
