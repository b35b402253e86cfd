//! Slots that are addressed by index and generation, so that a stale address finds nothing. They have no order.

use std::num::NonZeroU32;

/// Where a value lies. It stays unknown for ever once the value is gone, although the slot is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address {
    /// The slot.
    pub(crate) index: u32,
    /// Which of the values that were ever in the slot; below [`GENERATIONS`].
    pub(crate) generation: NonZeroU32,
}

/// Generations are numbered from 1 to this, then again from 1. One number serves the whole slab, so that memory can be
/// given back without forgetting which addresses are stale.
pub(crate) const GENERATIONS: u32 = (1 << 30) - 1;

/// A slab that became empty keeps the memory of so many slots and gives the rest back.
const KEPT_WHEN_EMPTY: usize = 256;

/// The end of the list of vacant slots.
const NONE: u32 = u32::MAX;

/// Values of one type in numbered slots.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    first_vacant: u32,
    len: usize,
    generation: u32,
}

#[derive(Debug)]
enum Slot<T> {
    Occupied { generation: NonZeroU32, value: T },
    Vacant { next: u32 },
}

impl<T> Slab<T> {
    /// No slots.
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), first_vacant: NONE, len: 0, generation: 0 }
    }

    /// How many values there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Puts a value into a vacant slot. More than `u32::MAX` values cannot be addressed; memory ends long before.
    pub(crate) fn insert(&mut self, value: T) -> Address {
        self.generation = if self.generation >= GENERATIONS { 1 } else { self.generation + 1 };
        let generation = NonZeroU32::new(self.generation).unwrap_or(NonZeroU32::MIN);
        self.len += 1;
        let index = self.first_vacant;
        if let Some(slot) = self.slots.get_mut(index as usize) {
            if let Slot::Vacant { next } = *slot {
                self.first_vacant = next;
            }
            *slot = Slot::Occupied { generation, value };
            return Address { index, generation };
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(NONE);
        self.slots.push(Slot::Occupied { generation, value });
        Address { index, generation }
    }

    /// The value at that address.
    pub(crate) fn get(&self, address: Address) -> Option<&T> {
        match self.slots.get(address.index as usize) {
            Some(Slot::Occupied { generation, value }) if *generation == address.generation => Some(value),
            _ => None,
        }
    }

    /// The value at that address.
    pub(crate) fn get_mut(&mut self, address: Address) -> Option<&mut T> {
        match self.slots.get_mut(address.index as usize) {
            Some(Slot::Occupied { generation, value }) if *generation == address.generation => Some(value),
            _ => None,
        }
    }

    /// The value in a slot, whatever its generation.
    pub(crate) fn at(&self, index: u32) -> Option<&T> {
        match self.slots.get(index as usize) {
            Some(Slot::Occupied { value, .. }) => Some(value),
            _ => None,
        }
    }

    /// The value in a slot, whatever its generation.
    pub(crate) fn at_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.slots.get_mut(index as usize) {
            Some(Slot::Occupied { value, .. }) => Some(value),
            _ => None,
        }
    }

    /// The whole address of what is in a slot now.
    pub(crate) fn address_of(&self, index: u32) -> Option<Address> {
        match self.slots.get(index as usize) {
            Some(Slot::Occupied { generation, .. }) => Some(Address { index, generation: *generation }),
            _ => None,
        }
    }

    /// All values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Occupied { value, .. } => Some(value),
            Slot::Vacant { .. } => None,
        })
    }

    /// Takes the value out; its address is stale from now on.
    pub(crate) fn remove(&mut self, address: Address) -> Option<T> {
        let slot = self.slots.get_mut(address.index as usize)?;
        match slot {
            Slot::Occupied { generation, .. } if *generation == address.generation => {}
            _ => return None,
        }
        let taken = std::mem::replace(slot, Slot::Vacant { next: self.first_vacant });
        self.first_vacant = address.index;
        self.len -= 1;
        if self.len == 0 && self.slots.capacity() > KEPT_WHEN_EMPTY {
            self.slots = Vec::new();
            self.first_vacant = NONE;
        }
        match taken {
            Slot::Occupied { value, .. } => Some(value),
            Slot::Vacant { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stale_once_its_value_is_gone() {
        let mut slab = Slab::new();
        let first = slab.insert("first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second");
        assert_eq!(second.index, first.index, "the slot is used again");
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get(second), Some(&"second"));
    }

    #[test]
    fn a_slab_that_became_empty_gives_its_memory_back_and_still_knows_stale_addresses() {
        let mut slab = Slab::new();
        let old: Vec<_> = (0..10 * KEPT_WHEN_EMPTY).map(|number| slab.insert(number)).collect();
        for address in &old {
            slab.remove(*address);
        }
        assert_eq!((slab.len(), slab.slots.capacity()), (0, 0));
        slab.insert(7);
        assert!(old.iter().all(|address| slab.get(*address).is_none()));
    }

    #[test]
    fn vacant_slots_are_filled_before_new_ones_are_made() {
        let mut slab = Slab::new();
        let addresses: Vec<_> = (0..3).map(|number| slab.insert(number)).collect();
        slab.remove(addresses[0]);
        slab.remove(addresses[1]);
        slab.insert(3);
        slab.insert(4);
        assert_eq!((slab.len(), slab.slots.len()), (3, 3));
    }
}
