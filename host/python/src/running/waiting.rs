//! What is known of a script's coroutines: whether they have to stay on one event loop.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Whether the coroutines of a script wait for anything. Clients of databases and the like belong to the loop that they
/// were made on; so a script that waits, or that is not known well enough, stays on its one loop. The handlers of a
/// script that never waits may run on any loop, several at once.
#[derive(Default)]
pub(super) struct Waiting {
    did: AtomicBool,
    /// How many coroutines have ended without it.
    without: AtomicU32,
}

impl Waiting {
    /// So many coroutines say that a script never waits.
    const ENOUGH: u32 = 100;

    pub(super) fn is_possible(&self) -> bool {
        self.did.load(Ordering::Relaxed) || self.without.load(Ordering::Relaxed) < Self::ENOUGH
    }

    pub(super) fn did(&self) {
        self.did.store(true, Ordering::Relaxed);
    }

    pub(super) fn did_not(&self) {
        if self.without.load(Ordering::Relaxed) < Self::ENOUGH {
            self.without.fetch_add(1, Ordering::Relaxed);
        }
    }
}
