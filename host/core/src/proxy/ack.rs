//! The ACK to a 2xx: forwarded once and without state along the dialog's route set (RFC 3261 16.11), and never
//! answered. ACKs to other finals are absorbed by the transaction layer.

use hashbrown::HashMap;
use siphon_sip::{Destination, Flow, HeaderName, ListenerId, Request, TenantId, Uri};

use crate::io::{Output, ResolveTicket, ResolvedTarget};
use crate::machinery::Step;
use crate::proxy::forward;
use crate::proxy::late::AckRoute;
use crate::resolve::{self, Hop};
use crate::routing;

/// Requests without state that wait for the resolver; bounded, and each is answered by one [`Resolved`] input.
///
/// [`Resolved`]: crate::Input::Resolved
#[derive(Debug, Default)]
pub(crate) struct StatelessQuestions {
    waiting: HashMap<u64, (Request, ListenerId)>,
    last: u64,
}

/// The part of a ticket's key where others carry the branch: no branch has this number.
const STATELESS: u64 = 0xffff << 48;

impl StatelessQuestions {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    fn insert(&mut self, request: Request, listener: ListenerId) -> u64 {
        self.last = (self.last + 1) & !STATELESS;
        let key = STATELESS | self.last;
        self.waiting.insert(key, (request, listener));
        key
    }

    /// Whether a ticket's key is one of these.
    pub(crate) const fn is_key(key: u64) -> bool {
        key & STATELESS == STATELESS
    }
}

/// Sends an ACK on its way. `route` is where the INVITE went that it belongs to, if that is known.
pub(crate) fn forward(
    step: &mut Step<'_>,
    tenant: TenantId,
    mut request: Request,
    flow: &Flow,
    route: Option<AckRoute>,
) {
    let environment = step.environment();
    let hops = routing::remaining_hops(&request, environment.config.max_forwards);
    let identity = &*environment.ports.identity;
    let route_flow = routing::take_own_routes(&mut request, identity, tenant).filter(|flow| identity.is_alive(flow));
    if hops == 0 {
        return discard(step, &request, "it has made too many hops");
    }
    request.headers_mut().set(HeaderName::MaxForwards, hops - 1);
    let next = routing::follow_route(&mut request);
    if next.is_none()
        && let Some(flow) = route_flow
    {
        return send(step, request, flow.into());
    }
    let uri = match next.map_or_else(|| Uri::parse(request.uri()), |route| Ok(Uri::Sip(route))) {
        Ok(Uri::Sip(uri)) => uri,
        _ => return discard(step, &request, "its Request-URI leads nowhere"),
    };
    if identity.is_local_uri(tenant, &uri) {
        let Some(AckRoute { uri, to }) = route else {
            return discard(step, &request, "it belongs to no INVITE and leads to us");
        };
        request.set_uri(uri);
        return send(step, request, to);
    }
    match resolve::next_hop(&uri, None) {
        Hop::Address(target) => send_to(step, request, target, flow.listener),
        Hop::Name(query) => {
            if step.machinery.stateless.len() >= environment.limits.stateless_resolves {
                return discard(step, &request, "too many names are being resolved");
            }
            let key = step.machinery.stateless.insert(request, flow.listener);
            let ticket = ResolveTicket { shard: step.machinery.number, key };
            step.out.push(Output::Resolve { ticket, query });
        }
        Hop::Nowhere => discard(step, &request, "its next hop leads nowhere"),
    }
}

/// The resolver has answered for a request without state.
pub(crate) fn resolved(step: &mut Step<'_>, key: u64, targets: &[ResolvedTarget]) {
    let Some((request, listener)) = step.machinery.stateless.waiting.remove(&key) else { return };
    match targets.first() {
        Some(target) => send_to(step, request, *target, listener),
        None => {
            step.machinery.environment.counters.resolve_failures.increment();
            discard(step, &request, "its next hop cannot be resolved");
        }
    }
}

fn send_to(step: &mut Step<'_>, request: Request, target: ResolvedTarget, preferred: ListenerId) {
    if step.machinery.environment.identity.is_own_address(target.transport, target.address) {
        return discard(step, &request, "it would come back to us");
    }
    match forward::destination(step, target, None, preferred) {
        Some(to) => send(step, request, to),
        None => discard(step, &request, "no listener can send it"),
    }
}

fn send(step: &mut Step<'_>, mut request: Request, to: Destination) {
    let identifiers = &step.machinery.identifiers;
    let branch = identifiers.stateless_branch(&request, identifiers.loop_hash(&request));
    let Some(via) = step.machinery.environment.identity.via(to.listener, &branch) else { return };
    request.headers_mut().prepend(HeaderName::Via, via);
    step.send(request.to_bytes(), to);
}

fn discard(step: &Step<'_>, request: &Request, why: &'static str) {
    step.machinery.environment.counters.stray_acks.increment();
    let call_id = request.headers().call_id().unwrap_or_default();
    tracing::debug!(%call_id, why, "an ACK was dropped");
}
