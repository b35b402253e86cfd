//! One reader position: what a thread waits on and takes things in from. What is sent leaves through the
//! [`Transport`], from any thread.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::epoll::{EpollEvent, EpollFlags};
use parking_lot::Mutex;
use siphon_sip::{ListenerId, Time};

use crate::bind::Sockets;
use crate::incoming::Incoming;
use crate::poller::{EVENTS, Poller, Token};
use crate::stats::Counters;
use crate::transport::Transport;

/// How long no connection is accepted when the host has no file descriptor or memory for one.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// One reader position. One thread at a time calls [`Seat::wait`]; another one that calls it meanwhile waits for its
/// turn.
#[derive(Debug)]
pub struct Seat {
    transport: Arc<Transport>,
    index: usize,
    accepting: Mutex<Accepting>,
}

/// Whether a seat accepts connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepting {
    Yes,
    /// The pause begins with the next wait, which knows the time.
    Exhausted,
    PausedUntil(Time),
}

impl Seat {
    pub(crate) fn new(transport: Arc<Transport>, index: usize) -> Self {
        Self { transport, index, accepting: Mutex::new(Accepting::Yes) }
    }

    /// Waits until something came, `timeout` passed or [`Seat::wake`] was called, and appends what came in.
    ///
    /// It returns early, with nothing, when the transport itself has something to do at a certain time; that is done
    /// at the beginning of the next call. `now` is the time of the call. Without a `timeout` it waits for ever.
    pub fn wait(&self, timeout: Option<Duration>, now: Time, incoming: &mut Vec<Incoming>) -> io::Result<()> {
        let mut accepting = self.accepting.lock();
        let Some((poller, counters)) = self.transport.enter(self.index) else { return Ok(()) };
        let before = incoming.len();
        let deadline = self.run_timers(&mut accepting, poller, counters, now, incoming);
        let own_timeout = if incoming.len() > before { Some(Duration::ZERO) } else { deadline.map(|at| at - now) };
        let timeout = match (timeout, own_timeout) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let mut events = [EpollEvent::empty(); EVENTS];
        for (token, ready) in poller.wait(&mut events, timeout)? {
            match token {
                Token::Wake => {
                    poller.acknowledge_wake();
                    if self.index == 0 {
                        self.transport.streams.take_posted(incoming);
                    }
                }
                Token::Listener(listener) => {
                    if self.on_listener(listener, ready, poller, counters, incoming) {
                        self.transport.unwatch_accepts(poller);
                        *accepting = Accepting::Exhausted;
                    }
                }
                Token::Connection(id) => self.transport.streams.on_ready(id, ready, counters, incoming),
            }
        }
        Ok(())
    }

    /// Interrupts the wait under way, or else the next one. Any thread may call it.
    pub fn wake(&self) {
        if let Some(poller) = self.transport.poller(self.index) {
            poller.wake();
        }
    }

    /// Does what is due and says when something is due next.
    fn run_timers(
        &self,
        accepting: &mut Accepting,
        poller: &Poller,
        counters: &Counters,
        now: Time,
        incoming: &mut Vec<Incoming>,
    ) -> Option<Time> {
        let resume = match *accepting {
            Accepting::Yes => None,
            Accepting::Exhausted => Some(now + ACCEPT_PAUSE),
            Accepting::PausedUntil(resume) if resume <= now => {
                // What cannot be watched now is tried again after another pause.
                self.transport.watch_accepts(poller).is_err().then(|| now + ACCEPT_PAUSE)
            }
            Accepting::PausedUntil(resume) => Some(resume),
        };
        *accepting = resume.map_or(Accepting::Yes, Accepting::PausedUntil);
        let sweep = if self.index == 0 { self.transport.streams.sweep(now, counters, incoming) } else { None };
        resume.into_iter().chain(sweep).min()
    }

    /// Takes what came to a listener; whether the host has no room for another connection.
    fn on_listener(
        &self,
        listener: ListenerId,
        ready: EpollFlags,
        poller: &Poller,
        counters: &Counters,
        incoming: &mut Vec<Incoming>,
    ) -> bool {
        match self.transport.sockets(listener) {
            Some(Sockets::Udp(udp)) => {
                if ready.contains(EpollFlags::EPOLLERR) {
                    udp.receive_errors(self.index, counters, incoming);
                }
                if ready.contains(EpollFlags::EPOLLIN) {
                    udp.receive(self.index, counters, incoming);
                }
                false
            }
            Some(Sockets::Stream(stream)) if stream.is_closed() => {
                stream.unwatch(poller);
                false
            }
            Some(Sockets::Stream(stream)) => self.transport.streams.accept(stream, counters),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;
    use crate::{ListenerConfig, TransportConfig, bind};
    use siphon_sip::TransportProtocol;

    #[test]
    fn a_host_without_room_accepts_nothing_for_a_second() {
        let listeners = vec![ListenerConfig::new(TransportProtocol::Tcp, "127.0.0.1:0".parse().unwrap())];
        let (transport, seats) = bind(&TransportConfig { listeners, ..TransportConfig::default() }).unwrap();
        let (seat, mut incoming) = (&seats[0], Vec::new());
        transport.unwatch_accepts(transport.poller(0).unwrap());
        *seat.accepting.lock() = Accepting::Exhausted;
        let _peer = TcpStream::connect(transport.listeners()[0].bound).unwrap();
        for (millis, accepted) in [(0, 0), (999, 0), (1000, 1)] {
            seat.wait(Some(Duration::ZERO), Time::from_micros(millis * 1000), &mut incoming).unwrap();
            assert_eq!(transport.stats().connections_accepted, accepted, "after {millis} ms");
        }
    }
}
