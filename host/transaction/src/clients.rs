//! The table of client transactions: created, found by a response (RFC 3261 17.1.3), ended. What happens inside one is
//! `client.rs`.

use bytes::Bytes;
use hashbrown::HashTable;
use siphon_sip::{ByteStr, Destination, Flow, Method, Response, TenantId};

use crate::client::{Arrival, ClientTransaction};
use crate::id::{ClientId, User};
use crate::key::{KeyHasher, client_key};
use crate::output::Event;
use crate::slab::Slab;
use crate::timers::Owner;
use crate::turn::Turn;

/// What a client transaction sends.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    /// The method; any but ACK, which has no transaction.
    pub method: Method,
    /// The branch of the top Via: unique in space and time, but for a CANCEL, which has that of its INVITE.
    pub branch: ByteStr,
    /// The whole request.
    pub bytes: Bytes,
    /// Where it goes, and its ACK and its retransmissions too.
    pub to: Destination,
}

/// All client transactions of a layer.
#[derive(Debug)]
pub(crate) struct Clients {
    slab: Slab<ClientTransaction>,
    /// Slots by key.
    index: HashTable<u32>,
}

impl Clients {
    pub(crate) const fn new() -> Self {
        Self { slab: Slab::new(), index: HashTable::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.slab.len()
    }

    /// Bytes of messages that may have to leave again; counted one by one.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.slab.iter().map(ClientTransaction::kept_bytes).sum()
    }

    pub(crate) fn get(&self, id: ClientId) -> Option<&ClientTransaction> {
        self.slab.get(id.0)
    }

    pub(crate) fn get_mut(&mut self, id: ClientId) -> Option<&mut ClientTransaction> {
        self.slab.get_mut(id.0)
    }

    /// Registers a transaction, then sends its request.
    pub(crate) fn create(
        &mut self,
        hasher: &KeyHasher,
        tenant: TenantId,
        request: ClientRequest,
        user: User,
        turn: &mut Turn<'_>,
    ) -> ClientId {
        let ClientRequest { method, branch, bytes, to } = request;
        let key = client_key(&branch, &method);
        let hash = hasher.hash(&key);
        let id = ClientId(self.slab.insert(ClientTransaction::new((hash, &key), tenant, user, &method, (bytes, to))));
        let slab = &self.slab;
        self.index.insert_unique(hash, id.0.index, |slot| slab.at(*slot).map_or(0, |client| client.hash));
        self.step(id, turn, |client, turn| client.begin(id, &method, turn));
        id
    }

    /// The transaction that our request with that branch and method belongs to.
    pub(crate) fn find(&self, hasher: &KeyHasher, branch: &[u8], method: &Method) -> Option<ClientId> {
        let key = client_key(branch, method);
        let is_it = |slot: &u32| self.slab.at(*slot).is_some_and(|client| *client.key == *key);
        let slot = self.index.find(hasher.hash(&key), is_it)?;
        self.slab.address_of(*slot).map(ClientId)
    }

    /// The transaction that a response belongs to.
    pub(crate) fn find_for(&self, hasher: &KeyHasher, response: &Response) -> Option<ClientId> {
        let branch = response.headers().top_via().ok()?.branch?;
        let cseq = response.headers().cseq().ok()?;
        self.find(hasher, branch, &cseq.method)
    }

    /// Gives a response to its transaction.
    pub(crate) fn receive(&mut self, id: ClientId, response: Response, flow: Flow, turn: &mut Turn<'_>) {
        let mut arrival: Arrival = Some((response, flow));
        self.step(id, turn, |client, turn| client.receive(id, &mut arrival, turn));
    }

    /// The wheel says that something is due.
    pub(crate) fn fire(&mut self, slot: u32, turn: &mut Turn<'_>) {
        let Some(id) = self.slab.address_of(slot).map(ClientId) else { return };
        self.step(id, turn, |client, turn| client.fire(id, turn));
    }

    /// What a transaction sent last could not be sent.
    pub(crate) fn transport_error(&mut self, id: ClientId, turn: &mut Turn<'_>) {
        self.step(id, turn, |client, turn| client.transport_error(id, turn));
    }

    /// The user wants to hear nothing more of it.
    pub(crate) fn forget(&mut self, id: ClientId, turn: &mut Turn<'_>) {
        self.step(id, turn, |client, turn| client.forget(id, turn));
    }

    /// Lets something happen to a transaction; afterwards its timer is set, or it is gone.
    fn step(&mut self, id: ClientId, turn: &mut Turn<'_>, happen: impl FnOnce(&mut ClientTransaction, &mut Turn<'_>)) {
        let Some(client) = self.slab.get_mut(id.0) else { return };
        happen(client, turn);
        if !client.is_terminated() {
            client.timers.arm(turn.wheel, Owner::Client(id.0.index));
            return;
        }
        client.timers.disarm(turn.wheel);
        client.tell(turn, Event::ClientTerminated { client: id, user: client.user });
        if let Ok(entry) = self.index.find_entry(client.hash, |slot| *slot == id.0.index) {
            entry.remove();
        }
        self.slab.remove(id.0);
    }
}
