//! One user agent: where it is, and what it has under way. What it does with that is in the sibling files.

use std::net::SocketAddr;
use std::rc::Rc;

use super::client::Client;
use super::dialog::Dialog;
use super::server::Server;
use super::{Deed, Scene};
use crate::sim::glance::Glance;
use crate::sim::network::{LISTENERS, address, name_of};
use crate::sim::plan::{Behaviour, Form, Plan, Purpose, Side};

/// A user agent in one session.
pub(in crate::sim) struct Party {
    /// Its place among those of the session.
    pub(super) index: u8,
    /// Where datagrams for it arrive.
    pub(super) address: SocketAddr,
    /// What it believes its own address to be.
    pub(super) sent_by: SocketAddr,
    /// The host of its Contact.
    pub(super) contact_host: String,
    pub(super) behaviour: Behaviour,
    pub(super) clients: Vec<Client>,
    pub(super) servers: Vec<Server>,
    pub(super) dialogs: Vec<Dialog>,
    pub(super) cseq: u32,
    /// REGISTER requests that were answered.
    pub(super) refreshed: u8,
}

impl Party {
    pub(super) fn caller(plan: &Plan) -> Self {
        let caller = &plan.caller;
        let public = match plan.purpose {
            Purpose::Register => address([10, 2, 0, plan.registration.phone]),
            _ => caller.address,
        };
        let is_behind_nat = caller.is_behind_nat && plan.purpose != Purpose::Register;
        let sent_by = if is_behind_nat { address([192, 168, 1, 7]) } else { public };
        Self { sent_by, contact_host: sent_by.to_string(), ..Self::at(0, public, Behaviour::Silent) }
    }

    pub(super) fn callee(index: u8, at: SocketAddr, plan: &Plan) -> Self {
        let target = plan.targets.iter().chain([&plan.spare]).find(|target| target.address == at);
        let is_named = target.is_some_and(|target| target.form == Form::Name);
        let contact_host = if is_named { name_of(&[at]) } else { at.to_string() };
        Self { contact_host, ..Self::at(index, at, plan.behaviour_at(at)) }
    }

    fn at(index: u8, address: SocketAddr, behaviour: Behaviour) -> Self {
        Self {
            index,
            address,
            sent_by: address,
            contact_host: String::new(),
            behaviour,
            clients: Vec::new(),
            servers: Vec::new(),
            dialogs: Vec::new(),
            cseq: 0,
            refreshed: 0,
        }
    }

    pub(super) const fn side(&self) -> Side {
        if self.index == 0 { Side::Caller } else { Side::Callee }
    }

    pub(super) fn tag(&self, session: u32) -> String {
        format!("ua-{session}-{}", self.index)
    }

    pub(super) fn send(&self, scene: &mut Scene<'_>, message: &Rc<Glance>, to: SocketAddr) {
        scene.deeds.push(Deed::Send { from: self.address, to, message: Rc::clone(message) });
    }

    pub(super) fn end(&self, scene: &mut Scene<'_>) {
        for client in &self.clients {
            client.end(scene);
        }
    }
}

/// The address of the proxy that a session's caller sends to.
pub(super) fn proxy_of(plan: &Plan) -> SocketAddr {
    LISTENERS[plan.caller.listener].parse().unwrap()
}
