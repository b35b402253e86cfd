//! A TCP listening socket, shared by all seats. What a new connection is used for is decided in [`crate::streams`].

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sys::epoll::EpollFlags;
use siphon_sip::{Flow, ListenerId, TransportProtocol};
use socket2::SockRef;

use crate::poller::{Poller, Token};

/// One address that connections come to, and that outgoing ones are made from.
#[derive(Debug)]
pub(crate) struct StreamListener {
    pub(crate) id: ListenerId,
    pub(crate) transport: TransportProtocol,
    pub(crate) bound: SocketAddr,
    pub(crate) dscp: Option<u8>,
    socket: TcpListener,
    closed: AtomicBool,
}

/// What an accept yielded.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// A connection, non-blocking.
    Connection(TcpStream, Flow),
    /// Nobody is waiting.
    Nobody,
    /// The process has no file descriptor, or the host no memory, for it.
    Exhausted,
}

impl StreamListener {
    /// A listener over a socket that listens and does not block.
    pub(crate) const fn new(
        id: ListenerId,
        transport: TransportProtocol,
        bound: SocketAddr,
        dscp: Option<u8>,
        socket: TcpListener,
    ) -> Self {
        Self { id, transport, bound, dscp, socket, closed: AtomicBool::new(false) }
    }

    /// Has a seat accept connections, unless the listener is closed. All seats do; one of them is woken for each.
    pub(crate) fn watch(&self, poller: &Poller) -> io::Result<()> {
        if self.is_closed() {
            return Ok(());
        }
        poller.add(&self.socket, Token::Listener(self.id), EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE)
    }

    /// Has a seat accept no more connections.
    pub(crate) fn unwatch(&self, poller: &Poller) {
        poller.remove(&self.socket);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The address that outgoing connections are bound to; `None` leaves it to the routing table.
    pub(crate) fn source(&self) -> Option<IpAddr> {
        let ip = self.bound.ip();
        (!ip.is_unspecified()).then_some(ip)
    }

    /// Takes one connection.
    pub(crate) fn accept(&self) -> Accepted {
        loop {
            let error = match self.socket.accept() {
                Ok((socket, remote)) => match self.prepare(&socket, remote) {
                    Ok(flow) => return Accepted::Connection(socket, flow),
                    // The peer left between the two calls.
                    Err(_) => continue,
                },
                Err(error) => error,
            };
            match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM) => return Accepted::Exhausted,
                // An error of the connection that was about to be taken, accept(2): the next one may be sound.
                Some(Errno::ECONNABORTED | Errno::EINTR | Errno::EPROTO | Errno::EPERM) => {}
                _ => return Accepted::Nobody,
            }
        }
    }

    fn prepare(&self, socket: &TcpStream, remote: SocketAddr) -> io::Result<Flow> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        let local = socket.local_addr()?;
        Ok(Flow { transport: self.transport, listener: self.id, local, remote, connection: None })
    }

    /// Stops listening: who connects from now on is refused by the system.
    pub(crate) fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel)
            && let Err(error) = SockRef::from(&self.socket).shutdown(Shutdown::Both)
            && error.kind() != ErrorKind::NotConnected
        {
            tracing::warn!(listener = %self.bound, %error, "a listening socket could not be closed");
        }
    }
}
