//! Entries by key, in the order of their last use. Bounded by who uses it: it says which one is the oldest, and drops
//! nothing by itself.

use hashbrown::HashTable;

use super::entry::Entry;

/// A place in the list; `NOWHERE` is before the first and behind the last.
type Place = u32;
const NOWHERE: Place = Place::MAX;

/// A node of the list. A free one has no entry, and `older` names the next free one.
#[derive(Debug)]
struct Node {
    hash: u64,
    newer: Place,
    older: Place,
    entry: Option<Entry>,
}

/// A hash table over a doubly linked list in one vector.
#[derive(Debug)]
pub(super) struct Lru {
    table: HashTable<Place>,
    nodes: Vec<Node>,
    newest: Place,
    oldest: Place,
    free: Place,
}

impl Default for Lru {
    fn default() -> Self {
        Self { table: HashTable::new(), nodes: Vec::new(), newest: NOWHERE, oldest: NOWHERE, free: NOWHERE }
    }
}

impl Lru {
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The entry of `key`, left where it is in the order.
    pub(super) fn peek(&self, hash: u64, key: &str) -> Option<&Entry> {
        self.node(self.place_of(hash, key)?)?.entry.as_ref()
    }

    /// The entry of `key`, which becomes the newest.
    pub(super) fn touch(&mut self, hash: u64, key: &str) -> Option<&mut Entry> {
        let place = self.place_of(hash, key)?;
        if place != self.newest {
            self.unlink(place);
            self.link_newest(place);
        }
        self.node_mut(place)?.entry.as_mut()
    }

    /// Adds an entry as the newest. Its key must not be there.
    pub(super) fn insert(&mut self, hash: u64, entry: Entry) {
        let node = Node { hash, newer: NOWHERE, older: NOWHERE, entry: Some(entry) };
        let place = self.free;
        let place = match self.node_mut(place) {
            Some(free) => {
                let next_free = free.older;
                *free = node;
                self.free = next_free;
                place
            }
            None => {
                self.nodes.push(node);
                // A shard is full long before its nodes cannot be counted any more.
                Place::try_from(self.nodes.len() - 1).unwrap_or(NOWHERE)
            }
        };
        self.link_newest(place);
        let Self { table, nodes, .. } = self;
        table.insert_unique(hash, place, |place| nodes.get(*place as usize).map_or(0, |node| node.hash));
    }

    /// Takes the entry of `key` out.
    pub(super) fn remove(&mut self, hash: u64, key: &str) -> Option<Entry> {
        let place = self.place_of(hash, key)?;
        self.remove_at(place)
    }

    /// Takes the entry out that was not used for longest.
    pub(super) fn remove_oldest(&mut self) -> Option<Entry> {
        self.remove_at(self.oldest)
    }

    /// The entries from the newest to the oldest.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let mut place = self.newest;
        std::iter::from_fn(move || {
            let node = self.node(place)?;
            place = node.older;
            node.entry.as_ref()
        })
    }

    /// Takes out the entries that are not to be kept among `count` nodes from `start` on, and hands them over. Returns
    /// where to go on.
    pub(super) fn sift(
        &mut self,
        start: usize,
        count: usize,
        keep: impl Fn(&Entry) -> bool,
        mut removed: impl FnMut(Entry),
    ) -> usize {
        for place in start..start.saturating_add(count) {
            let Some(node) = self.nodes.get(place) else { return 0 };
            if node.entry.as_ref().is_some_and(|entry| !keep(entry))
                && let Some(entry) = Place::try_from(place).ok().and_then(|place| self.remove_at(place))
            {
                removed(entry);
            }
        }
        start + count
    }

    fn place_of(&self, hash: u64, key: &str) -> Option<Place> {
        let is_key = |place: &Place| {
            self.node(*place).and_then(|node| node.entry.as_ref()).is_some_and(|entry| *entry.key == *key)
        };
        self.table.find(hash, is_key).copied()
    }

    fn remove_at(&mut self, place: Place) -> Option<Entry> {
        let hash = self.node(place)?.hash;
        if let Ok(found) = self.table.find_entry(hash, |other| *other == place) {
            found.remove();
        }
        self.unlink(place);
        let free = self.free;
        let node = self.node_mut(place)?;
        node.older = free;
        let entry = node.entry.take();
        self.free = place;
        entry
    }

    fn unlink(&mut self, place: Place) {
        let Some((newer, older)) = self.node(place).map(|node| (node.newer, node.older)) else { return };
        match self.node_mut(newer) {
            Some(node) => node.older = older,
            None => self.newest = older,
        }
        match self.node_mut(older) {
            Some(node) => node.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, place: Place) {
        let second = self.newest;
        if let Some(node) = self.node_mut(place) {
            node.newer = NOWHERE;
            node.older = second;
        }
        match self.node_mut(second) {
            Some(node) => node.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }

    fn node(&self, place: Place) -> Option<&Node> {
        self.nodes.get(place as usize)
    }

    fn node_mut(&mut self, place: Place) -> Option<&mut Node> {
        self.nodes.get_mut(place as usize)
    }
}
