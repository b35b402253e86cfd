//! A 2xx to an INVITE that nobody takes: it made a dialog, so the core acknowledges it and ends that dialog with BYE
//! (RFC 3261 13.2.2.4). Everything else about 2xx is in `responses.rs`.

use siphon_script::HandlerKind;
use siphon_sip::{ByteStr, Destination, HeaderName, Method, NameAddr, Request, Response, Uri};
use siphon_transaction::{ClientRequest, User};

use crate::io::ResolvedTarget;
use crate::machinery::Step;
use crate::proxy::context::Context;
use crate::proxy::forward;
use crate::proxy::late::{Fate, Success};
use crate::proxy::responses::Reply;
use crate::resolve::{self, Hop};
use crate::routing;

impl Context {
    /// Acknowledges and ends the dialog of `reply`.
    pub(super) fn abandon(&mut self, step: &mut Step<'_>, reply: &Reply) {
        step.machinery.environment.counters.abandoned_dialogs.increment();
        tracing::warn!(
            call_id = %self.call_id(),
            handler = self.reply_handler().as_deref().unwrap_or("-"),
            "a 2xx to an INVITE was not relayed: its dialog is ended with ACK and BYE"
        );
        let Some(branch) = self.branches.get(usize::from(reply.branch.0)) else { return };
        let Some(fallback) = branch.destination else { return };
        let recorded = branch.record_routes + self.request.headers().values(&HeaderName::RecordRoute).count();
        let Some(dialog) = Dialog::new(&self.request, &reply.response, recorded) else { return };
        let to = dialog.destination(step, fallback);
        let ack = dialog.request(step, Method::Ack, &to);
        let bye = dialog.request(step, Method::Bye, &to);
        if let Some((ack, _)) = ack {
            let bytes = ack.to_bytes();
            step.send(bytes.clone(), to);
            let tag = reply.response.headers().to_tag().unwrap_or_default().detached();
            self.successes.push(Success { tag, fate: Fate::Abandoned { ack: bytes, to } });
        }
        if let Some((bye, branch)) = bye {
            let request = ClientRequest { method: Method::Bye, branch, bytes: bye.to_bytes(), to };
            let machinery = &mut *step.machinery;
            let (layer, pending) = (&mut machinery.layer, &mut machinery.pending);
            if let Ok(client) = layer.create_client(self.tenant, request, User::default(), step.now, pending) {
                layer.forget_client(client);
            }
        }
    }

    /// Where the handler stands that should have relayed it.
    fn reply_handler(&self) -> Option<String> {
        let generation = self.generation.as_ref()?;
        let (_, handler) = generation.handlers.matching(HandlerKind::Reply, self.request.method()).next()?;
        Some(handler.source.clone())
    }
}

/// The dialog as the caller would see it from here.
struct Dialog<'a> {
    invite: &'a Request,
    success: &'a Response,
    target: ByteStr,
    /// Next hop first.
    routes: Vec<ByteStr>,
}

impl<'a> Dialog<'a> {
    /// `recorded` Record-Routes of the success belong to us and to those before us.
    fn new(invite: &'a Request, success: &'a Response, recorded: usize) -> Option<Self> {
        let contact = success.headers().first_value_bytes(&HeaderName::Contact)?;
        let target = NameAddr::parse(contact).ok()?.uri;
        let mut routes: Vec<ByteStr> = success.headers().values_bytes(&HeaderName::RecordRoute).collect();
        routes.truncate(routes.len().saturating_sub(recorded));
        routes.reverse();
        Some(Self { invite, success, target, routes })
    }

    /// The next hop when it is an address, else where the INVITE went.
    fn destination(&self, step: &Step<'_>, fallback: Destination) -> Destination {
        let next = match self.routes.first() {
            Some(route) => NameAddr::parse(route).ok().and_then(|route| route.uri().ok()),
            None => Uri::parse(&self.target).ok(),
        };
        let target: Option<ResolvedTarget> = match next {
            Some(Uri::Sip(uri)) => match resolve::next_hop(&uri, None) {
                Hop::Address(target) => Some(target),
                Hop::Name(_) | Hop::Nowhere => None,
            },
            _ => None,
        };
        let chosen = target.and_then(|target| forward::destination(step, target, None, fallback.listener));
        match chosen {
            Some(chosen) if chosen.remote != fallback.remote => chosen,
            _ => fallback,
        }
    }

    fn request(&self, step: &mut Step<'_>, method: Method, to: &Destination) -> Option<(Request, ByteStr)> {
        let cseq = self.invite.headers().cseq().ok()?.number;
        let number = if method == Method::Ack { cseq } else { cseq.saturating_add(1) };
        let mut request = Request::new(method.clone(), &self.target);
        let headers = request.headers_mut();
        for route in &self.routes {
            headers.append(HeaderName::Route, route);
        }
        headers.append(HeaderName::MaxForwards, "70");
        headers.append_from(self.invite.headers(), &HeaderName::From);
        headers.append_from(self.success.headers(), &HeaderName::To);
        headers.append_from(self.invite.headers(), &HeaderName::CallId);
        headers.append(HeaderName::CSeq, format!("{number} {method}"));
        routing::follow_route(&mut request);
        let loop_hash = step.machinery.identifiers.loop_hash(&request);
        let branch = step.machinery.identifiers.branch(0, loop_hash);
        let via = step.machinery.environment.identity.via(to.listener, &branch)?;
        request.headers_mut().prepend(HeaderName::Via, via);
        Some((request, branch))
    }
}
