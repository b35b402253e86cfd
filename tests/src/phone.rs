//! A phone of a test: it sends what it is told, byte for byte, and reads messages. It retransmits and answers nothing by itself.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use bytes::Bytes;
use siphon_sip::framing::{Frame, StreamDecoder};
use siphon_sip::{Limits, Message, Request, Response, parse_message};

use crate::wait::PATIENCE;

/// A phone on a socket of its own.
pub struct Phone {
    wire: Wire,
    server: SocketAddr,
    local: SocketAddr,
}

enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, Box<StreamDecoder>),
}

impl Phone {
    /// A phone that speaks UDP to `server`.
    #[must_use]
    pub fn udp(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let local = socket.local_addr().unwrap();
        Self { wire: Wire::Udp(socket), server, local }
    }

    /// A phone that is connected to `server` by TCP.
    #[must_use]
    pub fn tcp(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_nodelay(true).unwrap();
        let local = stream.local_addr().unwrap();
        Self { wire: Wire::Tcp(stream, Box::new(StreamDecoder::new(Limits::default()))), server, local }
    }

    /// Its own address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.local
    }

    /// `UDP` or `TCP`.
    #[must_use]
    pub const fn transport(&self) -> &'static str {
        match self.wire {
            Wire::Udp(_) => "UDP",
            Wire::Tcp(..) => "TCP",
        }
    }

    /// Sends bytes to the server as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        match &mut self.wire {
            Wire::Udp(socket) => {
                socket.send_to(bytes, self.server).unwrap();
            }
            Wire::Tcp(stream, _) => stream.write_all(bytes).unwrap(),
        }
    }

    /// Sends a text, its lines ended by CRLF, with an empty line at its end.
    pub fn send(&mut self, lines: &str) {
        let mut text = lines.trim().lines().map(str::trim).collect::<Vec<_>>().join("\r\n");
        text.push_str("\r\n\r\n");
        self.send_bytes(text.as_bytes());
    }

    /// A request of this phone outside any dialog, its Via and Contact this phone's, with these lines added.
    #[must_use]
    pub fn request(&self, method: &str, uri: &str, call_id: &str, more: &str) -> String {
        let (local, transport) = (self.local, self.transport());
        let more = if more.is_empty() { String::new() } else { format!("{}\r\n", more.trim()) };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {local};rport;branch=z9hG4bK{call_id}{method}\r\n\
             From: <sip:phone@example.com>;tag=from{call_id}\r\nTo: <{uri}>\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n\
             Contact: <sip:phone@{local}>\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n"
        )
    }

    /// The next message; `None` when none comes within `patience`.
    #[must_use]
    pub fn receive_within(&mut self, patience: Duration) -> Option<Message> {
        let deadline = Instant::now() + patience;
        match &mut self.wire {
            Wire::Udp(socket) => receive_datagram(socket, deadline),
            Wire::Tcp(stream, decoder) => receive_frame(stream, decoder, deadline),
        }
    }

    /// The next message.
    ///
    /// # Panics
    /// When none comes.
    pub fn receive(&mut self) -> Message {
        self.receive_within(PATIENCE).expect("the server sent nothing")
    }

    /// The next request; responses before it are passed over.
    pub fn receive_request(&mut self) -> Request {
        loop {
            if let Message::Request(request) = self.receive() {
                return request;
            }
        }
    }

    /// The next response that is no 100; requests before it are passed over.
    pub fn receive_response(&mut self) -> Response {
        loop {
            match self.receive() {
                Message::Response(response) if response.status().as_u16() != 100 => return response,
                _ => {}
            }
        }
    }
}

fn receive_datagram(socket: &UdpSocket, deadline: Instant) -> Option<Message> {
    let mut buffer = vec![0; 65_536];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        socket.set_read_timeout(Some(left)).unwrap();
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let bytes = Bytes::copy_from_slice(&buffer[..length]);
                return Some(parse_message(bytes, &Limits::default()).expect("the server sent what is no SIP"));
            }
            Err(error) if is_timeout(error.kind()) => return None,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn receive_frame(stream: &mut TcpStream, decoder: &mut StreamDecoder, deadline: Instant) -> Option<Message> {
    let mut buffer = [0; 4096];
    loop {
        match decoder.next().expect("the server broke the framing") {
            Some(Frame::Message(bytes)) => return Some(parse_message(bytes, &Limits::default()).unwrap()),
            Some(_) => continue,
            None => {}
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        stream.set_read_timeout(Some(left)).unwrap();
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(length) => decoder.push(&buffer[..length]),
            Err(error) if is_timeout(error.kind()) => return None,
            Err(error) => panic!("{error}"),
        }
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
