//! Parses and prints a typical INVITE as often as the first argument says, for `valgrind --tool=callgrind`. The second
//! argument chooses what: `parse`, `print` (parse and print with a proxy's edits, the default) or `clone`.

use std::hint::black_box;
use std::process::ExitCode;

use bytes::Bytes;
use siphon_sip::{HeaderName, Limits, Message, parse_message};

const INVITE: &[u8] = b"INVITE sip:bob@biloxi.example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP pc33.atlanta.example.com:5060;branch=z9hG4bK776asdhds;rport\r\n\
    Max-Forwards: 70\r\n\
    Route: <sip:ss1.atlanta.example.com;lr>\r\n\
    To: Bob <sip:bob@biloxi.example.com>\r\n\
    From: Alice <sip:alice@atlanta.example.com>;tag=1928301774\r\n\
    Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n\
    CSeq: 314159 INVITE\r\n\
    Contact: <sip:alice@pc33.atlanta.example.com:5060;transport=udp>\r\n\
    Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY\r\n\
    Supported: replaces, timer, 100rel\r\n\
    User-Agent: softphone/1.2.3\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 112\r\n\
    \r\n\
    v=0\r\n\
    o=alice 53655765 2353687637 IN IP4 192.0.2.101\r\n\
    s=-\r\n\
    c=IN IP4 192.0.2.101\r\n\
    t=0 0\r\n\
    m=audio 49172 RTP/AVP 0\r\n";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let times: u32 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let what = arguments.next().unwrap_or_else(|| "print".to_owned());
    let limits = Limits::default();
    let mut printed = 0;
    for _ in 0..times {
        // As from a socket: a buffer of the message's own.
        let datagram = Bytes::copy_from_slice(black_box(INVITE));
        let Ok(Message::Request(mut request)) = parse_message(datagram, &limits) else {
            return ExitCode::FAILURE;
        };
        match what.as_str() {
            "parse" => drop(black_box(request)),
            "clone" => drop(black_box(request.clone())),
            _ => {
                let headers = request.headers_mut();
                headers.replace_first_value(
                    &HeaderName::Via,
                    "SIP/2.0/UDP pc33.atlanta.example.com:5060;branch=z9hG4bK776asdhds;rport=5060;received=192.0.2.1",
                );
                headers.prepend(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa7f3e2");
                headers.pop_first_value(&HeaderName::Route);
                headers.set(HeaderName::MaxForwards, "69");
                printed += black_box(request.to_bytes()).len();
            }
        }
    }
    black_box(printed);
    ExitCode::SUCCESS
}
