//! The table of server transactions: created, found by a request (RFC 3261 17.2.3, 9.2, 8.2.2.2), ended. What happens
//! inside one is `server.rs`.

use bytes::Bytes;
use hashbrown::HashTable;
use siphon_sip::{Destination, Limits, Message, Method, Request, StatusCode, TransportProtocol, parse_message};

use crate::id::{ServerId, User};
use crate::key::{KeyBytes, KeyHasher, RequestKey};
use crate::output::{Event, Received};
use crate::server::{ServerKeys, ServerTransaction, ToTags};
use crate::slab::Slab;
use crate::timers::Owner;
use crate::turn::Turn;

/// All server transactions of a layer.
#[derive(Debug)]
pub(crate) struct Servers {
    slab: Slab<ServerTransaction>,
    /// Slots by request key.
    requests: HashTable<u32>,
    /// Slots by call key: all INVITEs, and requests outside a dialog.
    calls: HashTable<u32>,
}

impl Servers {
    pub(crate) const fn new() -> Self {
        Self { slab: Slab::new(), requests: HashTable::new(), calls: HashTable::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.slab.len()
    }

    /// Bytes of messages that may have to leave again; counted one by one.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.slab.iter().map(ServerTransaction::kept_bytes).sum()
    }

    pub(crate) fn get(&self, id: ServerId) -> Option<&ServerTransaction> {
        self.slab.get(id.0)
    }

    pub(crate) fn get_mut(&mut self, id: ServerId) -> Option<&mut ServerTransaction> {
        self.slab.get_mut(id.0)
    }

    /// Registers a transaction for a request that was found to be new.
    pub(crate) fn create(
        &mut self,
        hasher: &KeyHasher,
        key: &mut RequestKey,
        request: &Request,
        (user, reply_to): (User, Destination),
        turn: &mut Turn<'_>,
    ) -> ServerId {
        let to_tags = (!key.has_unique_branch)
            .then(|| Box::new(ToTags { request: to_tag_of(request).map(|tag| (*tag).into()), response: None }));
        let owner = (key.tenant, user);
        let by_call = is_found_by_call(key, request.method());
        let call = if by_call { KeyBytes::from_slice(key.call(request)) } else { KeyBytes::new() };
        let key = key.with(request.method());
        let keys = ServerKeys::new((hasher.hash(key), key), (hasher.hash(&call), &call));
        let trying = automatic_trying(request, reply_to.transport);
        let transaction = ServerTransaction::new(keys, to_tags, owner, request.method(), (reply_to, trying));
        self.register(transaction, by_call, turn)
    }

    fn register(&mut self, transaction: ServerTransaction, by_call: bool, turn: &mut Turn<'_>) -> ServerId {
        let (request_hash, call_hash) = (transaction.keys.request_hash, transaction.keys.call_hash);
        let id = ServerId(self.slab.insert(transaction));
        let slab = &self.slab;
        let hash_of = |slot: &u32| slab.at(*slot).map_or(0, |server| server.keys.request_hash);
        self.requests.insert_unique(request_hash, id.0.index, hash_of);
        if by_call {
            let hash_of = |slot: &u32| slab.at(*slot).map_or(0, |server| server.keys.call_hash);
            self.calls.insert_unique(call_hash, id.0.index, hash_of);
        }
        self.step(id, turn, |server, turn| server.begin(id, turn));
        id
    }

    /// The transaction that a request other than ACK belongs to, taken as one of that method.
    pub(crate) fn find(
        &self,
        hasher: &KeyHasher,
        key: &mut RequestKey,
        request: &Request,
        method: &Method,
    ) -> Option<ServerId> {
        self.find_where(hasher, key.with(method), |server| match &server.to_tags {
            Some(tags) => tags.request.as_deref() == to_tag_of(request).as_deref(),
            None => true,
        })
    }

    /// What an ACK does: it confirms a final response, or it is the user's.
    pub(crate) fn acknowledge(
        &mut self,
        hasher: &KeyHasher,
        key: &mut RequestKey,
        ack: &Request,
        turn: &mut Turn<'_>,
    ) -> Received {
        // RFC 6026 6: an RFC 2543 client's ACK of a 2xx has the INVITE's Via as well; it must not be absorbed.
        let found = self.find_where(hasher, key.with(&Method::Invite), |server| match &server.to_tags {
            Some(tags) => server.is_accepted() || tags.response.as_deref() == to_tag_of(ack).as_deref(),
            None => true,
        });
        let accepted = match found {
            Some(id) if self.get(id).is_some_and(ServerTransaction::is_accepted) => Some(id),
            Some(id) => {
                self.step(id, turn, |server, turn| server.ack(id, turn));
                return Received::Absorbed;
            }
            None => self.only_one_of_call(hasher, key, ack, ServerTransaction::is_accepted),
        };
        Received::Ack { invite: accepted.and_then(|id| self.get(id).map(|server| (id, server.user))) }
    }

    /// Whether another transaction has this request's Call-ID, From tag, CSeq and method.
    pub(crate) fn has_call_of(&self, hasher: &KeyHasher, key: &mut RequestKey, request: &Request) -> bool {
        let key = key.call(request);
        self.of_call(hasher.hash(key), key).next().is_some()
    }

    /// The transaction with this request's Call-ID, From tag and CSeq number that `is_it`, if it is the only one.
    pub(crate) fn only_one_of_call(
        &self,
        hasher: &KeyHasher,
        key: &mut RequestKey,
        request: &Request,
        is_it: impl Fn(&ServerTransaction) -> bool,
    ) -> Option<ServerId> {
        let key = key.call(request);
        let mut found = self.of_call(hasher.hash(key), key).filter(|(_, server)| is_it(server));
        let (slot, _) = found.next()?;
        if found.next().is_some() {
            return None;
        }
        self.slab.address_of(slot).map(ServerId)
    }

    /// The request came again.
    pub(crate) fn retransmission(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        self.step(id, turn, |server, turn| server.retransmission(id, turn));
    }

    /// The user answers.
    pub(crate) fn respond(&mut self, id: ServerId, status: StatusCode, bytes: Bytes, turn: &mut Turn<'_>) {
        if status.is_final()
            && let Some(tags) = self.get_mut(id).and_then(|server| server.to_tags.as_mut())
        {
            tags.response = to_tag_of_bytes(&bytes);
        }
        self.step(id, turn, |server, turn| server.respond(id, status, bytes, turn));
    }

    /// The wheel says that something is due.
    pub(crate) fn fire(&mut self, slot: u32, turn: &mut Turn<'_>) {
        let Some(id) = self.slab.address_of(slot).map(ServerId) else { return };
        self.step(id, turn, |server, turn| server.fire(id, turn));
    }

    /// What a transaction sent last could not be sent.
    pub(crate) fn transport_error(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        self.step(id, turn, |server, turn| server.transport_error(id, turn));
    }

    /// The user will not answer.
    pub(crate) fn give_up(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        self.step(id, turn, |server, turn| server.give_up(id, turn));
    }

    /// Ends a transaction without a word.
    pub(crate) fn remove(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        let Some(server) = self.slab.get_mut(id.0) else { return };
        server.timers.disarm(turn.wheel);
        for (index, hash) in [(&mut self.requests, server.keys.request_hash), (&mut self.calls, server.keys.call_hash)]
        {
            if let Ok(entry) = index.find_entry(hash, |slot| *slot == id.0.index) {
                entry.remove();
            }
        }
        self.slab.remove(id.0);
    }

    fn find_where(
        &self,
        hasher: &KeyHasher,
        key: &[u8],
        is_it: impl Fn(&ServerTransaction) -> bool,
    ) -> Option<ServerId> {
        let is_it =
            |slot: &u32| self.slab.at(*slot).is_some_and(|server| server.keys.request_key() == key && is_it(server));
        let slot = self.requests.find(hasher.hash(key), is_it)?;
        self.slab.address_of(*slot).map(ServerId)
    }

    fn of_call<'a>(&'a self, hash: u64, key: &'a [u8]) -> impl Iterator<Item = (u32, &'a ServerTransaction)> {
        let found = self.calls.iter_hash(hash).filter_map(|slot| Some((*slot, self.slab.at(*slot)?)));
        found.filter(move |(_, server)| server.keys.call_key() == key)
    }

    /// Lets something happen to a transaction; afterwards its timer is set, or it is gone.
    fn step(&mut self, id: ServerId, turn: &mut Turn<'_>, happen: impl FnOnce(&mut ServerTransaction, &mut Turn<'_>)) {
        let Some(server) = self.slab.get_mut(id.0) else { return };
        happen(server, turn);
        if server.is_terminated() {
            turn.tell(Event::ServerTerminated { server: id, user: server.user });
            self.remove(id, turn);
        } else {
            server.timers.arm(turn.wheel, Owner::Server(id.0.index));
        }
    }
}

/// INVITEs are found by CANCELs and ACKs, requests outside a dialog by their copies (8.2.2.2).
fn is_found_by_call(key: &RequestKey, method: &Method) -> bool {
    match method {
        Method::Invite => true,
        Method::Cancel => false,
        _ => !key.is_in_dialog,
    }
}

/// The 100 that leaves by itself (RFC 4320 4.1): for non-INVITE requests over unreliable transports.
fn automatic_trying(request: &Request, transport: TransportProtocol) -> Bytes {
    if *request.method() == Method::Invite || transport.is_reliable() {
        return Bytes::new();
    }
    request.response(StatusCode::TRYING, None).to_bytes()
}

fn to_tag_of(request: &Request) -> Option<siphon_sip::ByteStr> {
    request.headers().to_tag()
}

fn to_tag_of_bytes(response: &Bytes) -> Option<Box<[u8]>> {
    match parse_message(response.clone(), &Limits::default()) {
        Ok(Message::Response(response)) => response.headers().to_tag().map(|tag| (*tag).into()),
        _ => None,
    }
}
