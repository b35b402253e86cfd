//! What a seat hands to its reader: messages, and the failures of earlier sends. Nothing here is parsed beyond its
//! framing.

use bytes::Bytes;
use siphon_sip::framing::FrameError;
use siphon_sip::{Destination, Flow};

/// What the sender calls a message; opaque to the transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendTag(pub u64);

/// One thing that came in.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// A datagram, whole and alone in its buffer. Keepalives are left out.
    Datagram {
        /// Its payload.
        bytes: Bytes,
        /// How it came.
        flow: Flow,
    },
    /// One message out of a stream.
    StreamMessage {
        /// The message, headers and body.
        bytes: Bytes,
        /// How it came.
        flow: Flow,
    },
    /// A stream that cannot be read any further. It is closed, after a 513 where one could be sent.
    StreamRefused {
        /// The connection.
        flow: Flow,
        /// What is wrong with it.
        reason: FrameError,
        /// The beginning of what was received and not understood.
        head: Bytes,
    },
    /// An ICMP error: a datagram did not arrive.
    Unreachable {
        /// Where it was sent to.
        to: Destination,
        /// As much of its beginning as the ICMP message quoted, Via included in most cases.
        datagram: Bytes,
    },
    /// A message on a stream that certainly was not sent whole.
    SendFailed {
        /// Where it should have gone.
        to: Destination,
        /// The tag that it was sent with.
        tag: SendTag,
    },
    /// A connection is gone.
    ConnectionClosed {
        /// The connection.
        flow: Flow,
    },
}
