//! The transport over loopback sockets. Peers are plain sockets of the standard library; the clock is the test's.

mod limits;
mod listeners;
mod tcp;
mod udp;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use siphon_sip::{Destination, Flow, ListenerId, Time, TransportProtocol};

use crate::{Incoming, ListenerConfig, Seat, SendTag, Transport, TransportConfig, bind};

/// How long a test waits for what has to come; never for nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// A transport whose seats are all read by the test's thread.
struct Server {
    transport: Arc<Transport>,
    seats: Vec<Arc<Seat>>,
    now: Time,
    arrived: VecDeque<Incoming>,
}

impl Server {
    /// One listener and the rest of the configuration.
    fn new(transport: TransportProtocol, address: &str, config: TransportConfig) -> Self {
        let listeners = vec![ListenerConfig::new(transport, address.parse().unwrap())];
        let (transport, seats) = bind(&TransportConfig { listeners, ..config }).unwrap();
        Self { transport, seats, now: Time::ZERO, arrived: VecDeque::new() }
    }

    fn udp() -> Self {
        Self::new(TransportProtocol::Udp, "127.0.0.1:0", TransportConfig::default())
    }

    fn tcp() -> Self {
        Self::tcp_with(TransportConfig::default())
    }

    fn tcp_with(config: TransportConfig) -> Self {
        Self::new(TransportProtocol::Tcp, "127.0.0.1:0", config)
    }

    fn address(&self) -> SocketAddr {
        self.transport.listeners()[0].bound
    }

    /// The next thing that comes in.
    fn next(&mut self) -> Incoming {
        self.until("something comes in", |server| server.arrived.pop_front())
    }

    /// Reads all seats until something is the case.
    fn until<T>(&mut self, what: &str, mut case: impl FnMut(&mut Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(value) = case(self) {
                return value;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
            self.read(Duration::from_millis(5));
        }
    }

    /// Reads each seat once.
    fn read(&mut self, timeout: Duration) {
        let mut incoming = Vec::new();
        for seat in &self.seats {
            seat.wait(Some(timeout), self.now, &mut incoming).unwrap();
        }
        self.arrived.extend(incoming);
    }

    /// Lets time pass, in steps that are short enough for whatever has to happen at a certain time.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.now = (self.now + Duration::from_millis(250)).min(end);
            self.read(Duration::ZERO);
        }
    }

    fn message(&mut self) -> (Bytes, Flow) {
        match self.next() {
            Incoming::Datagram { bytes, flow } | Incoming::StreamMessage { bytes, flow } => (bytes, flow),
            other => panic!("not a message: {other:?}"),
        }
    }

    fn to(&self, remote: SocketAddr) -> Destination {
        let transport = self.transport.listeners()[0].transport;
        Destination { transport, listener: ListenerId(0), remote, connection: None }
    }

    fn send(&self, to: impl Into<Destination>, bytes: &[u8]) {
        self.send_tagged(to, bytes, 0);
    }

    fn send_tagged(&self, to: impl Into<Destination>, bytes: &[u8], tag: u64) {
        self.transport.send(&to.into(), Bytes::copy_from_slice(bytes), SendTag(tag)).unwrap();
    }

    /// Tells apart what failed and what was closed, in the order in which that came in.
    fn endings(&mut self, count: usize) -> Vec<String> {
        (0..count)
            .map(|_| match self.next() {
                Incoming::SendFailed { tag, .. } => format!("failed {}", tag.0),
                Incoming::ConnectionClosed { .. } => "closed".to_owned(),
                other => panic!("no ending: {other:?}"),
            })
            .collect()
    }
}

/// A request with a body of a certain length.
fn request(call_id: &str, body: usize) -> Vec<u8> {
    let head = format!(
        "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP pc.example.com;branch=z9hG4bK{call_id}\r\n\
         From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: {call_id}\r\n\
         CSeq: 1 MESSAGE\r\nContent-Length: {body}\r\n\r\n"
    );
    let mut message = head.into_bytes();
    message.resize(message.len() + body, b'x');
    message
}
