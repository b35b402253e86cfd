//! Forwarding one copy of the request (RFC 3261 16.6): Request-URI, Max-Forwards, Max-Breadth, Route, then the choice
//! of a target and the client transaction. Via and Record-Route, which depend on the target, are in `stamp.rs`.

use std::collections::VecDeque;
use std::net::SocketAddr;

use siphon_script::{Callback, SendSocket};
use siphon_sip::{
    ByteStr, Destination, Flow, HeaderName, Request, Response, SipUri, StatusCode, TransportProtocol, Uri,
};
use siphon_transaction::ClientRequest;

use crate::context_table::BranchIndex;
use crate::io::{Output, ResolveFailure, ResolveTicket, ResolvedTarget};
use crate::machinery::Step;
use crate::proxy::branch::{Branch, BranchState, Cancel, Target};
use crate::proxy::context::Context;
use crate::proxy::stamp::{self, Stamp};
use crate::resolve::{self, Hop};
use crate::routing;

/// What leaves on one branch, before this file has had it.
pub(super) struct Plan {
    /// The request with the script's edits and the Request-URI of the branch.
    pub(super) message: Box<Request>,
    /// The Route set of the branch (RFC 3327), top first.
    pub(super) path: Vec<ByteStr>,
    pub(super) next_hop: Option<Uri>,
    pub(super) flow: Option<Flow>,
    /// The flow that a Route of ours named.
    pub(super) route_flow: Option<Flow>,
    pub(super) send_socket: Option<SendSocket>,
    pub(super) on_reply: Option<Callback>,
    pub(super) breadth: u32,
}

/// What to try first and what then, or why there is nothing to try.
type Targets = Result<(Target, VecDeque<Target>), StatusCode>;

/// RFC 3261 18.1.1: so many bytes of the path MTU stay free.
const MTU_MARGIN: usize = 200;

impl Context {
    /// Makes a branch and sends it, or asks the resolver first. A branch that cannot be sent has failed when this
    /// returns.
    pub(super) fn start_branch(&mut self, step: &mut Step<'_>, plan: Plan) {
        let Ok(index) = u16::try_from(self.branches.len()).map(BranchIndex) else { return };
        let send_socket = plan.send_socket;
        let on_reply = plan.on_reply.clone();
        let (request, targets) = self.prepare(step, plan);
        self.branches.push(Branch {
            state: BranchState::Resolving,
            client: None,
            uri: request.uri().clone(),
            request: Some(request),
            record_routes: 0,
            id: ByteStr::new(),
            destination: None,
            targets: VecDeque::new(),
            send_socket,
            on_reply,
            cancel: Cancel::No,
            gave_up: false,
            succeeded: false,
            timer: None,
        });
        match targets {
            Ok((first, others)) => {
                if let Some(branch) = self.branch(index) {
                    branch.targets = others;
                }
                self.attempt(step, index, Some(first));
            }
            Err(status) => self.fail_synthetically(step, index, status),
        }
    }

    /// Steps 2 to 6 of RFC 3261 16.6, and the targets of step 7.
    fn prepare(&self, step: &Step<'_>, plan: Plan) -> (Box<Request>, Targets) {
        let Plan { mut message, path, next_hop, flow, route_flow, breadth, .. } = plan;
        let environment = &step.machinery.environment;
        let own_flow = routing::take_own_routes(&mut message, &*environment.ports.identity, self.tenant);
        let hops = routing::remaining_hops(&message, environment.config.max_forwards);
        message.headers_mut().set(HeaderName::MaxForwards, hops.saturating_sub(1));
        message.headers_mut().set(HeaderName::MaxBreadth, breadth);
        for route in path.iter().rev() {
            message.headers_mut().prepend(HeaderName::Route, routing::bracketed(route));
        }
        let route = routing::follow_route(&mut message);
        let flow = flow.filter(|_| path.is_empty());
        let route_flow = route_flow.or(own_flow);
        let targets = choose_targets(flow, next_hop, route, route_flow, message.uri());
        (message, targets)
    }

    /// Tries `first` and then what is left of the branch's targets, until one is on its way.
    pub(super) fn attempt(&mut self, step: &mut Step<'_>, index: BranchIndex, first: Option<Target>) {
        let mut failure = StatusCode::SERVICE_UNAVAILABLE;
        let mut next = first;
        let ticket = ResolveTicket { shard: step.machinery.number, key: self.key.user(index).0 };
        loop {
            let Some(branch) = self.branch(index) else { return };
            let Some(target) = next.take().or_else(|| branch.targets.pop_front()) else { break };
            let forced = branch.send_socket.map(|socket| socket.transport);
            let sent = match target {
                Target::Flow(flow) if !step.machinery.environment.ports.identity.is_alive(&flow) => continue,
                Target::Flow(flow) => self.send(step, index, flow.into(), true),
                Target::Address(target) => self.send_to(step, index, target, true),
                Target::Datagram(address) => {
                    let transport = TransportProtocol::Udp;
                    self.send_to(step, index, ResolvedTarget { transport, address }, false)
                }
                Target::Uri(uri) => match resolve::next_hop(&uri, forced) {
                    Hop::Address(target) => self.send_to(step, index, target, true),
                    Hop::Name(query) => {
                        step.out.push(Output::Resolve { ticket, query });
                        branch.state = BranchState::Resolving;
                        return;
                    }
                    Hop::Nowhere => Err(StatusCode::BAD_GATEWAY),
                },
            };
            match sent {
                Ok(()) => return,
                Err(status) => failure = status,
            }
        }
        self.fail_synthetically(step, index, failure);
    }

    /// The resolver has answered for a branch.
    pub(crate) fn resolved(
        &mut self,
        step: &mut Step<'_>,
        index: BranchIndex,
        targets: Result<Vec<ResolvedTarget>, ResolveFailure>,
    ) {
        let call_id = self.call_id();
        let Some(branch) = self.branch(index).filter(|branch| branch.state == BranchState::Resolving) else { return };
        match targets {
            Ok(targets) => {
                for target in targets.into_iter().rev() {
                    branch.targets.push_front(Target::Address(target));
                }
            }
            Err(failure) => {
                step.machinery.environment.counters.resolve_failures.increment();
                tracing::warn!(%call_id, uri = %branch.uri, %failure, "the next hop cannot be resolved");
                if branch.targets.is_empty() {
                    return self.fail_synthetically(step, index, StatusCode::BAD_GATEWAY);
                }
            }
        }
        self.attempt(step, index, None);
    }

    fn send_to(
        &mut self,
        step: &mut Step<'_>,
        index: BranchIndex,
        target: ResolvedTarget,
        may_upgrade: bool,
    ) -> Result<(), StatusCode> {
        let socket = self.branch(index).and_then(|branch| branch.send_socket);
        let preferred = self.flow.listener;
        let to = destination(step, target, socket, preferred).ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        self.send(step, index, to, may_upgrade)
    }

    /// Steps 8 to 10 of RFC 3261 16.6 for a destination that is known.
    fn send(
        &mut self,
        step: &mut Step<'_>,
        index: BranchIndex,
        to: Destination,
        may_upgrade: bool,
    ) -> Result<(), StatusCode> {
        if self.would_come_back(step, index, &to) {
            step.machinery.environment.counters.loops.increment();
            return Err(StatusCode::LOOP_DETECTED);
        }
        let is_recorded = self.record_route;
        let (tenant, user) = (self.tenant, self.key.user(index));
        let loop_hash = step.machinery.identifiers.loop_hash(&self.request);
        let id = step.machinery.identifiers.branch(user.0, loop_hash);
        let stamp = Stamp { received: &self.request, flow: &self.flow, tenant, is_recorded };
        let branch = self.branches.get_mut(usize::from(index.0)).ok_or(StatusCode::SERVER_INTERNAL_ERROR)?;
        let request = branch.request.as_mut().ok_or(StatusCode::SERVER_INTERNAL_ERROR)?;
        stamp::unstamp(request, &mut branch.record_routes, branch.destination.is_some());
        branch.destination = None;
        branch.record_routes = stamp.apply(request, &step.machinery.environment.identity, to.listener, &id)?;
        branch.destination = Some(to);
        let bytes = request.to_bytes();
        if may_upgrade && let Some(stream) = over_mtu(step, &to, bytes.len()) {
            branch.targets.push_front(Target::Datagram(to.remote));
            branch.targets.push_front(Target::Address(stream));
            stamp::unstamp(request, &mut branch.record_routes, true);
            branch.destination = None;
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        branch.id = id.clone();
        let method = request.method().clone();
        let client_request = ClientRequest { method, branch: id, bytes, to };
        let machinery = &mut *step.machinery;
        let (layer, pending) = (&mut machinery.layer, &mut machinery.pending);
        let client = layer.create_client(tenant, client_request, user, step.now, pending);
        branch.client = Some(client.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?);
        branch.state = BranchState::Calling;
        Ok(())
    }

    /// Whether the request goes to ourselves with the Request-URI that it came with: nothing would be different the
    /// next time. With another one it is a spiral.
    fn would_come_back(&self, step: &Step<'_>, index: BranchIndex, to: &Destination) -> bool {
        let Some(branch) = self.branches.get(usize::from(index.0)) else { return false };
        let is_same = branch.uri == *self.request.uri();
        is_same && step.machinery.environment.identity.is_own_address(to.transport, to.remote)
    }

    /// A branch that ends with a response of our own.
    pub(super) fn fail_synthetically(&mut self, step: &mut Step<'_>, index: BranchIndex, status: StatusCode) {
        let reason = (status == StatusCode::SERVICE_UNAVAILABLE).then_some("Next Hop Unreachable");
        let response: Response = self.local(step, status, reason);
        self.branch_failed(step, index, response, None);
    }
}

/// Where the branch goes: the first is tried, the others when it fails.
fn choose_targets(
    flow: Option<Flow>,
    next_hop: Option<Uri>,
    route: Option<SipUri>,
    route_flow: Option<Flow>,
    request_uri: &ByteStr,
) -> Targets {
    let sip = |uri: Uri| match uri {
        Uri::Sip(uri) => Ok(Target::Uri(Box::new(uri))),
        Uri::Tel(_) | Uri::Other(_) => Err(StatusCode::UNSUPPORTED_URI_SCHEME),
    };
    if let Some(flow) = flow {
        return Ok((Target::Flow(flow), VecDeque::new()));
    }
    if let Some(next_hop) = next_hop {
        return Ok((sip(next_hop)?, VecDeque::new()));
    }
    if let Some(route) = route {
        return Ok((Target::Uri(Box::new(route)), VecDeque::new()));
    }
    let by_uri = Uri::parse(request_uri).map_err(|_| StatusCode::BAD_REQUEST).and_then(sip);
    match route_flow {
        Some(flow) => Ok((Target::Flow(flow), by_uri.into_iter().collect())),
        None => Ok((by_uri?, VecDeque::new())),
    }
}

/// The listener to send from, and the whole destination.
pub(super) fn destination(
    step: &Step<'_>,
    target: ResolvedTarget,
    socket: Option<SendSocket>,
    preferred: siphon_sip::ListenerId,
) -> Option<Destination> {
    let environment = &step.machinery.environment;
    let named = socket.and_then(|socket| environment.ports.identity.listener_for(socket));
    let ResolvedTarget { transport, address } = target;
    let listener = environment.identity.listener_towards(transport, address.ip(), named.unwrap_or(preferred))?;
    Some(Destination { transport, listener, remote: address, connection: None })
}

/// The stream to use instead when a request is too large for a datagram and not for one of our listeners.
fn over_mtu(step: &Step<'_>, to: &Destination, length: usize) -> Option<ResolvedTarget> {
    let mtu = step.machinery.environment.config.mtu?;
    if to.transport != TransportProtocol::Udp || length.saturating_add(MTU_MARGIN) <= mtu {
        return None;
    }
    let (transport, address): (_, SocketAddr) = (TransportProtocol::Tcp, to.remote);
    step.machinery.environment.identity.listener_towards(transport, address.ip(), to.listener)?;
    Some(ResolvedTarget { transport, address })
}
