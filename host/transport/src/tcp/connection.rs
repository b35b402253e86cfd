//! One stream connection: what waits to be written, what is half read, how long it has been quiet. Which connection a
//! message takes and when one is closed are decided in [`crate::streams`].

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::{Buf, Bytes};
use nix::sys::epoll::EpollFlags;
use parking_lot::Mutex;
use siphon_sip::{ConnectionId, Flow, Time};

use super::read::Reading;
use super::send_queue::{Receipt, SendQueue};
use crate::poller::{Poller, Token};
use crate::stopwatch::Stopwatch;

/// Whether a connection was opened by the peer or by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The peer connected to a listener.
    Accepted,
    /// We connect; the peer has yet to answer.
    Connecting,
}

/// One stream connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) flow: Flow,
    pub(super) socket: TcpStream,
    poller: Arc<Poller>,
    outgoing: Mutex<Outgoing>,
    /// Only the seat reads, so this lock has no contention but the sweep's glance.
    pub(super) reading: Mutex<Reading>,
    /// Something was read or written since the last sweep.
    active: AtomicBool,
    /// When the last sweep found it active, in microseconds; `u64::MAX` before the first one.
    quiet_since: AtomicU64,
}

/// The half that any thread may use.
#[derive(Debug)]
struct Outgoing {
    phase: Phase,
    queue: SendQueue,
    /// How long the connect, or the first message in the queue, has been waiting for the peer.
    waiting: Stopwatch,
}

/// What can still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Messages are queued until the peer has answered.
    Connecting,
    /// Messages are written.
    Open,
    /// The last answer is on its way; nothing else is taken.
    Finishing,
    /// A write failed; the seat will close it.
    Broken,
    /// It is out of all tables.
    Closed,
}

/// A message that the connection did not take.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The connection takes nothing more, and nothing of this message was written: it may go elsewhere.
    Gone(Bytes),
    /// The peer does not read.
    QueueFull,
}

/// What became of a connection when it turned writable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writable {
    /// It can be used further.
    Yes,
    /// The connect succeeded just now.
    Connected,
    /// It has to be closed.
    Broken,
}

/// What is left when a connection is closed.
#[derive(Debug)]
pub(crate) struct Remains {
    /// Whether the peer had ever answered.
    pub(crate) was_open: bool,
    /// Those whose messages were not written whole.
    pub(crate) unsent: Vec<Receipt>,
}

/// How long things have lasted on a connection, looked at by the sweep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    /// Whether the peer has yet to answer the connect.
    pub(crate) connecting: bool,
    /// How long the connect, or the first message in the queue, has waited.
    pub(crate) waiting: std::time::Duration,
    /// How long a message has been half received.
    pub(crate) half_read: std::time::Duration,
    /// How long nothing at all has happened.
    pub(crate) quiet: std::time::Duration,
}

impl Connection {
    /// A connection over a non-blocking socket, not watched yet.
    pub(crate) fn new(
        flow: Flow,
        id: ConnectionId,
        socket: TcpStream,
        poller: Arc<Poller>,
        origin: Origin,
        send_queue_bytes: usize,
        reading: Reading,
    ) -> Self {
        let mut waiting = Stopwatch::default();
        let phase = match origin {
            Origin::Accepted => Phase::Open,
            Origin::Connecting => {
                waiting.start();
                Phase::Connecting
            }
        };
        Self {
            id,
            flow: Flow { connection: Some(id), ..flow },
            socket,
            poller,
            outgoing: Mutex::new(Outgoing { phase, queue: SendQueue::new(send_queue_bytes), waiting }),
            reading: Mutex::new(reading),
            active: AtomicBool::new(true),
            quiet_since: AtomicU64::new(u64::MAX),
        }
    }

    /// Has its seat watch it.
    pub(crate) fn watch(&self) -> io::Result<()> {
        let connecting = self.outgoing.lock().phase == Phase::Connecting;
        self.poller.add(&self.socket, Token::Connection(self.id), interest(connecting))
    }

    /// Whether a message would be taken.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(self.outgoing.lock().phase, Phase::Connecting | Phase::Open)
    }

    /// Writes a message at once if nothing waits before it, else queues it. Never blocks.
    pub(crate) fn send(&self, message: Bytes, receipt: Option<Receipt>) -> Result<(), NotTaken> {
        let mut outgoing = self.outgoing.lock();
        match outgoing.phase {
            Phase::Connecting => outgoing.queue.push(message, receipt).map_err(|_| NotTaken::QueueFull),
            Phase::Open if outgoing.queue.is_empty() => self.write_first(&mut outgoing, message, receipt),
            Phase::Open => outgoing.queue.push(message, receipt).map_err(|_| NotTaken::QueueFull),
            Phase::Finishing | Phase::Broken | Phase::Closed => Err(NotTaken::Gone(message)),
        }
    }

    fn write_first(
        &self,
        outgoing: &mut Outgoing,
        mut message: Bytes,
        receipt: Option<Receipt>,
    ) -> Result<(), NotTaken> {
        let written = match (&self.socket).write(&message) {
            Ok(written) => written,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            Err(_) => {
                self.break_off(outgoing);
                return Err(NotTaken::Gone(message));
            }
        };
        if written > 0 {
            self.mark_active();
        }
        if written == message.len() {
            return Ok(());
        }
        if written == 0 {
            outgoing.queue.push(message, receipt).map_err(|_| NotTaken::QueueFull)?;
        } else {
            message.advance(written);
            outgoing.queue.push_rest(message, receipt);
        }
        outgoing.waiting.restart();
        self.watch_writability(outgoing, true);
        Ok(())
    }

    /// Does what waited for writability: finishes the connect, writes what is queued.
    pub(crate) fn on_writable(&self) -> Writable {
        let mut outgoing = self.outgoing.lock();
        match outgoing.phase {
            Phase::Connecting if self.is_connected() => {
                outgoing.phase = Phase::Open;
                outgoing.waiting.stop();
                self.mark_active();
                match self.flush(&mut outgoing) {
                    // The peer had answered: that it left again at once is for the read to find.
                    Ok(()) | Err(_) => Writable::Connected,
                }
            }
            Phase::Connecting | Phase::Broken => Writable::Broken,
            Phase::Open | Phase::Finishing => match self.flush(&mut outgoing) {
                Ok(()) => Writable::Yes,
                Err(_) => Writable::Broken,
            },
            Phase::Closed => Writable::Yes,
        }
    }

    /// Sends a last answer, after which nothing more is taken and the peer is told that nothing more comes.
    pub(crate) fn finish(&self, answer: Bytes) {
        let mut outgoing = self.outgoing.lock();
        if outgoing.phase == Phase::Open {
            outgoing.queue.push_rest(answer, None);
            outgoing.phase = Phase::Finishing;
            if self.flush(&mut outgoing).is_err() {
                self.break_off(&mut outgoing);
            }
        }
    }

    /// Ends it for every thread; `None` when another thread did that before.
    pub(crate) fn close(&self) -> Option<Remains> {
        let mut outgoing = self.outgoing.lock();
        if outgoing.phase == Phase::Closed {
            return None;
        }
        let was_open = outgoing.phase != Phase::Connecting;
        outgoing.phase = Phase::Closed;
        let unsent = outgoing.queue.abandon().collect();
        self.poller.remove(&self.socket);
        let _ = self.socket.shutdown(Shutdown::Both);
        Some(Remains { was_open, unsent })
    }

    /// What the sweep judges it by. To be called by the sweep alone: it is what turns activity into times.
    pub(crate) fn ages(&self, now: Time) -> Ages {
        let (connecting, waiting) = {
            let mut outgoing = self.outgoing.lock();
            (outgoing.phase == Phase::Connecting, outgoing.waiting.look(now))
        };
        let half_read = self.reading.lock().half_read.look(now);
        if self.active.swap(false, Ordering::Relaxed) {
            self.quiet_since.store(now.as_micros(), Ordering::Relaxed);
        }
        let quiet = now - Time::from_micros(self.quiet_since.load(Ordering::Relaxed));
        Ages { connecting, waiting, half_read, quiet }
    }

    /// Since when nothing has happened and nothing is under way, if that is so since the last sweep.
    pub(crate) fn idle_since(&self) -> Option<Time> {
        let idle = !self.active.load(Ordering::Relaxed) && self.reading.lock().half_read.is_stopped() && {
            let outgoing = self.outgoing.lock();
            outgoing.phase == Phase::Open && outgoing.queue.is_empty()
        };
        idle.then(|| Time::from_micros(self.quiet_since.load(Ordering::Relaxed)))
    }

    pub(super) fn mark_active(&self) {
        self.active.store(true, Ordering::Relaxed);
    }

    /// Writes until the queue is empty or the peer's window is full.
    fn flush(&self, outgoing: &mut Outgoing) -> io::Result<()> {
        while !outgoing.queue.is_empty() {
            match (&self.socket).write_vectored(&outgoing.queue.slices()) {
                Ok(written) => {
                    outgoing.queue.advance(written);
                    outgoing.waiting.restart();
                    self.mark_active();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    outgoing.waiting.start();
                    self.watch_writability(outgoing, true);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        outgoing.waiting.stop();
        self.watch_writability(outgoing, false);
        if outgoing.phase == Phase::Finishing {
            self.socket.shutdown(Shutdown::Write)?;
        }
        Ok(())
    }

    /// Whether the connect that turned the socket writable has succeeded.
    fn is_connected(&self) -> bool {
        matches!(self.socket.take_error(), Ok(None)) && self.socket.peer_addr().is_ok()
    }

    /// Marks it unusable; the hang-up that follows has the seat close it.
    fn break_off(&self, outgoing: &mut Outgoing) {
        outgoing.phase = Phase::Broken;
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Has the seat told, or told no longer, when the socket can be written. A socket that cannot be watched any more
    /// is one that is being closed.
    fn watch_writability(&self, _held: &Outgoing, wanted: bool) {
        let _ = self.poller.modify(&self.socket, Token::Connection(self.id), interest(wanted));
    }
}

fn interest(writability: bool) -> EpollFlags {
    let reading = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP;
    if writability { reading | EpollFlags::EPOLLOUT } else { reading }
}
