//! The script events of one request: one at a time, in the order in which they arose, never more than a bound. What an
//! outcome does is `outcome.rs`.

use std::collections::VecDeque;
use std::sync::Arc;

use siphon_script::{
    Context as ScriptContext, Event, EventId, EventKind, Reply as ScriptReply, Request as ScriptRequest,
};
use siphon_sip::{Flow, Response};
use siphon_transaction::TimerId;

use crate::io::Output;
use crate::machinery::{Step, TimerPurpose};
use crate::proxy::context::Context;
use crate::proxy::responses::Reply;

/// What an event is about.
pub(super) enum Subject {
    /// The request itself.
    Request,
    /// A response of a branch.
    Reply(Box<Reply>),
    /// The best of the responses when all branches have failed, and how it came.
    Failure(Box<(Response, Option<Flow>)>),
    /// The client's CANCEL.
    Cancel,
}

/// The events of one request.
pub(super) struct ScriptQueue {
    running: Option<Running>,
    waiting: VecDeque<Subject>,
    sequence: u32,
}

struct Running {
    sequence: u32,
    subject: Subject,
    context: Arc<ScriptContext>,
    deadline: Option<TimerId>,
}

impl ScriptQueue {
    pub(super) const fn new() -> Self {
        Self { running: None, waiting: VecDeque::new(), sequence: 0 }
    }

    /// Whether no event is running or waiting.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// Whether a 2xx with this To-tag is running or waiting.
    pub(super) fn holds_success(&self, tag: &[u8]) -> bool {
        let running = self.running.iter().map(|running| &running.subject);
        running.chain(&self.waiting).any(|subject| match subject {
            Subject::Reply(reply) if reply.response.status().is_success() => {
                reply.response.headers().to_tag().unwrap_or_default() == *tag
            }
            _ => false,
        })
    }

    /// The deadline of an event passed. False when its outcome is there already, or another event is running.
    pub(super) fn expire(&mut self, sequence: u32) -> bool {
        self.running.as_mut().filter(|running| running.sequence == sequence).is_some_and(|running| {
            running.deadline = None;
            running.context.expire()
        })
    }

    /// Nobody waits for any event any more.
    pub(super) fn forget_all(&mut self, step: &mut Step<'_>) {
        step.machinery.events -= self.waiting.len();
        self.waiting.clear();
        if let Some(mut running) = self.running.take() {
            step.machinery.events -= 1;
            running.context.expire();
            step.cancel_timer(&mut running.deadline);
        }
    }

    /// Takes the event that an outcome is for.
    pub(super) fn finish(&mut self, step: &mut Step<'_>, sequence: u32) -> Option<Subject> {
        let mut running = self.running.take_if(|running| running.sequence == sequence)?;
        step.machinery.events -= 1;
        step.cancel_timer(&mut running.deadline);
        Some(running.subject)
    }
}

impl Context {
    /// Runs the event when nothing else is running, else keeps it for later. What finds no room is dealt with without
    /// the script.
    pub(super) fn enqueue(&mut self, step: &mut Step<'_>, subject: Subject) {
        if self.script.running.is_none() {
            return self.start_event(step, subject);
        }
        if self.script.waiting.len() < step.machinery.environment.limits.queued_events {
            step.machinery.events += 1;
            return self.script.waiting.push_back(subject);
        }
        step.machinery.environment.counters.shed_events.increment();
        tracing::warn!(call_id = %self.call_id(), "too many script events for one request");
        match subject {
            Subject::Reply(reply) if reply.response.status().is_final() => self.forward_reply(step, *reply),
            Subject::Failure(failure) => self.send_failure(step, failure.0),
            Subject::Request | Subject::Reply(_) | Subject::Cancel => {}
        }
    }

    /// Runs the next event that is still of use.
    pub(super) fn start_waiting_event(&mut self, step: &mut Step<'_>) {
        while self.script.running.is_none() {
            let Some(subject) = self.script.waiting.pop_front() else { return };
            step.machinery.events -= 1;
            let is_stale = self.progress.is_over()
                && matches!(&subject, Subject::Reply(reply) if !reply.response.status().is_success());
            match subject {
                Subject::Reply(reply) if is_stale => {
                    if reply.response.status().is_final() {
                        self.end_branch(reply.branch);
                    }
                }
                subject => self.start_event(step, subject),
            }
        }
    }

    fn start_event(&mut self, step: &mut Step<'_>, subject: Subject) {
        let Some(generation) = self.generation.clone() else { return };
        let ports = Arc::clone(&step.machinery.environment.ports);
        let context = Arc::new(ScriptContext::new(self.tenant, generation.number, self.call_id(), ports));
        self.script.sequence = self.script.sequence.wrapping_add(1);
        let sequence = self.script.sequence;
        let kind = self.event_kind(&context, &subject);
        let id = EventId { shard: step.machinery.number, transaction: self.key.to_bits(), sequence };
        let limit = step.machinery.environment.config.handler_deadline;
        let deadline = Some(step.set_timer(limit, self.key, TimerPurpose::HandlerDeadline(sequence)));
        step.machinery.environment.counters.script_runs.increment();
        step.machinery.events += 1;
        self.script.running = Some(Running { sequence, subject, context: Arc::clone(&context), deadline });
        step.out.push(Output::Run { event: Event { id, context, kind }, generation });
    }

    fn event_kind(&self, context: &Arc<ScriptContext>, subject: &Subject) -> EventKind {
        let request = ScriptRequest::new(Arc::clone(context), self.request.clone(), self.flow)
            .with_auth_user(self.auth_user.clone());
        let request = Arc::new(request);
        let reply =
            |response: &Response, source| Arc::new(ScriptReply::new(Arc::clone(context), response.clone(), source));
        match subject {
            Subject::Request => EventKind::Request(request),
            Subject::Reply(event) => EventKind::Reply {
                request,
                reply: reply(&event.response, Some(event.flow)),
                callback: self.branches.get(usize::from(event.branch.0)).and_then(|branch| branch.on_reply.clone()),
            },
            Subject::Failure(failure) => {
                EventKind::Failure { request, reply: reply(&failure.0, failure.1), callback: self.on_failure.clone() }
            }
            Subject::Cancel => EventKind::Cancel { request },
        }
    }
}
