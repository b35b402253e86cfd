//! `security`: What a source must get past before its request costs anything.

use std::time::Duration;

use siphon_core::security::Cidr;

use crate::config::reader::Section;

/// `security.rate_limit`.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// Length of the window.
    pub window: Duration,
    /// Requests that one source may send in it.
    pub max_requests: u32,
    /// How long a source that sent more is ignored.
    pub ban: Duration,
}

/// `security`.
#[derive(Clone, Debug)]
pub struct SecuritySection {
    /// A limit on the requests of one source.
    pub rate_limit: Option<RateLimit>,
    /// User-Agent parts whose requests are dropped, in lower case.
    pub scanner_agents: Vec<String>,
    /// Sources that no rule of this section concerns.
    pub trusted_cidrs: Vec<Cidr>,
    /// Sources that are remembered at once.
    pub max_sources: usize,
}

impl SecuritySection {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        let mut limit = section.section("rate_limit");
        let rate_limit = limit.is_present().then(|| RateLimit {
            window: limit.seconds("window_secs", Duration::from_secs(10)),
            max_requests: limit.number("max_requests", 1000, 1..=u32::MAX),
            ban: limit.seconds("ban_duration_secs", Duration::from_secs(3600)),
        });
        limit.finish();
        let mut scanner = section.section("scanner_block");
        let agents = scanner.texts("user_agents");
        scanner.finish();
        let trusted = section.list("trusted_cidrs");
        let read = Self {
            rate_limit,
            scanner_agents: agents.into_iter().map(|agent| agent.to_ascii_lowercase()).collect(),
            trusted_cidrs: trusted.iter().filter_map(|node| node.parse("a CIDR block such as 10.0.0.0/8")).collect(),
            max_sources: section.number("max_sources", 100_000, 1..=100_000_000),
        };
        section.not_yet(&["failed_auth_ban", "apiban", "firewall"]);
        section.finish();
        read
    }
}
