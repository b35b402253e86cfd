//! What nonces were used for (RFC 7616 3.4, `nc`). It holds only nonces that came with a right response: a stranger
//! cannot fill it.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use siphon_sip::{TenantId, UnixTime};

use super::nonce::Nonce;

const STRIPES: usize = 16;

/// Counts below the highest one that are still told apart: requests of one client may overtake one another.
const WINDOW: u32 = 64;

/// What a request uses its nonce for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonceUse {
    /// The client counts: each number once.
    Count(u32),
    /// The client does not count: the nonce serves the Call-ID with this fingerprint, and no other.
    OneCall(u64),
}

/// What a nonce was used for so far.
#[derive(Clone, Copy, Debug)]
enum Record {
    /// `seen` has bit n when `highest - n` was used.
    Counts {
        highest: u32,
        seen: u64,
    },
    OneCall(u64),
}

impl Record {
    const fn new(first: NonceUse) -> Self {
        match first {
            NonceUse::Count(highest) => Self::Counts { highest, seen: 1 },
            NonceUse::OneCall(call) => Self::OneCall(call),
        }
    }

    /// Records one more use; false when it is not a new one.
    fn admit(&mut self, next: NonceUse) -> bool {
        match (self, next) {
            (Self::Counts { highest, seen }, NonceUse::Count(count)) if count > *highest => {
                *seen = seen.checked_shl(count - *highest).unwrap_or(0) | 1;
                *highest = count;
                true
            }
            (Self::Counts { highest, seen }, NonceUse::Count(count)) => {
                let below = *highest - count;
                let is_new = below < WINDOW && *seen >> below & 1 == 0;
                if is_new {
                    *seen |= 1 << below;
                }
                is_new
            }
            (Self::OneCall(call), NonceUse::OneCall(other)) => *call == other,
            (Self::Counts { .. }, NonceUse::OneCall(_)) | (Self::OneCall(_), NonceUse::Count(_)) => false,
        }
    }
}

/// Nonces in the order of their issue, so that the oldest leave first.
struct Stripe {
    records: BTreeMap<(Nonce, TenantId), Record>,
    /// A nonce issued before it, and not in the table, may have been used already: it is stale.
    floor: u64,
}

/// A bounded table in stripes.
pub(super) struct ReplayTable {
    stripes: Box<[Mutex<Stripe>]>,
    stripe_size: usize,
    ttl: u64,
}

impl ReplayTable {
    /// Room for about `max_nonces`. What was issued before `started` is stale.
    pub(super) fn new(max_nonces: usize, ttl: Duration, started: UnixTime) -> Self {
        let stripe = || Mutex::new(Stripe { records: BTreeMap::new(), floor: started.0 });
        Self {
            stripes: (0..STRIPES).map(|_| stripe()).collect(),
            stripe_size: (max_nonces / STRIPES).max(1),
            ttl: ttl.as_secs(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.stripes.iter().map(|stripe| stripe.lock().records.len()).sum()
    }

    /// Records a use of a nonce that is ours and young; false when it is a replay, or could be one.
    pub(super) fn admit(&self, tenant: TenantId, nonce: Nonce, nonce_use: NonceUse, now: UnixTime) -> bool {
        let Some(stripe) = self.stripes.get(nonce.salt as usize % STRIPES) else { return false };
        let mut stripe = stripe.lock();
        if let Some(record) = stripe.records.get_mut(&(nonce, tenant)) {
            return record.admit(nonce_use);
        }
        if nonce.issued < stripe.floor {
            return false;
        }
        stripe.records.insert((nonce, tenant), Record::new(nonce_use));
        stripe.shrink(self.stripe_size, now.0.saturating_sub(self.ttl));
        true
    }
}

impl Stripe {
    /// Drops what was issued before `oldest`, and the oldest beyond `size`.
    fn shrink(&mut self, size: usize, oldest: u64) {
        while let Some(((nonce, _), _)) = self.records.first_key_value() {
            if self.records.len() <= size && nonce.issued >= oldest {
                return;
            }
            self.floor = self.floor.max(nonce.issued.saturating_add(1));
            self.records.pop_first();
        }
    }
}
