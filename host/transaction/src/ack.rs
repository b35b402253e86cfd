//! The ACK of a non-2xx final response (RFC 3261 17.1.1.3). The ACK of a 2xx is the user's.

use bytes::Bytes;
use siphon_sip::{HeaderName, HeaderValue, Limits, Message, Method, Request, Response, parse_message};

#[cfg(test)]
mod tests;

/// An INVITE that was sent is read again whatever its size.
const NO_LIMITS: Limits = Limits {
    max_header_bytes: usize::MAX,
    max_body_bytes: usize::MAX,
    max_headers: usize::MAX,
    max_start_line_bytes: usize::MAX,
};

/// The ACK for `response`, made of the INVITE as it was sent; `None` when those bytes are no INVITE.
pub(crate) fn acknowledge(invite: &Bytes, response: &Response) -> Option<Bytes> {
    let Ok(Message::Request(invite)) = parse_message(invite.clone(), &NO_LIMITS) else { return None };
    let mut ack = Request::new(Method::Ack, invite.uri().clone());
    let (from, to) = (invite.headers(), ack.headers_mut());
    to.append(HeaderName::Via, from.first_value_bytes(&HeaderName::Via)?);
    to.append_from(from, &HeaderName::Route);
    to.append(HeaderName::MaxForwards, HeaderValue::from("70"));
    to.append_from(from, &HeaderName::From);
    to.append(HeaderName::To, response.headers().first_bytes(&HeaderName::To)?);
    to.append_from(from, &HeaderName::CallId);
    to.append(HeaderName::CSeq, format!("{} ACK", from.cseq().ok()?.number));
    Some(ack.to_bytes())
}
