//! The screen, the limiter against a naive model, and bans.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use proptest::prelude::*;
use siphon_script::ports::RateLimiter;
use siphon_sip::{HeaderName, Method, Request, TenantId, Time};

use super::{DropReason, Screen, ScreenConfig, SourceLimiter, SourceRate, Verdict};

const TENANT: TenantId = TenantId::DEFAULT;

fn source(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, number))
}

fn seconds(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn request(agent: &'static str) -> Request {
    let mut request = Request::new(Method::Register, "sip:example.com");
    if !agent.is_empty() {
        request.headers_mut().set(HeaderName::UserAgent, agent);
    }
    request
}

/// Two requests in ten seconds; who sends more is ignored for a minute.
fn limited() -> ScreenConfig {
    let rate = SourceRate { window: Duration::from_secs(10), max_requests: 2, ban: Duration::from_secs(60) };
    ScreenConfig { rate: Some(rate), ..ScreenConfig::default() }
}

fn verdicts(screen: &Screen, source: IpAddr, times: &[u64]) -> Vec<Verdict> {
    times.iter().map(|time| screen.check(TENANT, source, &request(""), seconds(*time))).collect()
}

const LIMITED: Verdict = Verdict::Drop(DropReason::RateLimited);
const BANNED: Verdict = Verdict::Drop(DropReason::Banned);
const SCANNER: Verdict = Verdict::Drop(DropReason::Scanner);

#[test]
fn a_screen_without_rules_lets_everything_pass() {
    let screen = Screen::new(ScreenConfig::default());
    assert_eq!(verdicts(&screen, source(1), &[0; 100]), [Verdict::Pass; 100]);
    assert_eq!(screen.tracked_sources(), 0);
}

#[test]
fn a_source_over_the_limit_is_banned_and_comes_back_after_the_ban() {
    let screen = Screen::new(limited());
    let seen = verdicts(&screen, source(1), &[0, 1, 2, 3, 61, 62]);
    assert_eq!(seen, [Verdict::Pass, Verdict::Pass, LIMITED, BANNED, BANNED, Verdict::Pass]);
    let counters = screen.counters();
    assert_eq!((counters.rate_limited.value(), counters.banned.value(), counters.bans.value()), (1, 2, 1));
}

#[test]
fn without_a_ban_a_source_is_held_to_its_rate() {
    let mut config = limited();
    config.rate.as_mut().unwrap().ban = Duration::ZERO;
    let screen = Screen::new(config);
    let seen = verdicts(&screen, source(1), &[0, 1, 2, 9, 10, 11]);
    assert_eq!(seen, [Verdict::Pass, Verdict::Pass, LIMITED, LIMITED, Verdict::Pass, Verdict::Pass]);
    assert_eq!(screen.banned_sources(), 0);
}

#[test]
fn sources_and_tenants_do_not_count_for_each_other() {
    let screen = Screen::new(limited());
    verdicts(&screen, source(1), &[0, 0, 0]);
    assert_eq!(verdicts(&screen, source(2), &[0]), [Verdict::Pass]);
    assert_eq!(screen.check(TenantId(1), source(1), &request(""), seconds(0)), Verdict::Pass);
}

#[test]
fn an_ipv4_address_in_ipv6_clothes_is_the_same_source() {
    let screen = Screen::new(limited());
    verdicts(&screen, source(1), &[0, 0]);
    assert_eq!(verdicts(&screen, "::ffff:192.0.2.1".parse().unwrap(), &[0]), [LIMITED]);
}

#[test]
fn a_trusted_source_may_do_anything() {
    let trusted = vec!["192.0.2.0/28".parse().unwrap()];
    let screen = Screen::new(ScreenConfig { trusted, scanner_agents: vec!["sipvicious".into()], ..limited() });
    assert_eq!(verdicts(&screen, source(1), &[0; 5]), [Verdict::Pass; 5]);
    assert_eq!(screen.check(TENANT, source(1), &request("sipvicious"), seconds(0)), Verdict::Pass);
    assert_eq!(screen.check(TENANT, source(16), &request("sipvicious"), seconds(0)), SCANNER);
}

#[test]
fn a_scanner_is_known_by_a_part_of_its_user_agent_in_any_case() {
    let scanner_agents = vec!["friendly-scanner".into(), "SIPVicious".into()];
    let screen = Screen::new(ScreenConfig { scanner_agents, ..ScreenConfig::default() });
    let judge = |agent| screen.check(TENANT, source(1), &request(agent), seconds(0));
    for agent in ["friendly-scanner", "x Friendly-SCANNER/2", "sipvicious", "aasipviciousaa", "sipsipvicious"] {
        assert_eq!(judge(agent), SCANNER, "{agent}");
    }
    for agent in ["", "Zoiper", "friendly", "sipviciou", "scanner-friendly"] {
        assert_eq!(judge(agent), Verdict::Pass, "{agent}");
    }
    assert_eq!(screen.counters().scanners.value(), 5);
}

#[test]
fn a_second_user_agent_header_is_looked_at_too() {
    let screen = Screen::new(ScreenConfig { scanner_agents: vec!["evil".into()], ..ScreenConfig::default() });
    let mut request = request("good");
    request.headers_mut().append(HeaderName::UserAgent, "evil");
    assert_eq!(screen.check(TENANT, source(1), &request, seconds(0)), SCANNER);
}

#[test]
fn a_blank_scanner_pattern_matches_nothing() {
    let screen =
        Screen::new(ScreenConfig { scanner_agents: vec![" ".into(), String::new()], ..ScreenConfig::default() });
    assert_eq!(screen.check(TENANT, source(1), &request("a b"), seconds(0)), Verdict::Pass);
}

#[test]
fn bans_are_listed_and_can_be_lifted() {
    let screen = Screen::new(limited());
    verdicts(&screen, source(1), &[0, 0, 0]);
    assert_eq!(screen.bans(TENANT, seconds(20)), [(source(1), Duration::from_secs(40))]);
    assert_eq!(screen.bans(TenantId(1), seconds(20)), []);
    assert!(screen.lift_ban(TENANT, source(1)));
    assert!(!screen.lift_ban(TENANT, source(1)));
    assert_eq!(verdicts(&screen, source(1), &[20]), [Verdict::Pass]);
}

#[test]
fn bans_that_have_ended_are_swept() {
    let screen = Screen::new(limited());
    verdicts(&screen, source(1), &[0, 0, 0]);
    verdicts(&screen, source(2), &[30, 30, 30]);
    assert_eq!(screen.banned_sources(), 2);
    screen.sweep(seconds(60));
    assert_eq!(screen.banned_sources(), 1);
}

#[test]
fn the_tables_are_bounded_whatever_comes() {
    let mut config = ScreenConfig { max_sources: 64, ..limited() };
    config.rate.as_mut().unwrap().max_requests = 1;
    let screen = Screen::new(config);
    for number in 0..10_000_u32 {
        for _ in 0..2 {
            screen.check(TENANT, IpAddr::V4(number.into()), &request(""), seconds(0));
        }
        assert!(screen.tracked_sources() <= 64 && screen.banned_sources() <= 64, "{number}");
    }
}

#[test]
fn a_full_table_forgets_the_sources_that_were_silent_for_longest() {
    let limiter = SourceLimiter::new([3, 4], 3200);
    let allow = |address: IpAddr| limiter.allow(TENANT, address, Duration::from_secs(1000), 1, seconds(0));
    assert!(allow(source(1)));
    for number in 0..20_000_u32 {
        allow(IpAddr::V4((number + 0x0a00_0000).into()));
        if number % 500 == 0 {
            assert!(!allow(source(1)), "it is heard of all the time");
        }
    }
    assert!(limiter.tracked_sources() <= 3200);
    assert!(allow(IpAddr::V4(0x0a00_0000.into())), "it was silent, and forgotten");
}

#[test]
fn a_limit_of_nothing_allows_nothing() {
    let limiter = SourceLimiter::new([0, 0], 10);
    assert!(!limiter.allow(TENANT, source(1), Duration::from_secs(1), 0, seconds(0)));
}

#[test]
fn a_great_limit_is_kept_to_a_thousandth_of_the_window() {
    let limiter = SourceLimiter::new([0, 0], 100);
    let allow = |millis| {
        limiter.allow(TENANT, source(1), Duration::from_secs(10), 50_000, Time::ZERO + Duration::from_millis(millis))
    };
    let allowed = (0..10_000).flat_map(|millis| [millis; 6]).filter(|millis| allow(*millis)).count();
    assert_eq!(allowed, 50_000);
    assert!(!allow(9_999));
    assert!(allow(10_010));
}

/// Every counted request of every source with its time.
#[derive(Default)]
struct NaiveLimiter(BTreeMap<(TenantId, IpAddr), Vec<Time>>);

impl NaiveLimiter {
    fn allow(&mut self, tenant: TenantId, source: IpAddr, window: Duration, max: u32, now: Time) -> bool {
        let counted = self.0.entry((tenant, source)).or_default();
        let within = counted.iter().filter(|time| now.since(**time) < window).count();
        let allowed = within < max as usize;
        if allowed {
            counted.push(now);
        }
        allowed
    }
}

proptest! {
    #[test]
    fn the_limiter_does_what_the_naive_one_does(
        steps in prop::collection::vec((0_u32..2, 0_u8..3, 0_usize..3, 0_u64..700_000), 1..400),
    ) {
        // Three call sites with windows and limits of their own.
        let sites = [(1, 2), (3, 4), (2, 10)];
        let limiter = SourceLimiter::new([5, 6], 1000);
        let mut naive = NaiveLimiter::default();
        let mut now = Time::ZERO;
        // Every source is seen with the longest window first: what only a longer window needs is not remembered.
        for (tenant, number) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
            let (window, max) = sites[1];
            let (tenant, window) = (TenantId(tenant), Duration::from_secs(window));
            naive.allow(tenant, source(number), window, max, now);
            limiter.allow(tenant, source(number), window, max, now);
        }
        for (tenant, number, site, pause) in steps {
            now = now + Duration::from_micros(pause);
            let (window, max) = sites[site];
            let window = Duration::from_secs(window);
            let (tenant, source) = (TenantId(tenant), source(number));
            let expected = naive.allow(tenant, source, window, max, now);
            prop_assert_eq!(limiter.allow(tenant, source, window, max, now), expected);
        }
    }
}
