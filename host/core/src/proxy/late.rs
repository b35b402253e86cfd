//! What remains of an INVITE that was answered 2xx: enough to send a repeated 2xx again, to pass on one of another
//! fork, and to find the way of an ACK that nobody Record-Routed. No script runs for it any more.

use bytes::Bytes;
use siphon_sip::{ByteStr, Destination, HeaderName, Response, StatusCode};
use siphon_transaction::ServerId;

use crate::machinery::Step;
use crate::proxy::context::Context;

/// A 2xx to an INVITE that was dealt with.
#[derive(Debug)]
pub(super) struct Success {
    /// Its To-tag: which dialog it made.
    pub(super) tag: ByteStr,
    pub(super) fate: Fate,
}

/// What is done again when it comes again.
#[derive(Debug)]
pub(super) enum Fate {
    /// It went upstream, edits and all.
    Forwarded { status: StatusCode, bytes: Bytes },
    /// Nobody wanted it: we acknowledged it and ended its dialog.
    Abandoned { ack: Bytes, to: Destination },
}

impl Success {
    pub(super) fn repeat(&self, server: ServerId, step: &mut Step<'_>) {
        match &self.fate {
            Fate::Forwarded { status, bytes } => {
                let machinery = &mut *step.machinery;
                let (layer, pending) = (&mut machinery.layer, &mut machinery.pending);
                // A server transaction that is over discards it (RFC 6026 8.3).
                let _ = layer.respond(server, *status, bytes.clone(), step.now, pending);
            }
            Fate::Abandoned { ack, to } => step.send(ack.clone(), *to),
        }
    }
}

/// Where the ACK of an answered INVITE goes that says nothing about it itself.
#[derive(Clone, Debug)]
pub(crate) struct AckRoute {
    pub(crate) uri: ByteStr,
    pub(crate) to: Destination,
}

/// The record of an INVITE that was answered 2xx, until Timer L.
#[derive(Debug)]
pub(crate) struct Late {
    server: ServerId,
    successes: Vec<Success>,
    ack_route: Option<AckRoute>,
}

impl Late {
    pub(super) fn new(context: &mut Context) -> Self {
        let ack_route = context.ack_route();
        Self { server: context.server, successes: std::mem::take(&mut context.successes), ack_route }
    }

    pub(crate) fn ack_route(&self) -> Option<AckRoute> {
        self.ack_route.clone()
    }

    /// A response to one of its branches: every 2xx goes upstream (RFC 3261 16.7 step 5).
    pub(crate) fn receive(&mut self, mut response: Response, step: &mut Step<'_>) {
        if !response.status().is_success() || response.headers_mut().pop_first_value(&HeaderName::Via).is_none() {
            return;
        }
        let tag = response.headers().to_tag().unwrap_or_default();
        if let Some(success) = self.successes.iter().find(|success| success.tag == tag) {
            return success.repeat(self.server, step);
        }
        if self.successes.len() >= step.machinery.environment.limits.branches {
            return;
        }
        let (status, bytes) = (response.status(), response.to_bytes());
        step.respond(self.server, status, bytes.clone());
        self.successes.push(Success { tag: tag.detached(), fate: Fate::Forwarded { status, bytes } });
    }
}

impl Context {
    /// Where an ACK goes that names only this server: to the branch that was answered.
    pub(crate) fn ack_route(&self) -> Option<AckRoute> {
        let branch = self.branches.iter().find(|branch| branch.succeeded)?;
        Some(AckRoute { uri: branch.uri.detached(), to: branch.destination? })
    }
}
