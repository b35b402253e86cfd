//! Proxied calls through one shard, and nothing else: what a profiler or an instruction counter is pointed at.
//!
//! `proxy_cost [calls]`: each call is INVITE, 100, 180, 200, ACK, BYE, 200 (six messages in, seven out) through a
//! handler that record-routes and relays. The messages are made once; the calls differ in Call-ID, branches and tags.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use siphon_core::kit::Script;
use siphon_core::{CoreConfig, Environment, Generations, Input, Limits, Output, RouteTokens, ServerIdentity, Shard};
use siphon_script::kit::Kit;
use siphon_script::request::RelayOptions;
use siphon_script::{EventId, Generation, Outcome, OutcomeSink, Ports};
use siphon_sip::{
    Flow, HeaderName, Listener, ListenerId, Message, Request, TenantId, Time, TransportProtocol, parse_message,
};

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8\r\n";

struct Fixed(Arc<Generation>);

impl Generations for Fixed {
    fn current(&self, _tenant: TenantId) -> Option<Arc<Generation>> {
        Some(Arc::clone(&self.0))
    }
}

struct NoSink;

impl OutcomeSink for NoSink {
    fn deliver(&self, _id: EventId, _outcome: Outcome) {}
}

/// The shard and its surroundings: what the server would be.
struct Bench {
    shard: Shard,
    sink: Arc<dyn OutcomeSink>,
    now: Time,
    outputs: Vec<Output>,
    sent: Vec<Bytes>,
    sent_count: u64,
    caller: Flow,
    callee: Flow,
}

fn main() -> Result<(), Box<dyn Error>> {
    let calls: u64 = std::env::args().nth(1).map_or(Ok(10_000), |text| text.parse())?;
    let mut bench = Bench::new()?;
    for call in 0..calls {
        bench.call(call)?;
        bench.now = bench.now + Duration::from_millis(1);
    }
    println!("{calls} calls, {} messages sent, {:?}", bench.sent_count, bench.shard.gauges());
    Ok(())
}

impl Bench {
    fn new() -> Result<Self, Box<dyn Error>> {
        let local = "192.0.2.1:5060".parse()?;
        let transport = TransportProtocol::Udp;
        let listener = Listener { id: ListenerId(0), transport, bound: local, advertise: None };
        let tokens = RouteTokens::new(b"secret", 1);
        let identity = Arc::new(ServerIdentity::new(vec![listener], vec!["example.com".to_owned()], tokens));
        let ports = Ports { identity: Arc::clone(&identity) as _, ..(*Kit::new().ports()).clone() };
        let generation = Arc::new(Fixed(script().load(1)));
        let limits = Limits { contexts: 1 << 20, ..Limits::default() };
        let mut config = CoreConfig::default();
        config.transaction.max_transactions = 1 << 22;
        let environment = Arc::new(Environment::new(config, limits, identity, Arc::new(ports), generation));
        let flow = |remote: &str| -> Result<Flow, Box<dyn Error>> {
            Ok(Flow { transport, listener: ListenerId(0), local, remote: remote.parse()?, connection: None })
        };
        Ok(Self {
            shard: Shard::new(0, [1, 2], environment),
            sink: Arc::new(NoSink),
            now: Time::from_micros(1),
            outputs: Vec::new(),
            sent: Vec::new(),
            sent_count: 0,
            caller: flow("192.0.2.10:5060")?,
            callee: flow("192.0.2.20:5060")?,
        })
    }

    fn call(&mut self, call: u64) -> Result<(), Box<dyn Error>> {
        let (caller, callee) = (self.caller, self.callee);
        self.receive(invite(call), caller)?;
        let forwarded = self.last_request()?;
        for status in [100, 180, 200] {
            let tag = if status == 100 { "" } else { ";tag=callee" };
            self.receive(answer(&forwarded, status, tag, SDP), callee)?;
        }
        let routes = routes(&forwarded);
        self.receive(in_dialog(call, "ACK", 1, &routes), caller)?;
        self.receive(in_dialog(call, "BYE", 2, &routes), caller)?;
        let bye = self.last_request()?;
        self.receive(answer(&bye, 200, "", ""), callee)?;
        self.sent.clear();
        self.shard.advance(self.now, &mut self.outputs);
        self.perform();
        Ok(())
    }

    fn receive(&mut self, text: String, flow: Flow) -> Result<(), Box<dyn Error>> {
        let message = parse_message(Bytes::from(text), &siphon_sip::Limits::default())?;
        self.shard.handle(Input::Message { message, flow }, self.now, &mut self.outputs);
        self.perform();
        Ok(())
    }

    fn perform(&mut self) {
        while !self.outputs.is_empty() {
            for output in std::mem::take(&mut self.outputs) {
                match output {
                    Output::Send { bytes, .. } => {
                        self.sent_count += 1;
                        self.sent.push(bytes);
                    }
                    Output::Run { event, generation } => {
                        if let Some((id, outcome)) = generation.script.run(event, &self.sink) {
                            self.shard.handle(Input::Outcome { id, outcome }, self.now, &mut self.outputs);
                        }
                    }
                    Output::Resolve { .. } => {}
                }
            }
        }
    }

    fn last_request(&self) -> Result<Request, Box<dyn Error>> {
        let bytes = self.sent.last().ok_or("nothing was sent")?.clone();
        match parse_message(bytes, &siphon_sip::Limits::default())? {
            Message::Request(request) => Ok(request),
            Message::Response(_) => Err("a response was sent last".into()),
        }
    }
}

fn script() -> Script {
    Script::new().on_request("", |request| {
        if request.to_tag().is_some() {
            request.loose_route()?;
            return request.relay(RelayOptions::default());
        }
        request.record_route()?;
        request.relay(RelayOptions { next_hop: Some("sip:192.0.2.20:5060"), ..Default::default() })
    })
}

fn invite(call: u64) -> String {
    format!(
        "INVITE sip:bob@example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-{call}-1;rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Alice\" <sip:alice@example.com>;tag=a{call}\r\n\
         To: <sip:bob@example.com>\r\n\
         Call-ID: {call}@192.0.2.10\r\n\
         CSeq: 1 INVITE\r\n\
         Contact: <sip:alice@192.0.2.10:5060>\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n\
         Supported: replaces, timer\r\n\
         User-Agent: cost\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    )
}

fn in_dialog(call: u64, method: &str, cseq: u32, routes: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.20:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-{call}-{method};rport\r\n\
         Max-Forwards: 70\r\n\
         {routes}\
         From: \"Alice\" <sip:alice@example.com>;tag=a{call}\r\n\
         To: <sip:bob@example.com>;tag=callee\r\n\
         Call-ID: {call}@192.0.2.10\r\n\
         CSeq: {cseq} {method}\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

fn routes(request: &Request) -> String {
    lines(request, &HeaderName::RecordRoute, "Route")
}

fn answer(request: &Request, status: u16, tag: &str, body: &str) -> String {
    let one =
        |name: &HeaderName| String::from_utf8_lossy(request.headers().first(name).unwrap_or_default()).into_owned();
    let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {status} Whatever\r\n{}{}From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:bob@192.0.2.20:5060>\r\n{content}Content-Length: {}\r\n\r\n{body}",
        lines(request, &HeaderName::Via, "Via"),
        lines(request, &HeaderName::RecordRoute, "Record-Route"),
        one(&HeaderName::From),
        one(&HeaderName::To),
        one(&HeaderName::CallId),
        one(&HeaderName::CSeq),
        body.len()
    )
}

fn lines(request: &Request, name: &HeaderName, as_name: &str) -> String {
    request.headers().values(name).map(|value| format!("{as_name}: {}\r\n", String::from_utf8_lossy(value))).collect()
}
