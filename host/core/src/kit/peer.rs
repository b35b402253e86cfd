//! A user agent at an address: what it would write. It keeps no state of its own.

use std::net::SocketAddr;

use siphon_sip::{
    ConnectionId, Flow, HeaderName, ListenerId, Method, Request, Response, StatusCode, TransportProtocol,
};

use super::message::RequestBuilder;

/// A user agent of that name at that address, reached over the first listener of its transport.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The user of its URIs and its tag.
    pub name: &'static str,
    /// Where it sends from and listens.
    pub address: SocketAddr,
    /// How it is connected.
    pub transport: TransportProtocol,
    /// The listener that it sends to.
    pub listener: ListenerId,
    /// Its connection, on a stream.
    pub connection: Option<ConnectionId>,
}

impl Peer {
    /// A user agent on UDP.
    ///
    /// # Panics
    /// When `address` is none; a kit is for tests.
    #[must_use]
    pub fn new(name: &'static str, address: &str) -> Self {
        let address = address.parse().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
        Self { name, address, transport: TransportProtocol::Udp, listener: ListenerId(0), connection: None }
    }

    /// The same one on TCP, over that connection.
    #[must_use]
    pub fn over_tcp(self, connection: u64) -> Self {
        let connection = Some(ConnectionId(connection));
        Self { transport: TransportProtocol::Tcp, listener: ListenerId(1), connection, ..self }
    }

    /// The same one, sending to another listener.
    #[must_use]
    pub fn at_listener(self, listener: u16) -> Self {
        Self { listener: ListenerId(listener), ..self }
    }

    /// The way that its messages come in.
    #[must_use]
    pub fn flow(&self, local: SocketAddr) -> Flow {
        Flow {
            transport: self.transport,
            listener: self.listener,
            local,
            remote: self.address,
            connection: self.connection,
        }
    }

    /// The URI of its Contact.
    #[must_use]
    pub fn contact(&self) -> String {
        match self.transport {
            TransportProtocol::Udp => format!("sip:{}@{}", self.name, self.address),
            transport => format!("sip:{}@{};transport={transport}", self.name, self.address),
        }
    }

    /// A new request of a call of its own.
    #[must_use]
    pub fn request(&self, method: &str, uri: &str) -> RequestBuilder {
        RequestBuilder::new(self, method, uri)
    }

    /// The ACK to a 2xx of that call: along the route set, to the remote target (RFC 3261 13.2.2.4).
    #[must_use]
    pub fn ack(&self, invite: &Request, success: &Response) -> RequestBuilder {
        self.in_dialog("ACK", invite, success).cseq(invite.headers().cseq().map_or(1, |cseq| cseq.number))
    }

    /// A request of the caller within the dialog that a 2xx made.
    #[must_use]
    pub fn in_dialog(&self, method: &str, invite: &Request, success: &Response) -> RequestBuilder {
        let headers = success.headers();
        let contact = headers.contacts().ok().and_then(|contacts| contacts.first().map(|contact| contact.0.clone()));
        let target = contact.map_or_else(|| invite.uri().to_string(), |contact| contact.uri.to_string());
        let mut builder = self.request(method, &target).cseq(2);
        for name in [HeaderName::From, HeaderName::CallId] {
            builder = builder.copy(invite.headers(), &name);
        }
        builder = builder.copy(headers, &HeaderName::To);
        let mut routes: Vec<_> = headers.values_bytes(&HeaderName::RecordRoute).collect();
        routes.reverse();
        for route in routes {
            builder = builder.header("Route", &route.to_string());
        }
        builder
    }

    /// A request of the callee within the dialog of an INVITE that it received.
    #[must_use]
    pub fn in_reverse(&self, method: &str, invite: &Request) -> RequestBuilder {
        let headers = invite.headers();
        let contact = headers.contacts().ok().and_then(|contacts| contacts.first().map(|contact| contact.0.clone()));
        let target = contact.map_or_else(String::new, |contact| contact.uri.to_string());
        let to = headers.first(&HeaderName::From).map(|from| String::from_utf8_lossy(from).into_owned());
        let from = headers.first(&HeaderName::To).map(|to| String::from_utf8_lossy(to).into_owned());
        let mut builder = self
            .request(method, &target)
            .cseq(100)
            .set("From", &format!("{};tag={}", from.unwrap_or_default(), self.name))
            .set("To", &to.unwrap_or_default())
            .copy(headers, &HeaderName::CallId);
        for route in headers.values_bytes(&HeaderName::RecordRoute) {
            builder = builder.header("Route", &route.to_string());
        }
        builder
    }

    /// The CANCEL of an INVITE of its own.
    #[must_use]
    pub fn cancel(&self, invite: &Request) -> RequestBuilder {
        let number = invite.headers().cseq().map_or(1, |cseq| cseq.number);
        let mut builder = self.request("CANCEL", &invite.uri().to_string()).cseq(number);
        for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId] {
            builder = builder.copy(invite.headers(), &name);
        }
        builder
    }

    /// The ACK of an INVITE of its own to a final response that is no 2xx.
    #[must_use]
    pub fn ack_failure(&self, invite: &Request, failure: &Response) -> RequestBuilder {
        self.cancel(invite).method("ACK").copy(failure.headers(), &HeaderName::To)
    }

    /// Its answer to a request: with its tag, its Contact and the Record-Route of the request.
    #[must_use]
    pub fn response(&self, request: &Request, status: u16) -> Response {
        let status = StatusCode::new(status).unwrap_or(StatusCode::OK);
        let mut response = request.response(status, None);
        if status == StatusCode::TRYING {
            return response;
        }
        if let Ok(mut to) = response.headers().to()
            && to.tag().is_none()
        {
            to.set_tag(self.name);
            response.headers_mut().set(HeaderName::To, to);
        }
        let makes_dialog = matches!(request.method(), Method::Invite) && status.class() < 3;
        if makes_dialog {
            response.headers_mut().append_from(request.headers(), &HeaderName::RecordRoute);
            response.headers_mut().append(HeaderName::Contact, format!("<{}>", self.contact()));
        }
        response
    }

    /// As [`response`](Self::response), with one more header.
    #[must_use]
    pub fn response_with(&self, request: &Request, status: u16, name: &str, value: &str) -> Response {
        let mut response = self.response(request, status);
        if let Ok(name) = HeaderName::parse(name.as_bytes()) {
            response.headers_mut().append(name, value.to_owned());
        }
        response
    }
}
