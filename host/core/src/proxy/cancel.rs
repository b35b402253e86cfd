//! CANCEL (RFC 3261 9 and 16.10): the one that comes from upstream, and those that go to the branches. The 200 to a
//! CANCEL is the ingress's.

use siphon_script::HandlerKind;
use siphon_sip::{ByteStr, HeaderName, Method, Request, StatusCode};
use siphon_transaction::ClientRequest;

use crate::context_table::BranchIndex;
use crate::machinery::{Step, TimerPurpose};
use crate::proxy::branch::{Branch, BranchState, Cancel};
use crate::proxy::context::{Context, Progress};
use crate::proxy::script_queue::Subject;

impl Context {
    /// The client has cancelled this INVITE. The final response is what the branches give; without a branch it is our
    /// own 487.
    pub(crate) fn cancelled_by_client(&mut self, step: &mut Step<'_>, reason: Option<ByteStr>) {
        if self.progress.is_over() || self.cancelled || !self.is_invite() {
            return;
        }
        self.cancelled = true;
        self.cancel_reason = reason;
        self.fork = None;
        let was_relayed = self.progress == Progress::Open && !self.branches.is_empty();
        if self.has_active_branch() {
            self.cancel_branches(step);
        } else {
            self.script.forget_all(step);
            self.respond_locally(step, StatusCode::REQUEST_TERMINATED, None);
        }
        if was_relayed && self.listens_to(HandlerKind::Cancel) {
            self.enqueue(step, Subject::Cancel);
        }
    }

    /// Cancels what is still open.
    pub(super) fn cancel_branches(&mut self, step: &mut Step<'_>) {
        for index in 0..u16::try_from(self.branches.len()).unwrap_or(u16::MAX) {
            self.cancel_branch(step, BranchIndex(index));
        }
    }

    /// Cancels one branch: at once if it has answered, as soon as it does if it has not.
    pub(super) fn cancel_branch(&mut self, step: &mut Step<'_>, index: BranchIndex) {
        let is_invite = self.is_invite();
        let Some(branch) = self.branch(index).filter(|branch| branch.is_pending()) else { return };
        branch.targets.clear();
        if !is_invite {
            // Only an INVITE can be cancelled; the others end by themselves.
            if self.progress.is_over() {
                self.forget_branch(step, index);
            }
            return;
        }
        match (branch.state, branch.cancel) {
            (BranchState::Resolving, _) => self.fail_synthetically(step, index, StatusCode::REQUEST_TERMINATED),
            (BranchState::Calling, Cancel::No) => branch.cancel = Cancel::Wanted,
            (BranchState::Proceeding, Cancel::No) => self.send_cancel(step, index),
            (_, Cancel::No | Cancel::Wanted | Cancel::Sent) => {}
        }
    }

    fn forget_branch(&mut self, step: &mut Step<'_>, index: BranchIndex) {
        if let Some(client) = self.branch(index).and_then(|branch| branch.client) {
            step.machinery.layer.forget_client(client);
        }
        self.end_branch(index);
    }

    /// Sends a branch its CANCEL, and gives it 64*T1 to answer the INVITE.
    pub(super) fn send_cancel(&mut self, step: &mut Step<'_>, index: BranchIndex) {
        let (tenant, key) = (self.tenant, self.key);
        let reason = self.cancel_reason.clone();
        let Some(branch) = self.branch(index) else { return };
        branch.cancel = Cancel::Sent;
        step.cancel_timer(&mut branch.timer);
        let silence = step.machinery.environment.config.transaction.transaction_timeout();
        branch.timer = Some(step.set_timer(silence, key, TimerPurpose::CancelSilence(index)));
        let Some((request, to)) = branch.request.as_ref().zip(branch.destination) else { return };
        let bytes = cancel_of(request, reason).to_bytes();
        let cancel = ClientRequest { method: Method::Cancel, branch: branch.id.clone(), bytes, to };
        let machinery = &mut *step.machinery;
        let (layer, pending) = (&mut machinery.layer, &mut machinery.pending);
        // Without room for one more transaction the branch ends by its silence.
        if let Ok(client) = layer.create_client(tenant, cancel, key.user(index), step.now, pending) {
            layer.forget_client(client);
        }
    }

    /// A cancelled branch has not answered: it counts as a 487.
    pub(super) fn cancel_was_ignored(&mut self, step: &mut Step<'_>, index: BranchIndex) {
        let Some(branch) = self.branch(index).filter(|branch| branch.is_pending()) else { return };
        branch.timer = None;
        if let Some(client) = branch.client {
            step.machinery.layer.forget_client(client);
        }
        self.fail_synthetically(step, index, StatusCode::REQUEST_TERMINATED);
    }

    /// Timer C: the branch rings for nobody (RFC 3261 16.8).
    pub(super) fn timer_c(&mut self, step: &mut Step<'_>, index: BranchIndex) {
        if let Some(branch) = self.branch(index).filter(|branch| is_open(branch)) {
            branch.timer = None;
            branch.gave_up = true;
            self.cancel_branch(step, index);
        }
    }
}

fn is_open(branch: &Branch) -> bool {
    branch.state == BranchState::Proceeding && branch.cancel == Cancel::No
}

/// The CANCEL of a request that we sent (RFC 3261 9.1): its own Via alone, its Routes, and its CSeq number.
fn cancel_of(invite: &Request, reason: Option<ByteStr>) -> Request {
    let mut cancel = Request::new(Method::Cancel, invite.uri());
    let (from, to) = (invite.headers(), cancel.headers_mut());
    if let Some(via) = from.first_value_bytes(&HeaderName::Via) {
        to.append(HeaderName::Via, via);
    }
    to.append(HeaderName::MaxForwards, "70");
    to.append_from(from, &HeaderName::Route);
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId] {
        to.append_from(from, &name);
    }
    let number = from.cseq().map(|cseq| cseq.number).unwrap_or_default();
    to.append(HeaderName::CSeq, format!("{number} CANCEL"));
    if let Some(reason) = reason {
        to.append(HeaderName::Reason, reason);
    }
    cancel
}
