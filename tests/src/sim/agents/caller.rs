//! Who begins a session, and what the answer means to him: the call, its CANCEL, the registration. Retransmission and
//! ACK are `client.rs`.

use std::rc::Rc;
use std::time::Duration;

use super::client::{Cancel, Role, State};
use super::message::Draft;
use super::party::{Party, proxy_of};
use super::{Purpose as Cue, Scene};
use crate::sim::check::Invariant;
use crate::sim::glance::{Glance, Method};
use crate::sim::plan::Purpose;
use crate::sim::report::Outcome;

impl Party {
    /// Sends the first request of the session.
    pub(super) fn begin(&mut self, scene: &mut Scene<'_>) {
        scene.tally.sessions += 1;
        match scene.plan.purpose {
            Purpose::Register => self.register(scene, scene.plan.registration.expires),
            Purpose::Call => {
                scene.tally.calls += 1;
                if let Some(patience) = scene.plan.caller.patience {
                    scene.remind(self.index, patience, Cue::Cancel);
                }
                self.request(scene, Method::Invite);
            }
            Purpose::Options => self.request(scene, Method::Options),
            Purpose::Message => self.request(scene, Method::Message),
        }
    }

    fn request(&mut self, scene: &mut Scene<'_>, method: Method) {
        self.cseq += 1;
        let uri = format!("sip:c{}@example.com", scene.session);
        let from = format!("<sip:caller@example.com>;tag={}", self.tag(scene.session));
        let extra = if method == Method::Invite { "Supported: 100rel\r\n" } else { "" };
        let to = format!("<{uri}>");
        let draft = Draft { method, uri: &uri, routes: &[], from: &from, to: &to, cseq: self.cseq, extra };
        let request = self.compose(scene.session, &draft);
        self.begin_client(scene, request, proxy_of(scene.plan), Role::First);
    }

    fn register(&mut self, scene: &mut Scene<'_>, expires: u32) {
        self.cseq += 1;
        let phone = scene.plan.registration.phone;
        let to = format!("<sip:phone{phone}@example.com>");
        let from = format!("{to};tag={}", self.tag(scene.session));
        let extra = format!("Contact: <sip:phone{phone}@{}>\r\nExpires: {expires}\r\n", self.contact_host);
        let method = Method::Register;
        let uri = "sip:example.com";
        let draft = Draft { method, uri, routes: &[], from: &from, to: &to, cseq: self.cseq, extra: &extra };
        let request = self.compose(scene.session, &draft);
        self.begin_client(scene, request, proxy_of(scene.plan), Role::First);
    }

    /// The time to refresh the registration, or to take it back.
    pub(super) fn refresh(&mut self, scene: &mut Scene<'_>) {
        let registration = scene.plan.registration;
        if self.refreshed <= registration.refreshes {
            self.register(scene, registration.expires);
        } else if self.refreshed == registration.refreshes + 1 && registration.is_removed {
            self.register(scene, 0);
        }
    }

    /// The caller cancels: at once when something has come back, else as soon as it does (RFC 3261 9.1).
    pub(super) fn lose_patience(&mut self, scene: &mut Scene<'_>) {
        let client = &mut self.clients[0];
        match client.state {
            State::Trying => client.cancel = Cancel::Wanted,
            State::Proceeding => self.send_cancel(scene, 0),
            State::Ended => {}
        }
    }

    pub(super) fn send_cancel(&mut self, scene: &mut Scene<'_>, index: usize) {
        let client = &mut self.clients[index];
        client.cancel = Cancel::Sent;
        let (request, to) = (Rc::clone(&client.request), client.to);
        scene.tally.cancels += 1;
        let cancel = self.compose_like(scene.session, &request, Method::Cancel, request.text(request.to));
        self.begin_client(scene, cancel, to, Role::Aside);
    }

    /// PRACK, for a 1xx that asks for it (RFC 3262).
    pub(super) fn acknowledge_provisional(&mut self, scene: &mut Scene<'_>, index: usize, response: &Glance) {
        let client = &mut self.clients[index];
        let Some(rseq) = response.rseq.filter(|rseq| *rseq > client.rseq) else { return };
        client.rseq = rseq;
        let request = Rc::clone(&client.request);
        self.cseq += 1;
        let extra = format!("RAck: {rseq} {} INVITE\r\n", request.cseq);
        let draft = Draft {
            method: Method::Prack,
            uri: request.uri(),
            routes: &[],
            from: request.text(request.from),
            to: response.text(response.to),
            cseq: self.cseq,
            extra: &extra,
        };
        let prack = self.compose(scene.session, &draft);
        self.begin_client(scene, prack, proxy_of(scene.plan), Role::Aside);
    }

    /// The first final response of a transaction.
    pub(super) fn concluded(&mut self, scene: &mut Scene<'_>, index: usize, response: &Glance, status: u16) {
        let client = &self.clients[index];
        if client.role != Role::First {
            return;
        }
        if scene.plan.purpose == Purpose::Register {
            self.refreshed += 1;
            scene.tally.registers += 1;
            if status == 200 {
                let half = Duration::from_secs(u64::from(scene.plan.registration.expires)) / 2;
                scene.remind(self.index, half, Cue::Refresh);
            }
            return;
        }
        scene.tally.conclude(scene.plan.purpose, Outcome::of(status));
        let expected = scene.plan.expected_finals().filter(|expected| !expected.contains(&status));
        if let Some(expected) = expected {
            let what = format!("the caller got {} instead of {expected:?}", response.summary());
            scene.faults.find(Invariant::FinalIsTheBest, scene.session, scene.now, what);
        }
    }

    /// Timer B or F.
    pub(super) fn timed_out(&mut self, scene: &mut Scene<'_>, index: usize) {
        if self.clients[index].role == Role::First && scene.plan.purpose != Purpose::Register {
            scene.tally.conclude(scene.plan.purpose, Outcome::NoAnswer);
            scene.tally.unheard += u64::from(scene.plan.expected_finals().is_some());
        }
    }
}
