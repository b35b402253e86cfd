//! The end of an event: what its handlers left behind becomes a decision. Nothing is carried out here.

use super::{Armed, Request};
use crate::outcome::{Action, Decision, Fault, FaultKind};

impl Request {
    /// Takes the outcome: from now on the objects of this event can be read and not changed. A [`FaultKind::TimedOut`]
    /// when the deadline was there first. Called once, by [`Dispatch`](crate::Dispatch).
    pub fn finish(&self) -> Result<Box<Decision>, Fault> {
        let armed = std::mem::take(&mut self.state.lock().armed);
        if !self.context.finish() {
            return Err(Fault {
                kind: FaultKind::TimedOut,
                message: "the handler passed its deadline".to_owned(),
                traceback: None,
            });
        }
        let registrations = std::mem::take(&mut *self.context.staged());
        let state = self.state.lock();
        let action = match armed {
            Armed::None => Action::None,
            Armed::Reply(armed) => Action::Reply(self.build_reply(&state, armed)),
            Armed::SaveReply(armed) => Action::SaveReply(self.build_save_reply(&state, armed)),
            Armed::Relay(relay) => Action::Relay(*relay),
            Armed::Fork(fork) => Action::Fork(fork),
        };
        Ok(Box::new(Decision {
            action,
            message: Box::new(state.message.clone()),
            record_route: state.record_route,
            route_flow: state.route_flow,
            registrations,
            auth_user: state.auth_user.clone(),
            reply: None,
        }))
    }

    /// The number of the decision that armed the action; 0 without one.
    pub(crate) fn armed_at(&self) -> u32 {
        self.state.lock().armed_at
    }
}
