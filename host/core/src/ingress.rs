//! The way of a received request into the core, in order: stamp and validate, CANCEL, ACK, retransmission, drain, hops,
//! loops, handlers, room. What happens to a request that gets through is the proxy's.

use siphon_sip::{
    ByteStr, Destination, Flow, HeaderName, Method, Request, Response, StatusCode, TenantId, Uri, Via, verdict,
};
use siphon_transaction::{Received as Match, RequestKey, ServerId, User};

use crate::context_table::{BranchIndex, ContextKey};
use crate::identifiers::{Identifiers, LoopHash};
use crate::local_response;
use crate::machinery::Step;
use crate::proxy::{Context, Received, ack};
use crate::shard::{Content, Shard};
use crate::{reply_to, routing};

/// A request on its way in, and where it is answered.
struct Arrival {
    tenant: TenantId,
    request: Request,
    flow: Flow,
    reply_to: Destination,
}

impl Shard {
    pub(crate) fn receive_request(&mut self, mut request: Request, flow: Flow, step: &mut Step<'_>) {
        let environment = step.environment();
        environment.counters.requests.increment(request.method());
        let Some(reply_to) = reply_to::stamp(&mut request, &flow, environment.config.force_rport) else {
            environment.counters.invalid_requests.increment();
            return;
        };
        let tenant = environment.tenant_of(&flow);
        let mut arrival = Arrival { tenant, request, flow, reply_to };
        if let Err(rejection) = verdict::validate_request(&arrival.request) {
            environment.counters.invalid_requests.increment();
            if *arrival.request.method() != Method::Ack {
                refuse(step, &arrival, rejection.status, Some(rejection.reason));
            }
            return;
        }
        let machinery = &mut *step.machinery;
        let (layer, pending) = (&mut machinery.layer, &mut machinery.pending);
        let mut key = RequestKey::of(tenant, &arrival.request, flow.transport);
        let matched = layer.receive_request(&mut key, &arrival.request, step.now, pending);
        routing::undo_strict_routing(&mut arrival.request, &environment.identity, tenant);
        match matched {
            Match::Absorbed => environment.counters.retransmissions.increment(),
            Match::Cancel { invite, user } => self.receive_cancel(step, &mut key, &arrival, (invite, user)),
            Match::Ack { invite } => self.receive_ack(step, arrival, invite),
            // What has passed us came back by itself: a spiral, or a loop that the hash in our Via tells.
            Match::Merged if has_passed_us(step, &arrival.request) => self.receive_new(step, &mut key, arrival),
            Match::Merged => refuse_loop(step, &arrival),
            Match::New => self.receive_new(step, &mut key, arrival),
        }
    }

    /// RFC 3261 9.2: 200 at once, whatever becomes of the INVITE.
    fn receive_cancel(
        &mut self,
        step: &mut Step<'_>,
        request_key: &mut RequestKey,
        arrival: &Arrival,
        (invite, user): (Option<ServerId>, Option<User>),
    ) {
        if invite.is_none() {
            return refuse(step, arrival, StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST, None);
        }
        let response = arrival.request.response(StatusCode::OK, None);
        let reason = arrival.request.headers().first_bytes(&HeaderName::Reason);
        let key = user.map(|user| ContextKey::of_user(user).0);
        let mut tag: Option<ByteStr> = None;
        if let Some(key) = key {
            self.with_context(key, step, |context, step| tag = Some(context.tag(step)));
        }
        let tag = tag.unwrap_or_else(|| step.machinery.identifiers.stateless_tag(&arrival.request));
        answer_once(step, request_key, arrival, response, &tag);
        if let Some(key) = key {
            self.with_context(key, step, |context, step| context.cancelled_by_client(step, reason));
        }
    }

    /// An ACK is never answered, on any path.
    fn receive_ack(&mut self, step: &mut Step<'_>, arrival: Arrival, invite: Option<(ServerId, User)>) {
        let Arrival { tenant, request, flow, .. } = arrival;
        let tag = request.headers().to_tag();
        if tag.is_some_and(|tag| step.machinery.identifiers.is_stateless_tag(&tag, &request)) {
            // It acknowledges an error that we sent without state.
            return;
        }
        let key = invite.map(|(_, user)| ContextKey::of_user(user).0);
        let mut is_ours = false;
        if let Some(key) = key {
            self.with_context(key, step, |context, step| is_ours = context.acknowledged(step));
        }
        if is_ours {
            return;
        }
        let route = key.and_then(|key| self.contexts.get(key)).and_then(|content| match content {
            Content::Live(context) => context.ack_route(),
            Content::Late(late) => late.ack_route(),
        });
        ack::forward(step, tenant, request, &flow, route);
    }

    fn receive_new(&mut self, step: &mut Step<'_>, request_key: &mut RequestKey, arrival: Arrival) {
        let environment = step.environment();
        let request = &arrival.request;
        let is_invite = *request.method() == Method::Invite;
        if is_invite && environment.is_draining() && request.headers().to_tag().is_none() {
            environment.counters.draining.increment();
            return refuse_for_now(step, &arrival);
        }
        if *request.method() == Method::Prack && self.takes_prack(step, request_key, &arrival) {
            return;
        }
        if routing::remaining_hops(request, environment.config.max_forwards) == 0 {
            return refuse(step, &arrival, StatusCode::TOO_MANY_HOPS, None);
        }
        if has_looped(step, request) {
            return refuse_loop(step, &arrival);
        }
        let generation = environment.generations.current(arrival.tenant);
        let generation = generation.filter(|generation| generation.handlers.matches_request(request.method()));
        let Some(generation) = generation else { return answer_unclaimed(step, &arrival) };
        let has_room = self.contexts.len() < environment.limits.contexts && !step.machinery.layer.is_full();
        let Some(key) = has_room.then(|| self.contexts.reserve()).flatten() else {
            environment.counters.overload.increment();
            return refuse_for_now(step, &arrival);
        };
        let Arrival { tenant, request, flow, reply_to } = arrival;
        let user = key.user(BranchIndex(0));
        let layer = &mut step.machinery.layer;
        match layer.create_server(request_key, &request, reply_to, user, step.now) {
            Ok(server) => {
                let received = Received { key, tenant, server, request, flow, generation };
                let context = Context::begin(received, step);
                self.contexts.put(key, Content::Live(Box::new(context)));
            }
            Err(_) => {
                self.contexts.free(key);
                environment.counters.overload.increment();
                refuse_for_now(step, &Arrival { tenant, request, flow, reply_to });
            }
        }
    }

    /// A PRACK for a reliable 1xx of our own is answered here.
    fn takes_prack(&mut self, step: &mut Step<'_>, request_key: &mut RequestKey, arrival: &Arrival) -> bool {
        let Some(tag) = arrival.request.headers().to_tag() else { return false };
        let Some(key) = step.machinery.reliable.get(&tag).copied() else { return false };
        let mut is_ours = false;
        self.with_context(key, step, |context, step| is_ours = context.take_prack(step, &arrival.request));
        if !is_ours {
            return false;
        }
        answer_once(step, request_key, arrival, arrival.request.response(StatusCode::OK, None), &tag);
        true
    }
}

/// The loop hashes in the Vias that we put there ourselves.
fn own_hashes<'a>(step: &'a Step<'_>, request: &'a Request) -> impl Iterator<Item = LoopHash> + 'a {
    let identity = &step.machinery.environment.identity;
    request.headers().values_bytes(&HeaderName::Via).filter_map(|via| {
        // Most Vias are not ours: they are not worth to be read as a whole.
        let mut parts = via.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let hash = parts.find_map(|part| part.strip_prefix(b"branch=")).and_then(Identifiers::loop_hash_of)?;
        Via::parse(via).ok().filter(|via| identity.is_own_via(via)).map(|_| hash)
    })
}

fn has_passed_us(step: &Step<'_>, request: &Request) -> bool {
    own_hashes(step, request).next().is_some()
}

/// Answers through a server transaction that is made for that: a retransmission gets this very response, whatever has
/// become of the INVITE until then (RFC 3261 17.2.2). Without room for one the answer is stateless.
fn answer_once(
    step: &mut Step<'_>,
    request_key: &mut RequestKey,
    arrival: &Arrival,
    mut response: Response,
    tag: &ByteStr,
) {
    let Arrival { request, reply_to, .. } = arrival;
    let layer = &mut step.machinery.layer;
    match layer.create_server(request_key, request, *reply_to, User::default(), step.now) {
        Ok(server) => {
            let config = &step.machinery.environment.config;
            local_response::complete(&mut response, tag, config.server_header.as_ref());
            step.respond(server, response.status(), response.to_bytes());
        }
        Err(_) => step.answer(request, response, *reply_to),
    }
}

/// RFC 5393 4.2.2: a Via of ours carries the hash of what the request looked like when it was here.
fn has_looped(step: &Step<'_>, request: &Request) -> bool {
    let mut now = None;
    own_hashes(step, request)
        .any(|then| then == *now.get_or_insert_with(|| step.machinery.identifiers.loop_hash(request)))
}

fn answer_unclaimed(step: &mut Step<'_>, arrival: &Arrival) {
    let environment = step.environment();
    let identity = &*environment.ports.identity;
    let is_local = match Uri::parse(arrival.request.uri()) {
        Ok(Uri::Sip(uri)) => identity.is_local_uri(arrival.tenant, &uri),
        _ => false,
    };
    let contact = identity.contact_uri(&arrival.flow);
    let response = local_response::unclaimed(&arrival.request, is_local, &contact);
    step.answer(&arrival.request, response, arrival.reply_to);
}

fn refuse_loop(step: &mut Step<'_>, arrival: &Arrival) {
    step.machinery.environment.counters.loops.increment();
    refuse(step, arrival, StatusCode::LOOP_DETECTED, None);
}

fn refuse_for_now(step: &mut Step<'_>, arrival: &Arrival) {
    let retry_after = step.machinery.environment.config.retry_after;
    let response = local_response::unavailable(&arrival.request, retry_after);
    step.answer(&arrival.request, response, arrival.reply_to);
}

fn refuse(step: &mut Step<'_>, arrival: &Arrival, status: StatusCode, reason: Option<&str>) {
    let response: Response = arrival.request.response(status, reason);
    step.answer(&arrival.request, response, arrival.reply_to);
}
