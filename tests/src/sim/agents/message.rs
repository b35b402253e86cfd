//! What user agents write. The text only; when, and to whom, is for others to say.

use std::fmt::Write;
use std::rc::Rc;

use super::party::Party;
use crate::sim::glance::{Glance, Method};

/// A request to be written.
pub(super) struct Draft<'a> {
    pub(super) method: Method,
    pub(super) uri: &'a str,
    pub(super) routes: &'a [String],
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) cseq: u32,
    /// Whole lines.
    pub(super) extra: &'a str,
}

impl Party {
    /// A request with a branch of its own.
    pub(super) fn compose(&self, session: u32, draft: &Draft<'_>) -> Rc<Glance> {
        let serial = self.clients.iter().map(|client| 1 + client.acks.len()).sum::<usize>();
        let branch = format!("z9hG4bK-{session}-{}-{serial}", self.index);
        self.compose_on(session, draft, &branch)
    }

    /// A request with that branch: CANCEL, and the ACK of a failure.
    pub(super) fn compose_on(&self, session: u32, draft: &Draft<'_>, branch: &str) -> Rc<Glance> {
        let Draft { method, uri, routes, from, to, cseq, extra } = *draft;
        let method = method.name();
        let mut text = String::with_capacity(640);
        let _ = write!(text, "{method} {uri} SIP/2.0\r\n");
        let _ = write!(text, "Via: SIP/2.0/UDP {};branch={branch};rport\r\nMax-Forwards: 70\r\n", self.sent_by);
        for route in routes {
            let _ = write!(text, "Route: {route}\r\n");
        }
        let _ = write!(text, "From: {from}\r\nTo: {to}\r\nCall-ID: c{session}@sim\r\nCSeq: {cseq} {method}\r\n");
        if draft.method == Method::Invite {
            let _ = write!(text, "Contact: <sip:ua@{}>\r\n", self.contact_host);
        }
        text.push_str(extra);
        text.push_str("Content-Length: 0\r\n\r\n");
        read(text)
    }

    /// The ACK of a failure, or the CANCEL, of a request: most of it is the request's (RFC 3261 9.1, 17.1.1.3).
    pub(super) fn compose_like(&self, session: u32, request: &Glance, method: Method, to: &str) -> Rc<Glance> {
        let routes: Vec<String> = request.routes.iter().map(|route| request.text(*route).to_owned()).collect();
        let (uri, cseq) = (request.uri(), request.cseq);
        let draft = Draft { method, uri, routes: &routes, from: request.text(request.from), to, cseq, extra: "" };
        self.compose_on(session, &draft, request.branch_text())
    }

    /// A response (RFC 3261 8.2.6), with our tag unless it is a 100 or the request has one already.
    pub(super) fn answer_to(&self, session: u32, request: &Glance, status: u16) -> Rc<Glance> {
        let mut text = String::with_capacity(640);
        let _ = write!(text, "SIP/2.0 {status} As Planned\r\n");
        for via in &request.vias {
            let _ = write!(text, "Via: {}\r\n", request.text(*via));
        }
        let makes_dialog = request.method == Method::Invite && (101..300).contains(&status);
        for route in request.record_routes.iter().filter(|_| makes_dialog) {
            let _ = write!(text, "Record-Route: {}\r\n", request.text(*route));
        }
        let _ = write!(text, "From: {}\r\nTo: {}", request.text(request.from), request.text(request.to));
        if status > 100 && !request.has_to_tag() {
            let _ = write!(text, ";tag={}", self.tag(session));
        }
        let (call_id, cseq, method) = (request.text(request.call_id), request.cseq, request.method.name());
        let _ = write!(text, "\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n");
        if makes_dialog {
            let _ = write!(text, "Contact: <sip:ua@{}>\r\n", self.contact_host);
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        read(text)
    }
}

fn read(text: String) -> Rc<Glance> {
    Rc::new(Glance::read(text.into()).expect("a user agent wrote what cannot be read"))
}
