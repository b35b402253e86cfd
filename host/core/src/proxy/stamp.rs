//! What a forwarded request gets that depends on the socket it leaves from: Record-Route (RFC 3261 16.6 step 4, RFC
//! 5658) and Via (step 8). Taken off again when another target is tried.

use siphon_sip::{ByteStr, Flow, HeaderName, ListenerId, Request, StatusCode, TenantId};

use crate::identity::ServerIdentity;
use crate::reply_to;

/// The request as it came, for what is said about it.
pub(super) struct Stamp<'a> {
    pub(super) received: &'a Request,
    pub(super) flow: &'a Flow,
    pub(super) tenant: TenantId,
    pub(super) is_recorded: bool,
}

impl Stamp<'_> {
    /// Writes Record-Route and Via for what leaves from `listener`, and says how many Record-Route lines those are.
    pub(super) fn apply(
        &self,
        request: &mut Request,
        identity: &ServerIdentity,
        listener: ListenerId,
        branch: &ByteStr,
    ) -> Result<usize, StatusCode> {
        let via = identity.via(listener, branch).ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        let recorded = if self.is_recorded { self.record(request, identity, listener) } else { 0 };
        request.headers_mut().prepend(HeaderName::Via, via);
        Ok(recorded)
    }

    /// One Record-Route, or two when the request leaves by another listener than it came in by, the outgoing one on
    /// top.
    fn record(&self, request: &mut Request, identity: &ServerIdentity, outgoing: ListenerId) -> usize {
        let adjacent = reply_to::is_adjacent(self.received, self.flow);
        let token = identity.seal(self.tenant, self.received, self.flow, adjacent);
        let secure = request.uri().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"sips:"));
        let listeners = [Some(self.flow.listener), Some(outgoing).filter(|listener| *listener != self.flow.listener)];
        let mut recorded = 0;
        for value in listeners.into_iter().flatten().filter_map(|id| identity.record_route(id, &token, secure)) {
            request.headers_mut().prepend(HeaderName::RecordRoute, value);
            recorded += 1;
        }
        recorded
    }
}

/// Takes our Via and `recorded` Record-Route lines off again, if they are there.
pub(super) fn unstamp(request: &mut Request, recorded: &mut usize, is_stamped: bool) {
    if !is_stamped {
        return;
    }
    request.headers_mut().pop_first_value(&HeaderName::Via);
    for _ in 0..std::mem::take(recorded) {
        request.headers_mut().pop_first_value(&HeaderName::RecordRoute);
    }
}
