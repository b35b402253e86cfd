//! The sockets of a load: one that calls, one that is called. What is said on them is not its business.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use bytes::Bytes;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use siphon_sip::framing::{Frame, StreamDecoder};
use siphon_sip::{Limits, Message, parse_message};

/// Which end of the calls a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Caller,
    Callee,
}

/// Where an answer of the callee goes: back to where the request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Address(SocketAddr),
    Stream(usize),
}

/// A message that came in.
pub(super) struct Arrived {
    pub(super) end: End,
    pub(super) from: From,
    pub(super) message: Message,
}

/// Both ends' sockets.
pub(super) enum Wires {
    Udp { server: SocketAddr, caller: UdpSocket, callee: UdpSocket },
    Tcp { caller: Stream, listener: TcpListener, callee: Vec<Stream> },
}

/// A connection, read only when there is something to read.
pub(super) struct Stream {
    socket: TcpStream,
    decoder: Box<StreamDecoder>,
    is_open: bool,
}

impl Stream {
    fn new(socket: TcpStream) -> Self {
        socket.set_nodelay(true).unwrap();
        Self { socket, decoder: Box::new(StreamDecoder::new(Limits::default())), is_open: true }
    }

    fn read(&mut self, mut taken: impl FnMut(Message)) {
        let mut buffer = [0; 65_536];
        match self.socket.read(&mut buffer) {
            Ok(0) => self.is_open = false,
            Ok(length) => self.decoder.push(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.is_open = false,
            Err(error) => panic!("{error}"),
        }
        while let Some(frame) = self.decoder.next().expect("the server broke the framing") {
            if let Frame::Message(bytes) = frame {
                taken(parse_message(bytes, &Limits::default()).expect("the server sent what is no SIP"));
            }
        }
    }

    /// A connection that the server closed takes nothing: the message counts as lost.
    fn write(&mut self, bytes: &[u8]) {
        self.is_open = self.is_open && self.socket.write_all(bytes).is_ok();
    }
}

impl Wires {
    pub(super) fn udp(server: SocketAddr) -> Self {
        let open = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            // As large as the machine allows: what is to be seen is the server's loss, not ours.
            nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::RcvBuf, &(4 << 20)).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        };
        Self::Udp { server, caller: open(), callee: open() }
    }

    pub(super) fn tcp(server: SocketAddr) -> Self {
        let caller = Stream::new(TcpStream::connect(server).unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self::Tcp { caller, listener, callee: Vec::new() }
    }

    /// `UDP` or `TCP`.
    pub(super) const fn transport(&self) -> &'static str {
        match self {
            Self::Udp { .. } => "UDP",
            Self::Tcp { .. } => "TCP",
        }
    }

    pub(super) const fn is_reliable(&self) -> bool {
        matches!(self, Self::Tcp { .. })
    }

    pub(super) fn caller_address(&self) -> SocketAddr {
        match self {
            Self::Udp { caller, .. } => caller.local_addr().unwrap(),
            Self::Tcp { caller, .. } => caller.socket.local_addr().unwrap(),
        }
    }

    pub(super) fn callee_address(&self) -> SocketAddr {
        match self {
            Self::Udp { callee, .. } => callee.local_addr().unwrap(),
            Self::Tcp { listener, .. } => listener.local_addr().unwrap(),
        }
    }

    /// The caller sends to the server.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Udp { server, caller, .. } => send_datagram(caller, *server, bytes),
            Self::Tcp { caller, .. } => caller.write(bytes),
        }
    }

    /// The callee answers.
    pub(super) fn answer(&mut self, to: From, bytes: &[u8]) {
        match (self, to) {
            (Self::Udp { callee, .. }, From::Address(to)) => send_datagram(callee, to, bytes),
            (Self::Tcp { callee, .. }, From::Stream(index)) => callee[index].write(bytes),
            _ => unreachable!("a datagram came on a stream"),
        }
    }

    /// Waits until something can be read, at most for `timeout`, and reads it.
    pub(super) fn wait(&mut self, timeout: Duration, arrived: &mut Vec<Arrived>) {
        // Rounded up: a wait that ends too early would only be repeated.
        let millis = u16::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        match self {
            Self::Udp { caller, callee, .. } => {
                if ready(&[caller, callee], millis).contains(&true) {
                    receive(caller, End::Caller, arrived);
                    receive(callee, End::Callee, arrived);
                }
            }
            Self::Tcp { caller, listener, callee } => wait_for_streams(caller, listener, callee, millis, arrived),
        }
    }
}

fn wait_for_streams(
    caller: &mut Stream,
    listener: &TcpListener,
    callee: &mut Vec<Stream>,
    millis: u16,
    arrived: &mut Vec<Arrived>,
) {
    assert!(caller.is_open, "the server closed the caller's connection");
    let open: Vec<usize> = (0..callee.len()).filter(|index| callee[*index].is_open).collect();
    let mut sockets: Vec<&dyn AsFd> = vec![&caller.socket, listener];
    sockets.extend(open.iter().map(|index| &callee[*index].socket as &dyn AsFd));
    let ready = ready(&sockets, millis);
    if ready[0] {
        caller.read(|message| arrived.push(Arrived { end: End::Caller, from: From::Stream(0), message }));
    }
    for (index, ready) in open.into_iter().zip(&ready[2..]) {
        if *ready {
            let from = From::Stream(index);
            callee[index].read(|message| arrived.push(Arrived { end: End::Callee, from, message }));
        }
    }
    if ready[1] {
        callee.push(Stream::new(listener.accept().unwrap().0));
    }
}

fn ready(sockets: &[&dyn AsFd], millis: u16) -> Vec<bool> {
    let mut polled: Vec<_> = sockets.iter().map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
    match poll(&mut polled, PollTimeout::from(millis)) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
        Err(error) => panic!("{error}"),
    }
    polled.iter().map(|polled| polled.revents().is_some_and(|events| !events.is_empty())).collect()
}

fn receive(socket: &UdpSocket, end: End, arrived: &mut Vec<Arrived>) {
    let mut buffer = [0; 65_536];
    loop {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                let bytes = Bytes::copy_from_slice(&buffer[..length]);
                let message = parse_message(bytes, &Limits::default()).expect("the server sent what is no SIP");
                arrived.push(Arrived { end, from: From::Address(from), message });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            // A server that ends answers earlier datagrams so: they are lost.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn send_datagram(socket: &UdpSocket, to: SocketAddr, bytes: &[u8]) {
    loop {
        match socket.send_to(bytes, to) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let mut polled = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
                let _ = poll(&mut polled, PollTimeout::NONE);
            }
            // Told of an earlier datagram, see above; this one was not sent.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            result => {
                result.unwrap();
                return;
            }
        }
    }
}
