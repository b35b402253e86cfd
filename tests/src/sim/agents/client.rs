//! Client transactions of a user agent (RFC 3261 17.1): retransmission, ACK of failures, time-outs. What a final
//! response means to the user is in `caller.rs` and `dialog.rs`.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use siphon_sip::Time;

use super::party::Party;
use super::{Purpose, Scene, T1, T2, TIMEOUT};
use crate::sim::check::Invariant;
use crate::sim::glance::{Glance, Method, hash};

/// One client transaction, kept until its session is over.
pub(super) struct Client {
    pub(super) method: Method,
    pub(super) request: Rc<Glance>,
    pub(super) to: SocketAddr,
    pub(super) role: Role,
    pub(super) state: State,
    /// Whether the user wants to cancel it, or has.
    pub(super) cancel: Cancel,
    /// The ACK of each 2xx, by its To-tag.
    pub(super) acks: Vec<(u64, Rc<Glance>, SocketAddr)>,
    /// RSeq of the last 1xx that was acknowledged.
    pub(super) rseq: u32,
    begun: Time,
    interval: Duration,
    stamp: u16,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The session began with it.
    First,
    /// A re-INVITE or a BYE of that dialog.
    InDialog(usize),
    /// CANCEL, PRACK.
    Aside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Trying,
    Proceeding,
    /// A final response came, or time is up.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    No,
    Wanted,
    Sent,
}

impl Client {
    /// RFC 3261 17: nothing waits for ever.
    pub(super) fn end(&self, scene: &mut Scene<'_>) {
        if self.state != State::Ended {
            let what = format!("a user agent still waits for the answer to {}", self.request.summary());
            scene.faults.find(Invariant::TransactionsEnd, scene.session, scene.now, what);
        }
    }
}

impl Party {
    /// Begins a transaction.
    pub(super) fn begin_client(&mut self, scene: &mut Scene<'_>, request: Rc<Glance>, to: SocketAddr, role: Role) {
        self.send(scene, &request, to);
        scene.tally.agent_transactions += 1;
        self.clients.push(Client {
            method: request.method,
            request,
            to,
            role,
            state: State::Trying,
            cancel: Cancel::No,
            acks: Vec::new(),
            rseq: 0,
            begun: scene.now,
            interval: T1,
            stamp: 0,
        });
        scene.remind(self.index, T1, Purpose::Client { index: self.clients.len() - 1, stamp: 0 });
    }

    /// Timers A and E, B and F.
    pub(super) fn client_due(&mut self, scene: &mut Scene<'_>, index: usize, stamp: u16) {
        let client = &mut self.clients[index];
        if client.stamp != stamp || client.state == State::Ended {
            return;
        }
        let is_invite = client.method == Method::Invite;
        let age = scene.now.since(client.begun);
        if age >= TIMEOUT {
            client.state = State::Ended;
            return self.timed_out(scene, index);
        }
        client.interval = match (is_invite, client.state) {
            (true, _) => client.interval * 2,
            (false, State::Proceeding) => T2,
            (false, _) => (client.interval * 2).min(T2),
        };
        let wait = client.interval.min(TIMEOUT - age);
        let (request, to) = (Rc::clone(&client.request), client.to);
        self.send(scene, &request, to);
        scene.remind(self.index, wait, Purpose::Client { index, stamp });
    }

    pub(super) fn receive_response(&mut self, scene: &mut Scene<'_>, response: &Rc<Glance>, status: u16) {
        let matches = |client: &Client| client.method == response.method && client.request.branch == response.branch;
        let Some(index) = self.clients.iter().position(matches) else { return };
        if self.clients[index].method == Method::Invite {
            self.invite_answered(scene, index, response, status);
        } else if status >= 200 {
            let client = &mut self.clients[index];
            if std::mem::replace(&mut client.state, State::Ended) != State::Ended {
                self.concluded(scene, index, response, status);
            }
        } else if self.clients[index].state == State::Trying {
            self.clients[index].state = State::Proceeding;
        }
    }

    fn invite_answered(&mut self, scene: &mut Scene<'_>, index: usize, response: &Rc<Glance>, status: u16) {
        let client = &mut self.clients[index];
        let before = client.state;
        match status {
            100..200 => {
                if before == State::Ended {
                    return;
                }
                if before == State::Trying {
                    client.state = State::Proceeding;
                    client.stamp += 1;
                }
                if client.cancel == Cancel::Wanted {
                    self.send_cancel(scene, index);
                }
                self.acknowledge_provisional(scene, index, response);
            }
            200..300 => {
                client.state = State::Ended;
                self.succeeded(scene, index, response, before != State::Ended);
            }
            _ => {
                // RFC 3261 17.1.1.3.
                client.state = State::Ended;
                let request = Rc::clone(&client.request);
                let to = client.to;
                let ack = self.compose_like(scene.session, &request, Method::Ack, response.text(response.to));
                self.send(scene, &ack, to);
                if before != State::Ended {
                    self.concluded(scene, index, response, status);
                }
            }
        }
    }

    /// A 2xx to an INVITE: every copy of it is acknowledged (RFC 3261 13.2.2.4).
    fn succeeded(&mut self, scene: &mut Scene<'_>, index: usize, response: &Rc<Glance>, is_first: bool) {
        let tag = hash(response.text(response.to_tag).as_bytes());
        let known = self.clients[index].acks.iter().find(|(known, ..)| *known == tag);
        if let Some((_, ack, to)) = known.map(|(tag, ack, to)| (tag, Rc::clone(ack), *to)) {
            return self.send(scene, &ack, to);
        }
        let dialog = match self.clients[index].role {
            Role::InDialog(dialog) => dialog,
            Role::First | Role::Aside => self.open_dialog_of_caller(scene, index, response),
        };
        let cseq = self.clients[index].request.cseq;
        let (ack, to) = self.compose_in_dialog(scene, dialog, Method::Ack, cseq);
        self.send(scene, &ack, to);
        self.clients[index].acks.push((tag, ack, to));
        if is_first {
            self.concluded(scene, index, response, 200);
        }
        if self.clients[index].role == Role::First {
            self.take_up(scene, dialog, is_first && self.clients[index].cancel == Cancel::No);
        }
    }
}
