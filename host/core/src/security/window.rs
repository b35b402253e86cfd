//! Sliding windows over the requests of each source. What happens to a source that sends too much is not decided here.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use siphasher::sip::SipHasher13;
use siphon_sip::{TenantId, Time};

/// A source of a tenant's requests.
pub(super) type Source = (TenantId, IpAddr);

pub(super) const STRIPES: usize = 16;

/// Up to this many requests in a window each is remembered with its time; above, requests that are closer together than
/// the window divided by this are remembered as one moment.
const EXACT: u32 = 1024;

/// Moments that one source may take. The oldest ones melt together beyond it.
const MAX_MOMENTS: usize = 4096;

/// Moments that half a stripe may hold besides one for each source: 8 MiB in all.
const SPARE_MOMENTS: usize = 16_384;

/// Windows of many sources in a bounded table, cut into stripes.
#[derive(Debug)]
pub(super) struct SourceWindows {
    seed: [u64; 2],
    stripes: Box<[Mutex<Stripe>]>,
    half_size: usize,
}

impl SourceWindows {
    pub(super) fn new(seed: [u64; 2], max_sources: usize) -> Self {
        Self {
            seed,
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            half_size: (max_sources / STRIPES / 2).max(1),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.stripes.iter().map(|stripe| stripe.lock().len()).sum()
    }

    /// Counts one request, and says yes, when fewer than `max` were counted in the last `window`.
    pub(super) fn allow(&self, tenant: TenantId, source: IpAddr, window: Duration, max: u32, now: Time) -> bool {
        let source = (tenant, source);
        let Some(stripe) = self.stripes.get(stripe_of(self.seed, &source)) else { return false };
        let mut stripe = stripe.lock();
        stripe.make_room(&source, self.half_size);
        let log = stripe.log(source);
        let before = log.moments.len();
        let allowed = log.allow(window, max, now);
        let after = log.moments.len();
        stripe.recent_moments = (stripe.recent_moments + after).saturating_sub(before);
        allowed
    }
}

/// The stripe of a source, in every table of sources.
pub(super) fn stripe_of(seed: [u64; 2], source: &Source) -> usize {
    let [one, two] = seed;
    let mut hasher = SipHasher13::new_with_keys(one, two);
    source.hash(&mut hasher);
    hasher.finish() as usize % STRIPES
}

/// Sources in two halves: who was heard of since the last turn, and who was not. When the first half is full, it
/// becomes the second, and what was in that is forgotten: the sources that were silent for longest.
#[derive(Debug, Default)]
struct Stripe {
    recent: HashMap<Source, Log>,
    earlier: HashMap<Source, Log>,
    /// Moments in `recent`.
    recent_moments: usize,
}

impl Stripe {
    fn len(&self) -> usize {
        self.recent.len() + self.earlier.len()
    }

    /// Turns the halves when `source`, or its moments, may not fit into the recent one.
    fn make_room(&mut self, source: &Source, half_size: usize) {
        let is_full = self.recent.len() >= half_size && !self.recent.contains_key(source);
        if is_full || self.recent_moments >= half_size + SPARE_MOMENTS {
            self.earlier = std::mem::take(&mut self.recent);
            self.recent_moments = 0;
        }
    }

    /// The log of a source, which is now a recent one.
    fn log(&mut self, source: Source) -> &mut Log {
        let Self { recent, earlier, recent_moments } = self;
        recent.entry(source).or_insert_with(|| {
            let log = earlier.remove(&source).unwrap_or_default();
            *recent_moments += log.moments.len();
            log
        })
    }
}

/// The requests of one source that were counted, the oldest first.
#[derive(Debug, Default)]
struct Log {
    moments: VecDeque<Moment>,
    /// Requests in all moments.
    total: u64,
    /// The longest window that was asked for: older moments are of no use.
    longest: Duration,
}

/// Requests that count as having come at one time.
#[derive(Clone, Copy, Debug)]
struct Moment {
    time: Time,
    requests: u32,
}

impl Log {
    fn allow(&mut self, window: Duration, max: u32, now: Time) -> bool {
        self.longest = self.longest.max(window);
        while let Some(oldest) = self.moments.front().filter(|moment| now.since(moment.time) >= self.longest) {
            self.total = self.total.saturating_sub(u64::from(oldest.requests));
            self.moments.pop_front();
        }
        let allowed = self.is_below(window, max, now);
        if allowed {
            self.record(window, max, now);
        }
        allowed
    }

    fn is_below(&self, window: Duration, max: u32, now: Time) -> bool {
        let max = u64::from(max);
        if window == self.longest || self.total < max {
            return self.total < max;
        }
        let mut within = 0;
        for moment in self.moments.iter().rev().take_while(|moment| now.since(moment.time) < window) {
            within += u64::from(moment.requests);
            if within >= max {
                return false;
            }
        }
        within < max
    }

    fn record(&mut self, window: Duration, max: u32, now: Time) {
        let step = if max <= EXACT { 1 } else { (window.as_micros() as u64 / u64::from(EXACT)).max(1) };
        let time = Time::from_micros(now.as_micros() / step * step);
        self.total += 1;
        match self.moments.back_mut() {
            // Never back in time: threads may take the lock in another order than their clocks say.
            Some(last) if time <= last.time => last.requests = last.requests.saturating_add(1),
            _ => self.moments.push_back(Moment { time, requests: 1 }),
        }
        if self.moments.len() > MAX_MOMENTS
            && let Some(oldest) = self.moments.pop_front()
            && let Some(next) = self.moments.front_mut()
        {
            next.requests = next.requests.saturating_add(oldest.requests);
            next.time = oldest.time;
        }
    }
}
