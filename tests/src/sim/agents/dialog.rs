//! Dialogs of a user agent (RFC 3261 12): route set, remote target, requests within them. How one came to be answered
//! is the business of others.

use std::net::SocketAddr;
use std::rc::Rc;

use super::client::Role;
use super::message::Draft;
use super::party::{Party, proxy_of};
use super::{Purpose, Scene};
use crate::sim::glance::{Glance, Method};
use crate::sim::network::address_of;

/// One dialog, kept until its session is over.
pub(super) struct Dialog {
    /// From and To of what we send in it.
    local: String,
    remote: String,
    remote_tag: String,
    /// The peer's Contact.
    target: String,
    /// Next hop first.
    routes: Vec<String>,
    is_over: bool,
}

impl Party {
    /// RFC 3261 12.1.2.
    pub(super) fn open_dialog_of_caller(&mut self, _: &Scene<'_>, client: usize, success: &Glance) -> usize {
        let request = &self.clients[client].request;
        let contact = success.text(success.contact);
        let target = if contact.is_empty() { request.uri() } else { contact };
        self.dialogs.push(Dialog {
            local: request.text(request.from).to_owned(),
            remote: success.text(success.to).to_owned(),
            remote_tag: success.text(success.to_tag).to_owned(),
            target: target.to_owned(),
            routes: success.record_routes.iter().rev().map(|route| success.text(*route).to_owned()).collect(),
            is_over: false,
        });
        self.dialogs.len() - 1
    }

    /// RFC 3261 12.1.1.
    pub(super) fn open_dialog_of_callee(&mut self, scene: &Scene<'_>, server: usize) {
        let request = &self.servers[server].request;
        self.dialogs.push(Dialog {
            local: format!("{};tag={}", request.text(request.to), self.tag(scene.session)),
            remote: request.text(request.from).to_owned(),
            remote_tag: request.text(request.from_tag).to_owned(),
            target: request.text(request.contact).to_owned(),
            routes: request.record_routes.iter().map(|route| request.text(*route).to_owned()).collect(),
            is_over: false,
        });
        self.servers[server].dialog = Some(self.dialogs.len() - 1);
    }

    /// A request within a dialog, and where it goes.
    pub(super) fn compose_in_dialog(
        &self,
        scene: &Scene<'_>,
        dialog: usize,
        method: Method,
        cseq: u32,
    ) -> (Rc<Glance>, SocketAddr) {
        let Dialog { local, remote, target, routes, .. } = &self.dialogs[dialog];
        let draft = Draft { method, uri: target, routes, from: local, to: remote, cseq, extra: "" };
        let next = routes.first().unwrap_or(target);
        let to = address_of(next).unwrap_or_else(|| proxy_of(scene.plan));
        (self.compose(scene.session, &draft), to)
    }

    /// The dialog is up. One that nobody wants is ended at once.
    pub(super) fn take_up(&mut self, scene: &mut Scene<'_>, dialog: usize, is_wanted: bool) {
        if !is_wanted {
            return self.hang_up(scene, dialog);
        }
        let talk = scene.plan.talk;
        if talk.reinvite.is_some_and(|(side, _)| side == self.side()) {
            scene.remind(self.index, talk.span / 2, Purpose::Reinvite { dialog });
        }
        if talk.hangs_up == self.side() {
            scene.remind(self.index, talk.span, Purpose::HangUp { dialog });
        }
    }

    pub(super) fn reinvite(&mut self, scene: &mut Scene<'_>, dialog: usize) {
        if !self.dialogs[dialog].is_over {
            scene.tally.reinvites += 1;
            self.request_in_dialog(scene, dialog, Method::Invite);
        }
    }

    pub(super) fn hang_up(&mut self, scene: &mut Scene<'_>, dialog: usize) {
        if !std::mem::replace(&mut self.dialogs[dialog].is_over, true) {
            self.request_in_dialog(scene, dialog, Method::Bye);
        }
    }

    fn request_in_dialog(&mut self, scene: &mut Scene<'_>, dialog: usize, method: Method) {
        self.cseq += 1;
        let (request, to) = self.compose_in_dialog(scene, dialog, method, self.cseq);
        self.begin_client(scene, request, to, Role::InDialog(dialog));
    }

    /// A request with a To-tag.
    pub(super) fn receive_in_dialog(&mut self, scene: &mut Scene<'_>, server: usize, method: Method) {
        let request = Rc::clone(&self.servers[server].request);
        let is_it = |dialog: &Dialog| !dialog.is_over && dialog.remote_tag == request.text(request.from_tag);
        let Some(dialog) = self.dialogs.iter().position(is_it) else { return self.respond(scene, server, 481) };
        match method {
            Method::Bye => {
                self.dialogs[dialog].is_over = true;
                self.respond(scene, server, 200);
            }
            Method::Invite => {
                let is_accepted = scene.plan.talk.reinvite.is_none_or(|(_, is_accepted)| is_accepted);
                self.servers[server].dialog = Some(dialog);
                self.respond(scene, server, if is_accepted { 200 } else { 488 });
            }
            _ => self.respond(scene, server, 405),
        }
    }
}
