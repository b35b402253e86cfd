//! The sockets as a whole: what any thread may use. Reading is a [`Seat`]'s.

use std::cell::Cell;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use nix::sys::epoll::EpollFlags;
use siphon_sip::{ConnectionId, Destination, Listener, ListenerId, TransportProtocol};

use crate::bind::{self, Sockets};
use crate::config::TransportConfig;
use crate::error::{BindError, SendError};
use crate::incoming::SendTag;
use crate::poller::{Poller, Token};
use crate::seat::Seat;
use crate::stats::{Counters, Stats};
use crate::streams::{Ending, Streams};
use crate::tcp::StreamListener;

thread_local! {
    /// The seat that this thread read from last: it sends from that seat's sockets, so that threads do not share one.
    static SEAT: Cell<usize> = const { Cell::new(0) };
}

/// The listeners and connections of a server.
#[derive(Debug)]
pub struct Transport {
    listeners: Vec<Listener>,
    /// By [`ListenerId`].
    sockets: Vec<Sockets>,
    pub(crate) streams: Streams,
    /// By seat.
    pollers: Arc<[Arc<Poller>]>,
    /// By seat.
    counters: Vec<Counters>,
}

/// Opens all listeners, or none.
///
/// Each UDP listener fails when anybody has its address, another server of this kind included.
pub fn bind(config: &TransportConfig) -> Result<(Arc<Transport>, Vec<Arc<Seat>>), BindError> {
    if config.seats == 0 {
        return Err(BindError::NoSeats);
    }
    let mut listeners = Vec::new();
    let mut sockets = Vec::new();
    for (index, listener) in config.listeners.iter().enumerate() {
        let id = u16::try_from(index).map_err(|_| BindError::TooManyListeners(config.listeners.len()))?;
        let id = ListenerId(id);
        let (opened, bound) = bind::listener(id, listener, config)?;
        let advertise = listener.advertise.clone();
        listeners.push(Listener { id, transport: listener.transport, bound, advertise });
        sockets.push(opened);
    }
    let pollers: Arc<[Arc<Poller>]> =
        (0..config.seats).map(|_| Poller::new().map(Arc::new)).collect::<Result<_, _>>().map_err(BindError::Poller)?;
    let transport = Arc::new(Transport {
        listeners,
        sockets,
        streams: Streams::new(config, Arc::clone(&pollers)),
        counters: std::iter::repeat_with(Counters::default).take(config.seats).collect(),
        pollers,
    });
    for (index, poller) in transport.pollers.iter().enumerate() {
        transport.watch_datagrams(index, poller).map_err(BindError::Poller)?;
        transport.watch_accepts(poller).map_err(BindError::Poller)?;
    }
    let seats = (0..config.seats).map(|index| Arc::new(Seat::new(Arc::clone(&transport), index))).collect();
    Ok((transport, seats))
}

impl Transport {
    /// The listeners in the order of their ids, with their real ports.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Sends a message. Never blocks; any thread may call it.
    ///
    /// A datagram leaves from the listener's address. A stream message takes the connection that `to` names, else an
    /// open connection to the peer, else a new one from the listener's address, on which it waits for the peer's
    /// answer. What fails later comes back with its `tag` as [`Incoming::SendFailed`](crate::Incoming::SendFailed).
    pub fn send(&self, to: &Destination, bytes: Bytes, tag: SendTag) -> Result<(), SendError> {
        let none = || SendError::NoListener(to.transport);
        let seat = SEAT.get();
        let counters = self.counters.get(seat).or_else(|| self.counters.first()).ok_or_else(none)?;
        match self.sockets.get(usize::from(to.listener.0)) {
            Some(Sockets::Udp(listener)) if to.transport == TransportProtocol::Udp => {
                listener.send(seat, to.remote, &bytes, counters)
            }
            Some(Sockets::Stream(listener)) if to.transport == listener.transport => {
                self.streams.send(Some(listener), to, bytes, tag, counters)
            }
            _ if to.transport == TransportProtocol::Udp => Err(none()),
            // An open connection needs no listener.
            _ => self.streams.send(None, to, bytes, tag, counters),
        }
    }

    /// Whether a stream connection takes messages, which one that is being opened does too.
    #[must_use]
    pub fn is_open(&self, connection: ConnectionId) -> bool {
        self.streams.table.get(connection).is_some_and(|connection| connection.is_usable())
    }

    /// Closes a stream connection, whose peer has misbehaved for instance. What it had not written yet comes back
    /// from the first seat as [`Incoming::SendFailed`](crate::Incoming::SendFailed), like any other closing as
    /// [`Incoming::ConnectionClosed`](crate::Incoming::ConnectionClosed).
    pub fn close(&self, connection: ConnectionId) {
        if let (Some(connection), Some(counters)) = (self.streams.table.get(connection), self.counters.first()) {
            self.streams.close_from_outside(&connection, Ending::Ended, counters);
        }
    }

    /// How many stream connections of a protocol there are, those that are being opened included.
    #[must_use]
    pub fn connection_count(&self, transport: TransportProtocol) -> usize {
        if transport == TransportProtocol::Tcp { self.streams.table.len() } else { 0 }
    }

    /// What the sockets did since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::sum(self.counters.iter())
    }

    /// Accepts no further connections, for a drain. Open ones and datagrams go on.
    pub fn close_listeners(&self) {
        for listener in self.stream_listeners() {
            listener.close();
            self.pollers.iter().for_each(|poller| listener.unwatch(poller));
        }
    }

    /// The thread that calls reads from a seat now.
    pub(crate) fn enter(&self, seat: usize) -> Option<(&Poller, &Counters)> {
        SEAT.set(seat);
        Some((self.pollers.get(seat)?, self.counters.get(seat)?))
    }

    pub(crate) fn sockets(&self, listener: ListenerId) -> Option<&Sockets> {
        self.sockets.get(usize::from(listener.0))
    }

    pub(crate) fn poller(&self, seat: usize) -> Option<&Poller> {
        self.pollers.get(seat).map(Arc::as_ref)
    }

    fn watch_datagrams(&self, seat: usize, poller: &Poller) -> io::Result<()> {
        for (sockets, listener) in self.sockets.iter().zip(&self.listeners) {
            if let Sockets::Udp(udp) = sockets
                && let Some(socket) = udp.socket(seat)
            {
                poller.add(socket, Token::Listener(listener.id), EpollFlags::EPOLLIN)?;
            }
        }
        Ok(())
    }

    /// Has a seat accept connections.
    pub(crate) fn watch_accepts(&self, poller: &Poller) -> io::Result<()> {
        self.stream_listeners().try_for_each(|listener| listener.watch(poller))
    }

    /// Has a seat accept no connections for now.
    pub(crate) fn unwatch_accepts(&self, poller: &Poller) {
        self.stream_listeners().for_each(|listener| listener.unwatch(poller));
    }

    fn stream_listeners(&self) -> impl Iterator<Item = &StreamListener> {
        self.sockets.iter().filter_map(|sockets| match sockets {
            Sockets::Stream(listener) => Some(listener),
            Sockets::Udp(_) => None,
        })
    }
}
