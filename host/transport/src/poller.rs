//! One epoll instance and the eventfd that interrupts it. It knows tokens, not what is behind them.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use siphon_sip::{ConnectionId, ListenerId};

/// How many events one wait takes; the others come with the next.
pub(crate) const EVENTS: usize = 64;

/// Whose event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Somebody called [`Poller::wake`].
    Wake,
    /// A listener's socket.
    Listener(ListenerId),
    /// A stream connection.
    Connection(ConnectionId),
}

impl Token {
    /// The kind is in the two lowest bits; a process never numbers its connections up to 2^62.
    fn encode(self) -> u64 {
        match self {
            Self::Wake => 0,
            Self::Listener(listener) => u64::from(listener.0) << 2 | 1,
            Self::Connection(connection) => connection.0 << 2 | 2,
        }
    }

    fn decode(value: u64) -> Self {
        match value & 3 {
            1 => Self::Listener(ListenerId(u16::try_from(value >> 2).unwrap_or(u16::MAX))),
            2 => Self::Connection(ConnectionId(value >> 2)),
            _ => Self::Wake,
        }
    }
}

/// What one thread at a time waits on.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: Epoll,
    eventfd: EventFd,
    /// Whether a wake is under way already, so that a burst of them costs one system call.
    woken: AtomicBool,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let eventfd = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        epoll.add(&eventfd, EpollEvent::new(EpollFlags::EPOLLIN, Token::Wake.encode()))?;
        Ok(Self { epoll, eventfd, woken: AtomicBool::new(false) })
    }

    pub(crate) fn add(&self, socket: impl AsFd, token: Token, flags: EpollFlags) -> io::Result<()> {
        Ok(self.epoll.add(socket, EpollEvent::new(flags, token.encode()))?)
    }

    pub(crate) fn modify(&self, socket: impl AsFd, token: Token, flags: EpollFlags) -> io::Result<()> {
        Ok(self.epoll.modify(socket, &mut EpollEvent::new(flags, token.encode()))?)
    }

    /// Forgets a socket; one that is not watched is none the worse.
    pub(crate) fn remove(&self, socket: impl AsFd) {
        let _ = self.epoll.delete(socket);
    }

    /// Interrupts the wait under way, or the next one.
    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            // The counter of an eventfd does not overflow here: it is written once for each time that it is read.
            let _ = self.eventfd.write(1);
        }
    }

    /// To be called when [`Token::Wake`] was reported, before what the wake was about is looked at.
    pub(crate) fn acknowledge_wake(&self) {
        let _ = self.eventfd.read();
        self.woken.swap(false, Ordering::AcqRel);
    }

    /// Fills `events` with what is ready. The timeout is rounded up to milliseconds; `None` waits for ever.
    pub(crate) fn wait<'a>(
        &self,
        events: &'a mut [EpollEvent; EVENTS],
        timeout: Option<Duration>,
    ) -> io::Result<impl Iterator<Item = (Token, EpollFlags)> + use<'a>> {
        let timeout = timeout.map_or(EpollTimeout::NONE, |timeout| {
            let millis = timeout.as_nanos().div_ceil(1_000_000);
            EpollTimeout::try_from(millis).unwrap_or(EpollTimeout::MAX)
        });
        let count = match self.epoll.wait(events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        Ok(events.iter().take(count).map(|event| (Token::decode(event.data()), event.events())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(poller: &Poller) -> Vec<Token> {
        let mut events = [EpollEvent::empty(); EVENTS];
        poller.wait(&mut events, Some(Duration::ZERO)).unwrap().map(|(token, _)| token).collect()
    }

    #[test]
    fn a_token_survives_the_trip_through_the_kernel() {
        for token in
            [Token::Wake, Token::Listener(ListenerId(u16::MAX)), Token::Connection(ConnectionId(u64::MAX >> 2))]
        {
            assert_eq!(Token::decode(token.encode()), token);
        }
    }

    #[test]
    fn a_wake_before_the_wait_is_not_lost() {
        let poller = Poller::new().unwrap();
        poller.wake();
        assert_eq!(tokens(&poller), [Token::Wake]);
    }

    #[test]
    fn wakes_are_reported_once_until_the_next_one() {
        let poller = Poller::new().unwrap();
        poller.wake();
        poller.wake();
        poller.acknowledge_wake();
        assert_eq!(tokens(&poller), []);
        poller.wake();
        assert_eq!(tokens(&poller), [Token::Wake]);
    }
}
