//! What stands behind a key: a string or a list, and until when. Which key, and in which order, the shard knows.

use siphon_sip::Time;

/// Bytes that an entry counts for besides its texts, about what it takes.
const ENTRY_BYTES: usize = 96;
const ITEM_BYTES: usize = 16;

/// A string or a list.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Text(Box<str>),
    List(Vec<Box<str>>),
}

/// A value with the time from which on it does not count.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Box<str>,
    value: Value,
    pub(super) expires_at: Option<Time>,
    /// What it counts for in the cache's bytes.
    bytes: usize,
}

impl Entry {
    pub(super) fn new(key: &str, value: Value, expires_at: Option<Time>) -> Self {
        let of_value = match &value {
            Value::Text(text) => text.len(),
            Value::List(items) => items.iter().map(|item| item_bytes(item)).sum(),
        };
        let bytes = ENTRY_BYTES.saturating_add(key.len()).saturating_add(of_value);
        Self { key: key.into(), value, expires_at, bytes }
    }

    pub(super) fn is_live(&self, now: Time) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The string; `None` when it is a list.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::List(_) => None,
        }
    }

    /// The list; `None` when it is a string.
    pub(super) fn list(&self) -> Option<&[Box<str>]> {
        match &self.value {
            Value::Text(_) => None,
            Value::List(items) => Some(items),
        }
    }

    pub(super) fn into_list(self) -> Vec<Box<str>> {
        match self.value {
            Value::Text(_) => Vec::new(),
            Value::List(items) => items,
        }
    }

    pub(super) fn list_len(&self) -> u64 {
        self.list().map_or(0, |items| items.len() as u64)
    }

    /// Appends to the list and returns its length; `None` when it is a string.
    pub(super) fn push(&mut self, item: String) -> Option<u64> {
        let Value::List(items) = &mut self.value else { return None };
        self.bytes = self.bytes.saturating_add(item_bytes(&item));
        items.push(item.into());
        Some(items.len() as u64)
    }
}

/// What one item of a list adds to [`Entry::bytes`].
pub(super) const fn item_bytes(item: &str) -> usize {
    ITEM_BYTES + item.len()
}
