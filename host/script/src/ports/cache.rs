//! Named caches: strings and lists under a key, each with its own time to live. Not a store for anything that must
//! survive: what a back end fails to do reads as absent.

use std::time::Duration;

use siphon_sip::{TenantId, Time};

/// The caches of the configuration. An unknown name is no error: nothing is found in it and nothing stored.
pub trait Cache: Send + Sync {
    /// Whether there is a cache of that name.
    fn has_cache(&self, tenant: TenantId, cache: &str) -> bool;

    /// The value of a key.
    fn fetch(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> Option<String>;

    /// Stores a value; false when there is no such cache. Without a `ttl` the cache's own applies.
    fn store(&self, tenant: TenantId, cache: &str, key: &str, value: String, ttl: Option<Duration>, now: Time) -> bool;

    /// Removes a key; true when the cache exists, whether or not the key did.
    fn delete(&self, tenant: TenantId, cache: &str, key: &str) -> bool;

    /// Whether the key is there, as a value or as a list.
    fn exists(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> bool;

    /// Gives a key a new time to live; false when it is not there.
    fn expire(&self, tenant: TenantId, cache: &str, key: &str, ttl: Duration, now: Time) -> bool;

    /// Appends to a list and returns its length; `None` when there is no such cache.
    fn list_push(&self, tenant: TenantId, cache: &str, key: &str, item: String, now: Time) -> Option<u64>;

    /// Takes a whole list at once, in order of arrival.
    fn list_pop_all(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> Vec<String>;

    /// The length of a list, 0 when it is not there; `None` when there is no such cache.
    fn list_len(&self, tenant: TenantId, cache: &str, key: &str, now: Time) -> Option<u64>;

    /// The lengths of all lists whose key begins so, added up; `None` when there is no such cache.
    fn list_len_sum(&self, tenant: TenantId, cache: &str, prefix: &str, now: Time) -> Option<u64>;
}
