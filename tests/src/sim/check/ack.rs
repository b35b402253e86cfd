//! The ACKs of 2xx: a proxy passes each copy on once, those for an answer of its own aside. Hop-by-hop ACKs are
//! `branch.rs`.

use super::{Invariant, Notes};
use crate::sim::glance::Glance;

/// The ACKs of one session.
#[derive(Default)]
pub(super) struct Acknowledgements {
    counts: Vec<Count>,
    /// CSeq numbers of INVITEs that the proxy accepted itself.
    own: Vec<u32>,
}

/// How often an ACK came in and went out.
struct Count {
    /// A hash of the branch that its user agent gave it.
    branch: u64,
    cseq: u32,
    delivered: u32,
    sent: u32,
}

impl Acknowledgements {
    /// The proxy has answered that INVITE with 2xx itself: its ACK is its own.
    pub(super) fn expect_own(&mut self, cseq: u32) {
        if !self.own.contains(&cseq) {
            self.own.push(cseq);
        }
    }

    pub(super) fn delivered(&mut self, ack: &Glance) {
        self.count(ack.branch, ack.cseq).delivered += 1;
    }

    pub(super) fn sent(&mut self, ack: &Glance, notes: &mut Notes<'_>) {
        // The proxy's own ACK, for a 2xx that nobody wants, has no other Via.
        if ack.vias.len() > 1 {
            let count = self.count(ack.under, ack.cseq);
            count.sent += 1;
            let is_given = count.sent <= count.delivered;
            notes.demand(is_given, Invariant::AckIsForwarded, || format!("out of nothing: {}", ack.summary()));
        }
    }

    pub(super) fn ended(&self, notes: &mut Notes<'_>) {
        for Count { cseq, delivered, sent, .. } in &self.counts {
            let expected = if self.own.contains(cseq) { 0 } else { *delivered };
            notes.demand(*sent == expected, Invariant::AckIsForwarded, || {
                format!("of {delivered} copies of an ACK {sent} were passed on")
            });
        }
    }

    fn count(&mut self, branch: u64, cseq: u32) -> &mut Count {
        let place = self.counts.iter().position(|count| count.branch == branch).unwrap_or_else(|| {
            self.counts.push(Count { branch, cseq, delivered: 0, sent: 0 });
            self.counts.len() - 1
        });
        &mut self.counts[place]
    }
}
