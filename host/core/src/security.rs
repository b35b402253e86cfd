//! What a source must get past before its request costs anything: the scanner block, the rate limit and its bans. Who
//! the sender is does not matter here: see [`auth`](crate::auth).

use std::net::IpAddr;
use std::time::Duration;

use siphon_sip::{HeaderName, Request, TenantId, Time};

mod bans;
pub mod cidr;
pub mod limiter;
mod scanner;
#[cfg(test)]
mod tests;
mod window;

use crate::counters::Counter;
use bans::Bans;
pub use cidr::Cidr;
pub use limiter::SourceLimiter;
use scanner::ScannerPatterns;
use window::SourceWindows;

/// How many requests a source may send, and what happens when it sends more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRate {
    /// The length of the sliding window.
    pub window: Duration,
    /// Requests in it.
    pub max_requests: u32,
    /// How long a source that sent more is ignored; zero: only until the window has room again.
    pub ban: Duration,
}

/// The `security` section of `siphon.yaml`.
#[derive(Clone, Debug)]
pub struct ScreenConfig {
    /// The limit on every source; `None`: there is none.
    pub rate: Option<SourceRate>,
    /// Parts of the User-Agent header whose requests are dropped; case does not count.
    pub scanner_agents: Vec<String>,
    /// Sources that nothing here concerns.
    pub trusted: Vec<Cidr>,
    /// Sources, and bans, that are remembered at once.
    pub max_sources: usize,
    /// Something that peers cannot know.
    pub seed: [u64; 2],
}

impl Default for ScreenConfig {
    fn default() -> Self {
        Self { rate: None, scanner_agents: Vec::new(), trusted: Vec::new(), max_sources: 100_000, seed: [0; 2] }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It is dropped without an answer: an answer would tell a scanner that somebody is here.
    Drop(DropReason),
}

/// Why a request is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Its source is banned.
    Banned,
    /// Its User-Agent is that of a scanner.
    Scanner,
    /// Its source sends too much.
    RateLimited,
}

/// What the screen saw so far.
#[derive(Debug, Default)]
pub struct ScreenCounters {
    /// Requests of banned sources.
    pub banned: Counter,
    /// Requests of scanners.
    pub scanners: Counter,
    /// Requests over the limit.
    pub rate_limited: Counter,
    /// Bans that were pronounced.
    pub bans: Counter,
}

/// The screen before the core. Shared by all threads; its tables are bounded.
#[derive(Debug)]
pub struct Screen {
    rate: Option<SourceRate>,
    scanners: ScannerPatterns,
    trusted: Vec<Cidr>,
    windows: SourceWindows,
    bans: Bans,
    counters: ScreenCounters,
}

impl Screen {
    /// A screen that has seen nothing yet.
    #[must_use]
    pub fn new(config: ScreenConfig) -> Self {
        Self {
            rate: config.rate,
            scanners: ScannerPatterns::new(&config.scanner_agents),
            trusted: config.trusted,
            windows: SourceWindows::new(config.seed, config.max_sources),
            bans: Bans::new(config.seed, config.max_sources),
            counters: ScreenCounters::default(),
        }
    }

    /// Judges a request and counts it. The ACKs and retransmissions of a source count too.
    pub fn check(&self, tenant: TenantId, source: IpAddr, request: &Request, now: Time) -> Verdict {
        let source = source.to_canonical();
        if self.is_trusted(source) {
            return Verdict::Pass;
        }
        match self.judge(tenant, source, request, now) {
            None => Verdict::Pass,
            Some(reason) => {
                match reason {
                    DropReason::Banned => self.counters.banned.increment(),
                    DropReason::Scanner => self.counters.scanners.increment(),
                    DropReason::RateLimited => self.counters.rate_limited.increment(),
                }
                Verdict::Drop(reason)
            }
        }
    }

    /// Whether nothing here concerns a source.
    #[must_use]
    pub fn is_trusted(&self, source: IpAddr) -> bool {
        self.trusted.iter().any(|block| block.contains(source))
    }

    /// What it saw so far.
    #[must_use]
    pub const fn counters(&self) -> &ScreenCounters {
        &self.counters
    }

    /// How many sources are banned, those whose ban has ended since the last sweep included.
    #[must_use]
    pub fn banned_sources(&self) -> usize {
        self.bans.len()
    }

    /// How many sources the rate limit remembers.
    #[must_use]
    pub fn tracked_sources(&self) -> usize {
        self.windows.len()
    }

    /// The tenant's bans with what is left of them.
    #[must_use]
    pub fn bans(&self, tenant: TenantId, now: Time) -> Vec<(IpAddr, Duration)> {
        self.bans.list(tenant, now)
    }

    /// Ends a ban; false when there is none.
    pub fn lift_ban(&self, tenant: TenantId, source: IpAddr) -> bool {
        self.bans.lift(tenant, source.to_canonical())
    }

    /// Forgets the bans that have ended.
    pub fn sweep(&self, now: Time) {
        self.bans.sweep(now);
    }

    fn judge(&self, tenant: TenantId, source: IpAddr, request: &Request, now: Time) -> Option<DropReason> {
        if self.bans.is_banned(tenant, source, now) {
            return Some(DropReason::Banned);
        }
        let is_scanner = |agent| self.scanners.match_any(agent);
        if !self.scanners.is_empty() && request.headers().all(&HeaderName::UserAgent).any(is_scanner) {
            return Some(DropReason::Scanner);
        }
        let rate = self.rate?;
        if self.windows.allow(tenant, source, rate.window, rate.max_requests, now) {
            return None;
        }
        if !rate.ban.is_zero() {
            self.bans.ban(tenant, source, now + rate.ban, now);
            self.counters.bans.increment();
        }
        Some(DropReason::RateLimited)
    }
}
