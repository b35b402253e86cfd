//! Invariants of messages and of their typed headers. Those of edits in depth stand in `edits`.

use bytes::Bytes;

use crate::{Headers, Limits, Message, parse_message, salvage_request, verdict};

/// Limits that nothing which is printed from an input within the usual limits can exceed.
const WIDE: Limits = Limits {
    max_header_bytes: 16 * 1024 * 1024,
    max_body_bytes: 16 * 1024 * 1024,
    max_headers: 1 << 16,
    max_start_line_bytes: 1 << 20,
};

/// A datagram: what parses prints, what is printed parses to the same, and prints to itself. Edits keep the rest. Typed
/// headers print to what they were parsed from.
pub fn message(datagram: &[u8]) {
    let datagram = Bytes::copy_from_slice(datagram);
    let _ = salvage_request(datagram.clone(), &Limits::default());
    let Ok(message) = parse_message(datagram, &Limits::default()) else { return };
    let printed = message.to_bytes();
    let again = parse_message(printed.clone(), &WIDE).ok();
    assert!(again.is_some(), "what was printed does not parse: {}", printed.escape_ascii());
    let Some(again) = again else { return };
    assert_same(&message, &again);
    assert_eq!(again.to_bytes(), printed, "printing is not stable");
    typed(message.headers());
    super::borrowed::headers(message.headers());
    edited(message);
}

/// The lines of a message but Content-Length, which the printer makes.
fn lines(headers: &Headers) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .filter(|header| header.name != crate::HeaderName::ContentLength)
        .map(|header| (header.name.as_str().to_ascii_lowercase(), header.value.to_vec()))
        .collect()
}

fn assert_same(one: &Message, two: &Message) {
    match (one, two) {
        (Message::Request(one), Message::Request(two)) => {
            assert_eq!((one.method(), one.uri()), (two.method(), two.uri()));
        }
        (Message::Response(one), Message::Response(two)) => {
            assert_eq!((one.status(), one.reason()), (two.status(), two.reason()));
        }
        _ => assert_eq!(one.as_request().is_some(), two.as_request().is_some()),
    }
    assert_eq!(lines(one.headers()), lines(two.headers()));
    assert_eq!(one.body(), two.body());
}

/// Each typed header that can be read prints to one that reads as the same.
fn typed(headers: &Headers) {
    macro_rules! round_trip {
        ($values:expr, $type:ty) => {
            for value in $values.filter_map(Result::ok) {
                let printed = crate::HeaderValue::from(&value).into_byte_str();
                assert_eq!(<$type>::parse(printed).as_ref(), Ok(&value));
            }
        };
    }
    // A NUL, which only an escape in quotes may hold, is not printed.
    if headers.iter().any(|header| header.value.contains(&0)) {
        return;
    }
    round_trip!(headers.vias(), crate::Via);
    round_trip!(std::iter::once(headers.cseq()), crate::CSeq);
    for name in [crate::HeaderName::From, crate::HeaderName::To, crate::HeaderName::Contact, crate::HeaderName::Route] {
        round_trip!(headers.addresses(&name), crate::NameAddr);
        for address in headers.addresses(&name).filter_map(Result::ok) {
            super::uri(&address.uri);
        }
    }
}

fn edited(mut message: Message) {
    let before = lines(message.headers());
    let name = crate::HeaderName::RetryAfter;
    let others = |lines: Vec<(String, Vec<u8>)>| -> Vec<_> {
        lines.into_iter().filter(|(name, _)| name != "retry-after").collect()
    };
    message.headers_mut().set(name.clone(), "5");
    let printed = parse_message(message.to_bytes(), &WIDE).ok();
    assert!(printed.is_some());
    if let Some(printed) = printed {
        assert_eq!(printed.headers().first(&name), Some(&b"5"[..]));
        assert_eq!(others(lines(printed.headers())), others(before));
        assert_eq!(printed.body(), message.body());
    }
    if let Message::Request(request) = &message {
        let _ = verdict::validate_request(request);
        let response = request.response(crate::StatusCode::TRYING, None);
        assert!(parse_message(response.to_bytes(), &WIDE).is_ok());
    } else if let Message::Response(response) = &message {
        let _ = verdict::validate_response(response);
    }
}
