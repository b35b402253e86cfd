//! What the timers of a request in progress do. Those of its transactions run in `siphon-transaction`.

use siphon_script::{Fault, FaultKind, Outcome};
use siphon_sip::StatusCode;

use crate::machinery::{Step, TimerPurpose};
use crate::proxy::context::{Context, Progress};

impl Context {
    /// A timer is due.
    pub(crate) fn fire(&mut self, step: &mut Step<'_>, purpose: TimerPurpose) {
        match purpose {
            TimerPurpose::Trying => {
                self.trying_timer = None;
                self.send_trying(step);
            }
            TimerPurpose::HandlerDeadline(sequence) => self.deadline_passed(step, sequence),
            TimerPurpose::Lifetime => self.lifetime_over(step),
            TimerPurpose::TimerC(branch) => self.timer_c(step, branch),
            TimerPurpose::CancelSilence(branch) => self.cancel_was_ignored(step, branch),
            TimerPurpose::Repeat => self.repeat(step),
        }
    }

    /// The handlers have had their time: the failure policy is applied, a late outcome will be ignored.
    fn deadline_passed(&mut self, step: &mut Step<'_>, sequence: u32) {
        if !self.script.expire(sequence) {
            return;
        }
        let message = "the handler passed its deadline".to_owned();
        let fault = Fault { kind: FaultKind::TimedOut, message, traceback: None };
        self.outcome(step, sequence, Outcome::Failed(fault));
    }

    /// No branch is left and nothing final was sent: an INVITE gets 408, another request is forgotten.
    fn lifetime_over(&mut self, step: &mut Step<'_>) {
        self.lifetime = None;
        if self.progress != Progress::Open || self.has_active_branch() {
            return;
        }
        if self.is_invite() {
            self.respond_locally(step, StatusCode::REQUEST_TIMEOUT, None);
        } else {
            self.give_up(step);
        }
    }
}
