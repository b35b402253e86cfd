//! Verdicts that the test chooses; no digest is computed.

use parking_lot::Mutex;
use siphon_sip::{TenantId, UnixTime};

use crate::ports::{Authenticator, DigestHeader, DigestQuery, DigestVerdict};

/// Gives the verdicts that it was told to give. The realm is `example.com`.
#[derive(Debug)]
pub struct KitAuthenticator {
    /// The verdict on Authorization.
    pub www: Mutex<DigestVerdict>,
    /// The verdict on Proxy-Authorization.
    pub proxy: Mutex<DigestVerdict>,
    /// Whether a user may register its own address only.
    pub enforce_aor_match: Mutex<bool>,
    /// The realm and the credentials of each query, in order.
    pub queries: Mutex<Vec<(String, Vec<String>)>>,
}

impl Default for KitAuthenticator {
    fn default() -> Self {
        Self {
            www: Mutex::new(DigestVerdict::NoCredentials),
            proxy: Mutex::new(DigestVerdict::NoCredentials),
            enforce_aor_match: Mutex::new(true),
            queries: Mutex::default(),
        }
    }
}

impl Authenticator for KitAuthenticator {
    fn verify(&self, _tenant: TenantId, query: &DigestQuery<'_>) -> DigestVerdict {
        let credentials = query.credentials.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        self.queries.lock().push((query.realm.to_owned(), credentials));
        match query.header {
            DigestHeader::Www => self.www.lock().clone(),
            DigestHeader::Proxy => self.proxy.lock().clone(),
        }
    }

    fn challenges(&self, _tenant: TenantId, realm: &str, stale: bool, unix: UnixTime) -> Vec<String> {
        let stale = if stale { ", stale=true" } else { "" };
        ["MD5", "SHA-256", "SHA-512-256"]
            .iter()
            .map(|name| format!(r#"Digest realm="{realm}", nonce="{}", algorithm={name}, qop="auth"{stale}"#, unix.0))
            .collect()
    }

    fn generate_nonce(&self, _tenant: TenantId, unix: UnixTime) -> String {
        unix.0.to_string()
    }

    fn validate_nonce(&self, _tenant: TenantId, nonce: &str, unix: UnixTime) -> bool {
        nonce.parse::<u64>().is_ok_and(|made| unix.0.saturating_sub(made) <= 3600)
    }

    fn default_realm(&self, _tenant: TenantId) -> String {
        "example.com".to_owned()
    }

    fn enforce_aor_match(&self, _tenant: TenantId) -> bool {
        *self.enforce_aor_match.lock()
    }
}
