//! Reading datagrams in batches. It knows nothing of SIP; buffers belong to the thread that reads, not to the socket.

use std::cell::RefCell;
use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrIn, SockaddrIn6, SockaddrLike, recvmmsg,
};

use crate::stats::Counters;

/// Datagrams that one system call takes at most.
const BATCH: usize = 32;

/// No datagram is larger, so none is ever cut.
const DATAGRAM: usize = 1 << 16;

/// How often a pending socket error is taken instead of datagrams before the socket waits for its next turn.
const ATTEMPTS: usize = 8;

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers::new());
}

/// What one thread reads into: 2 MiB of address space, of which only what datagrams filled becomes memory.
struct Buffers {
    bytes: Box<[u8]>,
    v4: Headers<SockaddrIn>,
    v6: Headers<SockaddrIn6>,
}

/// The kernel writes the lengths it used into the headers, so each shape of reply needs headers of its own.
struct Headers<S> {
    plain: MultiHeaders<S>,
    with_destination: MultiHeaders<S>,
}

impl Buffers {
    fn new() -> Self {
        Self {
            bytes: vec![0; BATCH * DATAGRAM].into_boxed_slice(),
            v4: Headers::new(cmsg_space!(libc::in_pktinfo)),
            v6: Headers::new(cmsg_space!(libc::in6_pktinfo)),
        }
    }
}

impl<S: Copy + SockaddrLike> Headers<S> {
    fn new(control: Vec<u8>) -> Self {
        Self {
            plain: MultiHeaders::preallocate(BATCH, None),
            with_destination: MultiHeaders::preallocate(BATCH, Some(control)),
        }
    }

    const fn shape(&mut self, with_destination: bool) -> &mut MultiHeaders<S> {
        if with_destination { &mut self.with_destination } else { &mut self.plain }
    }
}

/// Gives each datagram of one batch to `each`, with its sender and, `with_destination`, the address that it was sent
/// to.
pub(super) fn batch(
    socket: &UdpSocket,
    is_ipv4: bool,
    with_destination: bool,
    counters: &Counters,
    mut each: impl FnMut(&[u8], SocketAddr, Option<IpAddr>),
) {
    BUFFERS.with_borrow_mut(|Buffers { bytes, v4, v6 }| {
        for _ in 0..ATTEMPTS {
            let received = if is_ipv4 {
                receive(
                    socket,
                    v4.shape(with_destination),
                    bytes,
                    |message| message.address.map(|address| SocketAddr::V4(address.into())),
                    &mut each,
                )
            } else {
                receive(
                    socket,
                    v6.shape(with_destination),
                    bytes,
                    |message| message.address.map(|address| SocketAddr::V6(address.into())),
                    &mut each,
                )
            };
            match received {
                Ok(()) | Err(Errno::EAGAIN) => return,
                Err(Errno::EINTR) => {}
                // An ICMP error; which datagram it is about, the error queue tells.
                Err(_) => counters.socket_errors.increment(),
            }
        }
    });
}

/// One `recvmmsg`.
fn receive<S: Copy + SockaddrLike>(
    socket: &UdpSocket,
    headers: &mut MultiHeaders<S>,
    bytes: &mut [u8],
    remote: impl Fn(&RecvMsg<'_, '_, S>) -> Option<SocketAddr>,
    each: &mut impl FnMut(&[u8], SocketAddr, Option<IpAddr>),
) -> Result<(), Errno> {
    let mut chunks = bytes.chunks_exact_mut(DATAGRAM);
    let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
        std::array::from_fn(|_| [IoSliceMut::new(chunks.next().unwrap_or_default())]);
    let messages = recvmmsg(socket.as_raw_fd(), headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
    for message in messages {
        let Some(remote) = remote(&message) else { continue };
        each(message.iovs().next().unwrap_or_default(), remote, destination(&message));
    }
    Ok(())
}

/// The address that a datagram was sent to, where the socket was told to say it.
fn destination<S>(message: &RecvMsg<'_, '_, S>) -> Option<IpAddr> {
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::V4(Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes())))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr))),
        _ => None,
    })
}
