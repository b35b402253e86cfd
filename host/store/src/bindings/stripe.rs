//! One stripe of the location table: records by hash, and when each runs out. It is behind its stripe's lock.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashTable};
use siphon_script::Aor;
use siphon_script::ports::{Registration, StoreCounts};
use siphon_sip::{TenantId, Time};

/// An address with what is kept for it.
pub(super) struct Record {
    hash: u64,
    /// Its time in the schedule: never later than the registration's deadline.
    scheduled: Time,
    pub(super) tenant: TenantId,
    pub(super) aor: Aor,
    pub(super) registration: Registration,
}

impl Record {
    pub(super) fn new(hash: u64, tenant: TenantId, aor: Aor, registration: Registration) -> Self {
        let scheduled = registration.deadline().unwrap_or_default();
        Self { hash, scheduled, tenant, aor, registration }
    }

    fn is(&self, hash: u64, tenant: TenantId, aor: &Aor) -> bool {
        self.hash == hash && self.tenant == tenant && self.aor == *aor
    }
}

/// The records whose hash falls into the stripe.
#[derive(Default)]
pub(super) struct Stripe {
    /// Boxed, so that free places of the table are small.
    records: HashTable<Box<Record>>,
    /// When to look at which record. A refresh leaves its entry: it is put right when it comes up.
    schedule: BTreeSet<(Time, u64)>,
    counts: HashMap<TenantId, StoreCounts>,
}

impl Stripe {
    pub(super) fn find(&self, hash: u64, tenant: TenantId, aor: &Aor) -> Option<&Record> {
        self.records.find(hash, |record| record.is(hash, tenant, aor)).map(|record| &**record)
    }

    /// All records with this hash; more than one only when two collide.
    pub(super) fn with_hash(&self, hash: u64) -> impl Iterator<Item = &Record> {
        self.records.iter_hash(hash).map(|record| &**record).filter(move |record| record.hash == hash)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().map(|record| &**record)
    }

    pub(super) fn counts(&self, tenant: TenantId) -> StoreCounts {
        self.counts.get(&tenant).copied().unwrap_or_default()
    }

    /// Adds a record that is not there yet.
    pub(super) fn insert(&mut self, record: Record) {
        self.count(record.tenant, 0, record.registration.bindings.len());
        self.schedule.insert((record.scheduled, record.hash));
        self.records.insert_unique(record.hash, Box::new(record), |record| record.hash);
    }

    pub(super) fn replace(&mut self, hash: u64, tenant: TenantId, aor: &Aor, registration: Registration) {
        let Some(record) = self.records.find_mut(hash, |record| record.is(hash, tenant, aor)) else { return };
        let (before, after) = (record.registration.bindings.len(), registration.bindings.len());
        let deadline = registration.deadline().unwrap_or_default();
        record.registration = registration;
        let previous = record.scheduled;
        if deadline < previous {
            record.scheduled = deadline;
            self.unschedule(previous, hash);
            self.schedule.insert((deadline, hash));
        }
        self.count(tenant, before, after);
    }

    pub(super) fn remove(&mut self, hash: u64, tenant: TenantId, aor: &Aor) {
        let Ok(found) = self.records.find_entry(hash, |record| record.is(hash, tenant, aor)) else { return };
        let (record, _) = found.remove();
        self.unschedule(record.scheduled, hash);
        self.count(tenant, record.registration.bindings.len(), 0);
    }

    /// Adds to `due` up to `limit` addresses of which something has run out at `now`.
    pub(super) fn due(&mut self, now: Time, limit: usize, due: &mut Vec<(TenantId, Aor)>) {
        let mut late = Vec::new();
        let mut found = 0;
        for &(time, hash) in self.schedule.iter().take_while(|(time, _)| *time <= now) {
            if found >= limit {
                break;
            }
            let mut is_due = false;
            for record in self.with_hash(hash).filter(|record| record.scheduled == time) {
                if record.registration.deadline().is_none_or(|deadline| deadline <= now) {
                    due.push((record.tenant, record.aor.clone()));
                    is_due = true;
                    found += 1;
                }
            }
            if !is_due {
                late.push((time, hash));
            }
        }
        for (time, hash) in late {
            self.reschedule(time, hash);
        }
    }

    /// Puts the records with this hash that were scheduled at `time` where their deadlines are.
    fn reschedule(&mut self, time: Time, hash: u64) {
        self.schedule.remove(&(time, hash));
        for record in self.records.iter_hash_mut(hash) {
            if record.hash == hash && record.scheduled == time {
                record.scheduled = record.registration.deadline().unwrap_or_default();
                self.schedule.insert((record.scheduled, hash));
            }
        }
    }

    /// Takes a record's entry out of the schedule, unless a record whose hash collides has the same one.
    fn unschedule(&mut self, time: Time, hash: u64) {
        if !self.with_hash(hash).any(|record| record.scheduled == time) {
            self.schedule.remove(&(time, hash));
        }
    }

    /// An address of the tenant has `after` bindings instead of `before`.
    fn count(&mut self, tenant: TenantId, before: usize, after: usize) {
        let counts = self.counts.entry(tenant).or_default();
        counts.bindings = (counts.bindings + after as u64).saturating_sub(before as u64);
        counts.aors = (counts.aors + u64::from(after > 0)).saturating_sub(u64::from(before > 0));
        if *counts == StoreCounts::default() {
            self.counts.remove(&tenant);
        }
    }
}
