//! Where a shard keeps its requests in progress: slots addressed by keys that a stale event cannot abuse. What is in a
//! slot is the proxy's business.

use siphon_transaction::User;

/// Where a request in progress lies. It names that request for as long as the shard lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ContextKey(u64);

/// A branch of a request, by its place in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BranchIndex(pub(crate) u16);

const INDEX_BITS: u32 = 20;
const SERIAL_BITS: u32 = 28;
const BRANCH_SHIFT: u32 = INDEX_BITS + SERIAL_BITS;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
const KEY_MASK: u64 = (1 << BRANCH_SHIFT) - 1;

/// A table that became empty keeps the memory of so many slots and gives the rest back.
const KEPT_WHEN_EMPTY: usize = 256;

/// As many slots as a key can tell apart.
pub(crate) const MOST_CONTEXTS: usize = 1 << INDEX_BITS;

impl ContextKey {
    /// The key as the script's event id carries it. Never 0.
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits & KEY_MASK)
    }

    /// What a transaction of this request is told to be for.
    pub(crate) fn user(self, branch: BranchIndex) -> User {
        User(self.0 | u64::from(branch.0) << BRANCH_SHIFT)
    }

    /// Whom an event of a transaction is for.
    pub(crate) fn of_user(user: User) -> (Self, BranchIndex) {
        let branch = u16::try_from(user.0 >> BRANCH_SHIFT).unwrap_or_default();
        (Self::from_bits(user.0), BranchIndex(branch))
    }

    fn new(index: usize, serial: u32) -> Self {
        Self(u64::from(serial) << INDEX_BITS | (index as u64 & INDEX_MASK))
    }

    const fn index(self) -> usize {
        (self.0 & INDEX_MASK) as usize
    }

    const fn serial(self) -> u32 {
        (self.0 >> INDEX_BITS) as u32
    }
}

/// Slots for values of one type.
#[derive(Debug)]
pub(crate) struct ContextTable<T> {
    slots: Vec<Slot<T>>,
    vacant: Vec<u32>,
    serial: u32,
    occupied: usize,
}

#[derive(Debug)]
struct Slot<T> {
    serial: u32,
    /// `None` while the slot is vacant, or its value is being worked on.
    value: Option<T>,
}

impl<T> ContextTable<T> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), vacant: Vec::new(), serial: 0, occupied: 0 }
    }

    /// How many slots are in use.
    pub(crate) const fn len(&self) -> usize {
        self.occupied
    }

    /// Takes a slot for the value that [`put`](Self::put) brings. `None` when all are in use.
    pub(crate) fn reserve(&mut self) -> Option<ContextKey> {
        self.serial =
            if self.serial >> SERIAL_BITS == 0 && self.serial + 1 < 1 << SERIAL_BITS { self.serial + 1 } else { 1 };
        let serial = self.serial;
        let index = match self.vacant.pop() {
            Some(index) => index as usize,
            None if self.slots.len() < MOST_CONTEXTS => {
                self.slots.push(Slot { serial, value: None });
                self.slots.len() - 1
            }
            None => return None,
        };
        self.slots.get_mut(index)?.serial = serial;
        self.occupied += 1;
        Some(ContextKey::new(index, serial))
    }

    /// The value, to be looked at in its place.
    pub(crate) fn get(&self, key: ContextKey) -> Option<&T> {
        self.slots.get(key.index()).filter(|slot| slot.serial == key.serial())?.value.as_ref()
    }

    /// The value, to be changed in its place.
    pub(crate) fn get_mut(&mut self, key: ContextKey) -> Option<&mut T> {
        self.slots.get_mut(key.index()).filter(|slot| slot.serial == key.serial())?.value.as_mut()
    }

    /// Every value that is in its place.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.value.as_ref())
    }

    /// Takes the value out to work on it; the slot stays its own until [`put`](Self::put) or [`free`](Self::free).
    pub(crate) fn take(&mut self, key: ContextKey) -> Option<T> {
        self.slots.get_mut(key.index()).filter(|slot| slot.serial == key.serial())?.value.take()
    }

    /// Brings a value, or brings it back.
    pub(crate) fn put(&mut self, key: ContextKey, value: T) {
        if let Some(slot) = self.slots.get_mut(key.index()).filter(|slot| slot.serial == key.serial()) {
            slot.value = Some(value);
        }
    }

    /// Gives the slot up. The key is stale from now on.
    pub(crate) fn free(&mut self, key: ContextKey) {
        if let Some(slot) = self.slots.get_mut(key.index()).filter(|slot| slot.serial == key.serial()) {
            slot.serial = 0;
            slot.value = None;
            self.occupied -= 1;
            self.vacant.push(u32::try_from(key.index()).unwrap_or_default());
            if self.occupied == 0 && self.slots.len() > KEPT_WHEN_EMPTY {
                self.slots = Vec::new();
                self.vacant = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stale_once_its_slot_was_given_up() {
        let mut table = ContextTable::new();
        let first = table.reserve().unwrap();
        let other = table.reserve().unwrap();
        table.put(first, "first");
        table.put(other, "other");
        table.free(first);
        let second = table.reserve().unwrap();
        table.put(second, "second");
        assert_eq!(second.index(), first.index(), "the slot is used again");
        assert_eq!(table.get(first), None);
        assert_eq!(table.take(first), None);
        assert_eq!(table.get(second), Some(&"second"));
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn a_user_gives_back_key_and_branch() {
        let mut table = ContextTable::<()>::new();
        let key = table.reserve().unwrap();
        assert_ne!(key.to_bits(), 0);
        assert_eq!(ContextKey::of_user(key.user(BranchIndex(u16::MAX))), (key, BranchIndex(u16::MAX)));
    }
}
