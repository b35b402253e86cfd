//! One cache: shards, each with its lock, under one bound of keys and bytes. The names and tenants are one level up.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use siphasher::sip::SipHasher13;
use siphon_sip::Time;

use super::CacheDefinition;
use super::entry::{Entry, Value, item_bytes};
use super::lru::Lru;

/// Below this many keys a cache is one shard: then the key that leaves is the one that was not used for longest in the
/// whole cache. Above, it is the one of the shard that grew.
const SHARD_KEYS: usize = 1024;
const MAX_SHARDS: usize = 16;

/// Nodes that a sweep looks at in each shard.
const SWEEP_NODES: usize = 256;

/// What a cache holds now, and what it dropped because it was full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheGauges {
    /// Keys, expired ones included until they are swept.
    pub entries: usize,
    /// Bytes of keys and values, and what it takes to keep them.
    pub bytes: usize,
    /// Keys that had to leave for others; only grows.
    pub evicted: u64,
    /// Values that were too big to be kept; only grows.
    pub refused: u64,
}

/// A shard and where its next sweep begins.
#[derive(Default)]
struct Shard {
    lru: Lru,
    next_swept: usize,
}

/// A cache. No operation holds two locks at once.
pub(super) struct NamedCache {
    seed: [u64; 2],
    shards: Box<[Mutex<Shard>]>,
    ttl: Option<Duration>,
    max_entries: usize,
    max_bytes: usize,
    entries: AtomicUsize,
    bytes: AtomicUsize,
    evicted: AtomicU64,
    refused: AtomicU64,
}

impl NamedCache {
    pub(super) fn new(seed: [u64; 2], definition: &CacheDefinition) -> Self {
        let shards = (definition.max_entries / SHARD_KEYS).clamp(1, MAX_SHARDS);
        Self {
            seed,
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            ttl: definition.ttl,
            max_entries: definition.max_entries.max(1),
            max_bytes: definition.max_bytes,
            entries: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            evicted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(super) fn gauges(&self) -> CacheGauges {
        CacheGauges {
            entries: self.entries.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            evicted: self.evicted.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    pub(super) fn fetch(&self, key: &str, now: Time) -> Option<String> {
        let mut shard = self.shard(key)?;
        self.live(&mut shard, key, now)?.text().map(str::to_owned)
    }

    /// False only when the value is too big; then the key is gone.
    pub(super) fn store(&self, key: &str, value: String, ttl: Option<Duration>, now: Time) -> bool {
        let Some(mut shard) = self.shard(key) else { return false };
        let expires_at = ttl.or(self.ttl).map(|ttl| now + ttl);
        self.remove(&mut shard, key);
        self.insert(shard, Entry::new(key, Value::Text(value.into()), expires_at))
    }

    pub(super) fn delete(&self, key: &str) {
        if let Some(mut shard) = self.shard(key) {
            self.remove(&mut shard, key);
        }
    }

    pub(super) fn exists(&self, key: &str, now: Time) -> bool {
        self.shard(key).is_some_and(|shard| shard.peek(key).is_some_and(|entry| entry.is_live(now)))
    }

    pub(super) fn expire(&self, key: &str, ttl: Duration, now: Time) -> bool {
        let Some(mut shard) = self.shard(key) else { return false };
        match self.live(&mut shard, key, now) {
            Some(entry) => {
                entry.expires_at = Some(now + ttl);
                true
            }
            None => false,
        }
    }

    /// The new length; `None` when the key holds a string, or the list would be too big.
    pub(super) fn list_push(&self, key: &str, item: String, now: Time) -> Option<u64> {
        let mut shard = self.shard(key)?;
        let Some(entry) = self.live(&mut shard, key, now) else {
            let value = Value::List(vec![item.into()]);
            let entry = Entry::new(key, value, self.ttl.map(|ttl| now + ttl));
            return self.insert(shard, entry).then_some(1);
        };
        let more = item_bytes(&item);
        if entry.bytes().saturating_add(more) > self.max_bytes {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let length = entry.push(item)?;
        self.bytes.fetch_add(more, Ordering::Relaxed);
        self.make_room(shard);
        Some(length)
    }

    pub(super) fn list_pop_all(&self, key: &str, now: Time) -> Vec<String> {
        let Some(mut shard) = self.shard(key) else { return Vec::new() };
        if self.live(&mut shard, key, now).is_none_or(|entry| entry.list().is_none()) {
            return Vec::new();
        }
        let items = self.remove(&mut shard, key).map(Entry::into_list).unwrap_or_default();
        items.into_iter().map(String::from).collect()
    }

    pub(super) fn list_len(&self, key: &str, now: Time) -> u64 {
        self.shard(key)
            .and_then(|shard| shard.peek(key).filter(|entry| entry.is_live(now)).map(Entry::list_len))
            .unwrap_or(0)
    }

    pub(super) fn list_len_sum(&self, prefix: &str, now: Time) -> u64 {
        let sum_of = |shard: &Mutex<Shard>| -> u64 {
            let shard = shard.lock();
            let lists = shard.lru.iter().filter(|entry| entry.is_live(now) && entry.key.starts_with(prefix));
            lists.map(Entry::list_len).sum()
        };
        self.shards.iter().map(sum_of).sum()
    }

    pub(super) fn sweep(&self, now: Time) {
        for shard in &self.shards {
            let shard = &mut *shard.lock();
            let keep = |entry: &Entry| entry.is_live(now);
            shard.next_swept = shard.lru.sift(shard.next_swept, SWEEP_NODES, keep, |entry| self.forget(&entry));
        }
    }

    fn shard(&self, key: &str) -> Option<Locked<'_>> {
        let [one, two] = self.seed;
        let mut hasher = SipHasher13::new_with_keys(one, two);
        hasher.write(key.as_bytes());
        let hash = hasher.finish();
        let place = (hash >> 40) as usize % self.shards.len().max(1);
        Some(Locked { hash, place, shard: self.shards.get(place)?.lock() })
    }

    /// The entry of a key, which becomes the newest; one that has run out is dropped.
    fn live<'a>(&self, shard: &'a mut Locked<'_>, key: &str, now: Time) -> Option<&'a mut Entry> {
        if shard.peek(key).is_some_and(|entry| !entry.is_live(now)) {
            self.remove(shard, key);
            return None;
        }
        shard.shard.lru.touch(shard.hash, key)
    }

    fn remove(&self, shard: &mut Locked<'_>, key: &str) -> Option<Entry> {
        let removed = shard.shard.lru.remove(shard.hash, key)?;
        self.forget(&removed);
        Some(removed)
    }

    /// Adds an entry whose key is not there, unless it is too big, and makes room.
    fn insert(&self, mut shard: Locked<'_>, entry: Entry) -> bool {
        let bytes = entry.bytes();
        if bytes > self.max_bytes {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let hash = shard.hash;
        shard.shard.lru.insert(hash, entry);
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.make_room(shard);
        true
    }

    /// Drops the oldest until the bounds are kept: first of the shard that grew, except for what made it grow, which is
    /// its newest, then of the others.
    fn make_room(&self, mut grown: Locked<'_>) {
        while self.is_over() && grown.shard.lru.len() > 1 {
            self.evict(&mut grown.shard);
        }
        let grown_place = grown.place;
        // Before the others are locked, and this one again.
        drop(grown);
        for (place, shard) in self.shards.iter().enumerate() {
            if !self.is_over() {
                break;
            }
            let mut shard = shard.lock();
            while place != grown_place && self.is_over() && shard.lru.len() > 0 {
                self.evict(&mut shard);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.entries.load(Ordering::Relaxed) > self.max_entries || self.bytes.load(Ordering::Relaxed) > self.max_bytes
    }

    fn evict(&self, shard: &mut Shard) {
        if let Some(entry) = shard.lru.remove_oldest() {
            self.forget(&entry);
            self.evicted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes an entry that was removed out of the counts.
    fn forget(&self, entry: &Entry) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(entry.bytes(), Ordering::Relaxed);
    }
}

/// The shard of a key, locked.
struct Locked<'a> {
    hash: u64,
    place: usize,
    shard: MutexGuard<'a, Shard>,
}

impl Locked<'_> {
    fn peek(&self, key: &str) -> Option<&Entry> {
        self.shard.lru.peek(self.hash, key)
    }
}
