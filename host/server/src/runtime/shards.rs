//! The shards and their inboxes: whoever can take a shard runs it, nobody waits for one. Which thread that is, is not its business.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_queue::SegQueue;
use parking_lot::Mutex;
use siphon_core::{Input, Output, Shard};
use siphon_sip::Time;

/// The deadline of a shard without timers.
const NEVER: u64 = u64::MAX;

/// All shards of the server.
pub(crate) struct Shards {
    slots: Vec<Slot>,
    /// Next timer of each shard, side by side: whoever sleeps looks at all of them.
    deadlines: Vec<AtomicU64>,
    inbox_limit: usize,
}

struct Slot {
    inbox: SegQueue<Input>,
    shard: Mutex<Shard>,
}

/// The shard's inbox is full; the input was not taken.
#[derive(Debug)]
pub(crate) struct InboxFull;

impl Shards {
    /// Takes over the shards, each with a bound on what may wait for it.
    pub(crate) fn new(shards: Vec<Shard>, inbox_limit: usize) -> Arc<Self> {
        let deadlines = shards.iter().map(|_| AtomicU64::new(NEVER)).collect();
        let slots = shards.into_iter().map(|shard| Slot { inbox: SegQueue::new(), shard: Mutex::new(shard) }).collect();
        Arc::new(Self { slots, deadlines, inbox_limit })
    }

    /// How many shards there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Puts an input that the outside caused into a shard's inbox.
    ///
    /// # Errors
    /// [`InboxFull`] when too much waits for that shard; the input is dropped.
    pub(crate) fn offer(&self, number: u16, input: Input) -> Result<(), InboxFull> {
        match self.slots.get(usize::from(number)) {
            Some(slot) if slot.inbox.len() < self.inbox_limit => {
                slot.inbox.push(input);
                Ok(())
            }
            _ => Err(InboxFull),
        }
    }

    /// Puts an answer that the shard asked for into its inbox; there are as many as it asked for.
    pub(crate) fn answer(&self, number: u16, input: Input) {
        if let Some(slot) = self.slots.get(usize::from(number)) {
            slot.inbox.push(input);
        }
    }

    /// Runs a shard until its inbox is empty and no timer is due, unless another thread is at it: that one will see the
    /// inputs. `effect` performs each output; it is called while the shard is held and must not wait. `scratch` is an
    /// empty buffer of the caller's, and empty again afterwards.
    pub(crate) fn run(&self, number: u16, now: Time, scratch: &mut Vec<Output>, mut effect: impl FnMut(Output)) {
        let index = usize::from(number);
        let (Some(slot), Some(deadline)) = (self.slots.get(index), self.deadlines.get(index)) else { return };
        loop {
            let Some(mut shard) = slot.shard.try_lock() else { return };
            while let Some(input) = slot.inbox.pop() {
                shard.handle(input, now, scratch);
                scratch.drain(..).for_each(&mut effect);
            }
            if shard.next_deadline().is_some_and(|due| due <= now) {
                shard.advance(now, scratch);
                scratch.drain(..).for_each(&mut effect);
            }
            deadline.store(shard.next_deadline().map_or(NEVER, Time::as_micros), Ordering::SeqCst);
            drop(shard);
            if slot.inbox.is_empty() {
                return;
            }
        }
    }

    /// The shards of `seat` (of `seats`) that have a timer due.
    pub(crate) fn due(&self, seat: usize, seats: usize, now: Time) -> impl Iterator<Item = u16> + '_ {
        self.owned(seat, seats)
            .filter(move |(_, deadline)| deadline.load(Ordering::Relaxed) <= now.as_micros())
            .filter_map(|(index, _)| u16::try_from(index).ok())
    }

    /// The earliest timer among the shards of `seat` (of `seats`).
    pub(crate) fn next_deadline(&self, seat: usize, seats: usize) -> Option<Time> {
        let earliest = self.owned(seat, seats).map(|(_, deadline)| deadline.load(Ordering::SeqCst)).min()?;
        (earliest != NEVER).then(|| Time::from_micros(earliest))
    }

    /// The next timer of one shard.
    pub(crate) fn deadline_of(&self, number: u16) -> Option<Time> {
        let deadline = self.deadlines.get(usize::from(number))?.load(Ordering::SeqCst);
        (deadline != NEVER).then(|| Time::from_micros(deadline))
    }

    /// Looks into each shard in turn, waiting for it: for gauges and drain, never on the message path.
    pub(crate) fn inspect(&self, mut look: impl FnMut(&Shard)) {
        for slot in &self.slots {
            look(&slot.shard.lock());
        }
    }

    fn owned(&self, seat: usize, seats: usize) -> impl Iterator<Item = (usize, &AtomicU64)> {
        self.deadlines.iter().enumerate().skip(seat).step_by(seats.max(1))
    }
}

#[cfg(test)]
mod tests {
    use siphon_core::kit::{Script, Server};
    use siphon_core::{SendTag, ShardGauges};

    use super::*;

    fn input() -> Input {
        Input::SendFailed { tag: SendTag::NOBODY }
    }

    fn one_shard() -> Arc<Shards> {
        let environment = Server::new(Script::new()).environment;
        Shards::new(vec![Shard::new(0, [1, 2], environment)], 2)
    }

    #[test]
    fn what_does_not_fit_into_an_inbox_is_refused_until_the_shard_has_run() {
        let shards = one_shard();
        assert!(shards.offer(0, input()).is_ok() && shards.offer(0, input()).is_ok());
        assert!(shards.offer(0, input()).is_err());
        shards.run(0, Time::ZERO, &mut Vec::new(), |_| {});
        assert!(shards.offer(0, input()).is_ok());
    }

    #[test]
    fn an_answer_that_the_shard_asked_for_always_fits() {
        let shards = one_shard();
        (0..5).for_each(|_| shards.answer(0, input()));
        assert!(shards.offer(0, input()).is_err());
    }

    #[test]
    fn a_shard_that_another_thread_runs_is_left_to_it() {
        let shards = one_shard();
        shards.inspect(|_| {
            shards.answer(0, input());
            shards.run(0, Time::ZERO, &mut Vec::new(), |_| panic!("it is held"));
        });
        shards.run(0, Time::ZERO, &mut Vec::new(), |_| {});
        shards.inspect(|shard| assert_eq!(shard.gauges(), ShardGauges::default()));
        assert!(shards.offer(0, input()).is_ok());
    }
}
