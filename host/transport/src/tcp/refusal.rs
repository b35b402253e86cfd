//! The last answer on a stream that cannot be read any further. It keeps no state: the connection is closed behind it.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use siphon_sip::framing::FrameError;
use siphon_sip::{ConnectionId, HeaderName, Limits, Method, NameAddr, Request, StatusCode, salvage_request};

/// The response to the message that begins with `head`, if enough of a request can be read in it: 513 (RFC 3261
/// 21.5.7), 413 (21.4.11) or 400 (21.4.1).
pub(super) fn answer(reason: FrameError, head: &Bytes, limits: &Limits, connection: ConnectionId) -> Option<Bytes> {
    let (status, text) = match reason {
        FrameError::HeadersTooLarge => (StatusCode::new(513)?, "Message Too Large"),
        FrameError::BodyTooLarge => (StatusCode::new(413)?, "Request Entity Too Large"),
        FrameError::ContentLength => (StatusCode::new(400)?, "Bad Content-Length"),
        _ => return None,
    };
    let request = salvage_request(head.clone(), limits).filter(|request| *request.method() != Method::Ack)?;
    let mut response = request.response(status, Some(text));
    if let Ok(mut to) = request.headers().to()
        && to.tag().is_none()
    {
        to.set_tag(&tag(&request, connection));
        response.headers_mut().set(HeaderName::To, NameAddr::to_value(&to));
    }
    Some(response.to_bytes())
}

/// A tag for To, as any response but a 100 has it (RFC 3261 8.2.6.2). Nothing will ever be sent within it.
fn tag(request: &Request, connection: ConnectionId) -> String {
    let mut hash = DefaultHasher::new();
    request.headers().call_id().hash(&mut hash);
    connection.hash(&mut hash);
    format!("{:016x}", hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP pc.example.com;branch=z9hG4bK1\r\n\
        From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n\
        X-Large: aaa";

    fn status_line(reason: FrameError, head: &'static [u8]) -> Option<String> {
        let answer = answer(reason, &Bytes::from_static(head), &Limits::default(), ConnectionId(1))?;
        String::from_utf8(answer.to_vec()).unwrap().lines().next().map(str::to_owned)
    }

    #[test]
    fn the_beginning_of_a_request_with_too_large_headers_is_answered_513() {
        let line = status_line(FrameError::HeadersTooLarge, HEAD);
        assert_eq!(line.as_deref(), Some("SIP/2.0 513 Message Too Large"));
    }

    #[test]
    fn the_answer_has_a_tag_in_to() {
        let answer =
            answer(FrameError::HeadersTooLarge, &Bytes::from_static(HEAD), &Limits::default(), ConnectionId(1))
                .unwrap();
        let message = siphon_sip::parse_message(answer, &Limits::default()).unwrap();
        assert!(message.headers().to_tag().is_some());
    }

    #[test]
    fn what_names_no_sender_is_not_answered() {
        assert_eq!(status_line(FrameError::HeadersTooLarge, b"INVITE sip:bob@example.com SIP/2.0\r\nX: 1\r\n"), None);
    }

    #[test]
    fn what_is_not_sip_is_not_answered() {
        assert_eq!(status_line(FrameError::NotSip, HEAD), None);
    }
}
