//! `proxy`: the utilities that are no verbs of a request.

use std::time::Duration;

use crate::context::{Context, Interface};
use crate::error::ApiError;
use crate::request::Request;

/// Counts this request of its source address and says whether it is within `max_requests` in the last `window_secs`
/// seconds. One window for each address, whatever call asks.
pub fn rate_limit(request: &Request, window_secs: f64, max_requests: u32) -> Result<bool, ApiError> {
    let context = request.context();
    context.check_granted(Interface::Proxy)?;
    let window = Duration::try_from_secs_f64(window_secs)
        .map_err(|_| ApiError::Value(format!("not a window in seconds: {window_secs}")))?;
    let now = context.ports.clock.now();
    Ok(context.ports.limiter.allow(context.tenant, request.source_ip(), window, max_requests, now))
}

/// Whether the request has what every request must have (RFC 3261 8.1.1), a hop left, a CSeq of its own method and a
/// body of the length that it says.
pub fn sanity_check(request: &Request) -> Result<bool, ApiError> {
    request.context().check_granted(Interface::Proxy)?;
    Ok(request.with_message(|message| {
        let headers = message.headers();
        let has_addresses = headers.from().is_ok() && headers.to().is_ok();
        let has_hops = headers.max_forwards().is_none_or(|hops| hops.is_ok_and(|hops| hops > 0));
        let has_length = headers.content_length().is_none_or(|length| length == message.body().len());
        headers.via().is_ok()
            && has_addresses
            && headers.call_id().is_some()
            && headers.cseq().is_ok_and(|cseq| cseq.method == *message.method())
            && has_hops
            && has_length
    }))
}

/// The process's resident memory in percent of the machine's; 0 where it cannot be known.
pub fn memory_used_pct(context: &Context) -> Result<u8, ApiError> {
    context.check_granted(Interface::Proxy)?;
    Ok(context.ports.metrics.memory_used_pct())
}

#[cfg(test)]
mod tests;
