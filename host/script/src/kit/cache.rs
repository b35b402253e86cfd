//! Named caches in a map, without a bound: good for tests only.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use siphon_sip::{TenantId, Time};

use crate::ports::Cache;

type Key = (TenantId, String, String);

/// One cache named `c`; more by [`KitCache::add`].
#[derive(Debug)]
pub struct KitCache {
    names: Mutex<Vec<String>>,
    items: Mutex<HashMap<Key, Item>>,
}

#[derive(Debug)]
struct Item {
    values: Vec<String>,
    until: Option<Time>,
}

impl Default for KitCache {
    fn default() -> Self {
        Self { names: Mutex::new(vec!["c".to_owned()]), items: Mutex::default() }
    }
}

impl KitCache {
    /// Adds an empty cache.
    pub fn add(&self, name: &str) {
        self.names.lock().push(name.to_owned());
    }

    fn with_item<R>(&self, key: Key, now: Time, look: impl FnOnce(&mut Item) -> R) -> Option<R> {
        let mut items = self.items.lock();
        items.get_mut(&key).filter(|item| item.until.is_none_or(|until| now < until)).map(look)
    }
}

fn key(tenant: TenantId, cache: &str, key: &str) -> Key {
    (tenant, cache.to_owned(), key.to_owned())
}

impl Cache for KitCache {
    fn has_cache(&self, _tenant: TenantId, cache: &str) -> bool {
        self.names.lock().iter().any(|name| name == cache)
    }

    fn fetch(&self, tenant: TenantId, cache: &str, name: &str, now: Time) -> Option<String> {
        self.with_item(key(tenant, cache, name), now, |item| item.values.first().cloned()).flatten()
    }

    fn store(
        &self,
        tenant: TenantId,
        cache: &str,
        name: &str,
        value: String,
        ttl: Option<Duration>,
        now: Time,
    ) -> bool {
        let known = self.has_cache(tenant, cache);
        if known {
            let item = Item { values: vec![value], until: ttl.map(|ttl| now + ttl) };
            self.items.lock().insert(key(tenant, cache, name), item);
        }
        known
    }

    fn delete(&self, tenant: TenantId, cache: &str, name: &str) -> bool {
        self.items.lock().remove(&key(tenant, cache, name));
        self.has_cache(tenant, cache)
    }

    fn exists(&self, tenant: TenantId, cache: &str, name: &str, now: Time) -> bool {
        self.with_item(key(tenant, cache, name), now, |_| ()).is_some()
    }

    fn expire(&self, tenant: TenantId, cache: &str, name: &str, ttl: Duration, now: Time) -> bool {
        self.with_item(key(tenant, cache, name), now, |item| item.until = Some(now + ttl)).is_some()
    }

    fn list_push(&self, tenant: TenantId, cache: &str, name: &str, item: String, now: Time) -> Option<u64> {
        if !self.has_cache(tenant, cache) {
            return None;
        }
        if !self.exists(tenant, cache, name, now) {
            self.items.lock().insert(key(tenant, cache, name), Item { values: Vec::new(), until: None });
        }
        self.with_item(key(tenant, cache, name), now, |list| {
            list.values.push(item);
            list.values.len() as u64
        })
    }

    fn list_pop_all(&self, tenant: TenantId, cache: &str, name: &str, now: Time) -> Vec<String> {
        let is_there = self.exists(tenant, cache, name, now);
        let item = self.items.lock().remove(&key(tenant, cache, name)).filter(|_| is_there);
        item.map(|item| item.values).unwrap_or_default()
    }

    fn list_len(&self, tenant: TenantId, cache: &str, name: &str, now: Time) -> Option<u64> {
        let length = self.with_item(key(tenant, cache, name), now, |item| item.values.len() as u64);
        self.has_cache(tenant, cache).then_some(length.unwrap_or(0))
    }

    fn list_len_sum(&self, tenant: TenantId, cache: &str, prefix: &str, now: Time) -> Option<u64> {
        let items = self.items.lock();
        let of_prefix = |((owner, of, name), item): &(&Key, &Item)| {
            *owner == tenant && of == cache && name.starts_with(prefix) && item.until.is_none_or(|until| now < until)
        };
        let sum = items.iter().filter(of_prefix).map(|(_, item)| item.values.len() as u64).sum();
        drop(items);
        self.has_cache(tenant, cache).then_some(sum)
    }
}
