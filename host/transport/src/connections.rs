//! The table of stream connections: by number, by peer, counted and bounded. What is done with a connection is not
//! decided here.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use siphon_sip::{ConnectionId, TransportProtocol};

use crate::tcp::Connection;

/// Locks that the table is spread over.
pub(crate) const STRIPES: usize = 64;

/// Whom a connection leads to. The address says the IP family as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Peer {
    pub(crate) transport: TransportProtocol,
    pub(crate) remote: SocketAddr,
}

type ById = HashMap<ConnectionId, Arc<Connection>>;
type ByPeer = HashMap<Peer, Vec<Arc<Connection>>>;

/// All stream connections of the process.
#[derive(Debug)]
pub(crate) struct Connections {
    by_id: Vec<Mutex<ById>>,
    by_peer: Vec<Mutex<ByPeer>>,
    hash: RandomState,
    next_id: AtomicU64,
    count: AtomicUsize,
    limit: usize,
}

/// A place in the table; given back when it is dropped unused.
#[derive(Debug)]
pub(crate) struct Slot<'a>(&'a Connections);

/// The connections to the peers of one stripe. As long as it is held, no other thread opens one to them.
#[derive(Debug)]
pub(crate) struct PeerStripe<'a> {
    peers: MutexGuard<'a, ByPeer>,
    peer: Peer,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            by_id: std::iter::repeat_with(Mutex::default).take(STRIPES).collect(),
            by_peer: std::iter::repeat_with(Mutex::default).take(STRIPES).collect(),
            hash: RandomState::new(),
            next_id: AtomicU64::new(0),
            count: AtomicUsize::new(0),
            limit,
        }
    }

    /// How many there are, reserved places included.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// A number that no connection had before.
    pub(crate) fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// Takes a place, unless the table is full.
    pub(crate) fn reserve(&self) -> Option<Slot<'_>> {
        let below_limit = |count: usize| (count < self.limit).then_some(count + 1);
        self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, below_limit).ok().map(|_| Slot(self))
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<Arc<Connection>> {
        self.id_stripe(id)?.get(&id).cloned()
    }

    /// The connections to a peer; `None` never happens.
    pub(crate) fn peer(&self, peer: Peer) -> Option<PeerStripe<'_>> {
        let stripe = self.hash.hash_one(peer) % STRIPES as u64;
        let peers = self.by_peer.get(usize::try_from(stripe).ok()?)?.lock();
        Some(PeerStripe { peers, peer })
    }

    /// The connections of one stripe, for who looks at all of them by and by.
    pub(crate) fn stripe(&self, stripe: usize) -> Vec<Arc<Connection>> {
        self.by_id.get(stripe).map(|stripe| stripe.lock().values().cloned().collect()).unwrap_or_default()
    }

    /// Puts a connection into its place. The caller holds the stripe of its peer.
    pub(crate) fn insert(&self, slot: Slot<'_>, connection: Arc<Connection>, stripe: &mut PeerStripe<'_>) {
        if let Some(mut by_id) = self.id_stripe(connection.id) {
            by_id.insert(connection.id, Arc::clone(&connection));
            stripe.peers.entry(stripe.peer).or_default().push(connection);
            // The place now belongs to the connection, until it is removed.
            std::mem::forget(slot);
        }
    }

    /// Takes a connection out and frees its place. The caller holds no stripe.
    pub(crate) fn remove(&self, connection: &Connection) {
        let removed = self.id_stripe(connection.id).and_then(|mut stripe| stripe.remove(&connection.id));
        if removed.is_none() {
            return;
        }
        let peer = Peer { transport: connection.flow.transport, remote: connection.flow.remote };
        if let Some(mut stripe) = self.peer(peer)
            && let Some(connections) = stripe.peers.get_mut(&peer)
        {
            connections.retain(|other| other.id != connection.id);
            if connections.is_empty() {
                stripe.peers.remove(&peer);
            }
        }
        self.count.fetch_sub(1, Ordering::AcqRel);
    }

    fn id_stripe(&self, id: ConnectionId) -> Option<MutexGuard<'_, ById>> {
        let stripe = usize::try_from(id.0 % STRIPES as u64).ok()?;
        self.by_id.get(stripe).map(Mutex::lock)
    }
}

impl PeerStripe<'_> {
    /// A connection to the peer that takes messages, the latest if there are several.
    pub(crate) fn usable(&self) -> Option<Arc<Connection>> {
        self.peers.get(&self.peer)?.iter().rev().find(|connection| connection.is_usable()).cloned()
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_out_at_the_limit_and_come_back() {
        let table = Connections::new(2);
        let first = table.reserve().unwrap();
        let second = table.reserve().unwrap();
        assert!(table.reserve().is_none());
        drop(first);
        assert!(table.reserve().is_some());
        drop(second);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn no_two_connections_have_the_same_number() {
        let table = Connections::new(1);
        assert_ne!(table.next_id(), table.next_id());
    }
}
