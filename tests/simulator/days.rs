//! 50 days of 10,000 calls each, ten in a test.

use std::ops::Range;
use std::time::Duration;

use siphon_tests::sim::{Outcome, Report, Simulation};

fn live(seeds: Range<u64>) {
    for seed in seeds {
        let report = Simulation::of(seed).run();
        println!("{report}");
        assert_eq!(report.calls, 10_000);
        if let Some(session) = report.violations.iter().find_map(|violation| violation.session) {
            panic!("{}", Simulation::of(seed).traced(session).run());
        }
        assert!(report.counts.is_empty());
        assert_every_end_was_seen(&report);
    }
}

/// A run that never comes to some end says nothing about it.
fn assert_every_end_was_seen(report: &Report) {
    let most = [Outcome::Answered, Outcome::Cancelled, Outcome::TimedOut, Outcome::Refused, Outcome::ServerError];
    for outcome in most {
        let count = report.outcomes.get(&outcome).copied().unwrap_or_default();
        assert!(count > 100, "{count} calls ended as {outcome:?}");
    }
    assert!(report.requests.iter().chain(&report.handlers).all(|count| *count > 100));
    assert!(report.late_outcomes > 100 && report.abandoned > 0);
}

#[test]
fn days_1_to_10_leave_nothing_undone() {
    live(1..11);
}

#[test]
fn days_11_to_20_leave_nothing_undone() {
    live(11..21);
}

#[test]
fn days_21_to_30_leave_nothing_undone() {
    live(21..31);
}

#[test]
fn days_31_to_40_leave_nothing_undone() {
    live(31..41);
}

#[test]
fn days_41_to_50_leave_nothing_undone() {
    live(41..51);
}

#[test]
fn a_seed_gives_the_same_day_again() {
    let run = || Simulation::of(3).with_calls(300, Duration::from_secs(2_700)).traced(1).run();
    let (one, two) = (run(), run());
    assert_eq!((one.traffic, one.transactions, &one.outcomes), (two.traffic, two.transactions, &two.outcomes));
    assert!(!one.trace.is_empty());
    assert_eq!(one.trace, two.trace);
}
