//! The messages that wait for a peer to read, in order and bounded. It holds bytes and tags; the socket is its owner's.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use siphon_sip::Destination;

use crate::incoming::SendTag;

/// Messages that one system call writes at most.
const SLICES: usize = 32;

/// Who is told when a message is not sent whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// Where the sender wanted it to go.
    pub(crate) to: Destination,
    /// What the sender calls it.
    pub(crate) tag: SendTag,
}

/// What a connection has still to write.
#[derive(Debug)]
pub(super) struct SendQueue {
    messages: VecDeque<(Bytes, Option<Receipt>)>,
    bytes: usize,
    limit: usize,
}

/// As much as is allowed is waiting already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl SendQueue {
    /// An empty queue of at most `limit` bytes.
    pub(super) const fn new(limit: usize) -> Self {
        Self { messages: VecDeque::new(), bytes: 0, limit }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Appends a message, if it fits.
    pub(super) fn push(&mut self, message: Bytes, receipt: Option<Receipt>) -> Result<(), Full> {
        if self.bytes.saturating_add(message.len()) > self.limit {
            return Err(Full);
        }
        self.push_rest(message, receipt);
        Ok(())
    }

    /// Appends the rest of a message whose beginning is written already, so it cannot be refused any more.
    pub(super) fn push_rest(&mut self, rest: Bytes, receipt: Option<Receipt>) {
        self.bytes = self.bytes.saturating_add(rest.len());
        self.messages.push_back((rest, receipt));
    }

    /// The beginning of what waits, for a vectored write; filled up with empty slices.
    pub(super) fn slices(&self) -> [IoSlice<'_>; SLICES] {
        let mut messages = self.messages.iter();
        std::array::from_fn(|_| IoSlice::new(messages.next().map_or(&[], |(bytes, _)| bytes)))
    }

    /// Forgets `written` bytes at the front.
    pub(super) fn advance(&mut self, written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        let mut left = written;
        while let Some((message, _)) = self.messages.front_mut() {
            if left < message.len() {
                message.advance(left);
                return;
            }
            left -= message.len();
            self.messages.pop_front();
        }
    }

    /// Empties the queue and yields those who are to be told.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = Receipt> + use<> {
        self.bytes = 0;
        std::mem::take(&mut self.messages).into_iter().filter_map(|(_, receipt)| receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siphon_sip::{ListenerId, TransportProtocol};

    fn receipt(tag: u64) -> Option<Receipt> {
        let to = Destination {
            transport: TransportProtocol::Tcp,
            listener: ListenerId(0),
            remote: "192.0.2.1:5060".parse().unwrap(),
            connection: None,
        };
        Some(Receipt { to, tag: SendTag(tag) })
    }

    fn waiting(queue: &SendQueue) -> Vec<u8> {
        queue.slices().iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn messages_leave_in_order_across_partial_writes() {
        let mut queue = SendQueue::new(100);
        queue.push(Bytes::from_static(b"one"), receipt(1)).unwrap();
        queue.push(Bytes::from_static(b"two"), receipt(2)).unwrap();
        queue.advance(4);
        assert_eq!(waiting(&queue), b"wo");
        queue.advance(2);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_message_beyond_the_limit_is_refused_until_there_is_room() {
        let mut queue = SendQueue::new(5);
        queue.push(Bytes::from_static(b"one"), receipt(1)).unwrap();
        assert_eq!(queue.push(Bytes::from_static(b"two"), receipt(2)), Err(Full));
        queue.advance(1);
        queue.push(Bytes::from_static(b"two"), receipt(2)).unwrap();
    }

    #[test]
    fn the_rest_of_a_message_that_was_begun_is_never_refused() {
        let mut queue = SendQueue::new(1);
        queue.push_rest(Bytes::from_static(b"rest"), receipt(1));
        assert_eq!(waiting(&queue), b"rest");
    }

    #[test]
    fn whoever_has_a_message_unsent_in_part_or_whole_is_told_when_the_queue_is_abandoned() {
        let mut queue = SendQueue::new(100);
        for tag in 1..=3 {
            queue.push(Bytes::from_static(b"abc"), receipt(tag)).unwrap();
        }
        queue.push(Bytes::from_static(b"\r\n"), None).unwrap();
        queue.advance(4);
        let tags: Vec<SendTag> = queue.abandon().map(|receipt| receipt.tag).collect();
        assert_eq!(tags, [SendTag(2), SendTag(3)]);
        assert!(queue.is_empty());
    }
}
