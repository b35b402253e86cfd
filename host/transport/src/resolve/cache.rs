//! What is known of names for a while, of a bounded number of them. It asks nobody.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Known;

/// Names with their addresses, or their failures.
#[derive(Debug)]
pub(super) struct Cache {
    entries: HashMap<Box<str>, Entry>,
    capacity: usize,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    expires: Instant,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), capacity }
    }

    /// What is known of a name that has not expired.
    pub(super) fn get(&self, name: &str, now: Instant) -> Option<Known> {
        self.entries.get(name).filter(|entry| now < entry.expires).map(|entry| entry.known.clone())
    }

    /// Notes what a look-up yielded. In a full cache the expired make room, else any other name does.
    pub(super) fn insert(&mut self, name: &str, known: Known, now: Instant, ttl: Duration) {
        if self.capacity == 0 {
            return;
        }
        if self.entries.len() >= self.capacity && !self.entries.contains_key(name) {
            self.entries.retain(|_, entry| now < entry.expires);
            if self.entries.len() >= self.capacity
                && let Some(other) = self.entries.keys().next().cloned()
            {
                self.entries.remove(&other);
            }
        }
        if let Some(expires) = now.checked_add(ttl) {
            self.entries.insert(name.into(), Entry { known, expires });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const TTL: Duration = Duration::from_secs(10);

    fn known(last: u8) -> Known {
        Ok(Arc::from([std::net::IpAddr::from([192, 0, 2, last])]))
    }

    #[test]
    fn an_entry_lasts_as_long_as_its_ttl() {
        let (mut cache, now) = (Cache::new(4), Instant::now());
        cache.insert("a", known(1), now, TTL);
        assert_eq!(cache.get("a", now + TTL / 2), Some(known(1)));
        assert_eq!(cache.get("a", now + TTL), None);
    }

    #[test]
    fn it_never_holds_more_names_than_its_capacity() {
        let (mut cache, now) = (Cache::new(2), Instant::now());
        for name in ["a", "b", "c", "d"] {
            cache.insert(name, known(1), now, TTL);
        }
        assert_eq!(cache.entries.len(), 2);
        assert!(cache.get("d", now).is_some());
    }

    #[test]
    fn the_expired_make_room_first() {
        let (mut cache, now) = (Cache::new(2), Instant::now());
        cache.insert("old", known(1), now, TTL);
        cache.insert("young", known(2), now + TTL / 2, TTL);
        cache.insert("new", known(3), now + TTL, TTL);
        assert!(cache.get("young", now + TTL).is_some());
        assert!(cache.get("new", now + TTL).is_some());
    }
}
