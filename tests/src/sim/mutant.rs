//! Proxies with one defect, to see that the oracle sees it. Each is the real proxy with something done to what goes
//! into it or comes out of it; what follows from that is the real code's.

use std::collections::HashSet;

use bytes::Bytes;
use siphon_core::Output;

use super::glance::{Glance, Method, Start};

/// What is wrong with the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutant {
    /// Nothing.
    #[default]
    None,
    /// No failure of an INVITE is sent again by Timer G.
    NoTimerG,
    /// A 486 is never acknowledged.
    NoAckTo486,
    /// A CANCEL has a branch of its own.
    FreshBranchOnCancel,
    /// Each outcome is applied twice: two shards take each request, and each carries the decision out.
    OutcomeTwice,
    /// Timer C runs for ten years.
    NoTimerC,
}

/// What made the proxy act.
#[derive(Clone, Copy)]
pub(super) enum Cause<'a> {
    Message(&'a Glance),
    Timer,
    Other,
}

/// What the mutants remember.
pub(super) struct Sabotage {
    mutant: Mutant,
    /// Failures of INVITEs that were sent once.
    failures: HashSet<u64>,
}

impl Sabotage {
    pub(super) fn new(mutant: Mutant) -> Self {
        Self { mutant, failures: HashSet::new() }
    }

    /// Does its work on what the proxy wants to be done.
    pub(super) fn spoil(&mut self, cause: Cause<'_>, outputs: &mut Vec<Output>) {
        match self.mutant {
            Mutant::NoTimerG => outputs.retain(|output| self.is_no_repetition(cause, output)),
            Mutant::NoAckTo486 => outputs.retain(|output| !is_ack_to_486(cause, output)),
            Mutant::FreshBranchOnCancel => outputs.iter_mut().for_each(freshen_cancel),
            Mutant::None | Mutant::OutcomeTwice | Mutant::NoTimerC => {}
        }
    }

    fn is_no_repetition(&mut self, cause: Cause<'_>, output: &Output) -> bool {
        let Some(sent) = read(output) else { return true };
        let is_failure = sent.method == Method::Invite && sent.status().is_some_and(|status| status >= 300);
        let is_new = !is_failure || self.failures.insert(sent.branch);
        is_new || !matches!(cause, Cause::Timer)
    }
}

fn read(output: &Output) -> Option<Glance> {
    match output {
        Output::Send { bytes, .. } => Glance::read(bytes.clone()).ok(),
        Output::Resolve { .. } | Output::Run { .. } => None,
    }
}

fn is_ack_to_486(cause: Cause<'_>, output: &Output) -> bool {
    let is_ack = |sent: Glance| matches!(sent.start, Start::Request { method: Method::Ack, .. });
    matches!(cause, Cause::Message(message) if message.status() == Some(486)) && read(output).is_some_and(is_ack)
}

fn freshen_cancel(output: &mut Output) {
    if let Output::Send { bytes, .. } = output
        && bytes.starts_with(b"CANCEL ")
    {
        let text = String::from_utf8_lossy(bytes).replacen(";branch=z9hG4bK", ";branch=z9hG4bKfresh", 1);
        *bytes = Bytes::from(text);
    }
}
