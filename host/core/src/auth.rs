//! Digest authentication (RFC 3261 22, RFC 7616, RFC 8760): the `Authenticator` port over a static table of users. It
//! sends no challenge and removes no header: the verbs do.

use std::time::Duration;

use hashbrown::HashMap;
use siphon_script::ports::{Authenticator, DigestQuery, DigestVerdict, Secret};
use siphon_sip::{TenantId, UnixTime};

mod algorithm;
mod challenge;
mod credentials;
mod nonce;
mod replay;
#[cfg(test)]
mod tests;
mod users;

use crate::counters::Counter;
pub use algorithm::Algorithm;
use algorithm::{HexDigest, is_same_digest};
use credentials::{Credentials, Protection};
use nonce::Nonces;
use replay::{NonceUse, ReplayTable};
use users::{Ha1, Users};

/// Credentials for our realm that are looked at in one request: a client may send one for each challenge.
const MAX_CREDENTIALS: usize = 6;

/// How nonces are made, and how long they are good.
#[derive(Clone)]
pub struct NonceConfig {
    /// What they are signed with: `auth.nonce_secret`, or random bytes of this process.
    pub secret: Vec<u8>,
    /// What makes them differ: random, and another one in each run.
    pub seed: [u64; 2],
    /// How long a nonce may be used.
    pub ttl: Duration,
    /// How many nonces' use is remembered.
    pub max_nonces: usize,
    /// When this process was started. Older nonces are stale: nobody knows what they were used for.
    pub started: UnixTime,
}

/// Who may authenticate to a tenant, and how.
#[derive(Clone)]
pub struct DigestConfig {
    /// The realm when a script names none.
    pub realm: String,
    /// Other realms that scripts name. Their hashes are made beforehand too; a realm that stands nowhere costs one
    /// hash more for each request.
    pub further_realms: Vec<String>,
    /// What is offered, a challenge each and in this order; nothing else is accepted.
    pub algorithms: Vec<Algorithm>,
    /// User names and passwords.
    pub users: Vec<(String, String)>,
    /// Whether an authenticated user may register its own address only.
    pub enforce_aor_match: bool,
}

impl Default for DigestConfig {
    fn default() -> Self {
        Self {
            realm: String::new(),
            further_realms: Vec::new(),
            algorithms: Algorithm::ALL.to_vec(),
            users: Vec::new(),
            enforce_aor_match: true,
        }
    }
}

/// What the authenticator saw so far.
#[derive(Debug, Default)]
pub struct AuthCounters {
    /// Requests with right and fresh credentials.
    pub valid: Counter,
    /// Requests with wrong credentials, or ones for a user that does not exist.
    pub failures: Counter,
    /// Requests with right credentials and a nonce that was not fresh.
    pub stale: Counter,
}

/// Checks digests against users of the configuration. Everything is fixed at the start but the replay table.
pub struct DigestAuthenticator {
    tenants: HashMap<TenantId, Site>,
    /// What a tenant without users has.
    nowhere: Site,
    nonces: Nonces,
    replay: ReplayTable,
    counters: AuthCounters,
}

struct Site {
    realm: String,
    algorithms: Vec<Algorithm>,
    users: Users,
    enforce_aor_match: bool,
}

impl Site {
    fn new(config: DigestConfig) -> Self {
        let DigestConfig { realm, further_realms, algorithms, users, enforce_aor_match } = config;
        let mut realms = vec![realm.clone()];
        realms.extend(further_realms);
        Self { realm, algorithms, users: Users::new(realms, users), enforce_aor_match }
    }
}

impl DigestAuthenticator {
    /// An authenticator for these tenants. Hashes every password for every realm: that takes a microsecond each.
    #[must_use]
    pub fn new(nonces: NonceConfig, tenants: impl IntoIterator<Item = (TenantId, DigestConfig)>) -> Self {
        Self {
            tenants: tenants.into_iter().map(|(tenant, config)| (tenant, Site::new(config))).collect(),
            nowhere: Site::new(DigestConfig::default()),
            replay: ReplayTable::new(nonces.max_nonces, nonces.ttl, nonces.started),
            nonces: Nonces::new(&nonces.secret, nonces.seed, nonces.ttl),
            counters: AuthCounters::default(),
        }
    }

    /// What it saw so far.
    #[must_use]
    pub const fn counters(&self) -> &AuthCounters {
        &self.counters
    }

    /// How many nonces' use is remembered now.
    #[must_use]
    pub fn remembered_nonces(&self) -> usize {
        self.replay.len()
    }

    fn site(&self, tenant: TenantId) -> &Site {
        self.tenants.get(&tenant).unwrap_or(&self.nowhere)
    }

    /// Checks one set of credentials, which is for our realm.
    fn check(&self, tenant: TenantId, credentials: &Credentials<'_>, query: &DigestQuery<'_>) -> DigestVerdict {
        let Some(protection) = credentials.protection() else { return DigestVerdict::Invalid };
        let algorithm = credentials.algorithm().filter(|algorithm| self.site(tenant).algorithms.contains(algorithm));
        let (Some(algorithm), Some(user)) = (algorithm, credentials.username()) else {
            return DigestVerdict::Invalid;
        };
        let (ha1, is_known) = match query.secret {
            Some(Secret::Password(password)) => (Ha1::of(algorithm, &user, query.realm, password), true),
            Some(Secret::Ha1(text)) => match Ha1::from_hex(algorithm, text) {
                Some(ha1) => (ha1, true),
                None => return DigestVerdict::Invalid,
            },
            None => self.site(tenant).users.ha1(algorithm, &user, query.realm),
        };
        let expected = expected_response(algorithm, &ha1, credentials, &protection, query);
        let is_right = is_same_digest(&expected, credentials.response);
        match (is_right, is_known) {
            (_, false) => DigestVerdict::UnknownUser,
            (false, true) => DigestVerdict::Invalid,
            (true, true) if self.is_fresh(tenant, credentials, &protection, query) => DigestVerdict::Valid { user },
            (true, true) => DigestVerdict::Stale,
        }
    }

    /// Whether the nonce is ours and young, and has not been used for this yet. Called for right responses only.
    fn is_fresh(
        &self,
        tenant: TenantId,
        credentials: &Credentials<'_>,
        protection: &Protection<'_>,
        query: &DigestQuery<'_>,
    ) -> bool {
        let Some(nonce) = self.nonces.open(tenant, credentials.nonce, query.unix) else { return false };
        let nonce_use = match protection {
            Protection::None => NonceUse::OneCall(self.nonces.fingerprint(query.call_id)),
            Protection::Auth { count, .. } | Protection::AuthInt { count, .. } => NonceUse::Count(*count),
        };
        self.replay.admit(tenant, nonce, nonce_use, query.unix)
    }

    fn count(&self, verdict: &DigestVerdict) {
        match verdict {
            DigestVerdict::Valid { .. } => self.counters.valid.increment(),
            DigestVerdict::Stale => self.counters.stale.increment(),
            DigestVerdict::Invalid | DigestVerdict::UnknownUser => self.counters.failures.increment(),
            DigestVerdict::NoCredentials => {}
        }
    }
}

/// RFC 7616 3.4.1. The digest URI is taken as the client gave it: a proxy on the way may have changed the Request-URI
/// (RFC 8760 2.6 item 6).
fn expected_response(
    algorithm: Algorithm,
    ha1: &Ha1,
    credentials: &Credentials<'_>,
    protection: &Protection<'_>,
    query: &DigestQuery<'_>,
) -> HexDigest {
    let method = query.method.as_bytes();
    let ha1 = ha1.hex();
    match protection {
        Protection::None => {
            let ha2 = algorithm.hash(&[method, credentials.uri]);
            algorithm.hash(&[&ha1, credentials.nonce, &ha2])
        }
        Protection::Auth { count_text, cnonce, .. } => {
            let ha2 = algorithm.hash(&[method, credentials.uri]);
            algorithm.hash(&[&ha1, credentials.nonce, count_text, cnonce, b"auth", &ha2])
        }
        Protection::AuthInt { count_text, cnonce, .. } => {
            let body = algorithm.hash(&[query.body]);
            let ha2 = algorithm.hash(&[method, credentials.uri, &body]);
            algorithm.hash(&[&ha1, credentials.nonce, count_text, cnonce, b"auth-int", &ha2])
        }
    }
}

/// Of the verdicts on several credentials of one request: the one that says most.
const fn weight(verdict: &DigestVerdict) -> u8 {
    match verdict {
        DigestVerdict::NoCredentials => 0,
        DigestVerdict::UnknownUser => 1,
        DigestVerdict::Invalid => 2,
        DigestVerdict::Stale => 3,
        DigestVerdict::Valid { .. } => 4,
    }
}

impl Authenticator for DigestAuthenticator {
    fn verify(&self, tenant: TenantId, query: &DigestQuery<'_>) -> DigestVerdict {
        let mut verdict = DigestVerdict::NoCredentials;
        let ours = query.credentials.iter().filter_map(|line| credentials::parse(line, query.realm));
        for credentials in ours.take(MAX_CREDENTIALS) {
            let found = match credentials {
                Ok(credentials) => self.check(tenant, &credentials, query),
                Err(_) => DigestVerdict::Invalid,
            };
            if weight(&found) > weight(&verdict) {
                verdict = found;
            }
            if matches!(verdict, DigestVerdict::Valid { .. }) {
                break;
            }
        }
        self.count(&verdict);
        verdict
    }

    fn challenges(&self, tenant: TenantId, realm: &str, stale: bool, unix: UnixTime) -> Vec<String> {
        let nonce = self.nonces.issue(tenant, unix);
        let algorithms = &self.site(tenant).algorithms;
        algorithms.iter().map(|&algorithm| challenge::value(algorithm, realm, &nonce, stale)).collect()
    }

    fn generate_nonce(&self, tenant: TenantId, unix: UnixTime) -> String {
        self.nonces.issue(tenant, unix)
    }

    fn validate_nonce(&self, tenant: TenantId, nonce: &str, unix: UnixTime) -> bool {
        self.nonces.open(tenant, nonce.as_bytes(), unix).is_some()
    }

    fn default_realm(&self, tenant: TenantId) -> String {
        self.site(tenant).realm.clone()
    }

    fn enforce_aor_match(&self, tenant: TenantId) -> bool {
        self.site(tenant).enforce_aor_match
    }
}

impl std::fmt::Debug for DigestAuthenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DigestAuthenticator").field("counters", &self.counters).finish_non_exhaustive()
    }
}
