//! The user agents of one session: callers, callees and phones with their own transactions by RFC 3261, written without
//! `siphon-transaction` so that no mistake is made twice. Whether the proxy did right is judged elsewhere.

mod callee;
mod caller;
mod client;
mod dialog;
mod message;
mod party;
mod server;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use siphon_sip::Time;

use super::check::Faults;
use super::glance::{Glance, Start};
use super::plan::Plan;
use super::report::Tally;
use party::Party;

/// The timers of RFC 3261 as every user agent here has them.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const TIMEOUT: Duration = Duration::from_secs(32);

/// What user agents want to be done.
pub(super) enum Deed {
    Send { from: SocketAddr, to: SocketAddr, message: Rc<Glance> },
    Wake { at: Time, cue: Cue },
}

/// Something that a user agent wants to be reminded of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cue {
    pub(super) session: u32,
    party: u8,
    purpose: Purpose,
}

#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// A timer of a transaction, which ignores it when it has another stamp by now.
    Client {
        index: usize,
        stamp: u16,
    },
    Server {
        index: usize,
        stamp: u16,
    },
    Ring {
        server: usize,
    },
    Answer {
        server: usize,
        status: u16,
    },
    Cancel,
    Reinvite {
        dialog: usize,
    },
    HangUp {
        dialog: usize,
    },
    Refresh,
}

/// What a user agent has to do with while something happens.
pub(super) struct Scene<'a> {
    pub(super) session: u32,
    pub(super) plan: &'a Plan,
    pub(super) now: Time,
    pub(super) deeds: &'a mut Vec<Deed>,
    pub(super) tally: &'a mut Tally,
    pub(super) faults: &'a mut Faults,
}

/// All user agents of a session. The first one began it.
#[derive(Default)]
pub(super) struct Agents(Vec<Party>);

impl Agents {
    /// The session begins.
    pub(super) fn begin(&mut self, scene: &mut Scene<'_>) {
        let caller = Party::caller(scene.plan);
        self.0.push(caller);
        self.0[0].begin(scene);
    }

    /// A datagram has arrived at an address.
    pub(super) fn receive(&mut self, scene: &mut Scene<'_>, message: &Rc<Glance>, from: SocketAddr, to: SocketAddr) {
        let known = self.0.iter().position(|party| party.address == to);
        let place = known.unwrap_or_else(|| {
            self.0.push(Party::callee(self.0.len() as u8, to, scene.plan));
            self.0.len() - 1
        });
        let party = &mut self.0[place];
        match message.start {
            Start::Request { method, .. } => party.receive_request(scene, message, method, from),
            Start::Response { status } => party.receive_response(scene, message, status),
        }
    }

    /// The time of a cue has come.
    pub(super) fn wake(&mut self, scene: &mut Scene<'_>, cue: Cue) {
        let Some(party) = self.0.get_mut(usize::from(cue.party)) else { return };
        match cue.purpose {
            Purpose::Client { index, stamp } => party.client_due(scene, index, stamp),
            Purpose::Server { index, stamp } => party.server_due(scene, index, stamp),
            Purpose::Ring { server } => party.ring(scene, server),
            Purpose::Answer { server, status } => party.answer_if_pending(scene, server, status),
            Purpose::Cancel => party.lose_patience(scene),
            Purpose::Reinvite { dialog } => party.reinvite(scene, dialog),
            Purpose::HangUp { dialog } => party.hang_up(scene, dialog),
            Purpose::Refresh => party.refresh(scene),
        }
    }

    /// The session is over: nobody may wait for anything any more.
    pub(super) fn end(&self, scene: &mut Scene<'_>) {
        for party in &self.0 {
            party.end(scene);
        }
    }
}

impl Scene<'_> {
    fn remind(&mut self, party: u8, after: Duration, purpose: Purpose) {
        let cue = Cue { session: self.session, party, purpose };
        self.deeds.push(Deed::Wake { at: self.now + after, cue });
    }
}
