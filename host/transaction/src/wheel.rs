//! The timer wheel: many deadlines, each set, cancelled and reached in constant time. It has no clock and runs nothing:
//! the owner asks what is due.
//!
//! Eleven wheels of 64 slots each turn inside one another. A slot of the first is one tick (a millisecond), a slot of
//! each further wheel is a whole turn of the one before. A timer lies in the wheel of the highest group of six bits in
//! which its tick and the current one differ, and moves inwards as its moment comes near; most are cancelled before.

use siphon_sip::Time;

use crate::slab::{Address, Slab};

#[cfg(test)]
mod tests;

/// Microseconds of a tick. A deadline is rounded up to the next one: a timer is never early, and less than a tick late.
pub const TICK_MICROS: u64 = 1_000;

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 11;

/// The end of a slot's list.
const NONE: u32 = u32::MAX;

/// One timer of a [`TimerWheel`]; unknown to it once the timer was cancelled or popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(Address);

/// Timers, each with a key that comes back when its deadline has passed.
#[derive(Debug)]
pub struct TimerWheel<K> {
    nodes: Slab<Node<K>>,
    /// The first node of each slot, wheel after wheel; the list is a ring.
    heads: Vec<u32>,
    /// A bit for each slot of a wheel: whether its list has a node.
    occupied: [u64; LEVELS],
    /// No timer is earlier than this tick.
    current: u64,
    /// No timer is earlier than this tick either; none at all if `None`.
    next: Option<u64>,
}

#[derive(Debug)]
struct Node<K> {
    tick: u64,
    key: K,
    previous: u32,
    next: u32,
    slot: u16,
}

impl<K> Default for TimerWheel<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> TimerWheel<K> {
    /// No timers.
    #[must_use]
    pub fn new() -> Self {
        Self { nodes: Slab::new(), heads: vec![NONE; SLOTS * LEVELS], occupied: [0; LEVELS], current: 0, next: None }
    }

    /// How many timers are set.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no timer is set.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets a timer. A deadline that has passed already is due at the next [`TimerWheel::pop_due`].
    pub fn insert(&mut self, deadline: Time, key: K) -> TimerId {
        let tick = deadline.as_micros().div_ceil(TICK_MICROS).max(self.current);
        let address = self.nodes.insert(Node { tick, key, previous: NONE, next: NONE, slot: 0 });
        self.link(address.index, tick);
        self.next = Some(self.next.map_or(tick, |next| next.min(tick)));
        TimerId(address)
    }

    /// Takes a timer back; `None` when it was popped or cancelled before.
    pub fn cancel(&mut self, timer: TimerId) -> Option<K> {
        self.nodes.get(timer.0)?;
        self.unlink(timer.0.index);
        let node = self.nodes.remove(timer.0)?;
        if self.is_empty() {
            self.next = None;
        }
        Some(node.key)
    }

    /// Takes out one timer that is due at `now`, with its deadline rounded up to the tick. The earliest comes first,
    /// and among those of one tick the one that was set first.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, K)> {
        let now = now.as_micros() / TICK_MICROS;
        loop {
            let next = self.next.filter(|next| *next <= now)?;
            self.turn_to(next);
            let head = self.head(slot_at(0, next));
            let Some(address) = self.nodes.address_of(head) else {
                self.next = self.earliest();
                continue;
            };
            self.unlink(head);
            let node = self.nodes.remove(address)?;
            self.next = self.earliest();
            return Some((Time::from_micros(node.tick.saturating_mul(TICK_MICROS)), node.key));
        }
    }

    /// When to ask again what is due: never later than the earliest deadline. It is earlier when the earliest timer was
    /// cancelled, or lies some seconds ahead; then nothing is due at that moment, and the next answer is a better one.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.next.map(|tick| Time::from_micros(tick.saturating_mul(TICK_MICROS)))
    }

    /// Moves on to `tick`, before which no timer lies, and brings those of the slots that begin there inwards.
    fn turn_to(&mut self, tick: u64) {
        let before = std::mem::replace(&mut self.current, tick);
        if before >> BITS == tick >> BITS {
            return;
        }
        for level in (1..LEVELS).rev() {
            let slot = slot_at(level, tick);
            if self.occupied.get(level).is_some_and(|bits| bits & bit_of(slot) != 0) {
                self.spread(slot);
            }
        }
    }

    /// Links every node of a slot anew, in order.
    fn spread(&mut self, slot: u16) {
        loop {
            let index = self.head(slot);
            let Some(tick) = self.nodes.at(index).map(|node| node.tick) else { return };
            self.unlink(index);
            self.link(index, tick);
        }
    }

    /// The tick of the earliest timer, or a bound below it when it lies beyond the second wheel.
    fn earliest(&self) -> Option<u64> {
        for (level, occupied) in self.occupied.iter().enumerate() {
            let ahead = occupied & (u64::MAX << index_at(level, self.current));
            if ahead == 0 {
                continue;
            }
            let slot = ahead.trailing_zeros();
            return Some(match level {
                0 => (self.current & !low_bits(BITS)) | u64::from(slot),
                1 => self.earliest_in(slot_number(1, slot)),
                _ => self.beginning_of(level, slot),
            });
        }
        None
    }

    /// The earliest tick in a slot that has a node.
    fn earliest_in(&self, slot: u16) -> u64 {
        let head = self.head(slot);
        let (mut index, mut earliest) = (head, u64::MAX);
        while let Some(node) = self.nodes.at(index) {
            earliest = earliest.min(node.tick);
            index = node.next;
            if index == head {
                break;
            }
        }
        earliest
    }

    /// The first tick of a slot ahead.
    fn beginning_of(&self, level: usize, slot: u32) -> u64 {
        let turn = self.current & !low_bits(shift_of(level) + BITS);
        turn | u64::from(slot).checked_shl(shift_of(level)).unwrap_or(0)
    }

    fn head(&self, slot: u16) -> u32 {
        self.heads.get(usize::from(slot)).copied().unwrap_or(NONE)
    }

    /// Puts a node at the end of the list that its tick belongs to now.
    fn link(&mut self, index: u32, tick: u64) {
        let differing = tick ^ self.current;
        let level = (u64::BITS - differing.leading_zeros()).saturating_sub(1) / BITS;
        let slot = slot_at(level as usize, tick);
        let head = self.head(slot);
        let last = match self.nodes.at_mut(head) {
            Some(first) => std::mem::replace(&mut first.previous, index),
            None => index,
        };
        if let Some(node) = self.nodes.at_mut(last) {
            node.next = index;
        }
        if let Some(node) = self.nodes.at_mut(index) {
            node.slot = slot;
            node.previous = last;
            node.next = if head == NONE { index } else { head };
        }
        if head == NONE {
            self.set_head(slot, index);
        }
    }

    /// Takes a node out of its list.
    fn unlink(&mut self, index: u32) {
        let Some(&Node { previous, next, slot, .. }) = self.nodes.at(index) else { return };
        if next == index {
            self.set_head(slot, NONE);
            return;
        }
        if let Some(node) = self.nodes.at_mut(previous) {
            node.next = next;
        }
        if let Some(node) = self.nodes.at_mut(next) {
            node.previous = previous;
        }
        if self.head(slot) == index {
            self.set_head(slot, next);
        }
    }

    fn set_head(&mut self, slot: u16, index: u32) {
        if let Some(head) = self.heads.get_mut(usize::from(slot)) {
            *head = index;
        }
        if let Some(bits) = self.occupied.get_mut(usize::from(slot) / SLOTS) {
            if index == NONE {
                *bits &= !bit_of(slot);
            } else {
                *bits |= bit_of(slot);
            }
        }
    }
}

/// By how many bits a tick is shifted to give its place in a wheel.
const fn shift_of(level: usize) -> u32 {
    BITS * level as u32
}

/// The place of a tick in a wheel.
fn index_at(level: usize, tick: u64) -> u32 {
    (tick.checked_shr(shift_of(level)).unwrap_or(0) & low_bits(BITS)) as u32
}

/// The slot of a tick in a wheel.
fn slot_at(level: usize, tick: u64) -> u16 {
    slot_number(level, index_at(level, tick))
}

const fn slot_number(level: usize, index: u32) -> u16 {
    (level * SLOTS) as u16 + index as u16
}

const fn bit_of(slot: u16) -> u64 {
    1 << (slot as u32 % u64::BITS)
}

/// So many ones.
const fn low_bits(count: u32) -> u64 {
    if count >= u64::BITS { u64::MAX } else { (1 << count) - 1 }
}
