//! Who reads a seat: one thread at a time, until a handler has held it for too long. It is not a lock: nobody waits for it.
//!
//! A thread holds a seat's lease while it reads the seat's sockets and runs what came in. Around each handler it marks the
//! lease; the monitor, seeing the same mark twice, takes the lease from it and gives it to a spare thread. The late thread
//! learns of that when its handler returns.

use std::sync::atomic::{AtomicU64, Ordering};

/// The state word: a sequence number, and in its lowest bit whether the holder is inside a handler.
const IN_HANDLER: u64 = 1;

/// The lease of one seat.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    state: AtomicU64,
}

/// The right to read a seat, held by one thread. It ends when [`Tenure::leave_handler`] says so.
#[derive(Debug)]
pub(crate) struct Tenure {
    state: u64,
}

/// What the monitor saw of a lease; two equal marks a tick apart are one overstaying handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    /// Whether the holder was inside a handler.
    pub(crate) fn in_handler(self) -> bool {
        self.0 & IN_HANDLER != 0
    }
}

impl Lease {
    /// The first tenure of a seat. Called once, before any thread reads it.
    pub(crate) fn first_tenure(&self) -> Tenure {
        Tenure { state: self.state.load(Ordering::Acquire) }
    }

    /// What the lease looks like now.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.state.load(Ordering::Acquire))
    }

    /// Takes the lease from a holder who is still inside the handler that `mark` saw.
    pub(crate) fn take(&self, mark: Mark) -> Option<Tenure> {
        if !mark.in_handler() {
            return None;
        }
        let taken = next_sequence(mark.0);
        self.state
            .compare_exchange(mark.0, taken, Ordering::AcqRel, Ordering::Acquire)
            .ok()
            .map(|_| Tenure { state: taken })
    }
}

impl Tenure {
    /// Marks that a handler begins.
    pub(crate) fn enter_handler(&mut self, lease: &Lease) {
        self.state |= IN_HANDLER;
        lease.state.store(self.state, Ordering::Release);
    }

    /// Marks that the handler has returned. `None` when the lease was taken meanwhile: the seat is another thread's.
    pub(crate) fn leave_handler(self, lease: &Lease) -> Option<Self> {
        let state = next_sequence(self.state);
        lease
            .state
            .compare_exchange(self.state, state, Ordering::AcqRel, Ordering::Acquire)
            .ok()
            .map(|_| Self { state })
    }
}

fn next_sequence(state: u64) -> u64 {
    (state | IN_HANDLER).wrapping_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_returns_in_time_keeps_the_lease() {
        let lease = Lease::default();
        let mut tenure = lease.first_tenure();
        tenure.enter_handler(&lease);
        assert!(lease.mark().in_handler());
        let tenure = tenure.leave_handler(&lease);
        assert!(tenure.is_some());
        assert!(!lease.mark().in_handler());
    }

    #[test]
    fn a_handler_that_overstays_loses_the_lease_to_whoever_took_it() {
        let lease = Lease::default();
        let mut late = lease.first_tenure();
        late.enter_handler(&lease);
        let mark = lease.mark();
        let mut heir = lease.take(mark).unwrap();
        assert!(lease.take(mark).is_none(), "a lease is taken once");
        heir.enter_handler(&lease);
        assert!(late.leave_handler(&lease).is_none());
        assert!(heir.leave_handler(&lease).is_some());
    }

    #[test]
    fn two_handlers_in_a_row_are_not_one_that_overstays() {
        let lease = Lease::default();
        let mut tenure = lease.first_tenure();
        tenure.enter_handler(&lease);
        let mark = lease.mark();
        let mut tenure = tenure.leave_handler(&lease).unwrap();
        tenure.enter_handler(&lease);
        assert_ne!(mark, lease.mark());
        assert!(lease.take(mark).is_none());
    }

    #[test]
    fn an_idle_holder_is_not_robbed() {
        let lease = Lease::default();
        let _tenure = lease.first_tenure();
        assert!(lease.take(lease.mark()).is_none());
    }
}
