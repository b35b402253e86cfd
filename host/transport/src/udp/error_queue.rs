//! The error queue of a UDP socket (`IP_RECVERR`): which datagram an ICMP error is about. What follows from it is
//! decided by whoever sent the datagram.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use bytes::Bytes;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, SockaddrIn, SockaddrIn6, SockaddrLike, recvmsg};

/// Errors that are taken in one go; the others keep the socket ready.
const BATCH: usize = 64;

/// More than any ICMP message quotes.
const QUOTE: usize = 2048;

/// Takes what is in the queue and gives the datagrams that will not arrive to `each`: the address they were sent to,
/// and their beginning.
pub(super) fn drain(socket: &UdpSocket, is_ipv4: bool, mut each: impl FnMut(SocketAddr, Bytes)) {
    let mut control = cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6, libc::in6_pktinfo);
    for _ in 0..BATCH {
        let taken = if is_ipv4 {
            take::<SockaddrIn>(socket, &mut control, |address| SocketAddr::V4(address.into()), &mut each)
        } else {
            take::<SockaddrIn6>(socket, &mut control, |address| SocketAddr::V6(address.into()), &mut each)
        };
        match taken {
            Ok(()) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

fn take<S: Copy + SockaddrLike>(
    socket: &UdpSocket,
    control: &mut [u8],
    address: impl Fn(S) -> SocketAddr,
    each: &mut impl FnMut(SocketAddr, Bytes),
) -> Result<(), Errno> {
    let mut quote = [0; QUOTE];
    let mut slices = [IoSliceMut::new(&mut quote)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<S>(socket.as_raw_fd(), &mut slices, Some(control), flags)?;
    let remote = message.address.filter(|_| is_undelivered(&message)).map(address);
    if let Some(remote) = remote {
        each(remote, Bytes::copy_from_slice(message.iovs().next().unwrap_or_default()));
    }
    Ok(())
}

/// Whether the entry says that a datagram will not arrive. One that was too large for a path is sent in fragments the
/// next time, and an error of this host was returned by the send already.
fn is_undelivered<S>(message: &RecvMsg<'_, '_, S>) -> bool {
    let Ok(mut controls) = message.cmsgs() else { return true };
    controls.any(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            matches!(error.ee_origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6)
                && error.ee_errno != Errno::EMSGSIZE as u32
        }
        _ => false,
    })
}
