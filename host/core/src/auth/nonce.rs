//! Nonces that need no table: the time and a salt under a MAC. What one was used for is the replay table's business.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use siphasher::sip::SipHasher13;
use siphon_sip::{TenantId, UnixTime};

/// How far the clock of the node that issued a nonce may be ahead of ours, in seconds.
const CLOCK_SKEW: u64 = 60;

/// Digits of the parts of `{unix}.{salt}{mac}`.
const UNIX_DIGITS: usize = 16;
const SALT_DIGITS: usize = 16;
const MAC_BYTES: usize = 16;

/// What the MAC is over, so that no other use of the secret makes a nonce.
const PURPOSE: &[u8] = b"siphon digest nonce";

/// A nonce of ours: no two are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nonce {
    /// When it was issued.
    pub(super) issued: u64,
    pub(super) salt: u64,
}

/// Issues nonces and opens them again.
pub(super) struct Nonces {
    keyed: Hmac<Sha256>,
    seed: [u64; 2],
    issued: AtomicU64,
    ttl: u64,
}

impl Nonces {
    pub(super) fn new(secret: &[u8], seed: [u64; 2], ttl: Duration) -> Self {
        // HMAC takes keys of every length; the error type exists for other algorithms behind the same trait.
        let keyed = Hmac::<Sha256>::new_from_slice(secret)
            .unwrap_or_else(|_| <Hmac<Sha256> as Mac>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        Self { keyed, seed, issued: AtomicU64::new(0), ttl: ttl.as_secs() }
    }

    /// A new nonce: 65 characters.
    pub(super) fn issue(&self, tenant: TenantId, now: UnixTime) -> String {
        // A keyed hash of a counter: no two are equal, and none says how many there were.
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let nonce = Nonce { issued: now.0, salt: self.fingerprint(&number.to_be_bytes()) };
        let mut text = format!("{:016x}.{:016x}", nonce.issued, nonce.salt);
        for byte in self.mac(tenant, nonce).finalize().into_bytes().into_iter().take(MAC_BYTES) {
            for nibble in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(nibble), 16));
            }
        }
        text
    }

    /// What a nonce of the tenant says; `None` when it is not one, or too old, or from the future.
    pub(super) fn open(&self, tenant: TenantId, text: &[u8], now: UnixTime) -> Option<Nonce> {
        let (issued, rest) = text.split_at_checked(UNIX_DIGITS)?;
        let (salt, mac) = rest.strip_prefix(b".")?.split_at_checked(SALT_DIGITS)?;
        let nonce = Nonce { issued: number(issued)?, salt: number(salt)? };
        let mac = super::algorithm::from_hex(mac, MAC_BYTES)?;
        self.mac(tenant, nonce).verify_truncated_left(&mac).ok()?;
        let is_young = now.0 <= nonce.issued.saturating_add(self.ttl);
        let is_past = nonce.issued <= now.0.saturating_add(CLOCK_SKEW);
        (is_young && is_past).then_some(nonce)
    }

    /// A keyed hash.
    pub(super) fn fingerprint(&self, bytes: &[u8]) -> u64 {
        let [one, two] = self.seed;
        let mut hasher = SipHasher13::new_with_keys(one, two);
        hasher.write(bytes);
        hasher.finish()
    }

    fn mac(&self, tenant: TenantId, nonce: Nonce) -> Hmac<Sha256> {
        let mut keyed = self.keyed.clone();
        keyed.update(PURPOSE);
        keyed.update(&tenant.0.to_be_bytes());
        keyed.update(&nonce.issued.to_be_bytes());
        keyed.update(&nonce.salt.to_be_bytes());
        keyed
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    let bytes = super::algorithm::from_hex(digits, size_of::<u64>())?;
    bytes.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}
