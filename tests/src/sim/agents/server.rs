//! Server transactions of a user agent (RFC 3261 17.2, 13.3.1.4): matching, repetition of finals, ACK, CANCEL. What is
//! answered, and when, is in `callee.rs` and `dialog.rs`.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use siphon_sip::Time;

use super::party::Party;
use super::{Purpose, Scene, T1, T2, TIMEOUT};
use crate::sim::check::Invariant;
use crate::sim::glance::{Glance, Method};
use crate::sim::plan::Behaviour;

/// One server transaction, kept until its session is over.
pub(super) struct Server {
    pub(super) request: Rc<Glance>,
    /// Where it came from, and where it is answered.
    pub(super) from: SocketAddr,
    pub(super) state: State,
    pub(super) response: Option<Rc<Glance>>,
    /// The dialog that it made, or belongs to.
    pub(super) dialog: Option<usize>,
    answered_at: Time,
    interval: Duration,
    stamp: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Proceeding,
    /// An INVITE that got a failure, which is repeated until its ACK comes.
    Failed,
    /// An INVITE that got a 2xx, which is repeated until its ACK comes.
    Accepted,
    /// Nothing is repeated any more.
    Ended,
}

impl Party {
    pub(super) fn receive_request(
        &mut self,
        scene: &mut Scene<'_>,
        message: &Rc<Glance>,
        method: Method,
        from: SocketAddr,
    ) {
        if self.is_deaf() {
            return;
        }
        if method == Method::Ack {
            return self.acknowledged(scene, message);
        }
        let is_it = |server: &Server| server.request.branch == message.branch && server.request.method == method;
        if let Some(server) = self.servers.iter().find(|server| is_it(server)) {
            // The 2xx to an INVITE has a schedule of its own.
            if let Some(response) = server.response.clone().filter(|_| server.state != State::Accepted) {
                self.send(scene, &response, from);
            }
            return;
        }
        let is_merged = |server: &Server| {
            let request = &server.request;
            (request.method, request.cseq) == (method, message.cseq)
                && request.text(request.from_tag) == message.text(message.from_tag)
        };
        let was_here = !message.has_to_tag() && method != Method::Cancel && self.servers.iter().any(is_merged);
        scene.tally.agent_transactions += 1;
        self.servers.push(Server {
            request: Rc::clone(message),
            from,
            state: State::Proceeding,
            response: None,
            dialog: None,
            answered_at: scene.now,
            interval: T1,
            stamp: 0,
        });
        let index = self.servers.len() - 1;
        if was_here {
            let what = format!("a user agent got it on two ways: {}", message.summary());
            scene.faults.find(Invariant::ForwardedOnce, scene.session, scene.now, what);
            // RFC 3261 8.2.2.2.
            return self.respond(scene, index, 482);
        }
        match method {
            Method::Cancel => self.cancelled(scene, index),
            _ if message.has_to_tag() => self.receive_in_dialog(scene, index, method),
            _ => self.take_request(scene, index),
        }
    }

    /// It rang, and then its battery was empty.
    fn is_deaf(&self) -> bool {
        let has_rung = || self.servers.iter().any(|server| server.response.is_some());
        match self.behaviour {
            Behaviour::Silent => self.index > 0,
            Behaviour::RingAndVanish => has_rung(),
            _ => false,
        }
    }

    /// Answers; a final response to an INVITE is repeated until its ACK comes.
    pub(super) fn respond(&mut self, scene: &mut Scene<'_>, index: usize, status: u16) {
        let request = Rc::clone(&self.servers[index].request);
        let response = self.answer_to(scene.session, &request, status);
        let server = &mut self.servers[index];
        server.response = Some(Rc::clone(&response));
        let to = server.from;
        if status >= 200 {
            server.state = match (request.method, status) {
                (Method::Invite, ..300) => State::Accepted,
                (Method::Invite, _) => State::Failed,
                _ => State::Ended,
            };
            server.answered_at = scene.now;
            server.stamp += 1;
            if request.method == Method::Invite {
                let stamp = server.stamp;
                scene.remind(self.index, T1, Purpose::Server { index, stamp });
            }
        }
        self.send(scene, &response, to);
    }

    /// Timers G and H, and the same for a 2xx.
    pub(super) fn server_due(&mut self, scene: &mut Scene<'_>, index: usize, stamp: u16) {
        let server = &mut self.servers[index];
        if server.stamp != stamp || server.state == State::Ended {
            return;
        }
        let age = scene.now.since(server.answered_at);
        if age >= TIMEOUT {
            return self.gave_up(scene, index);
        }
        server.interval = (server.interval * 2).min(T2);
        let wait = server.interval.min(TIMEOUT - age);
        let (response, to) = (server.response.clone(), server.from);
        if let Some(response) = response {
            self.send(scene, &response, to);
        }
        scene.remind(self.index, wait, Purpose::Server { index, stamp });
    }

    fn gave_up(&mut self, scene: &mut Scene<'_>, index: usize) {
        let server = &mut self.servers[index];
        if std::mem::replace(&mut server.state, State::Ended) == State::Accepted {
            scene.tally.unacknowledged_successes += 1;
            // RFC 3261 13.3.1.4: the dialog is ended with BYE.
            if let Some(dialog) = server.dialog {
                self.hang_up(scene, dialog);
            }
            return;
        }
        let what = format!("no ACK came in 64*T1 for the failure of {}", server.request.summary());
        scene.faults.find(Invariant::FinalIsAcknowledged, scene.session, scene.now, what);
    }

    fn acknowledged(&mut self, scene: &mut Scene<'_>, ack: &Glance) {
        let fits = |server: &Server| {
            let request = &server.request;
            let is_of = match server.state {
                State::Failed => request.branch == ack.branch,
                State::Accepted => ack.has_to_tag() && request.text(request.from_tag) == ack.text(ack.from_tag),
                State::Proceeding | State::Ended => false,
            };
            is_of && request.cseq == ack.cseq
        };
        let Some(server) = self.servers.iter_mut().find(|server| fits(server)) else { return };
        let was_accepted = std::mem::replace(&mut server.state, State::Ended) == State::Accepted;
        let is_initial = !server.request.has_to_tag();
        if let Some(dialog) = server.dialog.filter(|_| was_accepted && is_initial) {
            self.take_up(scene, dialog, true);
        }
    }

    /// RFC 3261 9.2.
    fn cancelled(&mut self, scene: &mut Scene<'_>, index: usize) {
        let branch = self.servers[index].request.branch;
        let is_it = |server: &Server| server.request.branch == branch && server.request.method == Method::Invite;
        let Some(invite) = self.servers.iter().position(is_it) else { return self.respond(scene, index, 481) };
        self.respond(scene, index, 200);
        self.answer_if_pending(scene, invite, 487);
    }
}
