//! Counters of what the sockets did. It counts per seat, so that threads do not write to each other's cache lines;
//! names and labels of metrics are the server's.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters of one seat, on cache lines of its own.
        #[derive(Debug, Default)]
        #[repr(align(128))]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        /// What the sockets did since the start, all seats together.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Stats {
            /// Adds up the seats. The counters go on meanwhile, so two of them may differ by what is under way.
            pub(crate) fn sum<'a>(seats: impl Iterator<Item = &'a Counters>) -> Self {
                seats.fold(Self::default(), |mut sum, seat| {
                    $(sum.$name = sum.$name.wrapping_add(seat.$name.value());)*
                    sum
                })
            }
        }
    };
}

counters! {
    /// Datagrams handed on.
    datagrams_received,
    /// Datagrams given to the kernel.
    datagrams_sent,
    /// Datagrams that held nothing but white space: keepalives of a peer behind a NAT.
    datagram_keepalives,
    /// Datagrams that the kernel had no room to send, as if the network had lost them.
    datagrams_dropped,
    /// Messages that did not fit into a datagram.
    datagrams_oversize,
    /// ICMP errors that were handed on as unreachable.
    icmp_errors,
    /// Errors of a UDP socket that belong to no datagram that is known.
    socket_errors,
    /// Messages that were framed out of streams.
    stream_messages_received,
    /// Messages given to a stream, whether written at once or queued.
    stream_messages_sent,
    /// Keepalive pings that were answered on streams (RFC 5626 4.4.1).
    stream_keepalives,
    /// Connections that were accepted.
    connections_accepted,
    /// Connections that were opened to a peer.
    connections_opened,
    /// Connections that could not be opened, refused or timed out.
    connects_failed,
    /// Connections that were turned away because the table, or the process's file descriptors, were used up.
    connections_refused,
    /// Connections that were closed because nothing happened on them.
    connections_closed_idle,
    /// Connections that were closed because a message stayed half received or half sent.
    connections_closed_stalled,
    /// Idle connections that were closed to make room for new ones.
    connections_evicted,
    /// Connections that were closed because what they carried was not SIP or was too large.
    streams_refused,
    /// Messages that were refused because the peer did not read what was queued before.
    send_queue_overflows,
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn increment(&self) {
        self.add(1);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seats_are_added_up() {
        let seats = [Counters::default(), Counters::default()];
        seats[0].datagrams_sent.increment();
        seats[1].datagrams_sent.add(2);
        assert_eq!(Stats::sum(seats.iter()), Stats { datagrams_sent: 3, ..Stats::default() });
    }
}
