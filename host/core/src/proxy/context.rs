//! A request in progress: its server transaction, its branches, its script events. What happens to it stands in the
//! sibling files, one for each kind of input.

use std::sync::Arc;

use siphon_script::{Callback, Generation, HandlerKind};
use siphon_sip::{ByteStr, Flow, Method, Request, Response, StatusCode, TenantId, Time};
use siphon_transaction::{ServerId, TimerId};

use crate::context_table::{BranchIndex, ContextKey};
use crate::local_response;
use crate::machinery::{Machinery, Step, TimerPurpose};
use crate::proxy::best::BestResponse;
use crate::proxy::branch::Branch;
use crate::proxy::fork::PendingFork;
use crate::proxy::late::{Late, Success};
use crate::proxy::repeat::Repeated;
use crate::proxy::script_queue::{ScriptQueue, Subject};

/// The response context of RFC 3261 16.2, for one server transaction.
pub(crate) struct Context {
    pub(super) key: ContextKey,
    pub(super) tenant: TenantId,
    pub(super) server: ServerId,
    /// As it was received, its top Via stamped.
    pub(super) request: Request,
    pub(super) flow: Flow,
    pub(super) received_at: Time,
    /// Dropped once no more script event can come.
    pub(super) generation: Option<Arc<Generation>>,
    pub(super) script: ScriptQueue,
    pub(super) progress: Progress,
    pub(super) branches: Vec<Branch>,
    /// What is left of a sequential fork.
    pub(super) fork: Option<Box<PendingFork>>,
    pub(super) best: BestResponse,
    /// The `on_failure=` of the relay that is under way.
    pub(super) on_failure: Option<Callback>,
    /// The 2xx to this INVITE that were dealt with.
    pub(super) successes: Vec<Success>,
    pub(super) auth_user: Option<String>,
    pub(super) record_route: bool,
    pub(super) retargets: u32,
    /// A CANCEL came before a final response.
    pub(super) cancelled: bool,
    /// The Reason of that CANCEL, which the branches get (RFC 3326).
    pub(super) cancel_reason: Option<ByteStr>,
    /// A provisional response was sent.
    pub(super) trying_sent: bool,
    /// The To-tag of our own responses.
    tag: Option<ByteStr>,
    pub(super) trying_timer: Option<TimerId>,
    pub(super) lifetime: Option<TimerId>,
    /// A response of our own that waits for PRACK or ACK.
    pub(super) repeated: Option<Box<Repeated>>,
}

/// How far the request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The `on_request` handlers are not done.
    Undecided,
    /// Branches may be open, no final response was sent.
    Open,
    /// All branches have failed and the failure handlers are not done.
    Failing,
    /// A final response was sent.
    Answered {
        /// Whether it was a 2xx.
        success: bool,
    },
    /// There will be no answer; the server transaction is gone.
    Dropped,
}

impl Progress {
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Answered { .. } | Self::Dropped)
    }
}

/// What a request brings with it.
pub(crate) struct Received {
    pub(crate) key: ContextKey,
    pub(crate) tenant: TenantId,
    pub(crate) server: ServerId,
    pub(crate) request: Request,
    pub(crate) flow: Flow,
    pub(crate) generation: Arc<Generation>,
}

/// What is left of a context that has no more to do.
pub(crate) enum Afterlife {
    /// It has more to do.
    Alive,
    /// An INVITE was answered 2xx: more of them may come.
    Late(Late),
    /// Nothing.
    Gone,
}

impl Context {
    /// A context whose `on_request` event is on its way when this returns.
    pub(crate) fn begin(received: Received, step: &mut Step<'_>) -> Self {
        let Received { key, tenant, server, request, flow, generation } = received;
        let mut context = Self {
            key,
            tenant,
            server,
            request,
            flow,
            received_at: step.now,
            generation: Some(generation),
            script: ScriptQueue::new(),
            progress: Progress::Undecided,
            branches: Vec::new(),
            fork: None,
            best: BestResponse::default(),
            on_failure: None,
            successes: Vec::new(),
            auth_user: None,
            record_route: false,
            retargets: 0,
            cancelled: false,
            cancel_reason: None,
            trying_sent: false,
            tag: None,
            trying_timer: None,
            lifetime: None,
            repeated: None,
        };
        if context.is_invite()
            && let Some(delay) = step.machinery.environment.config.trying_delay
        {
            context.trying_timer = Some(step.set_timer(delay, key, TimerPurpose::Trying));
        }
        context.enqueue(step, Subject::Request);
        context
    }

    pub(super) fn is_invite(&self) -> bool {
        *self.request.method() == Method::Invite
    }

    pub(super) fn branch(&mut self, index: BranchIndex) -> Option<&mut Branch> {
        self.branches.get_mut(usize::from(index.0))
    }

    pub(super) fn has_active_branch(&self) -> bool {
        self.branches.iter().any(Branch::is_active)
    }

    /// Whether the generation has a handler of that kind.
    pub(super) fn listens_to(&self, kind: HandlerKind) -> bool {
        self.generation.as_ref().is_some_and(|generation| generation.handlers.has(kind))
    }

    /// Whether a global handler wants the responses to this request.
    pub(super) fn listens_to_replies(&self) -> bool {
        let method = self.request.method();
        self.generation.as_ref().is_some_and(|generation| generation.handlers.matches_reply(method))
    }

    /// The Call-ID, for the log.
    pub(super) fn call_id(&self) -> ByteStr {
        self.request.headers().call_id().unwrap_or_default()
    }

    /// The tag of our own responses; the same in all of them.
    pub(crate) fn tag(&mut self, step: &mut Step<'_>) -> ByteStr {
        self.tag.get_or_insert_with(|| step.machinery.identifiers.tag()).clone()
    }

    /// A response of our own to the request.
    pub(super) fn local(&mut self, step: &mut Step<'_>, status: StatusCode, reason: Option<&str>) -> Response {
        let mut response = self.request.response(status, reason);
        self.complete(step, &mut response);
        response
    }

    /// Puts in what all responses of our own have.
    pub(super) fn complete(&mut self, step: &mut Step<'_>, response: &mut Response) {
        let tag = self.tag(step);
        let environment = &step.machinery.environment;
        local_response::complete(response, &tag, environment.config.server_header.as_ref());
        if response.status().is_success() && *self.request.method() == Method::Options {
            local_response::complete_options(response, &environment.ports.identity.contact_uri(&self.flow));
        }
    }

    /// Sends a response upstream. A final one ends the request as far as the client is concerned.
    pub(super) fn respond(&mut self, step: &mut Step<'_>, response: &Response) {
        let status = response.status();
        step.respond(self.server, status, response.to_bytes());
        if status.is_final() {
            self.answered(step, status.is_success());
        } else {
            self.provisional_sent(step);
        }
    }

    /// The client knows that the INVITE has arrived: it needs no 100 any more.
    pub(super) fn provisional_sent(&mut self, step: &mut Step<'_>) {
        self.trying_sent = true;
        step.cancel_timer(&mut self.trying_timer);
    }

    /// Answers by ourselves.
    pub(super) fn respond_locally(&mut self, step: &mut Step<'_>, status: StatusCode, reason: Option<&str>) {
        let response = self.local(step, status, reason);
        self.respond(step, &response);
    }

    /// Answers 503 and says when to come back.
    pub(super) fn respond_overloaded(&mut self, step: &mut Step<'_>) {
        let mut response = self.local(step, StatusCode::SERVICE_UNAVAILABLE, None);
        local_response::retry_later(&mut response, step.machinery.environment.config.retry_after);
        self.respond(step, &response);
    }

    /// A final response has left.
    pub(super) fn answered(&mut self, step: &mut Step<'_>, success: bool) {
        self.progress = Progress::Answered { success };
        self.close(step);
    }

    /// There will be no answer: a retransmission is a new request.
    pub(super) fn drop_silently(&mut self, step: &mut Step<'_>) {
        step.machinery.layer.drop_server(self.server);
        self.progress = Progress::Dropped;
        self.close(step);
    }

    /// There will be no answer to a request that is no INVITE: it would come too late (RFC 4320 4.2). Retransmissions are
    /// absorbed.
    pub(super) fn give_up(&mut self, step: &mut Step<'_>) {
        let Machinery { layer, pending, .. } = &mut *step.machinery;
        layer.give_up_server(self.server, step.now, pending);
        self.progress = Progress::Dropped;
        self.close(step);
    }

    fn close(&mut self, step: &mut Step<'_>) {
        self.fork = None;
        self.stop_repeating(step);
        step.cancel_timer(&mut self.trying_timer);
        step.cancel_timer(&mut self.lifetime);
        self.cancel_branches(step);
    }

    /// 100 to an INVITE, once.
    pub(super) fn send_trying(&mut self, step: &mut Step<'_>) {
        step.cancel_timer(&mut self.trying_timer);
        if !self.is_invite() || self.trying_sent || self.progress.is_over() {
            return;
        }
        let response = self.local(step, StatusCode::TRYING, None);
        self.respond(step, &response);
    }

    /// After each input: what follows when no branch is open any more (RFC 3261 16.7 step 6).
    pub(crate) fn settle(&mut self, step: &mut Step<'_>) {
        while self.progress == Progress::Open && !self.has_active_branch() {
            if self.start_next_target(step) {
                continue;
            }
            if let Some((response, source)) = self.best.take() {
                self.all_failed(step, response, source);
            } else if self.cancelled {
                self.respond_locally(step, StatusCode::REQUEST_TERMINATED, None);
            } else {
                self.set_lifetime(step);
                break;
            }
        }
        self.release_generation();
    }

    fn set_lifetime(&mut self, step: &mut Step<'_>) {
        if self.lifetime.is_some() {
            return;
        }
        let config = &step.machinery.environment.config;
        let lifetime = if self.is_invite() { config.invite_timeout } else { config.transaction.transaction_timeout() };
        let remaining = lifetime.saturating_sub(step.now.since(self.received_at));
        self.lifetime = Some(step.set_timer(remaining, self.key, TimerPurpose::Lifetime));
    }

    /// Lets the generation go when none of its functions can be called any more, so that an old one dies soon.
    fn release_generation(&mut self) {
        if self.progress == Progress::Undecided || !self.script.is_idle() {
            return;
        }
        let is_awaited = self.on_failure.is_some()
            || self.branches.iter().any(|branch| branch.is_active() && branch.on_reply.is_some())
            || self.listens_to_replies()
            || self.listens_to(HandlerKind::Failure)
            || (self.is_invite() && self.listens_to(HandlerKind::Cancel));
        if !is_awaited {
            self.generation = None;
        }
    }

    /// What shall be kept of it now.
    pub(crate) fn afterlife(&mut self, step: &mut Step<'_>) -> Afterlife {
        let has_more_to_do =
            !self.progress.is_over() || self.has_active_branch() || !self.script.is_idle() || self.repeated.is_some();
        if has_more_to_do {
            return Afterlife::Alive;
        }
        for branch in &mut self.branches {
            step.cancel_timer(&mut branch.timer);
        }
        if self.successes.is_empty() || step.machinery.layer.server_user(self.server).is_none() {
            return Afterlife::Gone;
        }
        Afterlife::Late(Late::new(self))
    }
}
