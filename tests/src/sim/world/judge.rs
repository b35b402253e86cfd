//! The ends: of a session, and of the run. What must hold while they last is `check.rs`.

use std::time::Duration;

use siphon_core::ShardGauges;

use super::{Happening, QUIET, World};
use crate::sim::agents::Scene;
use crate::sim::check::{Invariant, Notes};
use crate::sim::report::{Report, Tally};

impl World {
    /// Ends a session in which nothing happens any more.
    pub(super) fn look(&mut self, number: u32) {
        let Some(session) = self.sessions.get(&number) else { return };
        let over_at = session.last + QUIET;
        if over_at > self.now {
            return self.agenda.enter(over_at, Happening::Look(number));
        }
        self.end(number);
    }

    fn end(&mut self, number: u32) {
        let Some(session) = self.sessions.remove(&number) else { return };
        let mut deeds = Vec::new();
        session.agents.end(&mut Scene {
            session: number,
            plan: &session.plan,
            now: self.now,
            deeds: &mut deeds,
            tally: &mut self.tally,
            faults: &mut self.faults,
        });
        let mut notes = Notes { session: number, at: self.now, faults: &mut self.faults };
        session.record.ended(&session.plan, &mut self.tally, &mut notes);
    }

    /// What must hold when all is over.
    pub(super) fn judge(&mut self) {
        let mut left: Vec<u32> = self.sessions.keys().copied().collect();
        left.sort_unstable();
        for number in left {
            self.end(number);
        }
        self.proxy.sweep(self.now);
        self.proxy.reload();
        let mut find = |invariant, what| self.faults.find(invariant, None, self.now, what);
        for (shard, gauges) in self.proxy.gauges().enumerate() {
            if gauges != ShardGauges::default() {
                find(Invariant::TablesReturnToZero, format!("shard {shard} still has {gauges:?}"));
            }
        }
        let registered = self.proxy.registered();
        if registered > 0 {
            find(Invariant::BindingsExpire, format!("{registered} addresses are still registered"));
        }
        let old = self.proxy.old_generations();
        if old > 0 {
            find(Invariant::GenerationsEnd, format!("{old} scripts that were replaced are still there"));
        }
        // So many transmissions, all lost or unanswered: a few in a million.
        let most = 2 + self.tally.calls / 1_000;
        let (lost, unheard) = (self.tally.unacknowledged_successes, self.tally.unheard);
        if lost > most {
            find(Invariant::SuccessIsAcknowledged, format!("{lost} callees heard no ACK in 64*T1"));
        }
        if unheard > most {
            find(Invariant::FinalIsTheBest, format!("{unheard} callers heard no final response"));
        }
    }

    pub(super) fn report(self, wall: Duration) -> Report {
        let counters = self.proxy.counters();
        let Tally { sessions, calls, cancels, reinvites, registers, suspended, .. } = self.tally;
        Report {
            seed: self.simulation.seed,
            calls,
            outcomes: self.tally.outcomes,
            other_sessions: sessions - calls,
            requests: [cancels, reinvites, registers],
            transactions: [self.tally.server_transactions, self.tally.client_transactions],
            agent_transactions: self.tally.agent_transactions,
            handlers: [suspended, counters.script_errors.value(), counters.script_timeouts.value()],
            late_outcomes: counters.late_outcomes.value(),
            abandoned: counters.abandoned_dialogs.value(),
            resolves: self.tally.resolves,
            traffic: self.network.traffic,
            violations: self.faults.violations,
            counts: self.faults.counts,
            trace: self.trace,
            wall,
        }
    }
}
