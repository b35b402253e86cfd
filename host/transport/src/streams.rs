//! Which connection a message takes, and when one is opened, admitted and closed. Bytes are read and written in
//! [`crate::tcp`]; time is looked at in [`crate::sweep`].

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use nix::sys::epoll::EpollFlags;
use parking_lot::Mutex;
use siphon_sip::{ConnectionId, Destination, Flow, Limits};

use crate::config::TransportConfig;
use crate::connections::{Connections, Peer, Slot};
use crate::error::SendError;
use crate::incoming::{Incoming, SendTag};
use crate::poller::Poller;
use crate::stats::Counters;
use crate::sweep::{IdleConnections, Sweeper};
use crate::tcp::{Accepted, Connection, NotTaken, Origin, Read, Reading, Receipt, StreamListener, Writable, connect};

/// Connections that one seat accepts before it does something else.
const ACCEPTS: usize = 32;

/// Idle connections that are tried before a new one is refused: another thread may take the place that was made.
const EVICTIONS: usize = 4;

/// The stream connections of a transport and the rules for them.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) table: Connections,
    pub(crate) limits: StreamLimits,
    pub(crate) sweeper: Sweeper,
    pub(crate) idle: IdleConnections,
    pollers: Arc<[Arc<Poller>]>,
    next_seat: AtomicUsize,
    /// What a thread that is no reader has to tell; the first seat takes it.
    posted: Mutex<Vec<Incoming>>,
}

/// How long and how large things may be on a stream.
#[derive(Debug)]
pub(crate) struct StreamLimits {
    pub(crate) idle: Duration,
    pub(crate) incomplete_message: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) send_queue_bytes: usize,
    pub(crate) message: Limits,
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The peer closed it or it broke.
    Ended,
    /// What it carried cannot be read.
    Refused,
    /// The peer did not answer the connect.
    ConnectTimeout,
    /// A message stayed half received or half sent.
    Stalled,
    /// Nothing happened on it.
    Idle,
    /// Nothing happened on it and its place was needed.
    Evicted,
}

impl Streams {
    pub(crate) fn new(config: &TransportConfig, pollers: Arc<[Arc<Poller>]>) -> Self {
        let limits = StreamLimits {
            idle: config.connection_idle,
            incomplete_message: config.incomplete_message,
            connect_timeout: config.connect_timeout,
            send_queue_bytes: config.send_queue_bytes,
            message: config.limits,
        };
        Self {
            table: Connections::new(config.max_connections),
            sweeper: Sweeper::new(&limits),
            limits,
            idle: IdleConnections::default(),
            pollers,
            next_seat: AtomicUsize::new(0),
            posted: Mutex::default(),
        }
    }

    /// Sends on the destination's connection, else on an open one to the peer, else on a new one.
    pub(crate) fn send(
        &self,
        listener: Option<&StreamListener>,
        to: &Destination,
        message: Bytes,
        tag: SendTag,
        counters: &Counters,
    ) -> Result<(), SendError> {
        let receipt = Receipt { to: *to, tag };
        let peer = Peer { transport: to.transport, remote: to.remote };
        let named = to.connection.and_then(|id| self.table.get(id));
        let message = match offer(named, message, receipt, counters)? {
            Some(message) => message,
            None => return Ok(()),
        };
        let open = self.table.peer(peer).and_then(|stripe| stripe.usable());
        match offer(open, message, receipt, counters)? {
            Some(message) => {
                let listener = listener.ok_or(SendError::NoListener(to.transport))?;
                self.send_on_new(listener, peer, message, receipt, counters)
            }
            None => Ok(()),
        }
    }

    /// Opens a connection, unless another thread has just done it, and queues the message on it.
    fn send_on_new(
        &self,
        listener: &StreamListener,
        peer: Peer,
        message: Bytes,
        receipt: Receipt,
        counters: &Counters,
    ) -> Result<(), SendError> {
        let remote = peer.remote;
        if remote.is_ipv4() != listener.bound.is_ipv4() {
            return Err(SendError::WrongFamily { local: listener.bound, remote });
        }
        let full = || SendError::TooManyConnections(remote);
        let slot = self.reserve(counters).ok_or_else(full)?;
        let mut stripe = self.table.peer(peer).ok_or_else(full)?;
        let message = match offer(stripe.usable(), message, receipt, counters)? {
            Some(message) => message,
            None => return Ok(()),
        };
        let (socket, flow) = connect::begin(listener, remote).map_err(|source| {
            counters.connects_failed.increment();
            SendError::Unreachable { remote, source }
        })?;
        let connection = self.connection(flow, socket, Origin::Connecting).ok_or_else(full)?;
        self.table.insert(slot, Arc::clone(&connection), &mut stripe);
        drop(stripe);
        let taken = offer(Some(Arc::clone(&connection)), message, receipt, counters);
        self.watch(&connection, counters);
        match taken? {
            None => Ok(()),
            Some(_) => Err(full()),
        }
    }

    /// Takes the connections that wait at a listener; whether the host has no room for more.
    pub(crate) fn accept(&self, listener: &StreamListener, counters: &Counters) -> bool {
        for _ in 0..ACCEPTS {
            match listener.accept() {
                Accepted::Connection(socket, flow) => self.admit(socket, flow, counters),
                Accepted::Nobody => return false,
                Accepted::Exhausted => {
                    counters.connections_refused.increment();
                    self.evict(counters);
                    return true;
                }
            }
        }
        false
    }

    fn admit(&self, socket: TcpStream, flow: Flow, counters: &Counters) {
        let peer = Peer { transport: flow.transport, remote: flow.remote };
        let Some(slot) = self.reserve(counters) else {
            counters.connections_refused.increment();
            return;
        };
        let Some(connection) = self.connection(flow, socket, Origin::Accepted) else { return };
        if let Some(mut stripe) = self.table.peer(peer) {
            self.table.insert(slot, Arc::clone(&connection), &mut stripe);
        }
        counters.connections_accepted.increment();
        self.watch(&connection, counters);
    }

    /// Does what a connection is ready for.
    pub(crate) fn on_ready(
        &self,
        id: ConnectionId,
        ready: EpollFlags,
        counters: &Counters,
        incoming: &mut Vec<Incoming>,
    ) {
        let Some(connection) = self.table.get(id) else { return };
        let failed = EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP;
        if ready.intersects(EpollFlags::EPOLLOUT | failed) {
            match connection.on_writable() {
                Writable::Yes => {}
                Writable::Connected => counters.connections_opened.increment(),
                Writable::Broken => return self.close(&connection, Ending::Ended, counters, incoming),
            }
        }
        if ready.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | failed) {
            match connection.read(counters, incoming) {
                Read::Open => {}
                Read::Ended => self.close(&connection, Ending::Ended, counters, incoming),
                Read::Refused => self.close(&connection, Ending::Refused, counters, incoming),
            }
        }
    }

    /// Closes a connection and tells whom that concerns, once.
    pub(crate) fn close(
        &self,
        connection: &Connection,
        ending: Ending,
        counters: &Counters,
        incoming: &mut Vec<Incoming>,
    ) {
        let Some(remains) = connection.close() else { return };
        self.table.remove(connection);
        match ending {
            _ if !remains.was_open => counters.connects_failed.increment(),
            Ending::Idle => counters.connections_closed_idle.increment(),
            Ending::Stalled => counters.connections_closed_stalled.increment(),
            Ending::Evicted => counters.connections_evicted.increment(),
            Ending::Ended | Ending::Refused | Ending::ConnectTimeout => {}
        }
        incoming.extend(remains.unsent.into_iter().map(|Receipt { to, tag }| Incoming::SendFailed { to, tag }));
        if remains.was_open {
            incoming.push(Incoming::ConnectionClosed { flow: connection.flow });
        }
    }

    /// What other threads had to tell.
    pub(crate) fn take_posted(&self, incoming: &mut Vec<Incoming>) {
        incoming.append(&mut self.posted.lock());
    }

    /// Closes a connection for a thread that is no reader: the first seat tells whom that concerns.
    pub(crate) fn close_from_outside(&self, connection: &Connection, ending: Ending, counters: &Counters) {
        let mut news = Vec::new();
        self.close(connection, ending, counters, &mut news);
        self.posted.lock().append(&mut news);
        self.wake_first_seat();
    }

    fn wake_first_seat(&self) {
        if let Some(poller) = self.pollers.first() {
            poller.wake();
        }
    }

    /// A place in the table, if need be that of the connection that has been idle longest.
    fn reserve(&self, counters: &Counters) -> Option<Slot<'_>> {
        for _ in 0..EVICTIONS {
            if let Some(slot) = self.table.reserve() {
                return Some(slot);
            }
            if !self.evict(counters) {
                return None;
            }
        }
        self.table.reserve()
    }

    fn evict(&self, counters: &Counters) -> bool {
        let Some(connection) = self.idle.longest(&self.table) else { return false };
        self.close_from_outside(&connection, Ending::Evicted, counters);
        true
    }

    /// A connection on the next seat in turn; there is always one.
    fn connection(&self, flow: Flow, socket: TcpStream, origin: Origin) -> Option<Arc<Connection>> {
        let seat = self.next_seat.fetch_add(1, Ordering::Relaxed) % self.pollers.len().max(1);
        let poller = self.pollers.get(seat)?;
        let reading = Reading::new(self.limits.message);
        let id = self.table.next_id();
        let queue = self.limits.send_queue_bytes;
        Some(Arc::new(Connection::new(flow, id, socket, Arc::clone(poller), origin, queue, reading)))
    }

    /// Has the connection's seat watch it, and the sweeper look at it now and then.
    fn watch(&self, connection: &Connection, counters: &Counters) {
        if let Err(error) = connection.watch() {
            tracing::warn!(remote = %connection.flow.remote, %error, "a connection cannot be watched and is closed");
            self.close_from_outside(connection, Ending::Ended, counters);
        }
        if self.sweeper.start() {
            self.wake_first_seat();
        }
    }
}

/// Offers a message to a connection; yields it back where there is none or it takes nothing more.
fn offer(
    connection: Option<Arc<Connection>>,
    message: Bytes,
    receipt: Receipt,
    counters: &Counters,
) -> Result<Option<Bytes>, SendError> {
    let Some(connection) = connection else { return Ok(Some(message)) };
    match connection.send(message, Some(receipt)) {
        Ok(()) => {
            counters.stream_messages_sent.increment();
            Ok(None)
        }
        Err(NotTaken::Gone(message)) => Ok(Some(message)),
        Err(NotTaken::QueueFull) => {
            counters.send_queue_overflows.increment();
            Err(SendError::QueueFull(connection.flow.remote))
        }
    }
}
