//! `cache`: named caches of strings and lists. An unknown cache is no error: it is empty and stores nothing.

use std::time::Duration;

use siphon_sip::{TenantId, Time};

use crate::context::{Context, Interface};
use crate::error::ApiError;
use crate::ports::Cache;

/// Keys that begin so are the server's own.
const RESERVED_PREFIX: &str = "siphon:";

/// Whether there is a cache of that name.
pub fn has_cache(context: &Context, cache: &str) -> Result<bool, ApiError> {
    with(context, |port, tenant, _| port.has_cache(tenant, cache))
}

/// The value of a key.
pub fn fetch(context: &Context, cache: &str, key: &str) -> Result<Option<String>, ApiError> {
    with(context, |port, tenant, now| port.fetch(tenant, cache, key, now))
}

/// Stores a value for `ttl` seconds, or for as long as the cache keeps things. False when there is no such cache.
pub fn store(context: &Context, cache: &str, key: &str, value: String, ttl: Option<f64>) -> Result<bool, ApiError> {
    check_key(key)?;
    let ttl = ttl.map(duration).transpose()?;
    with(context, |port, tenant, now| port.store(tenant, cache, key, value, ttl, now))
}

/// Removes a key. True when the cache exists.
pub fn delete(context: &Context, cache: &str, key: &str) -> Result<bool, ApiError> {
    check_key(key)?;
    with(context, |port, tenant, _| port.delete(tenant, cache, key))
}

/// Whether the key is there.
pub fn exists(context: &Context, cache: &str, key: &str) -> Result<bool, ApiError> {
    with(context, |port, tenant, now| port.exists(tenant, cache, key, now))
}

/// Gives a key `ttl` more seconds. False when it is not there.
pub fn expire(context: &Context, cache: &str, key: &str, ttl: f64) -> Result<bool, ApiError> {
    check_key(key)?;
    let ttl = duration(ttl)?;
    with(context, |port, tenant, now| port.expire(tenant, cache, key, ttl, now))
}

/// Appends to a list and returns its length; `None` when there is no such cache.
pub fn list_push(context: &Context, cache: &str, key: &str, item: String) -> Result<Option<u64>, ApiError> {
    check_key(key)?;
    with(context, |port, tenant, now| port.list_push(tenant, cache, key, item, now))
}

/// Takes a whole list at once.
pub fn list_pop_all(context: &Context, cache: &str, key: &str) -> Result<Vec<String>, ApiError> {
    check_key(key)?;
    with(context, |port, tenant, now| port.list_pop_all(tenant, cache, key, now))
}

/// The length of a list; `None` when there is no such cache.
pub fn list_len(context: &Context, cache: &str, key: &str) -> Result<Option<u64>, ApiError> {
    with(context, |port, tenant, now| port.list_len(tenant, cache, key, now))
}

/// The lengths of all lists whose key begins so, added up; `None` when there is no such cache.
pub fn list_len_sum(context: &Context, cache: &str, prefix: &str) -> Result<Option<u64>, ApiError> {
    if prefix.is_empty() {
        return Err(ApiError::Value("the prefix must not be empty".to_owned()));
    }
    with(context, |port, tenant, now| port.list_len_sum(tenant, cache, prefix, now))
}

fn with<R>(context: &Context, ask: impl FnOnce(&dyn Cache, TenantId, Time) -> R) -> Result<R, ApiError> {
    context.check_granted(Interface::Cache)?;
    Ok(ask(&*context.ports.cache, context.tenant, context.ports.clock.now()))
}

fn check_key(key: &str) -> Result<(), ApiError> {
    if key.starts_with(RESERVED_PREFIX) {
        return Err(ApiError::Value(format!("keys that begin with {RESERVED_PREFIX:?} are the server's: {key:?}")));
    }
    Ok(())
}

fn duration(seconds: f64) -> Result<Duration, ApiError> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|ttl| !ttl.is_zero())
        .ok_or_else(|| ApiError::Value(format!("not a time to live in seconds: {seconds}")))
}

#[cfg(test)]
mod tests;
