//! Response processing (RFC 3261 16.7): what a branch answers, what goes upstream at once, and what happens when all
//! branches have failed. Which final response is the best is `best.rs`.

use siphon_script::{HandlerKind, ReplyDecision};
use siphon_sip::{Flow, HeaderName, Method, NameAddr, Response, StatusCode, Uri};
use siphon_transaction::ClientId;

use crate::context_table::BranchIndex;
use crate::machinery::{Step, TimerPurpose};
use crate::proxy::branch::{BranchState, Cancel};
use crate::proxy::context::{Context, Progress};
use crate::proxy::late::{Fate, Success};
use crate::proxy::script_queue::Subject;

/// A response of a branch, without our Via.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) branch: BranchIndex,
    pub(super) response: Response,
    pub(super) flow: Flow,
}

impl Context {
    /// The transaction of a branch has a response.
    pub(crate) fn receive(
        &mut self,
        step: &mut Step<'_>,
        client: ClientId,
        index: BranchIndex,
        mut response: Response,
        flow: Flow,
    ) {
        let Some(branch) = self.branch(index).filter(|branch| branch.client == Some(client)) else { return };
        let (status, state) = (response.status(), branch.state);
        if status.is_provisional() {
            if !branch.is_pending() {
                return;
            }
            branch.state = BranchState::Proceeding;
            self.provisional_arrived(step, index, status);
        }
        if status == StatusCode::TRYING || response.headers_mut().pop_first_value(&HeaderName::Via).is_none() {
            return;
        }
        if !response.headers().contains(&HeaderName::Via) {
            // It was meant for us (RFC 3261 16.7 step 3).
            return;
        }
        let names_a_dialog = status.class() < 3 && *self.request.method() != Method::Register;
        if names_a_dialog && step.machinery.environment.config.fix_contact {
            fix_contact(&mut response, &flow);
        }
        if status.is_success() && self.is_invite() {
            if self.is_known_success(step, &response) {
                // Two branches may lead to one user agent: the dialog is known, the branch has ended all the same.
                if let Some(branch) = self.branch(index).filter(|branch| branch.is_pending()) {
                    step.cancel_timer(&mut branch.timer);
                    branch.end();
                }
                return;
            }
        } else if !matches!(state, BranchState::Calling | BranchState::Proceeding) {
            return;
        }
        self.judge(step, Reply { branch: index, response, flow });
    }

    fn provisional_arrived(&mut self, step: &mut Step<'_>, index: BranchIndex, status: StatusCode) {
        let is_invite = self.is_invite();
        let (key, span) = (self.key, step.machinery.environment.config.timer_c);
        let Some(branch) = self.branch(index) else { return };
        match branch.cancel {
            Cancel::Wanted => self.send_cancel(step, index),
            Cancel::Sent => {}
            Cancel::No if is_invite && (branch.timer.is_none() || status != StatusCode::TRYING) => {
                step.cancel_timer(&mut branch.timer);
                branch.timer = Some(step.set_timer(span, key, TimerPurpose::TimerC(index)));
            }
            Cancel::No => {}
        }
    }

    /// Whether this 2xx was dealt with before, is being looked at, or is one too many of this INVITE. One that was
    /// forwarded is sent again.
    fn is_known_success(&self, step: &mut Step<'_>, response: &Response) -> bool {
        let tag = response.headers().to_tag().unwrap_or_default();
        if let Some(success) = self.successes.iter().find(|success| success.tag == tag) {
            success.repeat(self.server, step);
            return true;
        }
        self.script.holds_success(&tag) || self.successes.len() >= step.machinery.environment.limits.branches
    }

    /// A response that is no repetition: the script's handlers see it, or it is dealt with at once.
    fn judge(&mut self, step: &mut Step<'_>, reply: Reply) {
        let (status, is_over) = (reply.response.status(), self.progress.is_over());
        if status.is_final()
            && let Some(branch) = self.branches.get_mut(usize::from(reply.branch.0))
        {
            step.cancel_timer(&mut branch.timer);
            branch.state = BranchState::Judged;
            branch.succeeded |= status.is_success();
        }
        if is_over && !(status.is_success() && self.is_invite()) {
            // Nobody waits for it any more.
            if status.is_final() {
                self.end_branch(reply.branch);
            }
            return;
        }
        if self.is_to_be_tried_elsewhere(&reply) {
            return self.attempt(step, reply.branch, None);
        }
        let has_callback =
            self.branches.get(usize::from(reply.branch.0)).is_some_and(|branch| branch.on_reply.is_some());
        let is_wanted = self.generation.is_some() && (has_callback || self.listens_to_replies());
        if is_wanted {
            self.enqueue(step, Subject::Reply(Box::new(reply)));
        } else {
            self.forward_reply(step, reply);
        }
    }

    /// A server that is out of order is no answer while its name has other addresses (RFC 3263 4.3).
    fn is_to_be_tried_elsewhere(&self, reply: &Reply) -> bool {
        reply.response.status() == StatusCode::SERVICE_UNAVAILABLE
            && !self.cancelled
            && self
                .branches
                .get(usize::from(reply.branch.0))
                .is_some_and(|branch| !branch.targets.is_empty() && branch.cancel == Cancel::No)
    }

    /// What the script made of a response. `reply` is as it came.
    pub(super) fn reply_decided(&mut self, step: &mut Step<'_>, mut reply: Reply, decision: ReplyDecision) {
        let status = reply.response.status();
        match decision {
            ReplyDecision::Forward(edited) => {
                reply.response = *edited;
                self.forward_reply(step, reply);
            }
            ReplyDecision::Suppress if status.is_provisional() => {}
            ReplyDecision::Suppress => {
                if status.is_success() {
                    self.fork = None;
                    if self.is_invite() {
                        self.abandon(step, &reply);
                    }
                }
                self.end_branch(reply.branch);
            }
            ReplyDecision::Reject { status: rejection, reason } => {
                if status.is_provisional() && !self.progress.is_over() {
                    let response = self.local(step, rejection, Some(&reason.to_string_lossy()));
                    self.respond(step, &response);
                }
            }
        }
    }

    /// Takes a response as it shall go upstream (RFC 3261 16.7 step 5).
    pub(super) fn forward_reply(&mut self, step: &mut Step<'_>, reply: Reply) {
        let Reply { branch, response, flow } = reply;
        match response.status().class() {
            1 if self.progress == Progress::Open => {
                step.cancel_timer(&mut self.lifetime);
                self.respond(step, &response);
            }
            1 => {}
            2 => self.forward_success(step, branch, response, flow),
            _ => self.branch_failed(step, branch, response, Some(flow)),
        }
    }

    fn forward_success(&mut self, step: &mut Step<'_>, branch: BranchIndex, response: Response, flow: Flow) {
        if !self.is_invite() {
            if !self.progress.is_over() {
                self.respond(step, &response);
            }
            return self.end_branch(branch);
        }
        if matches!(self.progress, Progress::Answered { success: false } | Progress::Dropped) {
            // The client has another answer: nobody would acknowledge this one.
            self.abandon(step, &Reply { branch, response, flow });
            return self.end_branch(branch);
        }
        let (status, bytes) = (response.status(), response.to_bytes());
        let tag = response.headers().to_tag().unwrap_or_default().detached();
        self.end_branch(branch);
        step.respond(self.server, status, bytes.clone());
        self.successes.push(Success { tag, fate: Fate::Forwarded { status, bytes } });
        self.answered(step, true);
    }

    /// A branch has ended with a final response that is no success; `source` is `None` when we made it.
    pub(super) fn branch_failed(
        &mut self,
        step: &mut Step<'_>,
        index: BranchIndex,
        response: Response,
        source: Option<Flow>,
    ) {
        let gave_up = self.branch(index).is_some_and(|branch| branch.gave_up);
        if let Some(branch) = self.branch(index) {
            step.cancel_timer(&mut branch.timer);
        }
        self.end_branch(index);
        if self.progress.is_over() {
            return;
        }
        let is_decline = response.status().class() == 6;
        if gave_up && response.status() == StatusCode::REQUEST_TERMINATED {
            let timeout = self.local(step, StatusCode::REQUEST_TIMEOUT, None);
            self.best.add(timeout, None);
        } else {
            self.best.add(response, source);
        }
        if is_decline {
            self.fork = None;
            self.cancel_branches(step);
        }
    }

    pub(super) fn end_branch(&mut self, index: BranchIndex) {
        if let Some(branch) = self.branch(index) {
            branch.end();
        }
    }

    /// All branches have failed, and this is the best of what they said.
    pub(super) fn all_failed(&mut self, step: &mut Step<'_>, response: Response, source: Option<Flow>) {
        let is_wanted = self.generation.is_some()
            && !self.cancelled
            && response.status() != StatusCode::REQUEST_TERMINATED
            && (self.on_failure.is_some() || self.listens_to(HandlerKind::Failure));
        if is_wanted {
            self.progress = Progress::Failing;
            self.enqueue(step, Subject::Failure(Box::new((response, source))));
        } else {
            self.send_failure(step, response);
        }
    }

    /// The failure goes upstream.
    pub(super) fn send_failure(&mut self, step: &mut Step<'_>, mut response: Response) {
        match response.status() {
            // Too late for anybody to hear it (RFC 4320 4.2).
            StatusCode::REQUEST_TIMEOUT if !self.is_invite() => return self.give_up(step),
            // We are not the one that is out of order (RFC 3261 16.7 step 6).
            StatusCode::SERVICE_UNAVAILABLE => response.set_status(StatusCode::SERVER_INTERNAL_ERROR, ""),
            _ => {}
        }
        if response.reason().is_empty() {
            let status = response.status();
            response.set_status(status, status.default_reason());
        }
        self.respond(step, &response);
    }

    /// The transaction of a branch ended without a response: Timer B or F.
    pub(crate) fn timed_out(&mut self, step: &mut Step<'_>, client: ClientId, index: BranchIndex) {
        let cancelled = self.cancelled;
        let Some(branch) = self.branch(index).filter(|branch| branch.client == Some(client)) else { return };
        if !branch.is_pending() {
            return;
        }
        if branch.cancel == Cancel::No && !branch.targets.is_empty() {
            return self.attempt(step, index, None);
        }
        let status = if cancelled { StatusCode::REQUEST_TERMINATED } else { StatusCode::REQUEST_TIMEOUT };
        self.fail_synthetically(step, index, status);
    }

    /// What a branch sent could not be sent.
    pub(crate) fn transport_failed(&mut self, step: &mut Step<'_>, client: ClientId, index: BranchIndex) {
        let cancelled = self.cancelled;
        let Some(branch) = self.branch(index).filter(|branch| branch.client == Some(client)) else { return };
        if !branch.is_pending() {
            return;
        }
        step.cancel_timer(&mut branch.timer);
        if cancelled {
            return self.fail_synthetically(step, index, StatusCode::REQUEST_TERMINATED);
        }
        step.machinery.environment.counters.transport_failures.increment();
        self.attempt(step, index, None);
    }
}

/// `nat.fix_contact`: the Contact gets the address that the response came from.
fn fix_contact(response: &mut Response, flow: &Flow) {
    let Some(contact) = response.headers().first_value_bytes(&HeaderName::Contact) else { return };
    let Ok(mut contact) = NameAddr::parse(contact) else { return };
    let Ok(Uri::Sip(mut uri)) = contact.uri() else { return };
    uri.host = flow.remote.ip().into();
    uri.port = Some(flow.remote.port());
    contact.uri = uri.to_byte_str();
    response.headers_mut().replace_first_value(&HeaderName::Contact, contact);
}
