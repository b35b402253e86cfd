//! The calling end of a call: its messages and where it stands (RFC 3261 12.1.2, 12.2.1.1, 17.1).

use std::net::SocketAddr;

use siphon_sip::{HeaderName, Response};

use super::timers::Backoff;

/// Who calls whom, the same for every call of a load.
pub(super) struct Line {
    pub(super) transport: &'static str,
    pub(super) local: SocketAddr,
    /// The URI that is called.
    pub(super) callee: String,
    /// Makes Call-IDs and branches of this load no others'.
    pub(super) salt: String,
}

/// One call, as its caller sees it.
pub(super) struct Call {
    pub(super) state: State,
    pub(super) backoff: Backoff,
    /// The last request that was sent.
    pub(super) request: String,
    pub(super) ack: String,
    pub(super) dialog: Option<Dialog>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing came back.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// Answered.
    Confirmed,
    /// The BYE was sent.
    Ending,
}

/// What requests inside the dialog need.
pub(super) struct Dialog {
    target: String,
    to: String,
    routes: String,
}

impl Dialog {
    /// From the 2xx to the INVITE; `None` when something is missing in it.
    pub(super) fn of(response: &Response) -> Option<Self> {
        let headers = response.headers();
        let target = headers.contacts().ok()?.first()?.0.uri.to_string_lossy().into_owned();
        headers.to_tag()?;
        let to = headers.first_str(&HeaderName::To)?.to_owned();
        let mut routes: Vec<_> =
            headers.values(&HeaderName::RecordRoute).map(|route| String::from_utf8_lossy(route).into_owned()).collect();
        routes.reverse();
        let routes = routes.iter().map(|route| format!("Route: {route}\r\n")).collect();
        Some(Self { target, to, routes })
    }
}

impl Line {
    pub(super) fn call_id(&self, call: u64) -> String {
        format!("{call}-{}", self.salt)
    }

    /// The number of the call with this Call-ID, if it is one of ours.
    pub(super) fn number(&self, call_id: &str) -> Option<u64> {
        let (number, salt) = call_id.split_once('-')?;
        if salt == self.salt { number.parse().ok() } else { None }
    }

    pub(super) fn invite(&self, call: u64) -> String {
        let callee = &self.callee;
        self.request(call, "INVITE", 1, callee, &format!("<{callee}>"), "")
    }

    /// The ACK to a 2xx: a transaction of its own.
    pub(super) fn ack(&self, call: u64, dialog: &Dialog) -> String {
        self.request(call, "ACK", 1, &dialog.target, &dialog.to, &dialog.routes)
    }

    pub(super) fn bye(&self, call: u64, dialog: &Dialog) -> String {
        self.request(call, "BYE", 2, &dialog.target, &dialog.to, &dialog.routes)
    }

    /// The ACK to a refusal, in the INVITE's transaction (RFC 3261 17.1.1.3).
    pub(super) fn ack_refusal(&self, call: u64, response: &Response) -> String {
        let to = response.headers().first_str(&HeaderName::To).unwrap_or_default();
        self.request(call, "ACK", 1, &self.callee, to, "").replacen("-ACK\r\n", "-INVITE\r\n", 1)
    }

    fn request(&self, call: u64, method: &str, cseq: u32, uri: &str, to: &str, more: &str) -> String {
        let Self { transport, local, salt, .. } = self;
        let call_id = self.call_id(call);
        format!(
            "{method} {uri} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {local};rport;branch=z9hG4bK{call}{salt}-{method}\r\n\
             From: <sip:caller@example.com>;tag=caller{call}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:caller@{local};transport={}>\r\nMax-Forwards: 70\r\n{more}\
             Content-Length: 0\r\n\r\n",
            transport.to_ascii_lowercase()
        )
    }

    /// A request outside all calls.
    pub(super) fn other(&self, call: &str, method: &str) -> String {
        let Self { transport, local, salt, .. } = self;
        format!(
            "{method} sip:gate@example.com SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {local};rport;branch=z9hG4bK{call}{salt}-{method}\r\n\
             From: <sip:caller@example.com>;tag=caller{call}\r\nTo: <sip:gate@example.com>\r\n\
             Call-ID: {call}-{salt}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
    }
}
