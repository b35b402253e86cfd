//! `cache`: The named caches of scripts.

use std::time::Duration;

use crate::config::reader::Node;

/// One of `cache`.
#[derive(Clone, Debug)]
pub struct CacheSection {
    /// The name that scripts use.
    pub name: String,
    /// Entries at once; the least recently used goes.
    pub max_entries: usize,
    /// How long an entry without a time of its own lives.
    pub ttl: Option<Duration>,
}

impl CacheSection {
    pub(in crate::config) fn read(node: &Node<'_>) -> Option<Self> {
        let mut section = node.section();
        let name = section.text("name");
        let ttl = section.seconds("local_ttl_secs", Duration::ZERO);
        let max_entries = section.number("local_max_entries", 10_000, 1..=100_000_000);
        section.not_yet(&["url"]);
        if name.is_none() {
            section.error("`name` is missing");
        }
        section.finish();
        Some(Self { name: name?, max_entries, ttl: (!ttl.is_zero()).then_some(ttl) })
    }
}
