//! Two layers and the wire between them: a client that sends one request and a server that answers it as it was told.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use siphon_sip::{
    Limits, Message, Method, Request, Response, StatusCode, TenantId, Time, TransportProtocol, parse_message,
};

use super::journal::describe;
use super::{Journal, MessageKit, at, label, response};
use crate::{Event, Output, Outputs, Received, RequestKey, ServerId, TransactionConfig, TransactionLayer, User};

/// How long a message is on the wire, unless it is late.
const LATENCY: Duration = Duration::from_millis(10);

/// What becomes of a message on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never arrives.
    Lost,
    /// It arrives, and once more a millisecond later.
    Twice,
    /// It arrives so many milliseconds later than the others.
    Late(u64),
}

/// A client and a server, each with a layer of its own, and a user as simple as can be: the server's answers every new
/// request as [`Pair::answer`] said, the client's sends an ACK for every 2xx to an INVITE.
#[derive(Debug)]
pub struct Pair {
    messages: MessageKit,
    client: TransactionLayer,
    server: TransactionLayer,
    now: Time,
    agenda: BTreeMap<(Time, u64), Happening>,
    entries: u64,
    answers: Vec<(u64, u16)>,
    fates: Vec<(String, u32, Fate)>,
    transmissions: BTreeMap<String, u32>,
    journal: Journal,
}

#[derive(Debug)]
enum Happening {
    AtServer(Bytes),
    AtClient(Bytes),
    Respond { server: ServerId, request: Box<Request>, status: StatusCode },
}

impl Pair {
    /// A pair with the default configuration.
    #[must_use]
    pub fn new(transport: TransportProtocol) -> Self {
        Self {
            messages: MessageKit::new(transport),
            client: TransactionLayer::new(TransactionConfig::default(), [1, 2]),
            server: TransactionLayer::new(TransactionConfig::default(), [3, 4]),
            now: Time::ZERO,
            agenda: BTreeMap::new(),
            entries: 0,
            answers: Vec::new(),
            fates: Vec::new(),
            transmissions: BTreeMap::new(),
            journal: Journal::default(),
        }
    }

    /// The `nth` transmission (from 1) of that message, `INVITE` or `180`, has a fate.
    pub fn fate(&mut self, message: &str, nth: u32, fate: Fate) {
        self.fates.push((message.to_owned(), nth, fate));
    }

    /// So many milliseconds after it has received a new request, the server's user answers with that status.
    pub fn answer(&mut self, millis: u64, status: u16) {
        self.answers.push((millis, status));
    }

    /// The client begins a transaction.
    pub fn send(&mut self, method: Method) {
        let request = self.messages.client_request(method, "z9hG4bK-pair");
        let mut outputs = Outputs::new();
        let created = self.client.create_client(TenantId::DEFAULT, request, User(1), self.now, &mut outputs);
        if created.is_err() {
            self.journal.write(self.now, "client full".to_owned());
        }
        self.client_outputs(&mut outputs);
    }

    /// Lets time pass, from one thing that happens to the next.
    pub fn run_until(&mut self, millis: u64) {
        let end = at(millis);
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.advance_layers();
            while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let happening = entry.remove();
                self.happen(happening);
            }
        }
        self.now = self.now.max(end);
    }

    /// All that was transmitted, `-> INVITE` by the client and `<- 180` by the server, with a word when the wire has
    /// lost or changed it; and all that the users were told.
    #[must_use]
    pub fn journal(&self) -> Vec<(u64, &str)> {
        self.journal.lines()
    }

    /// How many transactions the client and the server have.
    #[must_use]
    pub const fn transactions(&self) -> (usize, usize) {
        (self.client.len(), self.server.len())
    }

    /// How many bytes of messages the client and the server keep for sending them again.
    #[must_use]
    pub fn kept_bytes(&self) -> (usize, usize) {
        (self.client.kept_bytes(), self.server.kept_bytes())
    }

    fn next(&self) -> Option<Time> {
        let agenda = self.agenda.first_key_value().map(|((time, _), _)| *time);
        [agenda, self.client.next_deadline(), self.server.next_deadline()].into_iter().flatten().min()
    }

    fn advance_layers(&mut self) {
        let mut outputs = Outputs::new();
        self.client.advance(self.now, &mut outputs);
        self.client_outputs(&mut outputs);
        self.server.advance(self.now, &mut outputs);
        self.server_outputs(&mut outputs);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::AtServer(bytes) => self.at_server(bytes),
            Happening::AtClient(bytes) => self.at_client(bytes),
            Happening::Respond { server, request, status } => self.respond(server, &request, status),
        }
    }

    fn at_server(&mut self, bytes: Bytes) {
        let Ok(Message::Request(request)) = parse_message(bytes, &Limits::default()) else { return };
        let mut outputs = Outputs::new();
        let mut key = RequestKey::of(TenantId::DEFAULT, &request, self.messages.transport);
        match self.server.receive_request(&mut key, &request, self.now, &mut outputs) {
            Received::New => self.begin_answering(&mut key, request),
            Received::Ack { .. } => self.journal.write(self.now, "server told ACK".to_owned()),
            Received::Absorbed | Received::Cancel { .. } | Received::Merged => {}
        }
        self.server_outputs(&mut outputs);
    }

    fn begin_answering(&mut self, key: &mut RequestKey, request: Request) {
        let reply_to = self.messages.flow().into();
        let created = self.server.create_server(key, &request, reply_to, User(2), self.now);
        let Ok(server) = created else {
            return self.journal.write(self.now, "server full".to_owned());
        };
        for (millis, status) in self.answers.clone() {
            let Some(status) = StatusCode::new(status) else { continue };
            let request = Box::new(request.clone());
            self.enter(self.now + Duration::from_millis(millis), Happening::Respond { server, request, status });
        }
    }

    fn respond(&mut self, server: ServerId, request: &Request, status: StatusCode) {
        let (bytes, mut outputs) = (response(request, status).to_bytes(), Outputs::new());
        if self.server.respond(server, status, bytes, self.now, &mut outputs).is_err() {
            self.journal.write(self.now, format!("server too late for {}", status.as_u16()));
        }
        self.server_outputs(&mut outputs);
    }

    fn at_client(&mut self, bytes: Bytes) {
        let Ok(Message::Response(response)) = parse_message(bytes, &Limits::default()) else { return };
        let mut outputs = Outputs::new();
        let stray = self.client.receive_response(response, self.messages.flow(), self.now, &mut outputs);
        if let Some(stray) = stray {
            self.journal.write(self.now, format!("client finds {} stray", stray.status().as_u16()));
        }
        self.client_outputs(&mut outputs);
    }

    fn client_outputs(&mut self, outputs: &mut Outputs) {
        for output in outputs.drain(..) {
            match &output {
                Output::Send { bytes, .. } => self.transmit("->", bytes, Happening::AtServer),
                Output::Event(event) => {
                    self.journal.write(self.now, format!("client {}", describe(&output)));
                    if let Event::Response { response, .. } = event {
                        self.acknowledge(response);
                    }
                }
            }
        }
    }

    fn server_outputs(&mut self, outputs: &mut Outputs) {
        for output in outputs.drain(..) {
            match &output {
                Output::Send { bytes, .. } => self.transmit("<-", bytes, Happening::AtClient),
                Output::Event(_) => self.journal.write(self.now, format!("server {}", describe(&output))),
            }
        }
    }

    /// The ACK of a 2xx, which belongs to no transaction.
    fn acknowledge(&mut self, response: &Response) {
        let is_invite = response.headers().cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        if is_invite && response.status().is_success() {
            let kit = MessageKit { to_tag: Some("bob".to_owned()), ..self.messages.clone() };
            let ack = kit.request(Method::Ack, "z9hG4bK-ack").to_bytes();
            self.transmit("->", &ack, Happening::AtServer);
        }
    }

    fn transmit(&mut self, direction: &str, bytes: &Bytes, arrival: fn(Bytes) -> Happening) {
        let name = label(bytes);
        let count = self.transmissions.entry(name.clone()).or_default();
        *count += 1;
        let fate = self.fates.iter().find(|(message, nth, _)| *message == name && nth == count);
        let (word, delays) = match fate.map(|(_, _, fate)| *fate) {
            None => ("", vec![Duration::ZERO]),
            Some(Fate::Lost) => (" lost", vec![]),
            Some(Fate::Twice) => (" twice", vec![Duration::ZERO, Duration::from_millis(1)]),
            Some(Fate::Late(millis)) => (" late", vec![Duration::from_millis(millis)]),
        };
        self.journal.write(self.now, format!("{direction} {name}{word}"));
        for delay in delays {
            self.enter(self.now + LATENCY + delay, arrival(bytes.clone()));
        }
    }

    fn enter(&mut self, time: Time, happening: Happening) {
        self.entries += 1;
        self.agenda.insert((time, self.entries), happening);
    }
}
