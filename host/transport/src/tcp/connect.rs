//! Opening a connection without waiting for it. Whether one is needed is decided in [`crate::streams`].

use std::io;
use std::net::{SocketAddr, TcpStream};

use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use siphon_sip::Flow;
use socket2::{Domain, Protocol, Socket, Type};

use super::accept::StreamListener;
use crate::bind::set_dscp;

/// Begins a connect from the listener's address; the socket turns writable when it has succeeded or failed.
pub(crate) fn begin(listener: &StreamListener, remote: SocketAddr) -> io::Result<(TcpStream, Flow)> {
    let socket = Socket::new(Domain::for_address(remote), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    set_dscp(&socket, remote, listener.dscp)?;
    if let Some(source) = listener.source() {
        // The port is chosen by the connect, so that one port can serve for many peers.
        setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    match socket.connect(&remote.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let socket = TcpStream::from(socket);
    let local = socket.local_addr()?;
    let flow = Flow { transport: listener.transport, listener: listener.id, local, remote, connection: None };
    Ok((socket, flow))
}
