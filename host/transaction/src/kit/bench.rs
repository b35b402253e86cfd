//! One layer whose peer and whose user is the test.

use siphon_sip::{Limits, Message, Method, Request, StatusCode, TenantId, Time, TransportProtocol, parse_message};

use super::journal::describe;
use super::{Journal, MessageKit, at, response};
use crate::{
    ClientId, Output, Outputs, Received, RequestKey, Sender, ServerId, TableFull, TransactionConfig, TransactionLayer,
    UnknownTransaction, User,
};

/// A layer, its clock and its journal. Times are milliseconds since the beginning.
#[derive(Debug)]
pub struct Bench {
    /// Makes the messages.
    pub messages: MessageKit,
    layer: TransactionLayer,
    now: Time,
    journal: Journal,
    outputs: Outputs,
    requests: Vec<(ClientId, Request)>,
}

impl Bench {
    /// With the default configuration.
    #[must_use]
    pub fn new(transport: TransportProtocol) -> Self {
        Self::with_config(transport, TransactionConfig::default())
    }

    /// With that configuration.
    #[must_use]
    pub fn with_config(transport: TransportProtocol, config: TransactionConfig) -> Self {
        Self {
            messages: MessageKit::new(transport),
            layer: TransactionLayer::new(config, [1, 2]),
            now: Time::ZERO,
            journal: Journal::default(),
            outputs: Outputs::new(),
            requests: Vec::new(),
        }
    }

    /// The layer.
    #[must_use]
    pub const fn layer(&mut self) -> &mut TransactionLayer {
        &mut self.layer
    }

    /// The clock.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// All that left and was told since the last [`Bench::forget_journal`].
    #[must_use]
    pub fn journal(&self) -> Vec<(u64, &str)> {
        self.journal.lines()
    }

    /// Begins the journal anew.
    pub fn forget_journal(&mut self) {
        self.journal.clear();
    }

    /// Begins a client transaction.
    ///
    /// # Errors
    /// When the table is full.
    pub fn create_client(&mut self, method: Method, branch: &str) -> Result<ClientId, TableFull> {
        let request = self.messages.client_request(method.clone(), branch);
        let created = self.layer.create_client(TenantId::DEFAULT, request, User(1), self.now, &mut self.outputs);
        if let Ok(client) = created {
            self.requests.push((client, self.messages.request(method, branch)));
        }
        self.write_outputs();
        created
    }

    /// A response to the request of a client transaction comes in. Whether it belonged to one that lives.
    pub fn answer(&mut self, client: ClientId, status: u16) -> bool {
        let found = self.requests.iter().find(|(id, _)| *id == client);
        let (Some((_, request)), Ok(status)) = (found, StatusCode::new(status).ok_or(())) else { return false };
        // What comes in was parsed from bytes.
        let bytes = response(request, status).to_bytes();
        let Ok(Message::Response(response)) = parse_message(bytes, &Limits::default()) else { return false };
        let flow = self.messages.flow();
        let stray = self.layer.receive_response(response, flow, self.now, &mut self.outputs);
        self.write_outputs();
        stray.is_none()
    }

    /// A request comes in; nothing answers it.
    pub fn receive(&mut self, request: &Request) -> Received {
        let mut key = self.key(request);
        let received = self.layer.receive_request(&mut key, request, self.now, &mut self.outputs);
        self.write_outputs();
        received
    }

    /// Begins a server transaction for a request that came in.
    ///
    /// # Errors
    /// When the table is full.
    pub fn create_server(&mut self, request: &Request) -> Result<ServerId, TableFull> {
        let reply_to = self.messages.flow().into();
        self.layer.create_server(&mut self.key(request), request, reply_to, User(2), self.now)
    }

    fn key(&self, request: &Request) -> RequestKey {
        RequestKey::of(TenantId::DEFAULT, request, self.messages.transport)
    }

    /// The user answers a request.
    ///
    /// # Errors
    /// When the transaction is over.
    pub fn respond(&mut self, server: ServerId, request: &Request, status: u16) -> Result<(), UnknownTransaction> {
        let status = StatusCode::new(status).ok_or(UnknownTransaction)?;
        let bytes = response(request, status).to_bytes();
        let responded = self.layer.respond(server, status, bytes, self.now, &mut self.outputs);
        self.write_outputs();
        responded
    }

    /// The user will not answer.
    pub fn give_up(&mut self, server: ServerId) {
        self.layer.give_up_server(server, self.now, &mut self.outputs);
        self.write_outputs();
    }

    /// What was sent last cannot be sent.
    pub fn fail(&mut self, sender: Sender) {
        self.layer.transport_failed(sender, self.now, &mut self.outputs);
        self.write_outputs();
    }

    /// Lets time pass, from deadline to deadline.
    pub fn run_until(&mut self, millis: u64) {
        let end = at(millis);
        while let Some(deadline) = self.layer.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.layer.advance(self.now, &mut self.outputs);
            self.write_outputs();
        }
        self.now = self.now.max(end);
    }

    fn write_outputs(&mut self) {
        for output in self.outputs.drain(..) {
            let line = match &output {
                Output::Send { .. } => format!("sent {}", describe(&output)),
                Output::Event(_) => describe(&output),
            };
            self.journal.write(self.now, line);
        }
    }
}
