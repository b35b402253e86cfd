//! The printer: one pass over the header index into one buffer. It decides nothing but the Content-Length.

use std::ops::Range;

use bytes::Bytes;

use crate::StatusCode;
use crate::grammar;
use crate::header_name::NameCode;
use crate::headers::{Headers, Line};

/// The first line.
pub(crate) enum StartLine<'a> {
    /// As received: that many bytes at the beginning of the buffer, without the line end.
    Received(usize),
    Request {
        method: &'a str,
        uri: &'a [u8],
    },
    Response {
        status: StatusCode,
        reason: &'a [u8],
    },
}

/// Prints a message. One that is not edited and whose Content-Length is right is given out as it came.
pub(crate) fn message(start: &StartLine<'_>, headers: &Headers, body: &[u8], is_edited: bool) -> Bytes {
    if !is_edited && headers.is_printable() && has_right_length(headers, body.len()) {
        return headers.buffer().clone();
    }
    let mut printer = Printer::new(headers, body.len());
    printer.start_line(start);
    for line in headers.lines() {
        if line.code() == NameCode::CONTENT_LENGTH {
            printer.content_length_line(line);
        } else {
            printer.line(line);
        }
    }
    printer.finish(body)
}

/// Whether there is one Content-Length and it is the body's.
fn has_right_length(headers: &Headers, body: usize) -> bool {
    let mut lengths = headers.lines().iter().filter(|line| line.code() == NameCode::CONTENT_LENGTH);
    let first = lengths.next().and_then(|line| grammar::parse_u64(headers.value(line)));
    first == Some(body as u64) && lengths.next().is_none()
}

struct Printer<'a> {
    headers: &'a Headers,
    out: Vec<u8>,
    /// A part of the buffer that is printed as received and has not been copied yet: neighbours are copied at once.
    pending: Range<usize>,
    body_length: usize,
    has_length: bool,
}

impl<'a> Printer<'a> {
    fn new(headers: &'a Headers, body_length: usize) -> Self {
        let capacity = headers.printed_length() + body_length + 256;
        Self { headers, out: Vec::with_capacity(capacity), pending: 0..0, body_length, has_length: false }
    }

    fn start_line(&mut self, start: &StartLine<'_>) {
        match *start {
            StartLine::Received(length) => {
                self.out.extend_from_slice(self.headers.buffer().get(..length).unwrap_or_default());
            }
            StartLine::Request { method, uri } => {
                self.out.extend_from_slice(method.as_bytes());
                self.out.push(b' ');
                self.out.extend_from_slice(uri);
                self.out.extend_from_slice(b" SIP/2.0");
            }
            StartLine::Response { status, reason } => {
                self.out.extend_from_slice(b"SIP/2.0 ");
                write_decimal(&mut self.out, u64::from(status.as_u16()));
                self.out.push(b' ');
                self.out.extend_from_slice(reason);
            }
        }
        self.out.extend_from_slice(b"\r\n");
    }

    fn line(&mut self, line: &Line) {
        match line.raw_span() {
            Some(span) if span.start == self.pending.end => self.pending.end = span.end,
            Some(span) => {
                self.flush();
                self.pending = span;
            }
            None => {
                self.flush();
                self.out.extend_from_slice(self.headers.name_text(line));
                self.out.extend_from_slice(b": ");
                self.out.extend_from_slice(self.headers.value(line));
                self.out.extend_from_slice(b"\r\n");
            }
        }
    }

    /// The first Content-Length stays when it is right; further ones are left out.
    fn content_length_line(&mut self, line: &Line) {
        if self.has_length {
            return;
        }
        self.has_length = true;
        if grammar::parse_u64(self.headers.value(line)) == Some(self.body_length as u64) {
            self.line(line);
        } else {
            self.flush();
            self.content_length();
        }
    }

    fn content_length(&mut self) {
        self.out.extend_from_slice(b"Content-Length: ");
        write_decimal(&mut self.out, self.body_length as u64);
        self.out.extend_from_slice(b"\r\n");
    }

    fn flush(&mut self) {
        let pending = std::mem::replace(&mut self.pending, 0..0);
        self.out.extend_from_slice(self.headers.buffer().get(pending).unwrap_or_default());
    }

    fn finish(mut self, body: &[u8]) -> Bytes {
        self.flush();
        if !self.has_length {
            self.content_length();
        }
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(body);
        Bytes::from(self.out)
    }
}

/// Appends a number in decimal.
pub fn write_decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; 20];
    let mut length = 0;
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        length += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
}
