//! Named caches in memory: strings and lists with a time to live, the longest unused ones leaving first. Nothing
//! survives the process.

use std::fmt;
use std::time::Duration;

use hashbrown::HashMap;
use siphon_script::ports::Cache;
use siphon_sip::{TenantId, Time};

mod entry;
mod lru;
mod named;
#[cfg(test)]
mod tests;

pub use named::CacheGauges;
use named::NamedCache;

/// A cache of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheDefinition {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// How long a value without a time to live of its own is kept; `None`: until it has to leave.
    pub ttl: Option<Duration>,
    /// How many keys it holds.
    pub max_entries: usize,
    /// How many bytes keys and values may have together.
    pub max_bytes: usize,
}

impl CacheDefinition {
    /// A cache as one with a name only is: 10,000 keys, 64 MiB, no time to live.
    #[must_use]
    pub fn new(tenant: TenantId, name: impl Into<String>) -> Self {
        Self { tenant, name: name.into(), ttl: None, max_entries: 10_000, max_bytes: 64 << 20 }
    }
}

/// Every cache of every tenant. A tenant can neither name another's nor push its values out.
pub struct MemoryCache {
    tenants: HashMap<TenantId, HashMap<Box<str>, NamedCache>>,
}

impl MemoryCache {
    /// These caches, empty. The seed must be one that peers cannot know. Of two with one name the later counts.
    #[must_use]
    pub fn new(seed: [u64; 2], definitions: impl IntoIterator<Item = CacheDefinition>) -> Self {
        let mut tenants: HashMap<_, HashMap<_, _>> = HashMap::new();
        for definition in definitions {
            let caches = tenants.entry(definition.tenant).or_default();
            caches.insert(definition.name.as_str().into(), NamedCache::new(seed, &definition));
        }
        Self { tenants }
    }

    /// Drops what has run out, a few hundred entries of each cache a call. Look-ups do not need it, memory does.
    pub fn sweep(&self, now: Time) {
        for caches in self.tenants.values() {
            caches.values().for_each(|cache| cache.sweep(now));
        }
    }

    /// Every cache with what it holds.
    pub fn gauges(&self) -> impl Iterator<Item = (TenantId, &str, CacheGauges)> {
        self.tenants
            .iter()
            .flat_map(|(tenant, caches)| caches.iter().map(|(name, cache)| (*tenant, &**name, cache.gauges())))
    }

    fn named(&self, tenant: TenantId, cache: &str) -> Option<&NamedCache> {
        self.tenants.get(&tenant)?.get(cache)
    }
}

impl Cache for MemoryCache {
    fn has_cache(&self, tenant: TenantId, cache: &str) -> bool {
        self.named(tenant, cache).is_some()
    }

    fn fetch(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> Option<String> {
        self.named(tenant, cache)?.fetch(key, now)
    }

    fn store(&self, tenant: TenantId, cache: &str, key: &str, value: String, ttl: Option<Duration>, now: Time) -> bool {
        self.named(tenant, cache).is_some_and(|cache| cache.store(key, value, ttl, now))
    }

    fn delete(&self, tenant: TenantId, cache: &str, key: &str) -> bool {
        self.named(tenant, cache).map(|cache| cache.delete(key)).is_some()
    }

    fn exists(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> bool {
        self.named(tenant, cache).is_some_and(|cache| cache.exists(key, now))
    }

    fn expire(&self, tenant: TenantId, cache: &str, key: &str, ttl: Duration, now: Time) -> bool {
        self.named(tenant, cache).is_some_and(|cache| cache.expire(key, ttl, now))
    }

    fn list_push(&self, tenant: TenantId, cache: &str, key: &str, item: String, now: Time) -> Option<u64> {
        self.named(tenant, cache)?.list_push(key, item, now)
    }

    fn list_pop_all(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> Vec<String> {
        self.named(tenant, cache).map(|cache| cache.list_pop_all(key, now)).unwrap_or_default()
    }

    fn list_len(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> Option<u64> {
        Some(self.named(tenant, cache)?.list_len(key, now))
    }

    fn list_len_sum(&self, tenant: TenantId, cache: &str, prefix: &str, now: Time) -> Option<u64> {
        Some(self.named(tenant, cache)?.list_len_sum(prefix, now))
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.gauges()).finish()
    }
}
