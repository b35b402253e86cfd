//! Carrying out what the handlers decided: registrations first, then the answer, the relay or the fork. The decision
//! itself was made in `siphon-script`.

use siphon_script::{
    Action, Contact, Decision, Fault, FaultKind, LocalReply, Outcome, RegisterChange, RegisterRefusal, Relay,
    ReplyDecision,
};
use siphon_sip::{Flow, HeaderName, Request, Response, StatusCode};

use crate::machinery::Step;
use crate::proxy::context::{Context, Progress};
use crate::proxy::forward::Plan;
use crate::proxy::script_queue::Subject;

impl Context {
    /// The outcome of the event with that number.
    pub(crate) fn outcome(&mut self, step: &mut Step<'_>, sequence: u32, outcome: Outcome) {
        let Some(subject) = self.script.finish(step, sequence) else {
            step.machinery.environment.counters.late_outcomes.increment();
            return;
        };
        match outcome {
            Outcome::Decided(decision) => self.decided(step, subject, *decision),
            Outcome::Failed(fault) => self.faulted(step, subject, &fault),
        }
        self.start_waiting_event(step);
    }

    fn decided(&mut self, step: &mut Step<'_>, subject: Subject, decision: Decision) {
        match subject {
            Subject::Request => self.request_decided(step, decision),
            Subject::Reply(reply) => {
                if self.apply(step, &decision.registrations).is_err() {
                    tracing::warn!(call_id = %self.call_id(), "the registrar refused what a reply handler changed");
                }
                let response = &reply.response;
                let fallback = || ReplyDecision::Forward(Box::new(response.clone()));
                let verdict = decision.reply.unwrap_or_else(fallback);
                self.reply_decided(step, *reply, verdict);
            }
            Subject::Failure(failure) => self.failure_decided(step, failure.0, decision),
            Subject::Cancel => {
                if self.apply(step, &decision.registrations).is_err() {
                    tracing::warn!(call_id = %self.call_id(), "the registrar refused what a cancel handler changed");
                }
            }
        }
    }

    /// The failure policy: 500 for a request, or 503 when the engine had no room for it; a response goes upstream as it was
    /// received.
    fn faulted(&mut self, step: &mut Step<'_>, subject: Subject, fault: &Fault) {
        let counters = &step.machinery.environment.counters;
        match fault.kind {
            FaultKind::TimedOut => counters.script_timeouts.increment(),
            FaultKind::Raised | FaultKind::Limit => counters.script_errors.increment(),
        }
        let (tenant, call_id, method) = (self.tenant, self.call_id(), self.request.method());
        match fault.kind {
            FaultKind::TimedOut => tracing::error!(%tenant, %call_id, %method, "{}", fault.message),
            // The engine has logged what a handler raised; what did not fit is counted.
            FaultKind::Raised | FaultKind::Limit => tracing::debug!(%tenant, %call_id, %method, "{}", fault.message),
        }
        match subject {
            Subject::Request if fault.kind == FaultKind::Limit => {
                step.machinery.environment.counters.overload.increment();
                self.respond_overloaded(step);
            }
            Subject::Request => {
                self.respond_locally(step, StatusCode::SERVER_INTERNAL_ERROR, Some("Script Error"));
            }
            Subject::Reply(reply) => self.forward_reply(step, *reply),
            Subject::Failure(failure) => self.send_failure(step, failure.0),
            Subject::Cancel => {}
        }
    }

    fn request_decided(&mut self, step: &mut Step<'_>, decision: Decision) {
        self.progress = Progress::Open;
        let Decision { action, message, record_route, route_flow, registrations, auth_user, .. } = decision;
        self.auth_user = auth_user;
        self.record_route = record_route;
        let bindings = match self.apply(step, &registrations) {
            Ok(bindings) => bindings,
            Err(refusal) => return self.refuse(step, &refusal),
        };
        match action {
            Action::None => self.let_fall(step),
            Action::Reply(reply) => self.reply(step, reply),
            Action::SaveReply(reply) => self.save_reply(step, reply, registrations.last(), &bindings),
            Action::Relay(relay) => self.relay(step, message, relay, route_flow),
            Action::Fork(fork) => {
                if self.may_forward(step) {
                    self.fork(step, message, fork);
                }
            }
        }
    }

    /// No handler said anything: the request was never here. What has had a 100 must get a final response though.
    fn let_fall(&mut self, step: &mut Step<'_>) {
        step.machinery.environment.counters.silent_drops.increment();
        if self.trying_sent {
            tracing::warn!(call_id = %self.call_id(), "a request was dropped after its 100: it is answered 480");
            return self.respond_locally(step, StatusCode::TEMPORARILY_UNAVAILABLE, None);
        }
        self.drop_silently(step);
    }

    fn failure_decided(&mut self, step: &mut Step<'_>, failure: Response, decision: Decision) {
        if self.progress != Progress::Failing {
            return;
        }
        let Decision { action, message, record_route, route_flow, registrations, reply, .. } = decision;
        self.record_route |= record_route;
        let bindings = match self.apply(step, &registrations) {
            Ok(bindings) => bindings,
            Err(refusal) => return self.refuse(step, &refusal),
        };
        let is_retarget = matches!(action, Action::Relay(_) | Action::Fork(_));
        if is_retarget && !self.may_retarget(step) {
            return self.send_failure(step, failure);
        }
        self.progress = Progress::Open;
        match (action, reply) {
            (Action::Reply(reply), _) => self.reply(step, reply),
            (Action::SaveReply(reply), _) => self.save_reply(step, reply, registrations.last(), &bindings),
            (Action::Relay(relay), _) => self.relay(step, message, relay, route_flow),
            (Action::Fork(fork), _) => self.fork(step, message, fork),
            (Action::None, Some(ReplyDecision::Forward(edited))) => self.send_failure(step, *edited),
            // It is let fall: what follows is decided when no branch is left.
            (Action::None, Some(ReplyDecision::Suppress | ReplyDecision::Reject { .. }) | None) => {
                self.on_failure = None;
            }
        }
    }

    fn may_retarget(&mut self, step: &Step<'_>) -> bool {
        self.on_failure = None;
        let most = step.machinery.environment.limits.retargets;
        if self.cancelled || self.retargets >= most {
            tracing::warn!(call_id = %self.call_id(), most, "a failed request was retargeted too often");
            return false;
        }
        self.retargets += 1;
        true
    }

    /// Makes the staged changes, in order. The bindings are those of the last one.
    fn apply(&self, step: &Step<'_>, changes: &[RegisterChange]) -> Result<Vec<Contact>, RegisterRefusal> {
        let location = &step.machinery.environment.ports.location;
        let mut bindings = Vec::new();
        for change in changes {
            bindings = location.apply(self.tenant, change, step.now)?;
        }
        Ok(bindings)
    }

    fn refuse(&mut self, step: &mut Step<'_>, refusal: &RegisterRefusal) {
        let mut response = refusal.response(&self.request);
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            let retry_after = step.machinery.environment.config.retry_after;
            response.headers_mut().set(HeaderName::RetryAfter, retry_after.to_string());
        }
        self.complete(step, &mut response);
        self.respond(step, &response);
    }

    /// The answer to a REGISTER whose changes were made.
    fn save_reply(
        &mut self,
        step: &mut Step<'_>,
        reply: LocalReply,
        change: Option<&RegisterChange>,
        bindings: &[Contact],
    ) {
        let mut response = match change {
            Some(change) => reply.complete(&self.request, change, Ok(bindings)),
            None => reply.response,
        };
        self.complete(step, &mut response);
        self.respond(step, &response);
    }

    fn reply(&mut self, step: &mut Step<'_>, reply: LocalReply) {
        let LocalReply { mut response, reliable } = reply;
        self.complete(step, &mut response);
        let status = response.status();
        if reliable && status.is_provisional() {
            return self.respond_reliably(step, response);
        }
        self.respond(step, &response);
        if self.is_invite() && status.is_success() {
            self.repeat_until_acknowledged(step, &response);
        }
    }

    fn relay(&mut self, step: &mut Step<'_>, message: Box<Request>, relay: Relay, route_flow: Option<Flow>) {
        if !self.may_forward(step) {
            return;
        }
        let Relay { next_hop, flow, send_socket, on_reply, on_failure } = relay;
        self.on_failure = on_failure;
        let breadth = self.incoming_breadth(step);
        let path = Vec::new();
        let plan = Plan { message, path, next_hop, flow, route_flow, send_socket, on_reply, breadth };
        self.start_branch(step, plan);
    }

    /// What every request must pass before it is forwarded (RFC 3261 16.3 step 5, RFC 5393 5.3.3). A request that does
    /// not was answered when this returns.
    fn may_forward(&mut self, step: &mut Step<'_>) -> bool {
        let environment = step.environment();
        let supported = &environment.config.proxy_extensions;
        let is_unknown = |tag: &&[u8]| !supported.iter().any(|known| tag.eq_ignore_ascii_case(known.as_bytes()));
        let unknown: Vec<&[u8]> = self.request.headers().values(&HeaderName::ProxyRequire).filter(is_unknown).collect();
        if !unknown.is_empty() {
            let unsupported = unknown.join(&b", "[..]);
            let mut response = self.local(step, StatusCode::BAD_EXTENSION, None);
            response.headers_mut().append(HeaderName::Unsupported, unsupported);
            self.respond(step, &response);
            return false;
        }
        if self.incoming_breadth(step) == 0 {
            self.respond_locally(step, StatusCode::MAX_BREADTH_EXCEEDED, None);
            return false;
        }
        if self.branches.len() >= environment.limits.branches {
            self.respond_locally(step, StatusCode::SERVER_INTERNAL_ERROR, Some("Too Many Branches"));
            return false;
        }
        if environment.config.auto_trying {
            self.send_trying(step);
        }
        true
    }
}
