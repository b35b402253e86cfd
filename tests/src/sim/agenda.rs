//! What will happen, by virtual time. Two things of one moment happen in the order in which they were entered.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use siphon_sip::Time;

/// Things that are to happen.
pub(super) struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    entries: u64,
}

struct Entry<T> {
    at: Time,
    order: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), entries: 0 }
    }

    pub(super) fn enter(&mut self, at: Time, what: T) {
        self.entries += 1;
        self.heap.push(Reverse(Entry { at, order: self.entries, what }));
    }

    /// When the next thing happens.
    pub(super) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn take(&mut self) -> Option<T> {
        self.heap.pop().map(|Reverse(entry)| entry.what)
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}
