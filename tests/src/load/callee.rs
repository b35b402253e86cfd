//! The called end of a call: it rings, answers, and agrees to a BYE (RFC 3261 13.3.1, 15.1.2, 17.2).

use siphon_sip::{HeaderName, Request};

use super::timers::Backoff;
use super::wire::From;

/// One call, as its callee sees it.
pub(super) struct Answering {
    /// Where the responses to the INVITE go.
    pub(super) from: From,
    /// The branch of the INVITE: another one of the same call would be another INVITE.
    pub(super) branch: Vec<u8>,
    pub(super) ok: String,
    /// The last response to the INVITE.
    pub(super) last: String,
    pub(super) backoff: Option<Backoff>,
    pub(super) is_acknowledged: bool,
    /// The response to the BYE.
    pub(super) bye: Option<String>,
}

/// A response with what RFC 3261 8.2.6.2 and 12.1.1 copy from the request, and a Contact. `status` is such as `200 OK`.
#[must_use]
pub fn respond(request: &Request, status: &str, contact: &str) -> String {
    let mut response = format!("SIP/2.0 {status}\r\n");
    for header in request.headers().iter() {
        let value = String::from_utf8_lossy(header.value);
        let has_tag = request.headers().to_tag().is_some();
        match header.name {
            HeaderName::Via | HeaderName::From | HeaderName::CallId | HeaderName::CSeq | HeaderName::RecordRoute => {
                response.push_str(&format!("{}: {value}\r\n", header.name.as_str()));
            }
            HeaderName::To if has_tag => response.push_str(&format!("To: {value}\r\n")),
            HeaderName::To => response.push_str(&format!("To: {value};tag=callee\r\n")),
            _ => {}
        }
    }
    response.push_str(&format!("Contact: <{contact}>\r\nContent-Length: 0\r\n\r\n"));
    response
}

/// The branch of the top Via.
pub(super) fn branch(request: &Request) -> Vec<u8> {
    let via = request.headers().via().expect("the server sent a request without a Via");
    via.branch().expect("the server sent a Via without a branch").as_bytes().to_vec()
}
