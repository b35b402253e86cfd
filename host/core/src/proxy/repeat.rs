//! Responses of our own that are sent again until they are acknowledged: a reliable 1xx until its PRACK (RFC 3262 3),
//! a 2xx to an INVITE until its ACK (RFC 3261 13.3.1.4). Responses of others are never repeated from here.

use std::time::Duration;

use bytes::Bytes;
use siphon_sip::{ByteStr, HeaderName, Method, Request, Response, StatusCode, Time};
use siphon_transaction::TimerId;

use crate::machinery::{Step, TimerPurpose};
use crate::proxy::context::Context;

/// A response that waits for its acknowledgement.
pub(super) struct Repeated {
    status: StatusCode,
    bytes: Bytes,
    interval: Duration,
    until: Time,
    /// RSeq of a 1xx.
    number: u32,
    /// The To-tag that a PRACK names.
    tag: ByteStr,
    timer: Option<TimerId>,
}

/// RSeq begins below 2^31 (RFC 3262 3); so much room is left to count on.
const FIRST_NUMBER_BITS: u64 = (1 << 30) - 1;

impl Context {
    /// Sends a 1xx that asks for a PRACK.
    pub(super) fn respond_reliably(&mut self, step: &mut Step<'_>, mut response: Response) {
        let number = match self.repeated.take() {
            Some(mut old) => {
                step.cancel_timer(&mut old.timer);
                step.machinery.reliable.remove(&old.tag);
                old.number + 1
            }
            None => 1 + u32::try_from(step.machinery.identifiers.next_word() & FIRST_NUMBER_BITS).unwrap_or_default(),
        };
        let headers = response.headers_mut();
        if !headers.has_option_tag(&HeaderName::Require, "100rel") {
            headers.append(HeaderName::Require, "100rel");
        }
        headers.set(HeaderName::RSeq, number);
        let bytes = response.to_bytes();
        step.respond(self.server, response.status(), bytes.clone());
        self.provisional_sent(step);
        let tag = response.headers().to_tag().unwrap_or_default().detached();
        step.machinery.reliable.insert(tag.clone(), self.key);
        self.await_acknowledgement(step, response.status(), bytes, number, tag);
    }

    /// Sends a 2xx that has left once again and again until the ACK comes.
    pub(super) fn repeat_until_acknowledged(&mut self, step: &mut Step<'_>, response: &Response) {
        self.await_acknowledgement(step, response.status(), response.to_bytes(), 0, ByteStr::new());
    }

    fn await_acknowledgement(
        &mut self,
        step: &mut Step<'_>,
        status: StatusCode,
        bytes: Bytes,
        number: u32,
        tag: ByteStr,
    ) {
        let config = &step.machinery.environment.config.transaction;
        let (interval, until) = (config.t1, step.now + config.transaction_timeout());
        let timer = Some(step.set_timer(interval, self.key, TimerPurpose::Repeat));
        self.repeated = Some(Box::new(Repeated { status, bytes, interval, until, number, tag, timer }));
    }

    /// The time to the next repetition is over.
    pub(super) fn repeat(&mut self, step: &mut Step<'_>) {
        let longest = step.machinery.environment.config.transaction.t2;
        let (key, now) = (self.key, step.now);
        let Some(repeated) = self.repeated.as_mut() else { return };
        repeated.timer = None;
        if now >= repeated.until {
            let was_provisional = repeated.status.is_provisional();
            self.stop_repeating(step);
            if was_provisional && !self.progress.is_over() {
                self.respond_locally(step, StatusCode::SERVER_TIMEOUT, None);
            }
            return;
        }
        repeated.interval = repeated.interval.saturating_mul(2).min(longest);
        repeated.timer = Some(step.set_timer(repeated.interval, key, TimerPurpose::Repeat));
        let (status, bytes) = (repeated.status, repeated.bytes.clone());
        let machinery = &mut *step.machinery;
        // A transaction that is over discards it (RFC 6026 8.3).
        let _ = machinery.layer.respond(self.server, status, bytes, now, &mut machinery.pending);
    }

    /// Nothing is repeated any more.
    pub(super) fn stop_repeating(&mut self, step: &mut Step<'_>) {
        let Some(mut repeated) = self.repeated.take() else { return };
        step.cancel_timer(&mut repeated.timer);
        if repeated.status.is_provisional() {
            step.machinery.reliable.remove(&repeated.tag);
        }
    }

    /// An ACK that the layer found to be for this INVITE. False when it is for a response of somebody else.
    pub(crate) fn acknowledged(&mut self, step: &mut Step<'_>) -> bool {
        let is_ours = self.repeated.as_ref().is_some_and(|repeated| repeated.status.is_success());
        if is_ours {
            self.stop_repeating(step);
        }
        is_ours
    }

    /// Whether this PRACK acknowledges our reliable 1xx.
    pub(crate) fn take_prack(&mut self, step: &mut Step<'_>, prack: &Request) -> bool {
        let Some(repeated) = self.repeated.as_ref().filter(|repeated| repeated.status.is_provisional()) else {
            return false;
        };
        let Some(acknowledged) = Acknowledged::of(prack) else { return false };
        let cseq = self.request.headers().cseq().map(|cseq| cseq.number).ok();
        let is_ours = acknowledged.number == repeated.number && Some(acknowledged.cseq) == cseq;
        if is_ours {
            self.stop_repeating(step);
        }
        is_ours
    }
}

/// What RAck says (RFC 3262 7.2).
struct Acknowledged {
    number: u32,
    cseq: u32,
}

impl Acknowledged {
    fn of(prack: &Request) -> Option<Self> {
        let value = prack.headers().first_str(&HeaderName::RAck)?;
        let mut parts = value.split_ascii_whitespace();
        let number = parts.next()?.parse().ok()?;
        let cseq = parts.next()?.parse().ok()?;
        (parts.next()? == Method::Invite.as_str()).then_some(Self { number, cseq })
    }
}
