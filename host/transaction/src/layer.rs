//! The transaction layer of one shard: who receives what. The machines are in files of their own; routing, answering
//! and deciding are the user's.

use bytes::Bytes;
use siphon_sip::{ByteStr, Destination, Flow, Method, Request, Response, StatusCode, TenantId, Time};

use crate::clients::{ClientRequest, Clients};
use crate::config::TransactionConfig;
use crate::error::{TableFull, UnknownTransaction};
use crate::id::{ClientId, Sender, ServerId, User};
use crate::key::{KeyHasher, RequestKey};
use crate::output::{Outputs, Received};
use crate::server::ServerTransaction;
use crate::servers::Servers;
use crate::timers::Owner;
use crate::turn::Turn;
use crate::wheel::TimerWheel;

#[cfg(test)]
mod tests;

/// All transactions of one shard, client and server.
///
/// Time is an argument and must not run backwards. What is to be sent or told is appended to the outputs, in order.
#[derive(Debug)]
pub struct TransactionLayer {
    config: TransactionConfig,
    hasher: KeyHasher,
    clients: Clients,
    servers: Servers,
    wheel: TimerWheel<Owner>,
    /// The latest moment that the layer was told.
    now: Time,
}

impl TransactionLayer {
    /// An empty layer. `seed` keys the hash tables; whoever does not know it cannot make keys that collide.
    #[must_use]
    pub fn new(config: TransactionConfig, seed: [u64; 2]) -> Self {
        let (clients, servers, wheel) = (Clients::new(), Servers::new(), TimerWheel::new());
        Self { config, hasher: KeyHasher::new(seed), clients, servers, wheel, now: Time::ZERO }
    }

    /// The number of transactions.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// Whether there is no transaction.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of client transactions.
    #[must_use]
    pub const fn clients(&self) -> usize {
        self.clients.len()
    }

    /// The number of server transactions.
    #[must_use]
    pub const fn servers(&self) -> usize {
        self.servers.len()
    }

    /// Whether no further transaction can be created.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() >= self.config.max_transactions.min(TransactionConfig::MOST_TRANSACTIONS)
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &TransactionConfig {
        &self.config
    }

    /// Finds out what a request is (RFC 3261 17.2.3), and answers it when it is a retransmission. A server transaction
    /// is not created: that is the user's decision, and the next thing that it does with a request that is new.
    pub fn receive_request(
        &mut self,
        key: &mut RequestKey,
        request: &Request,
        now: Time,
        outputs: &mut Outputs,
    ) -> Received {
        let (clients, servers, hasher, mut turn) = self.turn(now, outputs);
        if *request.method() == Method::Ack {
            return servers.acknowledge(hasher, key, request, &mut turn);
        }
        if let Some(id) = servers.find(hasher, key, request, request.method()) {
            servers.retransmission(id, &mut turn);
            return Received::Absorbed;
        }
        if *request.method() == Method::Cancel {
            let invite = servers
                .find(hasher, key, request, &Method::Invite)
                .or_else(|| servers.only_one_of_call(hasher, key, request, ServerTransaction::is_pending_invite));
            let user = invite.and_then(|id| servers.get(id)).map(|server| server.user);
            return Received::Cancel { invite, user };
        }
        let is_merged =
            !key.is_in_dialog && servers.has_call_of(hasher, key, request) && !has_passed_us(clients, hasher, request);
        if is_merged { Received::Merged } else { Received::New }
    }

    /// Begins a server transaction for a request that was received, in `Proceeding` or `Trying`. Responses go to
    /// `reply_to`. A non-INVITE request over UDP that is not answered in time gets a 100 by itself (RFC 4320 4.1); the
    /// 100 to an INVITE is the user's.
    ///
    /// # Errors
    /// When the table is full. The request may be answered statelessly.
    pub fn create_server(
        &mut self,
        key: &mut RequestKey,
        request: &Request,
        reply_to: Destination,
        user: User,
        now: Time,
    ) -> Result<ServerId, TableFull> {
        if self.is_full() {
            return Err(TableFull);
        }
        let mut outputs = Outputs::new();
        let (_, servers, hasher, mut turn) = self.turn(now, &mut outputs);
        Ok(servers.create(hasher, key, request, (user, reply_to), &mut turn))
    }

    /// Sends a response: `bytes`, whose status code is `status`.
    ///
    /// A response that the transaction has no place for leaves nothing and is no error: a second final, a provisional
    /// after it, a provisional other than 100 to a non-INVITE (RFC 4320 4.1). A 100 to a non-INVITE over UDP leaves
    /// when its time has come. Every further 2xx to an INVITE leaves.
    ///
    /// # Errors
    /// When the transaction is over: RFC 6026 8.3 has the response discarded.
    pub fn respond(
        &mut self,
        server: ServerId,
        status: StatusCode,
        bytes: Bytes,
        now: Time,
        outputs: &mut Outputs,
    ) -> Result<(), UnknownTransaction> {
        self.servers.get(server).ok_or(UnknownTransaction)?;
        let (_, servers, _, mut turn) = self.turn(now, outputs);
        servers.respond(server, status, bytes, &mut turn);
        Ok(())
    }

    /// Ends a server transaction without an answer and without an event: a retransmission is a new request.
    pub fn drop_server(&mut self, server: ServerId) {
        let (now, mut outputs) = (self.now, Outputs::new());
        let (_, servers, _, mut turn) = self.turn(now, &mut outputs);
        servers.remove(server, &mut turn);
    }

    /// A request other than INVITE will never be answered (RFC 4320 4.2). The transaction absorbs copies of it until
    /// Timer J ends it.
    pub fn give_up_server(&mut self, server: ServerId, now: Time, outputs: &mut Outputs) {
        let (_, servers, _, mut turn) = self.turn(now, outputs);
        servers.give_up(server, &mut turn);
    }

    /// The user of a server transaction; `None` once it is over.
    #[must_use]
    pub fn server_user(&self, server: ServerId) -> Option<User> {
        self.servers.get(server).map(|server| server.user)
    }

    /// Gives a server transaction another user.
    ///
    /// # Errors
    /// When the transaction is over.
    pub fn set_server_user(&mut self, server: ServerId, user: User) -> Result<(), UnknownTransaction> {
        self.servers.get_mut(server).ok_or(UnknownTransaction)?.user = user;
        Ok(())
    }

    /// The tenant of a server transaction; `None` once it is over.
    #[must_use]
    pub fn server_tenant(&self, server: ServerId) -> Option<TenantId> {
        self.servers.get(server).map(|server| server.tenant)
    }

    /// Begins a client transaction: it is registered, then its request is sent.
    ///
    /// # Errors
    /// When the table is full; nothing is sent.
    pub fn create_client(
        &mut self,
        tenant: TenantId,
        request: ClientRequest,
        user: User,
        now: Time,
        outputs: &mut Outputs,
    ) -> Result<ClientId, TableFull> {
        if self.is_full() {
            return Err(TableFull);
        }
        let (clients, _, hasher, mut turn) = self.turn(now, outputs);
        Ok(clients.create(hasher, tenant, request, user, &mut turn))
    }

    /// Gives a response to the client transaction that it belongs to (RFC 3261 17.1.3). It comes back when there is
    /// none: it is stray and must not be forwarded (RFC 6026 7.3).
    pub fn receive_response(
        &mut self,
        response: Response,
        flow: Flow,
        now: Time,
        outputs: &mut Outputs,
    ) -> Option<Response> {
        let (clients, _, hasher, mut turn) = self.turn(now, outputs);
        match clients.find_for(hasher, &response) {
            Some(client) => {
                clients.receive(client, response, flow, &mut turn);
                None
            }
            None => Some(response),
        }
    }

    /// The client transaction of a request that we sent with that branch and method, for an error that comes without a
    /// [`Sender`] (ICMP). The ACK of a non-2xx is its INVITE's.
    #[must_use]
    pub fn find_client(&self, branch: &[u8], method: &Method) -> Option<ClientId> {
        let method = if *method == Method::Ack { &Method::Invite } else { method };
        self.clients.find(&self.hasher, branch, method)
    }

    /// The user of a client transaction; `None` once it is over.
    #[must_use]
    pub fn client_user(&self, client: ClientId) -> Option<User> {
        self.clients.get(client).map(|client| client.user)
    }

    /// Gives a client transaction another user.
    ///
    /// # Errors
    /// When the transaction is over.
    pub fn set_client_user(&mut self, client: ClientId, user: User) -> Result<(), UnknownTransaction> {
        self.clients.get_mut(client).ok_or(UnknownTransaction)?.user = user;
        Ok(())
    }

    /// The tenant of a client transaction; `None` once it is over.
    #[must_use]
    pub fn client_tenant(&self, client: ClientId) -> Option<TenantId> {
        self.clients.get(client).map(|client| client.tenant)
    }

    /// The user wants no more events of this transaction. It goes on by itself: it still sends its ACK and absorbs what
    /// comes. An INVITE that only rings ends after 64*T1.
    pub fn forget_client(&mut self, client: ClientId) {
        let (now, mut outputs) = (self.now, Outputs::new());
        let (clients, _, _, mut turn) = self.turn(now, &mut outputs);
        clients.forget(client, &mut turn);
    }

    /// Something that was sent could not be sent (RFC 3261 17.1.4, RFC 6026 8.8). Of a transaction that is over it is
    /// no news.
    pub fn transport_failed(&mut self, sender: Sender, now: Time, outputs: &mut Outputs) {
        let (clients, servers, _, mut turn) = self.turn(now, outputs);
        match sender {
            Sender::Client(client) => clients.transport_error(client, &mut turn),
            Sender::Server(server) => servers.transport_error(server, &mut turn),
            Sender::Stateless => {}
        }
    }

    /// Does all that is due at `now`.
    pub fn advance(&mut self, now: Time, outputs: &mut Outputs) {
        while let Some((_, owner)) = self.wheel.pop_due(now) {
            let (clients, servers, _, mut turn) = self.turn(now, outputs);
            match owner {
                Owner::Client(slot) => clients.fire(slot, &mut turn),
                Owner::Server(slot) => servers.fire(slot, &mut turn),
            }
        }
    }

    /// When to call [`TransactionLayer::advance`] next; possibly too early, never too late. See
    /// [`TimerWheel::next_deadline`].
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.wheel.next_deadline()
    }

    /// Bytes of messages that are kept because they may have to leave again; counted one by one, for tests.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.clients.kept_bytes() + self.servers.kept_bytes()
    }

    /// The parts, for one step.
    fn turn<'a>(
        &'a mut self,
        now: Time,
        outputs: &'a mut Outputs,
    ) -> (&'a mut Clients, &'a mut Servers, &'a KeyHasher, Turn<'a>) {
        self.now = self.now.max(now);
        let turn = Turn { config: &self.config, wheel: &mut self.wheel, now: self.now, outputs };
        (&mut self.clients, &mut self.servers, &self.hasher, turn)
    }
}

/// Whether a request carries the Via of one of our own transactions: it has come back (a spiral or a loop, which RFC
/// 5393 tells apart), and was not sent here on two ways.
fn has_passed_us(clients: &Clients, hasher: &KeyHasher, request: &Request) -> bool {
    let is_ours = |branch: ByteStr| clients.find(hasher, &branch, request.method()).is_some();
    request.headers().vias().filter_map(|via| via.ok()?.branch()).any(is_ours)
}
