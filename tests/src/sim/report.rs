//! What a run did, in numbers. Whether that was right is the oracle's to say.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::check::{Invariant, Violation};
use super::network::Traffic;
use super::plan::Purpose;

/// How a session ended for who began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// 2xx.
    Answered,
    /// 487.
    Cancelled,
    /// 408.
    TimedOut,
    /// 3xx.
    Redirected,
    /// Another 4xx.
    Refused,
    /// 5xx.
    ServerError,
    /// 6xx.
    Declined,
    /// Nothing final in 64*T1.
    NoAnswer,
}

impl Outcome {
    /// The outcome that a final status code is.
    pub(super) const fn of(status: u16) -> Self {
        match status {
            ..300 => Self::Answered,
            300..400 => Self::Redirected,
            408 => Self::TimedOut,
            487 => Self::Cancelled,
            400..500 => Self::Refused,
            500..600 => Self::ServerError,
            _ => Self::Declined,
        }
    }
}

/// What is counted while a run goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) sessions: u64,
    pub(super) calls: u64,
    pub(super) outcomes: BTreeMap<Outcome, u64>,
    pub(super) others: BTreeMap<Outcome, u64>,
    pub(super) cancels: u64,
    pub(super) reinvites: u64,
    pub(super) registers: u64,
    pub(super) unacknowledged_successes: u64,
    /// Requests without an answer that nothing but loss can have kept from it.
    pub(super) unheard: u64,
    pub(super) agent_transactions: u64,
    pub(super) server_transactions: u64,
    pub(super) client_transactions: u64,
    pub(super) suspended: u64,
    pub(super) resolves: u64,
}

impl Tally {
    pub(super) fn conclude(&mut self, purpose: Purpose, outcome: Outcome) {
        let outcomes = if purpose == Purpose::Call { &mut self.outcomes } else { &mut self.others };
        *outcomes.entry(outcome).or_default() += 1;
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Calls that were begun.
    pub calls: u64,
    /// How they ended for their callers.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Sessions that were no calls: REGISTER, OPTIONS, MESSAGE.
    pub other_sessions: u64,
    /// CANCELs, re-INVITEs and REGISTERs of the user agents.
    pub requests: [u64; 3],
    /// Server and client transactions of the proxy.
    pub transactions: [u64; 2],
    /// Transactions of the user agents.
    pub agent_transactions: u64,
    /// Handlers that suspended, raised and passed their deadline.
    pub handlers: [u64; 3],
    /// Outcomes that came too late to count.
    pub late_outcomes: u64,
    /// Dialogs that the proxy had to end because nobody wanted them.
    pub abandoned: u64,
    /// Names that were resolved.
    pub resolves: u64,
    /// What the network did.
    pub traffic: Traffic,
    /// What must not be: the first of each kind, word for word.
    pub violations: Vec<Violation>,
    /// How often each invariant was broken.
    pub counts: BTreeMap<Invariant, u64>,
    /// What passed on the wire in the session that was traced.
    pub trace: Vec<String>,
    /// How long it took.
    pub wall: Duration,
}

impl Report {
    /// Whether that invariant was broken.
    #[must_use]
    pub fn broke(&self, invariant: Invariant) -> bool {
        self.counts.contains_key(&invariant)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Traffic { transmissions, lost, doubled, late } = self.traffic;
        let ([servers, clients], [cancels, reinvites, registers]) = (self.transactions, self.requests);
        let [suspended, raised, overdue] = self.handlers;
        write!(f, "seed {:>3}: {} calls {:?}, {} others; ", self.seed, self.calls, self.outcomes, self.other_sessions)?;
        write!(f, "{cancels} CANCELs, {reinvites} re-INVITEs, {registers} REGISTERs; ")?;
        write!(f, "handlers: {suspended} suspended, {raised} raised, {overdue} overdue; ")?;
        write!(f, "{} outcomes too late, {} dialogs abandoned, ", self.late_outcomes, self.abandoned)?;
        write!(f, "{} names resolved; ", self.resolves)?;
        write!(f, "transactions: {servers} server, {clients} client, {} of user agents; ", self.agent_transactions)?;
        write!(f, "transmissions: {transmissions}, {lost} lost, {doubled} doubled, {late} late; ")?;
        write!(f, "{:.1} s", self.wall.as_secs_f64())?;
        for violation in &self.violations {
            write!(f, "\n  {violation}")?;
        }
        for (invariant, count) in &self.counts {
            write!(f, "\n  {count} times: {invariant:?}")?;
        }
        for line in &self.trace {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}
