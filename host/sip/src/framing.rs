//! Cuts a stream into messages (RFC 3261 18.3, RFC 5626 3.5.1). It reads Content-Length and parses nothing else.

use bytes::Bytes;
use memchr::memchr;

use crate::Limits;
use crate::grammar;
use crate::header_name::NameCode;
use crate::start_line;

#[cfg(test)]
mod tests;

/// Capacity above which an empty buffer is given back: an idle connection holds next to nothing.
const KEPT_CAPACITY: usize = 4096;

/// What came out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One whole message, in a buffer of its own.
    Message(Bytes),
    /// A second CRLF directly behind the first: a ping, to be answered by one CRLF. It follows the
    /// [`Frame::KeepalivePong`] of the first one, however the bytes were cut into packets.
    KeepalivePing,
    /// A CRLF between messages: the pong, if a ping is outstanding; otherwise nothing, or half a ping.
    KeepalivePong,
}

/// Why a stream cannot be read on. The peer is wrong; the connection is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The first line is not one of SIP, or does not end.
    #[error("not SIP")]
    NotSip,
    /// More header bytes than [`Limits::max_header_bytes`].
    #[error("the headers are too large")]
    HeadersTooLarge,
    /// A larger body than [`Limits::max_body_bytes`].
    #[error("the body is too large")]
    BodyTooLarge,
    /// A Content-Length that is no number, or two that differ: the end of the message is not known.
    #[error("the Content-Length is not a number")]
    ContentLength,
}

/// Collects the bytes of one stream and gives out whole messages. The same bytes give the same frames however they are
/// cut. After an error it gives that error again.
#[derive(Debug)]
pub struct StreamDecoder {
    limits: Limits,
    buffer: Vec<u8>,
    /// What of the buffer has been given out.
    start: usize,
    state: State,
    /// Whether a lone CRLF was the last thing that came out.
    after_line_end: bool,
}

/// How far the message at `start` is known. Offsets count from `start`.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Between messages.
    Idle,
    /// In the first line; `scanned` bytes hold no LF.
    StartLine {
        scanned: usize,
    },
    /// In the headers; the empty line does not begin before `scanned`.
    Headers {
        scanned: usize,
    },
    /// In the body; the message is that long.
    Body {
        length: usize,
    },
    Failed(FrameError),
}

impl StreamDecoder {
    /// A decoder for a new stream.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, buffer: Vec::new(), start: 0, state: State::Idle, after_line_end: false }
    }

    /// Takes the next bytes of the stream. Call [`StreamDecoder::next`] until it gives nothing.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start == self.buffer.len() {
            self.clear();
        } else if self.start > KEPT_CAPACITY {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, or nothing until more bytes come.
    // No iterator: what is next depends on what is reported or pushed in between.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let step = match self.state {
                State::Idle => self.between_messages(),
                State::StartLine { scanned } => self.start_line(scanned),
                State::Headers { scanned } => self.headers(scanned),
                State::Body { length } => Ok(self.body(length)),
                State::Failed(error) => Err(error),
            };
            match step {
                Ok(Step::Again) => {}
                Ok(Step::Wait) => return Ok(None),
                Ok(Step::Frame(frame)) => return Ok(Some(frame)),
                Err(error) => {
                    self.state = State::Failed(error);
                    return Err(error);
                }
            }
        }
    }

    /// Bytes that have not been given out.
    #[must_use]
    pub const fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The bytes that have not been given out: after an error, the beginning of the message that cannot be read.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn between_messages(&mut self) -> Result<Step, FrameError> {
        match self.pending() {
            [] | [b'\r'] => {
                if self.buffered() == 0 {
                    self.clear();
                }
                Ok(Step::Wait)
            }
            [b'\r', b'\n', ..] => {
                self.start += 2;
                self.after_line_end = !self.after_line_end;
                let frame = if self.after_line_end { Frame::KeepalivePong } else { Frame::KeepalivePing };
                Ok(Step::Frame(frame))
            }
            [b'\n', ..] => {
                self.start += 1;
                Ok(Step::Again)
            }
            [first, ..] if grammar::is_token_byte(*first) => {
                self.after_line_end = false;
                self.state = State::StartLine { scanned: 0 };
                Ok(Step::Again)
            }
            _ => Err(FrameError::NotSip),
        }
    }

    fn start_line(&mut self, scanned: usize) -> Result<Step, FrameError> {
        let pending = self.pending();
        let found = memchr(b'\n', pending.get(scanned..).unwrap_or_default()).map(|at| scanned + at);
        match found {
            Some(end) if end > self.limits.max_start_line_bytes => Err(FrameError::NotSip),
            None if pending.len() > self.limits.max_start_line_bytes => Err(FrameError::NotSip),
            None => {
                self.state = State::StartLine { scanned: pending.len() };
                Ok(Step::Wait)
            }
            Some(end) => {
                let line = pending.get(..end).unwrap_or_default();
                if !start_line::is_sip(line.strip_suffix(b"\r").unwrap_or(line)) {
                    return Err(FrameError::NotSip);
                }
                self.state = State::Headers { scanned: end };
                Ok(Step::Again)
            }
        }
    }

    fn headers(&mut self, scanned: usize) -> Result<Step, FrameError> {
        let pending = self.pending();
        let (end, scanned) = match head_end(pending, scanned) {
            Ok(end) => (Some(end), end),
            Err(scanned) => (None, scanned),
        };
        if end.unwrap_or(pending.len()) > self.limits.max_header_bytes {
            return Err(FrameError::HeadersTooLarge);
        }
        let Some(end) = end else {
            self.state = State::Headers { scanned };
            return Ok(Step::Wait);
        };
        let length = content_length(pending.get(..end).unwrap_or_default())?;
        let length = usize::try_from(length).ok().filter(|length| *length <= self.limits.max_body_bytes);
        let length = length.ok_or(FrameError::BodyTooLarge)?;
        self.state = State::Body { length: end + length };
        Ok(Step::Again)
    }

    fn body(&mut self, length: usize) -> Step {
        let Some(message) = self.pending().get(..length) else { return Step::Wait };
        let message = Bytes::copy_from_slice(message);
        self.start += length;
        self.state = State::Idle;
        if self.buffered() == 0 {
            self.clear();
        }
        Step::Frame(Frame::Message(message))
    }

    fn clear(&mut self) {
        self.start = 0;
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_CAPACITY);
    }
}

enum Step {
    Frame(Frame),
    Again,
    Wait,
}

/// Behind the empty line that ends the head, or from where to look for it once more bytes are there.
fn head_end(pending: &[u8], scanned: usize) -> Result<usize, usize> {
    let mut at = scanned;
    while let Some(found) = memchr(b'\n', pending.get(at..).unwrap_or_default()) {
        at += found;
        match pending.get(at + 1..) {
            Some([b'\r', b'\n', ..]) => return Ok(at + 3),
            Some([b'\n', ..]) => return Ok(at + 2),
            Some([] | [b'\r']) | None => return Err(at),
            Some(_) => at += 1,
        }
    }
    Err(pending.len())
}

/// The Content-Length of a head; 0 when there is none.
fn content_length(head: &[u8]) -> Result<u64, FrameError> {
    let mut length = None;
    let mut lines = head.split(|byte| *byte == b'\n').skip(1).peekable();
    while let Some(line) = lines.next() {
        let Some((name, value)) = grammar::split_once(line, b':') else { continue };
        if NameCode::lookup(grammar::trim_end(name)) != NameCode::CONTENT_LENGTH {
            continue;
        }
        let mut value = value.to_vec();
        while let Some(continuation) = lines.next_if(|line| matches!(line.first(), Some(b' ' | b'\t'))) {
            value.extend_from_slice(continuation);
        }
        let number = grammar::parse_u64(grammar::trim(&value)).ok_or(FrameError::ContentLength)?;
        if length.replace(number).is_some_and(|other| other != number) {
            return Err(FrameError::ContentLength);
        }
    }
    Ok(length.unwrap_or(0))
}
