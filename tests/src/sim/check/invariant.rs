//! What must hold, and what was found not to.

use std::collections::BTreeMap;
use std::fmt;

use siphon_sip::Time;

/// What the simulator demands of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// What it sends can be read by others.
    WellFormed,
    /// One decision sends a request to one place once (RFC 3261 16.6); a retransmission is none (17.2).
    ForwardedOnce,
    /// Each copy has one Via more and one hop less (RFC 3261 16.6), each response one Via less (16.7).
    Hops,
    /// A server transaction has one final response, 2xx to INVITE aside, and nothing after it (RFC 3261 17.2).
    OneFinal,
    /// The responses that the proxy makes to one request have one To-tag (RFC 3261 8.2.6.2, 9.2).
    OneOwnTag,
    /// A failure of an INVITE is sent again by Timer G until its ACK comes, for 64*T1 (RFC 3261 17.2.1).
    FinalIsRepeated,
    /// Each copy of a failure of an INVITE is acknowledged at once, on the branch of the INVITE (RFC 3261 17.1.1.3).
    FinalIsAcknowledged,
    /// A request is sent again by Timers A and E until it is answered, and no longer (RFC 3261 17.1).
    RequestIsRepeated,
    /// A CANCEL has branch, Request-URI, number and destination of an INVITE that rings (RFC 3261 9.1).
    CancelMatchesInvite,
    /// With the final response of an INVITE all branches that still ring are cancelled (RFC 3261 16.7 step 10).
    OpenBranchesAreCancelled,
    /// A branch that rings for longer than Timer C is cancelled (RFC 3261 16.8).
    TimerC,
    /// The ACK of a 2xx is passed on, each copy once (RFC 3261 16.11).
    AckIsForwarded,
    /// The ACK of a 2xx gets through, but for loss.
    SuccessIsAcknowledged,
    /// The caller gets the final response that the plan leads to.
    FinalIsTheBest,
    /// Every transaction ends, that of the proxy with a final response.
    TransactionsEnd,
    /// At the end no shard holds anything.
    TablesReturnToZero,
    /// Bindings that were not refreshed are gone.
    BindingsExpire,
    /// A script that was replaced is gone when its last transaction is.
    GenerationsEnd,
}

/// One thing that must not be.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What does not hold.
    pub invariant: Invariant,
    /// The number of the session, whose Call-ID is `c<number>@sim`; `None` for what belongs to no session.
    pub session: Option<u32>,
    /// When it was seen.
    pub at: Time,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, session, at, what } = self;
        write!(f, "{invariant:?} at {:.6} s: {what}", at.as_micros() as f64 / 1e6)?;
        session.map_or(Ok(()), |session| write!(f, " (session {session})"))
    }
}

/// How many violations are kept word for word.
const KEPT: usize = 20;

/// All that was found.
#[derive(Default)]
pub(in crate::sim) struct Faults {
    pub(in crate::sim) violations: Vec<Violation>,
    pub(in crate::sim) counts: BTreeMap<Invariant, u64>,
}

impl Faults {
    pub(in crate::sim) fn find(
        &mut self,
        invariant: Invariant,
        session: impl Into<Option<u32>>,
        at: Time,
        what: String,
    ) {
        let session = session.into();
        let count = self.counts.entry(invariant).or_default();
        *count += 1;
        // One invariant that is broken everywhere must not hide another one.
        if self.violations.len() < KEPT && *count <= KEPT as u64 / 4 {
            self.violations.push(Violation { invariant, session, at, what });
        }
    }
}
