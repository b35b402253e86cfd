//! The `RateLimiter` port: what `proxy.rate_limit` asks. The server's own limit is the [`Screen`](super::Screen)'s, and
//! counts in a table of its own.

use std::net::IpAddr;
use std::time::Duration;

use siphon_script::ports::RateLimiter;
use siphon_sip::{TenantId, Time};

use super::window::SourceWindows;

/// A sliding window for each source of each tenant, shared by all call sites of a tenant's script. A source is
/// remembered for the longest window that was asked for so far: a longer one counts from when it is first asked for.
#[derive(Debug)]
pub struct SourceLimiter {
    windows: SourceWindows,
}

impl SourceLimiter {
    /// A limiter that remembers `max_sources`; of more, those that were silent for longest are forgotten. The seed must
    /// be one that peers cannot know.
    #[must_use]
    pub fn new(seed: [u64; 2], max_sources: usize) -> Self {
        Self { windows: SourceWindows::new(seed, max_sources) }
    }

    /// How many sources it remembers.
    #[must_use]
    pub fn tracked_sources(&self) -> usize {
        self.windows.len()
    }
}

impl RateLimiter for SourceLimiter {
    fn allow(&self, tenant: TenantId, source: IpAddr, window: Duration, max: u32, now: Time) -> bool {
        self.windows.allow(tenant, source.to_canonical(), window, max, now)
    }
}
