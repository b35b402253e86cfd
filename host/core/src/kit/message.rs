//! Requests, written one header after the other. They need not be valid.

use siphon_sip::{HeaderName, Headers, Method, Request};

use super::peer::Peer;

/// A request to be finished with [`build`](Self::build). What a user agent must write is there already.
#[derive(Clone, Debug)]
pub struct RequestBuilder {
    request: Request,
}

impl RequestBuilder {
    pub(super) fn new(peer: &Peer, method: &str, uri: &str) -> Self {
        let method: Method = method.parse().unwrap_or(Method::Options);
        let name = peer.name;
        let mut request = Request::new(method.clone(), uri.to_owned());
        let headers = request.headers_mut();
        let transport = peer.transport.via_token();
        let via = format!("SIP/2.0/{transport} {};branch=z9hG4bK-{name}-{method};rport", peer.address);
        headers.append(HeaderName::Via, via);
        headers.append(HeaderName::MaxForwards, "70");
        headers.append(HeaderName::From, format!("<sip:{name}@example.com>;tag={name}"));
        headers.append(HeaderName::To, format!("<{uri}>"));
        headers.append(HeaderName::CallId, format!("call-of-{name}"));
        headers.append(HeaderName::CSeq, format!("1 {method}"));
        headers.append(HeaderName::Contact, format!("<{}>", peer.contact()));
        Self { request }
    }

    /// Another method, in the CSeq too.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        let Self { request } = self;
        let mut other = Request::new(method.parse().unwrap_or(Method::Options), request.uri());
        *other.headers_mut() = request.headers().clone();
        let number = request.headers().cseq().map_or(1, |cseq| cseq.number);
        Self { request: other }.cseq(number)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(name) = HeaderName::parse(name.as_bytes()) {
            self.request.headers_mut().append(name, value.to_owned());
        }
        self
    }

    /// Replaces a header.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        if let Ok(name) = HeaderName::parse(name.as_bytes()) {
            self.request.headers_mut().set(name, value.to_owned());
        }
        self
    }

    /// Takes a header off.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Ok(name) = HeaderName::parse(name.as_bytes()) {
            self.request.headers_mut().remove(&name);
        }
        self
    }

    /// Takes a header from another message, instead of its own.
    #[must_use]
    pub fn copy(mut self, from: &Headers, name: &HeaderName) -> Self {
        self.request.headers_mut().remove(name);
        self.request.headers_mut().append_from(from, name);
        self
    }

    /// Another CSeq number.
    #[must_use]
    pub fn cseq(self, number: u32) -> Self {
        let method = self.request.method().clone();
        self.set("CSeq", &format!("{number} {method}"))
    }

    /// Another branch of its one Via, which keeps the rest.
    #[must_use]
    pub fn branch(mut self, branch: &str) -> Self {
        if let Ok(mut via) = self.request.headers().via() {
            via.params.set("branch", branch);
            self.request.headers_mut().replace_first_value(&HeaderName::Via, via);
        }
        self
    }

    /// Another Call-ID.
    #[must_use]
    pub fn call_id(self, call_id: &str) -> Self {
        self.set("Call-ID", call_id)
    }

    /// The request.
    #[must_use]
    pub fn build(self) -> Request {
        self.request
    }
}
