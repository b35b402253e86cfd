//! A server of one shard in virtual time: what is sent is kept for the test, scripts run at once or when the test
//! says so, names resolve to what the test says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use siphon_script::kit::Kit;
use siphon_script::{Event, EventId, Fault, FaultKind, Generation, Outcome, OutcomeSink, Ports};
use siphon_sip::{
    ConnectionId, Destination, Flow, HeaderName, Listener, ListenerId, Message, Request, Response, TenantId, Time,
    TransportProtocol, parse_message,
};

use super::peer::Peer;
use super::script::Script;
use crate::{
    CoreConfig, Environment, Generations, Input, Limits, Output, ResolveFailure, ResolveTicket, ResolvedTarget,
    RouteTokens, SendTag, ServerIdentity, Shard,
};

/// The listeners of a [`Server`]: UDP, TCP, a second UDP address, and UDP over IPv6.
pub const LISTENERS: [(TransportProtocol, &str); 4] = [
    (TransportProtocol::Udp, "192.0.2.1:5060"),
    (TransportProtocol::Tcp, "192.0.2.1:5060"),
    (TransportProtocol::Udp, "198.51.100.1:5060"),
    (TransportProtocol::Udp, "[2001:db8::1]:5060"),
];

/// The connection that is closed, whatever comes over it; all others are open.
pub const CLOSED: u64 = 0;

/// One message that the server sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The message, parsed again.
    pub message: Message,
    /// Its bytes.
    pub bytes: Bytes,
    /// Where it went.
    pub to: Destination,
    /// What a failure to send it is reported with.
    pub tag: SendTag,
    /// When it left.
    pub at: Time,
}

impl Sent {
    /// The method, also of the request that a response answers.
    #[must_use]
    pub fn method(&self) -> String {
        self.message.headers().cseq().map_or_else(|_| String::new(), |cseq| cseq.method.to_string())
    }

    /// The status code; `None` for a request.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.message.as_response().map(|response| response.status().as_u16())
    }

    /// The request.
    ///
    /// # Panics
    /// When it is a response; a kit is for tests.
    #[must_use]
    #[allow(clippy::panic)]
    pub fn request(&self) -> &Request {
        self.message.as_request().unwrap_or_else(|| panic!("a response: {:?}", self.bytes))
    }

    /// The response.
    ///
    /// # Panics
    /// When it is a request; a kit is for tests.
    #[must_use]
    #[allow(clippy::panic)]
    pub fn response(&self) -> &Response {
        self.message.as_response().unwrap_or_else(|| panic!("a request: {:?}", self.bytes))
    }

    /// All values of a header.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        let Ok(name) = HeaderName::parse(name.as_bytes()) else { return Vec::new() };
        self.message.headers().values(&name).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// `INVITE` or `180 INVITE`: what a test compares.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.status() {
            Some(status) => format!("{status} {}", self.method()),
            None => self.method(),
        }
    }
}

/// How a [`Server`] is made.
pub struct ServerBuilder {
    /// Timers and switches.
    pub config: CoreConfig,
    /// How much it may hold.
    pub limits: Limits,
    /// The handlers.
    pub script: Script,
}

impl ServerBuilder {
    /// A server with the defaults.
    #[must_use]
    pub fn new(script: Script) -> Self {
        Self { config: CoreConfig::default(), limits: Limits::default(), script }
    }

    /// The server.
    #[must_use]
    pub fn build(self) -> Server {
        let kit = Kit::new();
        let tokens = RouteTokens::new(b"secret of the kit", 1);
        let domains = vec!["example.com".to_owned()];
        let is_open = |flow: &Flow| flow.connection != Some(ConnectionId(CLOSED));
        let identity = ServerIdentity::new(listeners(), domains, tokens).with_flow_check(Arc::new(is_open));
        let identity = Arc::new(identity);
        let ports = Ports { identity: Arc::clone(&identity) as _, ..(*kit.ports()).clone() };
        let generations = Arc::new(Current(Mutex::new(Some(self.script.load(1)))));
        let source = Arc::clone(&generations) as Arc<dyn Generations>;
        let environment = Environment::new(self.config, self.limits, identity, Arc::new(ports), source);
        let environment = Arc::new(environment);
        Server {
            shard: Shard::new(0, [11, 22], Arc::clone(&environment)),
            environment,
            kit,
            generations,
            now: Time::from_micros(1_000_000),
            sent: Vec::new(),
            questions: Vec::new(),
            events: VecDeque::new(),
            holds_events: false,
            outputs: Vec::new(),
        }
    }
}

fn listeners() -> Vec<Listener> {
    let listener = |(place, (transport, address)): (u16, (TransportProtocol, &str))| {
        let bound = address.parse::<SocketAddr>().ok()?;
        Some(Listener { id: ListenerId(place), transport, bound, advertise: None })
    };
    (0..).zip(LISTENERS).filter_map(listener).collect()
}

struct Current(Mutex<Option<Arc<Generation>>>);

impl Generations for Current {
    fn current(&self, _tenant: TenantId) -> Option<Arc<Generation>> {
        self.0.lock().clone()
    }
}

/// Outcomes of the kit's scripts are there at once.
struct NoSink;

impl OutcomeSink for NoSink {
    fn deliver(&self, _id: EventId, _outcome: Outcome) {}
}

/// A server of one shard.
pub struct Server {
    /// The shard.
    pub shard: Shard,
    /// What it was given.
    pub environment: Arc<Environment>,
    /// Its ports but for the identity.
    pub kit: Kit,
    /// The time.
    pub now: Time,
    generations: Arc<Current>,
    sent: Vec<Sent>,
    questions: Vec<(ResolveTicket, crate::ResolveQuery)>,
    events: VecDeque<(Event, Arc<Generation>)>,
    holds_events: bool,
    outputs: Vec<Output>,
}

impl Server {
    /// A server with these handlers and the defaults.
    #[must_use]
    pub fn new(script: Script) -> Self {
        ServerBuilder::new(script).build()
    }

    /// A message from that peer.
    pub fn receive(&mut self, message: impl Into<Message>, peer: &Peer) {
        let bytes = message.into().to_bytes();
        self.receive_bytes(bytes, peer);
    }

    /// Bytes from that peer; what is no message is lost.
    pub fn receive_bytes(&mut self, bytes: Bytes, peer: &Peer) {
        let flow = self.flow_of(peer);
        if let Ok(message) = parse_message(bytes, &siphon_sip::Limits::default()) {
            self.handle(Input::Message { message, flow });
        }
    }

    /// The way that this peer's messages come in.
    #[must_use]
    pub fn flow_of(&self, peer: &Peer) -> Flow {
        let local = self.environment.identity.listeners().find(|listener| listener.id == peer.listener);
        peer.flow(local.map_or(peer.address, |listener| listener.bound))
    }

    /// Any input.
    pub fn handle(&mut self, input: Input) {
        self.shard.handle(input, self.now, &mut self.outputs);
        self.perform();
    }

    /// Lets time pass, with everything that is due in it.
    pub fn advance(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(deadline) = self.shard.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.shard.advance(self.now, &mut self.outputs);
            self.perform();
        }
        self.now = end;
    }

    /// What was sent since the last time.
    pub fn take_sent(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.sent)
    }

    /// The summaries of what was sent since the last time.
    pub fn take_summaries(&mut self) -> Vec<String> {
        self.take_sent().iter().map(Sent::summary).collect()
    }

    /// What was asked of the resolver since the last time.
    pub fn take_questions(&mut self) -> Vec<(ResolveTicket, crate::ResolveQuery)> {
        std::mem::take(&mut self.questions)
    }

    /// The resolver's answer.
    pub fn resolve(&mut self, ticket: ResolveTicket, targets: &[(TransportProtocol, &str)]) {
        let target = |(transport, address): &(TransportProtocol, &str)| {
            Some(ResolvedTarget { transport: *transport, address: address.parse().ok()? })
        };
        let targets: Vec<_> = targets.iter().filter_map(target).collect();
        let targets = if targets.is_empty() { Err(ResolveFailure::NotFound) } else { Ok(targets) };
        self.handle(Input::Resolved { ticket, targets });
    }

    /// From now on events wait for [`run_event`](Self::run_event), or no longer.
    pub fn hold_events(&mut self, holds: bool) {
        self.holds_events = holds;
    }

    /// How many events wait.
    #[must_use]
    pub fn held_events(&self) -> usize {
        self.events.len()
    }

    /// Runs the oldest event that waits. False when there is none.
    pub fn run_event(&mut self) -> bool {
        let Some((event, generation)) = self.events.pop_front() else { return false };
        let sink: Arc<dyn OutcomeSink> = Arc::new(NoSink);
        if let Some((id, outcome)) = generation.script.run(event, &sink) {
            self.handle(Input::Outcome { id, outcome });
        }
        true
    }

    /// Refuses the oldest event that waits, as an engine does that has no room for it. False when there is none.
    pub fn shed_event(&mut self) -> bool {
        let Some((event, _)) = self.events.pop_front() else { return false };
        let fault = Fault { kind: FaultKind::Limit, message: "no room".to_owned(), traceback: None };
        self.handle(Input::Outcome { id: event.id, outcome: Outcome::Failed(fault) });
        true
    }

    /// Swaps the handlers for new requests.
    pub fn reload(&mut self, script: Script, number: u64) -> Arc<Generation> {
        let generation = script.load(number);
        *self.generations.0.lock() = Some(Arc::clone(&generation));
        generation
    }

    /// The handlers for new requests.
    #[must_use]
    pub fn generation(&self) -> Option<Arc<Generation>> {
        self.generations.0.lock().clone()
    }

    fn perform(&mut self) {
        for output in std::mem::take(&mut self.outputs) {
            match output {
                Output::Send { bytes, to, tag } => {
                    if let Ok(message) = parse_message(bytes.clone(), &siphon_sip::Limits::default()) {
                        self.sent.push(Sent { message, bytes, to, tag, at: self.now });
                    }
                }
                Output::Resolve { ticket, query } => self.questions.push((ticket, query)),
                Output::Run { event, generation } => self.events.push_back((event, generation)),
            }
        }
        while !self.holds_events && self.run_event() {}
    }
}
