//! What every request in progress works with: the transaction layer, the timers, the identifiers of one shard. It knows
//! nothing of proxying.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hashbrown::HashMap;
use siphon_sip::{ByteStr, Destination, Request, Response, StatusCode, Time};
use siphon_transaction::{Outputs, Sender, ServerId, TimerId, TimerWheel, TransactionLayer};

use crate::context_table::{BranchIndex, ContextKey};
use crate::environment::Environment;
use crate::identifiers::Identifiers;
use crate::io::{Output, SendTag};
use crate::local_response;
use crate::proxy::ack::StatelessQuestions;

/// The parts of a shard that its requests share.
pub(crate) struct Machinery {
    pub(crate) number: u16,
    pub(crate) environment: Arc<Environment>,
    pub(crate) layer: TransactionLayer,
    pub(crate) timers: TimerWheel<Timer>,
    pub(crate) identifiers: Identifiers,
    /// What the layer left to be done and nobody has done yet.
    pub(crate) pending: Outputs,
    /// INVITEs with a reliable 1xx of ours, by its To-tag.
    pub(crate) reliable: HashMap<ByteStr, ContextKey>,
    /// Requests that are forwarded without state, and wait for the resolver.
    pub(crate) stateless: StatelessQuestions,
    /// Script events that were not decided yet, in all requests.
    pub(crate) events: usize,
}

/// What a timer of the core is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timer {
    pub(crate) context: ContextKey,
    pub(crate) purpose: TimerPurpose,
}

/// The timers of a request in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimerPurpose {
    /// An undecided INVITE gets its 100.
    Trying,
    /// The handlers of the event with this number have had their time.
    HandlerDeadline(u32),
    /// Nothing is left that could answer the request.
    Lifetime,
    /// Timer C (RFC 3261 16.8).
    TimerC(BranchIndex),
    /// A cancelled branch said nothing for 64*T1.
    CancelSilence(BranchIndex),
    /// A response of our own is sent again until it is acknowledged.
    Repeat,
}

/// One step of a shard: what it changes and where its outputs go.
pub(crate) struct Step<'a> {
    pub(crate) machinery: &'a mut Machinery,
    pub(crate) now: Time,
    pub(crate) out: &'a mut Vec<Output>,
}

impl Step<'_> {
    pub(crate) fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.machinery.environment)
    }

    /// Sends through a server transaction; one that is over discards it (RFC 6026 8.3).
    pub(crate) fn respond(&mut self, server: ServerId, status: StatusCode, bytes: Bytes) {
        let Machinery { layer, pending, environment, .. } = &mut *self.machinery;
        if layer.respond(server, status, bytes, self.now, pending).is_ok() {
            environment.counters.responses.increment(status);
        }
    }

    /// Answers without state: the same answer for each retransmission (RFC 3261 8.2.7).
    pub(crate) fn answer(&mut self, request: &Request, mut response: Response, to: Destination) {
        let tag = self.machinery.identifiers.stateless_tag(request);
        let environment = &self.machinery.environment;
        local_response::complete(&mut response, &tag, environment.config.server_header.as_ref());
        environment.counters.responses.increment(response.status());
        self.send(response.to_bytes(), to);
    }

    /// Sends what belongs to no transaction.
    pub(crate) fn send(&mut self, bytes: Bytes, to: Destination) {
        self.out.push(Output::Send { bytes, to, tag: SendTag::NOBODY });
    }

    pub(crate) fn set_timer(&mut self, after: Duration, context: ContextKey, purpose: TimerPurpose) -> TimerId {
        self.machinery.timers.insert(self.now + after, Timer { context, purpose })
    }

    pub(crate) fn cancel_timer(&mut self, timer: &mut Option<TimerId>) {
        if let Some(timer) = timer.take() {
            self.machinery.timers.cancel(timer);
        }
    }
}

impl SendTag {
    /// The tag for a sender of this shard.
    pub(crate) fn new(shard: u16, sender: Sender) -> Self {
        match sender {
            Sender::Stateless => Self::NOBODY,
            sender => Self(sender.to_bits() | u64::from(shard) << 56),
        }
    }

    pub(crate) fn sender(self) -> Sender {
        Sender::from_bits(self.0)
    }

    /// The shard, from 0 to 255, that wants to hear of a failure; `None` for [`SendTag::NOBODY`].
    #[must_use]
    pub const fn shard(self) -> Option<u16> {
        if self.0 == 0 { None } else { Some((self.0 >> 56) as u16) }
    }
}
