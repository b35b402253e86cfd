//! Sources that are ignored for a while. Why they are, the screen knows.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use siphon_sip::{TenantId, Time};

use super::window::{STRIPES, Source, stripe_of};

/// A bounded table of bans with their ends. When it is full, the ban that ends first ends at once.
#[derive(Debug)]
pub(super) struct Bans {
    seed: [u64; 2],
    stripes: Box<[Mutex<HashMap<Source, Time>>]>,
    stripe_size: usize,
    /// Over all stripes: the usual server has none, and then no lock is taken.
    len: AtomicUsize,
}

impl Bans {
    pub(super) fn new(seed: [u64; 2], max_bans: usize) -> Self {
        Self {
            seed,
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            stripe_size: (max_bans / STRIPES).max(1),
            len: AtomicUsize::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn is_banned(&self, tenant: TenantId, source: IpAddr, now: Time) -> bool {
        if self.len() == 0 {
            return false;
        }
        self.stripe((tenant, source))
            .is_some_and(|stripe| stripe.lock().get(&(tenant, source)).is_some_and(|end| now < *end))
    }

    /// Bans a source until `end`, or for longer when it already is.
    pub(super) fn ban(&self, tenant: TenantId, source: IpAddr, end: Time, now: Time) {
        let Some(stripe) = self.stripe((tenant, source)) else { return };
        let mut stripe = stripe.lock();
        let before = stripe.len();
        if stripe.len() >= self.stripe_size && !stripe.contains_key(&(tenant, source)) {
            stripe.retain(|_, end| now < *end);
        }
        while stripe.len() >= self.stripe_size && !stripe.contains_key(&(tenant, source)) {
            let first = stripe.iter().min_by_key(|(_, end)| **end).map(|(source, _)| *source);
            first.and_then(|source| stripe.remove(&source));
        }
        let known = stripe.entry((tenant, source)).or_insert(end);
        *known = end.max(*known);
        self.settle(before, stripe.len());
    }

    pub(super) fn lift(&self, tenant: TenantId, source: IpAddr) -> bool {
        let Some(stripe) = self.stripe((tenant, source)) else { return false };
        let mut stripe = stripe.lock();
        let before = stripe.len();
        let was_there = stripe.remove(&(tenant, source)).is_some();
        self.settle(before, stripe.len());
        was_there
    }

    pub(super) fn list(&self, tenant: TenantId, now: Time) -> Vec<(IpAddr, Duration)> {
        let mut bans = Vec::new();
        for stripe in &self.stripes {
            let stripe = stripe.lock();
            let live = stripe.iter().filter(|((of, _), end)| *of == tenant && now < **end);
            bans.extend(live.map(|((_, source), end)| (*source, end.since(now))));
        }
        bans
    }

    pub(super) fn sweep(&self, now: Time) {
        for stripe in &self.stripes {
            let mut stripe = stripe.lock();
            let before = stripe.len();
            stripe.retain(|_, end| now < *end);
            self.settle(before, stripe.len());
        }
    }

    fn stripe(&self, source: Source) -> Option<&Mutex<HashMap<Source, Time>>> {
        self.stripes.get(stripe_of(self.seed, &source))
    }

    /// A stripe has `after` bans instead of `before`.
    fn settle(&self, before: usize, after: usize) {
        if after >= before {
            self.len.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.len.fetch_sub(before - after, Ordering::Relaxed);
        }
    }
}
