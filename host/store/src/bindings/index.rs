//! From the hash of a handle to the hashes of the records that may have it. Not the truth: who finds a record here
//! looks whether it has the handle.
use hashbrown::HashTable;
use parking_lot::Mutex;
use smallvec::SmallVec;

/// The record with hash `record` has a handle with hash `handle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IndexEntry {
    pub(super) handle: u64,
    pub(super) record: u64,
}

/// Entries in stripes of their own, 16 bytes each.
pub(super) struct HandleIndex {
    stripes: Box<[Mutex<HashTable<IndexEntry>>]>,
}

impl HandleIndex {
    pub(super) fn new(stripes: usize) -> Self {
        Self { stripes: (0..stripes).map(|_| Mutex::default()).collect() }
    }

    pub(super) fn insert(&self, entry: IndexEntry) {
        if let Some(stripe) = self.stripe(entry.handle) {
            stripe.lock().insert_unique(entry.handle, entry, |entry| entry.handle);
        }
    }

    pub(super) fn remove(&self, entry: IndexEntry) {
        if let Some(stripe) = self.stripe(entry.handle)
            && let Ok(found) = stripe.lock().find_entry(entry.handle, |other| *other == entry)
        {
            found.remove();
        }
    }

    /// The records that may have a handle with this hash.
    pub(super) fn records(&self, handle: u64) -> SmallVec<[u64; 4]> {
        let Some(stripe) = self.stripe(handle) else { return SmallVec::new() };
        let stripe = stripe.lock();
        stripe.iter_hash(handle).filter(|entry| entry.handle == handle).map(|entry| entry.record).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.stripes.iter().map(|stripe| stripe.lock().len()).sum()
    }

    fn stripe(&self, handle: u64) -> Option<&Mutex<HashTable<IndexEntry>>> {
        let place = (handle >> 40) as usize % self.stripes.len().max(1);
        self.stripes.get(place)
    }
}
