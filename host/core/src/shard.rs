//! A shard: the transactions and proxied requests of a part of all Call-IDs, as one value that is told what happens and
//! says what to do. It runs nothing, sends nothing and knows no clock.

use std::sync::Arc;

use siphon_script::{EventId, Outcome};
use siphon_sip::{Message, Time, verdict};
use siphon_transaction::{Event, Output as LayerOutput, Outputs, Sender, TimerWheel, TransactionLayer, User};

use crate::context_table::{ContextKey, ContextTable};
use crate::environment::Environment;
use crate::identifiers::Identifiers;
use crate::io::{Input, Output, ResolveFailure, ResolveTicket, ResolvedTarget, SendTag};
use crate::machinery::{Machinery, Step};
use crate::proxy::ack::{self, StatelessQuestions};
use crate::proxy::{Afterlife, Context, Late};

/// 2^64 divided by the golden ratio: spreads small numbers over all bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// One shard. `Send`, not shared: whoever holds it runs it.
pub struct Shard {
    machinery: Option<Box<Machinery>>,
    pub(crate) contexts: ContextTable<Content>,
    /// An empty vector with room, for the layer's outputs.
    spare: Outputs,
}

/// What is in a slot of the table.
pub(crate) enum Content {
    /// A request in progress.
    Live(Box<Context>),
    /// An INVITE that was answered 2xx.
    Late(Box<Late>),
}

/// How much a shard holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardGauges {
    /// Server transactions, those in their wait timers included.
    pub server_transactions: usize,
    /// Client transactions, those in their wait timers included.
    pub client_transactions: usize,
    /// Requests in progress, and INVITEs that wait for late 2xx.
    pub contexts: usize,
    /// Requests in progress alone: what a drain waits for.
    pub in_progress: usize,
    /// Script events that were not decided yet.
    pub events: usize,
    /// Timers of the core; those of the transactions are not counted.
    pub timers: usize,
    /// Questions to the resolver for requests without state.
    pub stateless_resolves: usize,
}

impl Shard {
    /// An empty shard. What is random in a shard follows from `seed`, which nobody else may know.
    #[must_use]
    pub fn new(number: u16, seed: [u64; 2], environment: Arc<Environment>) -> Self {
        // Shards that were given one seed must not give out the same tags.
        let seed = [seed[0] ^ u64::from(number).wrapping_mul(SPREAD), seed[1]];
        let layer_seed = [seed[0].rotate_left(31), seed[1].rotate_left(13)];
        let layer = TransactionLayer::new(environment.config.transaction.clone(), layer_seed);
        let machinery = Machinery {
            number,
            environment,
            layer,
            timers: TimerWheel::new(),
            identifiers: Identifiers::new(seed),
            pending: Outputs::new(),
            reliable: hashbrown::HashMap::new(),
            stateless: StatelessQuestions::default(),
            events: 0,
        };
        Self { machinery: Some(Box::new(machinery)), contexts: ContextTable::new(), spare: Outputs::new() }
    }

    /// Takes one input. Everything that follows from it is appended to `out`, in order.
    pub fn handle(&mut self, input: Input, now: Time, out: &mut Vec<Output>) {
        self.step(now, out, |shard, step| match input {
            Input::Message { message: Message::Request(request), flow } => shard.receive_request(request, flow, step),
            Input::Message { message: Message::Response(response), flow } => {
                let counters = &step.machinery.environment.counters;
                if verdict::validate_response(&response).is_err() {
                    return counters.invalid_responses.increment();
                }
                let machinery = &mut *step.machinery;
                let (layer, pending) = (&mut machinery.layer, &mut machinery.pending);
                if layer.receive_response(response, flow, step.now, pending).is_some() {
                    machinery.environment.counters.stray_responses.increment();
                }
            }
            Input::Outcome { id, outcome } => shard.outcome(id, outcome, step),
            Input::Resolved { ticket, targets } => shard.resolved(ticket, targets, step),
            Input::SendFailed { tag } => fail(tag.sender(), step),
            Input::Unreachable { branch, method: Some(method) } => {
                if let Some(client) = step.machinery.layer.find_client(&branch, &method) {
                    fail(Sender::Client(client), step);
                }
            }
            // That a response came to nobody changes nothing (RFC 3261 16.9).
            Input::Unreachable { method: None, .. } => {}
        });
    }

    /// Does what is due at `now`.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Output>) {
        self.step(now, out, |shard, step| {
            step.machinery.layer.advance(step.now, &mut step.machinery.pending);
            shard.drain(step);
            while let Some((_, timer)) = step.machinery.timers.pop_due(step.now) {
                shard.with_context(timer.context, step, |context, step| context.fire(step, timer.purpose));
                shard.drain(step);
            }
        });
    }

    /// When to call [`advance`](Self::advance) next; possibly too early, never too late. `None`: no timer is set.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let machinery = self.machinery.as_ref()?;
        machinery.layer.next_deadline().into_iter().chain(machinery.timers.next_deadline()).min()
    }

    /// How much it holds now.
    #[must_use]
    pub fn gauges(&self) -> ShardGauges {
        let Some(machinery) = self.machinery.as_ref() else { return ShardGauges::default() };
        ShardGauges {
            server_transactions: machinery.layer.servers(),
            client_transactions: machinery.layer.clients(),
            contexts: self.contexts.len(),
            in_progress: self.contexts.values().filter(|content| matches!(content, Content::Live(_))).count(),
            events: machinery.events,
            timers: machinery.timers.len(),
            stateless_resolves: machinery.stateless.len(),
        }
    }

    /// Lends the machinery to a step, and hands on what the layer left behind at its end.
    fn step(&mut self, now: Time, out: &mut Vec<Output>, act: impl FnOnce(&mut Self, &mut Step<'_>)) {
        let Some(mut machinery) = self.machinery.take() else { return };
        let mut step = Step { machinery: &mut machinery, now, out };
        act(self, &mut step);
        self.drain(&mut step);
        self.machinery = Some(machinery);
    }

    /// Hands on what the layer has left to be done, until it has nothing more.
    fn drain(&mut self, step: &mut Step<'_>) {
        while !step.machinery.pending.is_empty() {
            let mut batch = std::mem::replace(&mut step.machinery.pending, std::mem::take(&mut self.spare));
            for output in batch.drain(..) {
                match output {
                    LayerOutput::Send { bytes, to, sender } => {
                        let tag = SendTag::new(step.machinery.number, sender);
                        step.out.push(Output::Send { bytes, to, tag });
                    }
                    LayerOutput::Event(event) => self.transaction_event(event, step),
                }
            }
            self.spare = batch;
        }
    }

    fn transaction_event(&mut self, event: Event, step: &mut Step<'_>) {
        match event {
            Event::Response { client, user, response, flow } => {
                let (key, branch) = ContextKey::of_user(user);
                if let Some(Content::Late(late)) = self.contexts.get_mut(key) {
                    return late.receive(response, step);
                }
                self.with_context(key, step, |context, step| context.receive(step, client, branch, response, flow));
            }
            Event::Timeout { client, user } => {
                let (key, branch) = ContextKey::of_user(user);
                self.with_context(key, step, |context, step| context.timed_out(step, client, branch));
            }
            Event::TransportFailed { client, user } => {
                let (key, branch) = ContextKey::of_user(user);
                self.with_context(key, step, |context, step| context.transport_failed(step, client, branch));
            }
            Event::ServerTerminated { user, .. } => self.forget_late(user),
            // A response that did not arrive cancels nothing (RFC 3261 16.9); a final nobody acknowledged was final.
            Event::ServerTransportFailed { .. } | Event::ServerTimeout { .. } | Event::ClientTerminated { .. } => {}
        }
    }

    fn forget_late(&mut self, user: User) {
        let (key, _) = ContextKey::of_user(user);
        if let Some(Content::Late(_)) = self.contexts.get(key) {
            self.contexts.free(key);
        }
    }

    fn outcome(&mut self, id: EventId, outcome: Outcome, step: &mut Step<'_>) {
        let key = ContextKey::from_bits(id.transaction);
        let mut outcome = Some(outcome);
        self.with_context(key, step, |context, step| {
            if let Some(outcome) = outcome.take() {
                context.outcome(step, id.sequence, outcome);
            }
        });
        if outcome.is_some() {
            step.machinery.environment.counters.late_outcomes.increment();
        }
    }

    fn resolved(
        &mut self,
        ticket: ResolveTicket,
        targets: Result<Vec<ResolvedTarget>, ResolveFailure>,
        step: &mut Step<'_>,
    ) {
        if StatelessQuestions::is_key(ticket.key) {
            return ack::resolved(step, ticket.key, &targets.unwrap_or_default());
        }
        let (key, branch) = ContextKey::of_user(User(ticket.key));
        self.with_context(key, step, |context, step| context.resolved(step, branch, targets));
    }

    /// Works on a request in progress, and afterwards does what follows from the state that it is in.
    pub(crate) fn with_context(
        &mut self,
        key: ContextKey,
        step: &mut Step<'_>,
        act: impl FnOnce(&mut Context, &mut Step<'_>),
    ) {
        let mut context = match self.contexts.take(key) {
            Some(Content::Live(context)) => context,
            Some(late @ Content::Late(_)) => return self.contexts.put(key, late),
            None => return,
        };
        act(&mut context, step);
        context.settle(step);
        match context.afterlife(step) {
            Afterlife::Alive => self.contexts.put(key, Content::Live(context)),
            Afterlife::Late(late) => self.contexts.put(key, Content::Late(Box::new(late))),
            Afterlife::Gone => self.contexts.free(key),
        }
    }
}

/// Something that was sent has not arrived.
fn fail(sender: Sender, step: &mut Step<'_>) {
    step.machinery.layer.transport_failed(sender, step.now, &mut step.machinery.pending);
}
