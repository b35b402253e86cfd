//! What a user agent does with a request outside a dialog: as its behaviour in the plan says. CANCEL and ACK are
//! `server.rs`.

use std::time::Duration;

use super::party::Party;
use super::server::State;
use super::{Purpose, Scene};
use crate::sim::glance::Method;
use crate::sim::plan::Behaviour;

/// Requests that are no INVITE are answered sooner.
const HASTE: u32 = 4;

impl Party {
    /// A new request.
    pub(super) fn take_request(&mut self, scene: &mut Scene<'_>, server: usize) {
        let is_invite = self.servers[server].request.method == Method::Invite;
        let mut ring = |after| scene.remind(self.index, after, Purpose::Ring { server });
        match self.behaviour {
            Behaviour::Answer { ring: first, more } if is_invite => {
                ring(first);
                self.plan_answer(scene, server, first + more, 200);
            }
            Behaviour::Answer { ring: first, more } => self.plan_answer(scene, server, (first + more) / HASTE, 200),
            Behaviour::Refuse { status, after, rings } if is_invite => {
                if rings {
                    ring(after / 3);
                }
                self.plan_answer(scene, server, after, status);
            }
            Behaviour::Refuse { status, after, .. } => self.plan_answer(scene, server, after / HASTE, status),
            Behaviour::RingForever { repeats } if is_invite => {
                for repeat in 0..=u32::from(repeats) {
                    ring(Duration::from_millis(100) + Duration::from_secs(60) * repeat);
                }
            }
            Behaviour::RingAndVanish if is_invite => ring(Duration::from_millis(100)),
            Behaviour::RingForever { .. } | Behaviour::RingAndVanish | Behaviour::Silent | Behaviour::Nobody => {}
        }
    }

    fn plan_answer(&self, scene: &mut Scene<'_>, server: usize, after: Duration, status: u16) {
        scene.remind(self.index, after, Purpose::Answer { server, status });
    }

    pub(super) fn ring(&mut self, scene: &mut Scene<'_>, server: usize) {
        if self.servers[server].state == State::Proceeding {
            self.respond(scene, server, 180);
        }
    }

    /// A final response, unless there is one already.
    pub(super) fn answer_if_pending(&mut self, scene: &mut Scene<'_>, server: usize, status: u16) {
        if self.servers[server].state != State::Proceeding {
            return;
        }
        self.respond(scene, server, status);
        if self.servers[server].request.method == Method::Invite && status < 300 {
            self.open_dialog_of_callee(scene, server);
        }
    }
}
