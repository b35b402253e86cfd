//! Reading a connection: bytes become messages, keepalives are answered, what is not SIP is refused. The framing
//! itself is `siphon-sip`'s.

use std::cell::RefCell;
use std::io::{ErrorKind, Read as _};

use bytes::Bytes;
use siphon_sip::Limits;
use siphon_sip::framing::{Frame, FrameError, StreamDecoder};

use super::connection::Connection;
use super::refusal;
use crate::incoming::Incoming;
use crate::stats::Counters;
use crate::stopwatch::Stopwatch;

/// Bytes that one system call reads at most.
const CHUNK: usize = 1 << 16;

/// System calls that one connection gets before the others have their turn.
const READS: usize = 4;

/// Bytes that are still taken from a peer after its last answer, so that it finishes writing and reads that answer.
const DISCARDED: usize = 1 << 20;

thread_local! {
    static CHUNK_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK].into_boxed_slice());
}

/// The half of a connection that its seat alone uses.
#[derive(Debug)]
pub(crate) struct Reading {
    decoder: StreamDecoder,
    limits: Limits,
    /// How long a message has been half received, or a refused peer has not hung up.
    pub(super) half_read: Stopwatch,
    /// Bytes that may still be thrown away, once the stream is refused.
    discard: Option<usize>,
}

/// What a connection is after it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// More may come.
    Open,
    /// The peer closed it, or it broke.
    Ended,
    /// Something came that cannot be read; the connection has to be closed.
    Refused,
}

impl Reading {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { decoder: StreamDecoder::new(limits), limits, half_read: Stopwatch::default(), discard: None }
    }
}

impl Connection {
    /// Reads what has come, within the turn of one connection.
    pub(crate) fn read(&self, counters: &Counters, incoming: &mut Vec<Incoming>) -> Read {
        CHUNK_BUFFER.with_borrow_mut(|buffer| {
            let mut reading = self.reading.lock();
            for _ in 0..READS {
                let received = match (&self.socket).read(buffer) {
                    Ok(0) => return Read::Ended,
                    Ok(length) => buffer.get(..length).unwrap_or_default(),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Read::Open,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(_) => return Read::Ended,
                };
                let outcome = match reading.discard {
                    Some(left) => reading.discard_more(left, received.len()),
                    None => self.take(&mut reading, received, counters, incoming),
                };
                if outcome != Read::Open || received.len() < CHUNK {
                    return outcome;
                }
            }
            Read::Open
        })
    }

    /// Frames what was received.
    fn take(&self, reading: &mut Reading, received: &[u8], counters: &Counters, incoming: &mut Vec<Incoming>) -> Read {
        self.mark_active();
        reading.decoder.push(received);
        let mut framed = false;
        loop {
            match reading.decoder.next() {
                Ok(Some(Frame::Message(bytes))) => {
                    counters.stream_messages_received.increment();
                    incoming.push(Incoming::StreamMessage { bytes, flow: self.flow });
                }
                Ok(Some(Frame::KeepalivePing)) => {
                    counters.stream_keepalives.increment();
                    // A peer that pings without reading the answers gets none.
                    let _ = self.send(Bytes::from_static(b"\r\n"), None);
                }
                Ok(Some(Frame::KeepalivePong)) => {}
                Ok(None) => break,
                Err(reason) => return self.refuse(reading, reason, counters, incoming),
            }
            framed = true;
        }
        match reading.decoder.buffered() {
            0 => reading.half_read.stop(),
            // The message that was half received before is whole now; this is another one.
            _ if framed => reading.half_read.restart(),
            _ => reading.half_read.start(),
        }
        Read::Open
    }

    /// Answers what can be answered and stops framing.
    fn refuse(
        &self,
        reading: &mut Reading,
        reason: FrameError,
        counters: &Counters,
        incoming: &mut Vec<Incoming>,
    ) -> Read {
        counters.streams_refused.increment();
        let head = Bytes::copy_from_slice(reading.decoder.pending());
        let answer = refusal::answer(reason, &head, &reading.limits, self.id);
        incoming.push(Incoming::StreamRefused { flow: self.flow, reason, head });
        let Some(answer) = answer else { return Read::Refused };
        self.finish(answer);
        reading.decoder = StreamDecoder::new(reading.limits);
        reading.discard = Some(DISCARDED);
        reading.half_read.restart();
        Read::Open
    }
}

impl Reading {
    fn discard_more(&mut self, left: usize, received: usize) -> Read {
        self.discard = left.checked_sub(received);
        if self.discard.is_none() { Read::Refused } else { Read::Open }
    }
}
