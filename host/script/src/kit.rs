//! A server in memory for tests: every port as a plain value, a clock that the test moves, and requests made of text.
//! Not a second server: nothing here knows SIP, and the rules of the ports' real owners are not repeated.
//!
//! ```
//! use siphon_script::kit::Kit;
//! use siphon_script::{Action, request::RelayOptions};
//!
//! let kit = Kit::new();
//! let request = kit.request("INVITE sip:bob@example.com SIP/2.0\r\nCall-ID: 1\r\n\r\n").unwrap();
//! request.relay(RelayOptions { next_hop: Some("sip:192.0.2.9"), ..Default::default() }).unwrap();
//! let decision = request.finish().unwrap();
//! assert!(matches!(decision.action, Action::Relay(_)));
//! ```

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use siphon_sip::{ByteStr, Flow, Limits, ListenerId, Message, ParseError, TenantId, TransportProtocol, parse_message};

use crate::context::Context;
use crate::engine::{HandlerInfo, HandlerKind, Handlers, MethodFilter};
use crate::event::{Event, EventId, EventKind};
use crate::ports::Ports;
use crate::reply::Reply;
use crate::request::Request;

mod authenticator;
mod cache;
mod clock;
mod identity;
mod limiter;
mod location;
mod metrics;
mod timers;

pub use authenticator::KitAuthenticator;
pub use cache::KitCache;
pub use clock::KitClock;
pub use identity::KitIdentity;
pub use limiter::KitLimiter;
pub use location::{KitLocation, Policy};
pub use metrics::KitMetrics;
pub use timers::KitTimers;

/// Every port in memory. A test sets them up and asks them through the fields.
#[derive(Debug, Default)]
pub struct Kit {
    /// Bindings.
    pub location: Arc<KitLocation>,
    /// Verdicts to give.
    pub authenticator: Arc<KitAuthenticator>,
    /// Named caches.
    pub cache: Arc<KitCache>,
    /// Which addresses are ours.
    pub identity: Arc<KitIdentity>,
    /// Requests per source.
    pub limiter: Arc<KitLimiter>,
    /// The time.
    pub clock: Arc<KitClock>,
    /// Declared metrics and their values.
    pub metrics: Arc<KitMetrics>,
    /// Timers that are waiting.
    pub timers: Arc<KitTimers>,
}

impl Kit {
    /// A server for the domain `example.com` that listens on `udp:192.0.2.1:5060`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The ports, as contexts and engines take them.
    #[must_use]
    pub fn ports(&self) -> Arc<Ports> {
        Arc::new(Ports {
            location: Arc::clone(&self.location) as _,
            authenticator: Arc::clone(&self.authenticator) as _,
            cache: Arc::clone(&self.cache) as _,
            identity: Arc::clone(&self.identity) as _,
            limiter: Arc::clone(&self.limiter) as _,
            clock: Arc::clone(&self.clock) as _,
            metrics: Arc::clone(&self.metrics) as _,
            timers: Arc::clone(&self.timers) as _,
        })
    }

    /// A context of one event: tenant `default`, generation 1.
    #[must_use]
    pub fn context(&self) -> Arc<Context> {
        Arc::new(Context::new(TenantId::DEFAULT, 1, ByteStr::from_static("kit"), self.ports()))
    }

    /// A context of what runs outside an event.
    #[must_use]
    pub fn background(&self) -> Arc<Context> {
        Arc::new(Context::background(TenantId::DEFAULT, 1, self.ports()))
    }

    /// A request of a new event, as [`flow`] brought it.
    pub fn request(&self, text: &str) -> Result<Arc<Request>, ParseError> {
        self.request_in(&self.context(), text)
    }

    /// A request of that event.
    pub fn request_in(&self, context: &Arc<Context>, text: &str) -> Result<Arc<Request>, ParseError> {
        let message = parse(text)?.into_request().ok_or(ParseError::StartLine)?;
        Ok(Arc::new(Request::new(Arc::clone(context), message, flow())))
    }

    /// A response of that event, from `192.0.2.9:5060`.
    pub fn reply_in(&self, context: &Arc<Context>, text: &str) -> Result<Arc<Reply>, ParseError> {
        let response = parse(text)?.into_response().ok_or(ParseError::StartLine)?;
        let source = Flow { remote: SocketAddr::from(([192, 0, 2, 9], 5060)), ..flow() };
        Ok(Arc::new(Reply::new(Arc::clone(context), response, Some(source))))
    }
}

/// The way that the kit's requests come in: UDP from `192.0.2.7:5062` to `192.0.2.1:5060`.
#[must_use]
pub fn flow() -> Flow {
    Flow {
        transport: TransportProtocol::Udp,
        listener: ListenerId(0),
        local: SocketAddr::from(([192, 0, 2, 1], 5060)),
        remote: SocketAddr::from(([192, 0, 2, 7], 5062)),
        connection: None,
    }
}

/// An event of transaction 1.
#[must_use]
pub fn event(context: &Arc<Context>, kind: EventKind) -> Event {
    Event { id: EventId { shard: 0, transaction: 1, sequence: 1 }, context: Arc::clone(context), kind }
}

/// Handlers of these kinds, in this order, for all methods.
#[must_use]
pub fn handlers(kinds: &[HandlerKind]) -> Handlers {
    Handlers::new(kinds.iter().map(|kind| handler(*kind, None)).collect())
}

/// One handler.
#[must_use]
pub fn handler(kind: HandlerKind, filter: Option<MethodFilter>) -> HandlerInfo {
    HandlerInfo {
        kind,
        filter,
        name: "handler".to_owned(),
        source: "route.py:1".to_owned(),
        is_async: false,
        schedule: None,
    }
}

fn parse(text: &str) -> Result<Message, ParseError> {
    parse_message(Bytes::from(text.to_owned()), &Limits::default())
}
