//! Several targets for one request: all at once, or one after the other. Max-Breadth (RFC 5393 5) bounds the first.
//! Which response wins is `best.rs`.

use std::collections::VecDeque;

use siphon_script::{Fork, ForkTarget, SendSocket};
use siphon_sip::{ByteStr, HeaderName, Request, StatusCode, Uri};

use crate::machinery::Step;
use crate::proxy::context::{Context, Progress};
use crate::proxy::forward::Plan;

/// The targets of a sequential fork that were not tried yet.
pub(super) struct PendingFork {
    message: Box<Request>,
    targets: VecDeque<ForkTarget>,
    send_socket: Option<SendSocket>,
}

impl Context {
    /// Max-Breadth of the request: what it says, within our own limit.
    pub(super) fn incoming_breadth(&self, step: &Step<'_>) -> u32 {
        let most = step.machinery.environment.config.max_breadth;
        let given = self.request.headers().first_str(&HeaderName::MaxBreadth).map(str::trim);
        given.and_then(|text| text.parse().ok()).map_or(most, |given: u32| given.min(most))
    }

    /// Sends the request to several places. None of them, or more than Max-Breadth allows, is answered at once.
    pub(super) fn fork(&mut self, step: &mut Step<'_>, message: Box<Request>, fork: Fork) {
        let Fork { mut targets, sequential, send_socket } = fork;
        let room = step.machinery.environment.limits.branches.saturating_sub(self.branches.len());
        if targets.len() > room {
            tracing::warn!(call_id = %self.call_id(), targets = targets.len(), room, "a fork has too many targets");
            targets.truncate(room);
        }
        let breadth = self.incoming_breadth(step);
        let width = if sequential { 1 } else { u32::try_from(targets.len()).unwrap_or(u32::MAX) };
        if targets.is_empty() {
            return self.respond_locally(step, StatusCode::SERVER_INTERNAL_ERROR, Some("No Targets"));
        }
        if breadth < width {
            return self.respond_locally(step, StatusCode::MAX_BREADTH_EXCEEDED, None);
        }
        self.progress = Progress::Open;
        if sequential {
            let targets = targets.into();
            self.fork = Some(Box::new(PendingFork { message, targets, send_socket }));
            return;
        }
        let (share, mut extra) = (breadth / width, breadth % width);
        for target in targets {
            let breadth = if extra > 0 { share + 1 } else { share };
            extra = extra.saturating_sub(1);
            self.start_target(step, message.clone(), target, send_socket, breadth);
        }
    }

    /// Starts the next target of a sequential fork. False when there is none.
    pub(super) fn start_next_target(&mut self, step: &mut Step<'_>) -> bool {
        let Some(mut fork) = self.fork.take() else { return false };
        let Some(target) = fork.targets.pop_front() else { return false };
        let (message, send_socket) = (fork.message.clone(), fork.send_socket);
        if !fork.targets.is_empty() {
            self.fork = Some(fork);
        }
        let breadth = self.incoming_breadth(step);
        self.start_target(step, message, target, send_socket, breadth);
        true
    }

    fn start_target(
        &mut self,
        step: &mut Step<'_>,
        mut message: Box<Request>,
        target: ForkTarget,
        send_socket: Option<SendSocket>,
        breadth: u32,
    ) {
        let ForkTarget { uri, path, flow, .. } = target;
        // A phone that closed its connection may well listen where its Contact says.
        let flow = flow.filter(|flow| step.machinery.environment.ports.identity.is_alive(flow));
        message.set_uri(as_request_uri(uri));
        let plan = Plan { message, path, next_hop: None, flow, route_flow: None, send_socket, on_reply: None, breadth };
        self.start_branch(step, plan);
    }
}

/// A Contact URI may carry what a Request-URI must not: headers and the method parameter (RFC 3261 19.1.1).
fn as_request_uri(uri: ByteStr) -> ByteStr {
    let is_suspect = uri.contains(&b'?') || uri.windows(8).any(|part| part.eq_ignore_ascii_case(b";method="));
    if !is_suspect {
        return uri;
    }
    match Uri::parse(&uri) {
        Ok(Uri::Sip(mut sip)) => {
            sip.headers = None;
            sip.params.remove("method");
            sip.to_byte_str()
        }
        _ => uri,
    }
}
