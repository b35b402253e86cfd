//! From what a socket gave to an input of the right shard, and from a shard's output back to a socket or the resolver.

use std::hash::Hasher;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use siphasher::sip::SipHasher13;
use siphon_core::security::Verdict;
use siphon_core::{Input, ResolveFailure, ResolveQuery, ResolveTicket, ResolvedTarget, SendTag};
use siphon_sip::{
    Destination, Flow, HeaderName, Headers, Message, TenantId, TransportProtocol, parse_message, salvage_request,
};
use siphon_transport::{Incoming, ResolveError};

use super::Runtime;

impl Runtime {
    /// Puts what came in into the inbox of its shard; the shard to run, if there is one.
    pub(super) fn ingest(&self, incoming: Incoming) -> Option<u16> {
        match incoming {
            Incoming::Datagram { bytes, flow } => self.ingest_message(bytes, flow),
            Incoming::StreamMessage { bytes, flow } => self.ingest_message(bytes, flow),
            Incoming::Unreachable { datagram, .. } => self.ingest_unreachable(datagram),
            Incoming::SendFailed { tag, .. } => {
                let tag = SendTag(tag.0);
                let shard = tag.shard()?;
                self.shards.answer(shard, Input::SendFailed { tag });
                Some(shard)
            }
            Incoming::StreamRefused { flow, reason, .. } => {
                tracing::info!(peer = %flow.remote, transport = %flow.transport, %reason, "stream refused");
                self.counters.malformed.fetch_add(1, Ordering::Relaxed);
                None
            }
            Incoming::ConnectionClosed { .. } => None,
        }
    }

    fn ingest_message(&self, bytes: Bytes, flow: Flow) -> Option<u16> {
        let message = match parse_message(bytes, &self.limits.sip) {
            Ok(message) => message,
            Err(error) => {
                self.counters.malformed.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(peer = %flow.remote, transport = %flow.transport, %error, "not a SIP message");
                return None;
            }
        };
        if let Message::Request(request) = &message {
            let tenant = TenantId::DEFAULT;
            if let Verdict::Drop(reason) = self.screen.check(tenant, flow.remote.ip(), request, self.clock.time()) {
                tracing::debug!(peer = %flow.remote, ?reason, "request dropped by the screen");
                return None;
            }
        }
        let shard = self.shard_of(message.headers());
        match self.shards.offer(shard, Input::Message { message, flow }) {
            Ok(()) => Some(shard),
            Err(_) => {
                self.counters.inbox_full.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// An ICMP error names the datagram that it is about: its first Via says which of our branches it was.
    fn ingest_unreachable(&self, datagram: Bytes) -> Option<u16> {
        let request = salvage_request(datagram, &self.limits.sip)?;
        let branch = request.headers().via().ok()?.branch()?;
        let shard = self.shard_of(request.headers());
        self.shards.answer(shard, Input::Unreachable { branch, method: Some(request.method().clone()) });
        Some(shard)
    }

    fn shard_of(&self, headers: &Headers) -> u16 {
        let mut hasher = SipHasher13::new_with_keys(self.shard_seed.0, self.shard_seed.1);
        hasher.write(headers.first(&HeaderName::CallId).unwrap_or_default());
        let shards = self.shards.len().max(1) as u64;
        u16::try_from(hasher.finish() % shards).unwrap_or(0)
    }

    /// Sends at once; a failure known at once is the shard's next input.
    pub(super) fn send(&self, shard: u16, bytes: Bytes, to: Destination, tag: SendTag) {
        if let Err(error) = self.transport.send(&to, bytes, siphon_transport::SendTag(tag.0)) {
            tracing::debug!(peer = %to.remote, transport = %to.transport, %error, "not sent");
            self.shards.answer(shard, Input::SendFailed { tag });
        }
    }

    /// Asks for the addresses of a name; the answer is an input of the shard that asked.
    pub(super) fn resolve(self: &Arc<Self>, ticket: ResolveTicket, query: &ResolveQuery) {
        let runtime = Arc::clone(self);
        let transport = match (query.transport, query.secure) {
            (Some(transport), _) => transport,
            (None, true) => TransportProtocol::Tls,
            (None, false) => TransportProtocol::Udp,
        };
        let answer = Box::new(move |result: Result<Vec<SocketAddr>, ResolveError>| {
            let targets = result
                .map(|found| found.into_iter().map(|address| ResolvedTarget { transport, address }).collect())
                .map_err(|error| failure(&error));
            runtime.shards.answer(ticket.shard, Input::Resolved { ticket, targets });
            runtime.run_from_elsewhere(ticket.shard);
        });
        self.resolver.resolve(&query.host, query.port.unwrap_or(transport.default_port()), answer);
    }
}

fn failure(error: &ResolveError) -> ResolveFailure {
    match error {
        ResolveError::NoAddress(_) | ResolveError::NotAName => ResolveFailure::NotFound,
        _ => ResolveFailure::Failed,
    }
}
