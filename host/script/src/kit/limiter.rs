//! A sliding window that remembers every source for ever: good for tests only.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use siphon_sip::{TenantId, Time};

use crate::ports::RateLimiter;

/// The times of each source's requests.
#[derive(Debug, Default)]
pub struct KitLimiter(Mutex<HashMap<(TenantId, IpAddr), Vec<Time>>>);

impl RateLimiter for KitLimiter {
    fn allow(&self, tenant: TenantId, source: IpAddr, window: Duration, max: u32, now: Time) -> bool {
        let mut sources = self.0.lock();
        let times = sources.entry((tenant, source)).or_default();
        times.retain(|time| now.since(*time) < window);
        let is_within = times.len() < max as usize;
        if is_within {
            times.push(now);
        }
        is_within
    }
}
