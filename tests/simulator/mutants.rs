//! Proxies with a defect: each breaks the invariant that is there for it.

use std::time::Duration;

use siphon_tests::sim::{Invariant, Mutant, Report, Simulation};

fn live(mutant: Mutant) -> Report {
    let report = Simulation::of(7).with_calls(600, Duration::from_secs(5_400)).with_mutant(mutant).run();
    println!("{mutant:?}: {report}");
    report
}

#[test]
fn without_a_defect_the_same_run_breaks_nothing() {
    assert!(live(Mutant::None).counts.is_empty());
}

#[test]
fn a_proxy_without_timer_g_is_found_out() {
    assert!(live(Mutant::NoTimerG).broke(Invariant::FinalIsRepeated));
}

#[test]
fn a_proxy_that_does_not_acknowledge_486_is_found_out() {
    assert!(live(Mutant::NoAckTo486).broke(Invariant::FinalIsAcknowledged));
}

#[test]
fn a_proxy_that_cancels_on_a_fresh_branch_is_found_out() {
    assert!(live(Mutant::FreshBranchOnCancel).broke(Invariant::CancelMatchesInvite));
}

#[test]
fn a_proxy_that_applies_an_outcome_twice_is_found_out() {
    assert!(live(Mutant::OutcomeTwice).broke(Invariant::ForwardedOnce));
}

#[test]
fn a_proxy_without_timer_c_is_found_out() {
    assert!(live(Mutant::NoTimerC).broke(Invariant::TimerC));
}
