//! One event over its handlers, in order: which one is next, when the chain ends, and what their outcome is. It calls
//! nothing itself, so that an engine whose handlers wait can put it aside and come back.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::engine::{HandlerIndex, HandlerKind, Handlers};
use crate::event::{Callback, Event, EventId, EventKind};
use crate::outcome::{Action, Decision, Fault, Outcome, ReplyDecision};
use crate::reply::{Gate, Reply};
use crate::request::Request;

/// What an engine calls next.
#[derive(Clone, Debug)]
pub struct Step {
    /// The function.
    pub function: Function,
    /// What it is called with.
    pub arguments: Arguments,
}

/// A function of the script.
#[derive(Clone, Debug)]
pub enum Function {
    /// A registered handler.
    Handler(HandlerIndex),
    /// What the script gave to `relay`. What it returns may be a coroutine to run.
    Callback(Callback),
}

/// The arguments of a call, in the script's order.
#[derive(Clone, Debug)]
pub enum Arguments {
    /// `(request)`.
    Request(Arc<Request>),
    /// `(request, reply)`.
    Reply(Arc<Request>, Arc<Reply>),
    /// `(request, code, reason)`.
    Failure(Arc<Request>, u16, String),
}

/// Calls one function and waits for its end: an engine whose handlers never outlive the call.
pub trait Call {
    /// Calls it. An error ends the event.
    fn call(&mut self, step: Step) -> Result<(), Fault>;
}

/// The way of one event over its handlers: ask for the [`next`](Self::next) call, make it, tell how it
/// [`ended`](Self::ended), until there is none; then take the [`outcome`](Self::outcome).
#[derive(Debug)]
pub struct Dispatch {
    event: Event,
    steps: SmallVec<[Planned; 4]>,
    next: usize,
    /// The number of the reply's decision when the relay's own callback began.
    before_callback: u32,
    fault: Option<Fault>,
}

#[derive(Debug)]
enum Planned {
    Handler(HandlerIndex),
    ReplyCallback(Callback),
    FailureCallback(Callback),
}

impl Dispatch {
    /// Plans an event over the handlers of its generation.
    #[must_use]
    pub fn new(event: Event, handlers: &Handlers) -> Self {
        let steps = plan(&event.kind, handlers);
        Self { event, steps, next: 0, before_callback: 0, fault: None }
    }

    /// Whom the outcome is for.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.event.id
    }

    /// The next call; `None` when the event is over.
    // No iterator: what is next depends on what is reported or pushed in between.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Step> {
        if self.fault.is_some() {
            return None;
        }
        let step = self.steps.get(self.next)?;
        let (function, is_callback) = match step {
            Planned::Handler(_) if self.is_settled() => return None,
            Planned::Handler(index) => (Function::Handler(*index), None),
            Planned::ReplyCallback(callback) => (Function::Callback(callback.clone()), Some(false)),
            Planned::FailureCallback(callback) => (Function::Callback(callback.clone()), Some(true)),
        };
        let arguments = arguments(&self.event.kind, is_callback == Some(true));
        if is_callback == Some(false) {
            self.before_callback = reply_of(&self.event.kind).map_or(0, |reply| reply.gate().1);
        }
        self.next += 1;
        Some(Step { function, arguments })
    }

    /// How the call that [`next`](Self::next) gave ended. A fault ends the event.
    pub fn ended(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.fault = Some(fault);
        }
    }

    /// The outcome of the event, and whom it is for. From now on its objects can only be read.
    #[must_use]
    pub fn outcome(self) -> (EventId, Outcome) {
        let outcome = self.decide().map_or_else(Outcome::Failed, Outcome::Decided);
        (self.event.id, outcome)
    }

    /// Runs the whole event on this thread.
    #[must_use]
    pub fn run(mut self, engine: &mut impl Call) -> (EventId, Outcome) {
        while let Some(step) = self.next() {
            let result = engine.call(step);
            self.ended(result);
        }
        self.outcome()
    }

    /// The relay's own callback has dealt with the failure: `on_failure` handlers are not asked about it.
    fn is_settled(&self) -> bool {
        let EventKind::Failure { request, .. } = &self.event.kind else { return false };
        matches!(self.steps.first(), Some(Planned::FailureCallback(_))) && self.next == 1 && request.has_action()
    }

    fn decide(&self) -> Result<Box<Decision>, Fault> {
        let request = request_of(&self.event.kind);
        let decision = request.finish();
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let mut decision = decision?;
        match &self.event.kind {
            EventKind::Request(_) => {}
            EventKind::Cancel { .. } => ignore_action(&mut decision, request),
            EventKind::Reply { reply, .. } => {
                ignore_action(&mut decision, request);
                decision.reply = Some(self.decide_reply(reply));
            }
            EventKind::Failure { reply, .. } => {
                let (action, reply) = self.decide_failure(std::mem::take(&mut decision.action), request, reply);
                decision.action = action;
                decision.reply = Some(reply);
            }
        }
        Ok(decision)
    }

    /// A response goes upstream when nobody was asked, or when the one asked last, the relay's own callback or else the
    /// registered handlers, has let it.
    fn decide_reply(&self, reply: &Reply) -> ReplyDecision {
        let (gate, decided_at) = reply.gate();
        let is_open = match self.steps.last() {
            None => true,
            Some(Planned::ReplyCallback(_)) => decided_at > self.before_callback,
            Some(_) => gate == Gate::Forward,
        };
        match gate {
            Gate::Reject { status, reason } => ReplyDecision::Reject { status, reason },
            _ if is_open => forward(reply),
            _ => ReplyDecision::Suppress,
        }
    }

    /// The last word of the handlers counts: a new action or `reply.relay`. Without one the failure goes upstream
    /// unless a registered handler was asked about it.
    fn decide_failure(&self, action: Action, request: &Request, reply: &Reply) -> (Action, ReplyDecision) {
        let (gate, relayed_at) = reply.gate();
        let was_asked = self.steps.iter().any(|step| matches!(step, Planned::Handler(_)));
        if request.armed_at() > relayed_at {
            (action, ReplyDecision::Suppress)
        } else if gate == Gate::Forward || !was_asked {
            (Action::None, forward(reply))
        } else {
            (Action::None, ReplyDecision::Suppress)
        }
    }
}

fn plan(kind: &EventKind, handlers: &Handlers) -> SmallVec<[Planned; 4]> {
    let method = request_of(kind).typed_method();
    let registered = |kind| handlers.matching(kind, method).map(|(index, _)| Planned::Handler(index));
    match kind {
        EventKind::Request(_) => registered(HandlerKind::Request).collect(),
        EventKind::Cancel { .. } => registered(HandlerKind::Cancel).collect(),
        EventKind::Reply { callback, .. } => {
            let is_register = *method == siphon_sip::Method::Register;
            let first = registered(HandlerKind::RegisterReply).filter(|_| is_register);
            let own = callback.clone().map(Planned::ReplyCallback);
            first.chain(registered(HandlerKind::Reply)).chain(own).collect()
        }
        EventKind::Failure { reply, callback, .. } => {
            let own = callback.clone().filter(|_| reply.status_code() >= 400).map(Planned::FailureCallback);
            own.into_iter().chain(registered(HandlerKind::Failure)).collect()
        }
    }
}

const fn request_of(kind: &EventKind) -> &Arc<Request> {
    match kind {
        EventKind::Request(request)
        | EventKind::Cancel { request }
        | EventKind::Reply { request, .. }
        | EventKind::Failure { request, .. } => request,
    }
}

const fn reply_of(kind: &EventKind) -> Option<&Arc<Reply>> {
    match kind {
        EventKind::Reply { reply, .. } | EventKind::Failure { reply, .. } => Some(reply),
        EventKind::Request(_) | EventKind::Cancel { .. } => None,
    }
}

fn arguments(kind: &EventKind, by_code: bool) -> Arguments {
    let request = Arc::clone(request_of(kind));
    match reply_of(kind) {
        Some(reply) if by_code => Arguments::Failure(request, reply.status_code(), reply.reason()),
        Some(reply) => Arguments::Reply(request, Arc::clone(reply)),
        None => Arguments::Request(request),
    }
}

fn forward(reply: &Reply) -> ReplyDecision {
    ReplyDecision::Forward(Box::new(reply.with_message(Clone::clone)))
}

/// There is nothing that an action could be carried out on.
fn ignore_action(decision: &mut Decision, request: &Request) {
    if !matches!(std::mem::take(&mut decision.action), Action::None) {
        let context = request.context();
        tracing::warn!(
            target: "siphon::script",
            tenant = %context.tenant,
            call_id = %context.call_id,
            "reply, relay and fork on the request have no effect in on_reply and on_cancel"
        );
    }
}

#[cfg(test)]
mod tests;
