//! How many requests a source may send. Not the server's own flood protection, which never asks a script.

use std::net::IpAddr;
use std::time::Duration;

use siphon_sip::{TenantId, Time};

/// A sliding window for each source address; bounded in the number of sources that it remembers.
pub trait RateLimiter: Send + Sync {
    /// Counts one request of `source` and says whether it is within `max` in the last `window`. One that is over is not
    /// counted.
    fn allow(&self, tenant: TenantId, source: IpAddr, window: Duration, max: u32, now: Time) -> bool;
}
