//! Messages for tests, as small as they may be. What they say is fixed but for what transactions are matched by.

use std::net::{Ipv4Addr, SocketAddr};

use siphon_sip::{
    ByteStr, Destination, Flow, HeaderName, ListenerId, Method, Request, Response, StatusCode, TransportProtocol,
};

use crate::ClientRequest;

/// Makes the requests of one call over one transport.
#[derive(Clone, Debug)]
pub struct MessageKit {
    /// The transport that the Via names and that messages go over.
    pub transport: TransportProtocol,
    /// The Request-URI.
    pub uri: String,
    /// The sent-by of the Via.
    pub sent_by: String,
    /// The tag of From, if it has one.
    pub from_tag: Option<String>,
    /// The tag of To, if it has one.
    pub to_tag: Option<String>,
    /// The Call-ID.
    pub call_id: String,
    /// The number of CSeq.
    pub cseq: u32,
}

impl MessageKit {
    /// A first request from Alice to Bob.
    #[must_use]
    pub fn new(transport: TransportProtocol) -> Self {
        Self {
            transport,
            uri: "sip:bob@example.com".to_owned(),
            sent_by: "192.0.2.1".to_owned(),
            from_tag: Some("alice".to_owned()),
            to_tag: None,
            call_id: "call@192.0.2.1".to_owned(),
            cseq: 1,
        }
    }

    /// A request. An empty `branch` leaves the parameter out, as clients of RFC 2543 do.
    #[must_use]
    pub fn request(&self, method: Method, branch: &str) -> Request {
        let tag = |tag: &Option<String>| tag.as_ref().map_or_else(String::new, |tag| format!(";tag={tag}"));
        let branch = if branch.is_empty() { String::new() } else { format!(";branch={branch}") };
        let mut request = Request::new(method.clone(), self.uri.clone());
        let headers = request.headers_mut();
        headers.append(HeaderName::Via, format!("SIP/2.0/{} {}{branch}", self.transport.via_token(), self.sent_by));
        headers.append(HeaderName::MaxForwards, "70");
        headers.append(HeaderName::From, format!("Alice <sip:alice@example.com>{}", tag(&self.from_tag)));
        headers.append(HeaderName::To, format!("Bob <sip:bob@example.com>{}", tag(&self.to_tag)));
        headers.append(HeaderName::CallId, self.call_id.clone());
        headers.append(HeaderName::CSeq, format!("{} {method}", self.cseq));
        request
    }

    /// A request for a client transaction.
    #[must_use]
    pub fn client_request(&self, method: Method, branch: &str) -> ClientRequest {
        let bytes = self.request(method.clone(), branch).to_bytes();
        ClientRequest { method, branch: ByteStr::from(branch.to_owned()), bytes, to: self.flow().into() }
    }

    /// The way on which the messages come.
    #[must_use]
    pub fn flow(&self) -> Flow {
        Flow {
            transport: self.transport,
            listener: ListenerId(0),
            local: SocketAddr::from((Ipv4Addr::new(192, 0, 2, 2), 5060)),
            remote: SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 5060)),
            connection: None,
        }
    }

    /// Where messages go.
    #[must_use]
    pub fn destination(&self) -> Destination {
        self.flow().into()
    }
}

/// A response whose To has a tag, unless it is a 100.
#[must_use]
pub fn response(request: &Request, status: StatusCode) -> Response {
    let mut response = request.response(status, None);
    if status != StatusCode::TRYING && request.headers().to_tag().is_none() {
        let to = request.headers().first_bytes(&HeaderName::To).unwrap_or_default();
        response.headers_mut().set(HeaderName::To, format!("{to};tag=bob"));
    }
    response
}
