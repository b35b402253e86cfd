//! Digest verifications and nothing else: what a profiler or an instruction counter is pointed at.
//!
//! `digest_cost [requests] [verify|prepare]`: the credentials of that many REGISTERs of 1,000 users are made, each with
//! a count of its own, and verified. With `prepare` they are only made: the difference is what verifying costs.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use md5::{Digest, Md5};
use siphon_core::auth::{DigestAuthenticator, DigestConfig, NonceConfig};
use siphon_script::ports::{Authenticator, DigestHeader, DigestQuery, DigestVerdict};
use siphon_sip::{Method, TenantId, Time, UnixTime};

const REALM: &str = "example.com";
const URI: &str = "sip:example.com";
const USERS: usize = 1000;
const NOW: UnixTime = UnixTime(1_700_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let requests: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let verifies = arguments.next().is_none_or(|mode| mode != "prepare");
    let authenticator = authenticator();
    let nonces: Vec<_> = (0..USERS).map(|_| authenticator.generate_nonce(TenantId::DEFAULT, NOW)).collect();
    let users = (0..USERS).zip(&nonces).cycle().take(requests);
    let lines: Vec<_> =
        users.enumerate().map(|(place, (user, nonce))| credentials(user, nonce, place / USERS + 1)).collect();
    let valid = if verifies { lines.iter().filter(|line| is_valid(&authenticator, line)).count() } else { 0 };
    println!("{requests} requests, {valid} valid, {:?}", authenticator.counters());
    Ok(())
}

fn authenticator() -> DigestAuthenticator {
    let nonces = NonceConfig {
        secret: b"secret".to_vec(),
        seed: [1, 2],
        ttl: Duration::from_secs(3600),
        max_nonces: 100_000,
        started: NOW,
    };
    let users = (0..USERS).map(|user| (format!("user{user}"), format!("password{user}"))).collect();
    let config = DigestConfig { realm: REALM.to_owned(), users, ..DigestConfig::default() };
    DigestAuthenticator::new(nonces, [(TenantId::DEFAULT, config)])
}

fn credentials(user: usize, nonce: &str, count: usize) -> String {
    let ha1 = hash(&format!("user{user}:{REALM}:password{user}"));
    let ha2 = hash(&format!("REGISTER:{URI}"));
    let response = hash(&format!("{ha1}:{nonce}:{count:08x}:0a4f113b:auth:{ha2}"));
    format!(
        "Digest username=\"user{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{URI}\", response=\"{response}\", \
         algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc={count:08x}"
    )
}

fn hash(text: &str) -> String {
    format!("{:x}", Md5::digest(text))
}

fn is_valid(authenticator: &DigestAuthenticator, line: &str) -> bool {
    let query = DigestQuery {
        method: &Method::Register,
        header: DigestHeader::Www,
        realm: REALM,
        request_uri: URI.as_bytes(),
        credentials: &[line.as_bytes()],
        body: &Bytes::new(),
        secret: None,
        call_id: b"3848276298220188511@192.168.178.23",
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        now: Time::ZERO,
        unix: NOW,
    };
    matches!(authenticator.verify(TenantId::DEFAULT, &query), DigestVerdict::Valid { .. })
}
