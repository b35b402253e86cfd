//! The parser: one scan over the head of a message into the header index. It reads no header but Content-Length.

use bytes::Bytes;
use memchr::{memchr, memchr2};

use crate::grammar;
use crate::header_name::NameCode;
use crate::headers::{Headers, Line, Spans};
use crate::start_line::{self, StartLine};
use crate::{Limits, Message, ParseError, Request, Response};

#[cfg(test)]
mod tests;

/// Reads a whole datagram, or one frame of a stream. The body is cut at Content-Length (RFC 3261 18.3); without one it
/// is what is left. CRLFs before the message are skipped (RFC 3261 7.5).
pub fn parse_message(datagram: Bytes, limits: &Limits) -> Result<Message, ParseError> {
    let buffer = skip_line_ends(datagram);
    if buffer.iter().all(|byte| grammar::is_blank(*byte)) {
        return Err(ParseError::Empty);
    }
    if u32::try_from(buffer.len()).is_err() {
        return Err(ParseError::BodyTooLarge);
    }
    let first = line_end(&buffer, 0, limits)?;
    let start = start_line::read(&buffer, first.end)?;
    let mut scan = Scan::new(Bytes::new());
    let head_end = scan.lines(&buffer, first.next, limits)?;
    let end = body_end(&buffer, head_end, scan.content_length, limits)?;
    let body = if head_end == end { Bytes::new() } else { buffer.slice(head_end..end) };
    let mut headers = scan.headers;
    if first.bare_line_feed || scan.has_bare_line_feed {
        headers.set_unprintable();
    }
    headers.set_buffer(if end == buffer.len() { buffer } else { buffer.slice(..end) });
    Ok(message(start, headers, body))
}

/// What can be read of a request that [`parse_message`] refused, or of the beginning of one: enough to answer it, or
/// nothing. Lines that cannot be read are left out, and there is no body.
#[must_use]
pub fn salvage_request(beginning: Bytes, limits: &Limits) -> Option<Request> {
    let buffer = skip_line_ends(beginning);
    let buffer = buffer.slice(..buffer.len().min(limits.max_header_bytes));
    let first = line_end(&buffer, 0, limits).ok()?;
    let start = start_line::read(&buffer, first.end).ok()?;
    let mut scan = Scan::new(buffer.clone());
    scan.readable_lines(&buffer, first.next, limits);
    scan.headers.set_unprintable();
    match message(start, scan.headers, Bytes::new()) {
        Message::Request(request) => Some(request).filter(crate::verdict::is_answerable),
        Message::Response(_) => None,
    }
}

fn message(start: StartLine, headers: Headers, body: Bytes) -> Message {
    match start {
        StartLine::Request(line) => Message::Request(Request::received(line, headers, body)),
        StartLine::Response(line) => Message::Response(Response::received(line, headers, body)),
    }
}

fn skip_line_ends(mut bytes: Bytes) -> Bytes {
    let skipped = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if skipped > 0 {
        bytes = bytes.slice(skipped..);
    }
    bytes
}

/// Where the message ends: Content-Length behind the head.
fn body_end(buffer: &[u8], head_end: usize, length: Option<u64>, limits: &Limits) -> Result<usize, ParseError> {
    let available = buffer.len() - head_end;
    let length = match length {
        None => available,
        Some(length) => usize::try_from(length).map_err(|_| ParseError::BodyTooLarge)?,
    };
    if length > limits.max_body_bytes {
        Err(ParseError::BodyTooLarge)
    } else if length > available {
        Err(ParseError::BodyTruncated)
    } else {
        Ok(head_end + length)
    }
}

/// Where the colon of a header line is looked for first.
const LONGEST_USUAL_NAME: usize = 48;

/// Where it is looked for last: lines without one cost no more than this, however many there are.
const LONGEST_NAME: usize = 1024;

/// The end of one line.
struct LineEnd {
    /// Before the line end.
    end: usize,
    /// Behind the line end.
    next: usize,
    bare_line_feed: bool,
}

#[inline]
fn line_end(buffer: &[u8], from: usize, limits: &Limits) -> Result<LineEnd, ParseError> {
    let rest = buffer.get(from..).unwrap_or_default();
    let Some(length) = memchr2(b'\r', b'\n', rest) else {
        let too_large = buffer.len() > limits.max_header_bytes;
        return Err(if too_large { ParseError::HeadersTooLarge } else { ParseError::Unterminated });
    };
    let end = from + length;
    if end > limits.max_header_bytes {
        return Err(ParseError::HeadersTooLarge);
    }
    match (rest.get(length), rest.get(length + 1)) {
        (Some(b'\n'), _) => Ok(LineEnd { end, next: end + 1, bare_line_feed: true }),
        (_, Some(b'\n')) => Ok(LineEnd { end, next: end + 2, bare_line_feed: false }),
        (_, Some(_)) => Err(ParseError::BareCarriageReturn),
        (_, None) => Err(ParseError::Unterminated),
    }
}

struct Scan {
    headers: Headers,
    content_length: Option<u64>,
    has_bare_line_feed: bool,
}

impl Scan {
    fn new(buffer: Bytes) -> Self {
        Self { headers: Headers::received(buffer), content_length: None, has_bare_line_feed: false }
    }

    /// Reads all header lines and returns where the body begins.
    fn lines(&mut self, buffer: &[u8], from: usize, limits: &Limits) -> Result<usize, ParseError> {
        let mut at = from;
        loop {
            match buffer.get(at..) {
                Some([b'\r', b'\n', ..]) => return Ok(at + 2),
                Some([b'\n', ..]) => {
                    self.has_bare_line_feed = true;
                    return Ok(at + 1);
                }
                _ if self.headers.len() >= limits.max_headers => return Err(ParseError::TooManyHeaders),
                _ => at = self.line(buffer, at, limits)?,
            }
        }
    }

    /// Reads the header lines that can be read, up to the empty line or the end.
    fn readable_lines(&mut self, buffer: &[u8], from: usize, limits: &Limits) {
        let mut at = from;
        while self.headers.len() < limits.max_headers {
            if matches!(buffer.get(at..), Some([b'\r', b'\n', ..] | [b'\n', ..])) {
                return;
            }
            match self.line(buffer, at, limits) {
                Ok(next) => at = next,
                Err(_) => match memchr(b'\n', buffer.get(at..).unwrap_or_default()) {
                    Some(length) => at += length + 1,
                    None => return,
                },
            }
        }
    }

    /// Reads one header line with its continuations and returns where the next one begins.
    #[inline]
    fn line(&mut self, buffer: &[u8], start: usize, limits: &Limits) -> Result<usize, ParseError> {
        let rest = buffer.get(start..).unwrap_or_default();
        let (code, name_length, colon) = header_name(rest)?;
        let value_start = start + colon + 1;
        let mut line = line_end(buffer, value_start, limits)?;
        let first_end = line.end;
        let mut bare_line_feed = line.bare_line_feed;
        while let Some(b' ' | b'\t') = buffer.get(line.next) {
            line = line_end(buffer, line.next, limits)?;
            bare_line_feed |= line.bare_line_feed;
        }
        self.has_bare_line_feed |= bare_line_feed;
        let folded = line.end != first_end;
        let value = trimmed_span(buffer, value_start, line.end);
        let spans = Spans { name: start..start + name_length, value: value.clone(), end: line.next, bare_line_feed };
        let value = buffer.get(value).unwrap_or_default();
        let entry = Line::received(code, &spans);
        if folded {
            let unfolded = unfold(value);
            self.content_length(code, &unfolded)?;
            self.headers.push_folded(entry, unfolded);
        } else {
            self.content_length(code, value)?;
            self.headers.push_received(entry);
        }
        Ok(line.next)
    }

    #[inline]
    fn content_length(&mut self, code: NameCode, value: &[u8]) -> Result<(), ParseError> {
        if code != NameCode::CONTENT_LENGTH {
            return Ok(());
        }
        let length = grammar::parse_u64(value).ok_or(ParseError::ContentLength)?;
        match self.content_length.replace(length) {
            Some(other) if other != length => Err(ParseError::ContentLength),
            _ => Ok(()),
        }
    }
}

/// The name at the beginning of a line, its length, and where its colon stands.
#[inline]
fn header_name(line: &[u8]) -> Result<(NameCode, usize, usize), ParseError> {
    let near = line.get(..LONGEST_USUAL_NAME).unwrap_or(line);
    let colon = match memchr(b':', near) {
        Some(colon) => colon,
        None => memchr(b':', line.get(..LONGEST_NAME).unwrap_or(line)).ok_or(if line.is_empty() {
            ParseError::Unterminated
        } else {
            ParseError::HeaderName
        })?,
    };
    let mut name = line.get(..colon).unwrap_or_default();
    while let [rest @ .., b' ' | b'\t'] = name {
        name = rest;
    }
    let code = NameCode::lookup(name);
    if code == NameCode::OTHER && !grammar::is_token(name) {
        return Err(ParseError::HeaderName);
    }
    Ok((code, name.len(), colon))
}

#[inline]
fn trimmed_span(buffer: &[u8], start: usize, end: usize) -> std::ops::Range<usize> {
    let value = buffer.get(start..end).unwrap_or_default();
    let without_head = grammar::trim_start(value);
    let start = end - without_head.len();
    start..start + grammar::trim_end(without_head).len()
}

/// Replaces each line end and the blanks around it by one blank (RFC 3261 7.3.1).
fn unfold(value: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(value.len());
    for part in value.split(|byte| *byte == b'\n') {
        let part = grammar::trim(part);
        if !line.is_empty() && !part.is_empty() {
            line.push(b' ');
        }
        line.extend_from_slice(part);
    }
    line
}
