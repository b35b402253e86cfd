//! The location table in memory. Not the registrar: it keeps what the registrar's rules give it, and forgets nothing by
//! itself.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use siphasher::sip::SipHasher13;
use siphon_script::Aor;
use siphon_script::ports::{BindingStore, Handle, Registration, StoreCounts, StoreError};
use siphon_sip::{TenantId, Time};

mod index;
mod stripe;
#[cfg(test)]
mod tests;

use index::{HandleIndex, IndexEntry};
use stripe::{Record, Stripe};

/// How many locks the table has.
const STRIPES: usize = 64;

/// Registrations by tenant and address of record, cut into stripes by a seeded hash, with an index of their aliases,
/// contact addresses and flow tokens.
///
/// A stripe's lock is held while a caller's function runs; the index is locked after it, never before.
pub struct MemoryBindings {
    seed: [u64; 2],
    stripes: Box<[Mutex<Stripe>]>,
    index: HandleIndex,
    /// Addresses over all tenants, those with a profile only included.
    held: AtomicUsize,
    max_aors: usize,
    /// The stripe where the next [`BindingStore::due`] begins.
    next_due: AtomicUsize,
}

impl MemoryBindings {
    /// An empty table for `max_aors` addresses. The seed must be one that peers cannot know.
    #[must_use]
    pub fn new(seed: [u64; 2], max_aors: usize) -> Self {
        Self {
            seed,
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            index: HandleIndex::new(STRIPES),
            held: AtomicUsize::new(0),
            max_aors,
            next_due: AtomicUsize::new(0),
        }
    }

    /// How many addresses are kept, over all tenants.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many handles are indexed, over all tenants.
    #[must_use]
    pub fn indexed(&self) -> usize {
        self.index.len()
    }

    fn hash_of(&self, tenant: TenantId, what: impl Hash) -> u64 {
        let [one, two] = self.seed;
        let mut hasher = SipHasher13::new_with_keys(one, two);
        tenant.hash(&mut hasher);
        what.hash(&mut hasher);
        hasher.finish()
    }

    fn record_hash(&self, tenant: TenantId, aor: &Aor) -> u64 {
        self.hash_of(tenant, aor.as_str())
    }

    fn stripe(&self, hash: u64) -> Option<&Mutex<Stripe>> {
        self.stripes.get(stripe_of(hash))
    }

    /// The index entries of a registration, sorted, each once.
    fn entries(&self, tenant: TenantId, record: u64, registration: &Registration) -> Vec<IndexEntry> {
        let mut entries = Vec::new();
        registration.visit_handles(&mut |handle| {
            entries.push(IndexEntry { handle: self.hash_of(tenant, handle), record });
        });
        entries.sort_unstable();
        entries.dedup();
        entries
    }

    /// Makes the index follow a record from `before` to `after`.
    fn reindex(&self, tenant: TenantId, record: u64, before: &Registration, after: &Registration) {
        if before.handles_unchanged(after) {
            return;
        }
        let old = self.entries(tenant, record, before);
        let new = self.entries(tenant, record, after);
        for entry in old.iter().filter(|entry| new.binary_search(entry).is_err()) {
            self.index.remove(*entry);
        }
        for entry in new.iter().filter(|entry| old.binary_search(entry).is_err()) {
            self.index.insert(*entry);
        }
    }

    /// Takes a place for one more address.
    fn take_place(&self) -> Result<(), StoreError> {
        let take = |held: usize| (held < self.max_aors).then_some(held + 1);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map(|_| ()).map_err(|_| StoreError::Full)
    }

    fn give_place_back(&self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The stripe of a hash. The bits are ones that the hash tables inside the stripe do not look at.
const fn stripe_of(hash: u64) -> usize {
    (hash >> 40) as usize % STRIPES
}

impl BindingStore for MemoryBindings {
    fn read(&self, tenant: TenantId, aor: &Aor, visit: &mut dyn FnMut(&Registration)) {
        let hash = self.record_hash(tenant, aor);
        if let Some(stripe) = self.stripe(hash)
            && let Some(record) = stripe.lock().find(hash, tenant, aor)
        {
            visit(&record.registration);
        }
    }

    fn find(&self, tenant: TenantId, handle: &Handle<'_>, visit: &mut dyn FnMut(&Aor, &Registration)) {
        // The index gives candidates; whether they still have the handle is seen under the stripe's lock.
        for hash in self.index.records(self.hash_of(tenant, handle)) {
            let Some(stripe) = self.stripe(hash) else { continue };
            for record in stripe.lock().with_hash(hash) {
                if record.tenant == tenant && record.registration.has_handle(handle) {
                    visit(&record.aor, &record.registration);
                }
            }
        }
    }

    fn update(
        &self,
        tenant: TenantId,
        aor: &Aor,
        edit: &mut dyn FnMut(&Registration) -> Option<Registration>,
    ) -> Result<(), StoreError> {
        let hash = self.record_hash(tenant, aor);
        let Some(stripe) = self.stripe(hash) else { return Err(StoreError::Unavailable) };
        let mut stripe = stripe.lock();
        let nothing = Registration::default();
        let known = stripe.find(hash, tenant, aor);
        let is_new = known.is_none();
        let before = known.map_or(&nothing, |record| &record.registration);
        let Some(mut after) = edit(before) else { return Ok(()) };
        if is_new && after.is_empty() {
            return Ok(());
        }
        if is_new {
            self.take_place()?;
        }
        after.bindings.shrink_to_fit();
        self.reindex(tenant, hash, before, &after);
        if after.is_empty() {
            stripe.remove(hash, tenant, aor);
            self.give_place_back();
        } else if is_new {
            stripe.insert(Record::new(hash, tenant, aor.clone(), after));
        } else {
            stripe.replace(hash, tenant, aor, after);
        }
        Ok(())
    }

    fn due(&self, now: Time, limit: usize) -> Vec<(TenantId, Aor)> {
        let mut due = Vec::new();
        let first = self.next_due.fetch_add(1, Ordering::Relaxed);
        for step in 0..STRIPES {
            let left = limit.saturating_sub(due.len());
            if left == 0 {
                break;
            }
            if let Some(stripe) = self.stripes.get(first.wrapping_add(step) % STRIPES) {
                stripe.lock().due(now, left, &mut due);
            }
        }
        due
    }

    fn each(&self, tenant: TenantId, visit: &mut dyn FnMut(&Aor, &Registration)) {
        for stripe in &self.stripes {
            for record in stripe.lock().iter().filter(|record| record.tenant == tenant) {
                visit(&record.aor, &record.registration);
            }
        }
    }

    fn counts(&self, tenant: TenantId) -> Result<StoreCounts, StoreError> {
        let mut counts = StoreCounts::default();
        for stripe in &self.stripes {
            let of_stripe = stripe.lock().counts(tenant);
            counts.aors += of_stripe.aors;
            counts.bindings += of_stripe.bindings;
        }
        Ok(counts)
    }
}

impl fmt::Debug for MemoryBindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBindings").field("len", &self.len()).field("max_aors", &self.max_aors).finish()
    }
}
