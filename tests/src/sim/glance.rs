//! What a datagram says, read in one pass by code of its own: the oracle must not share the parser of what it judges.
//! It reads what the simulator's user agents write and a proxy may make of it, not SIP at large.

use bytes::Bytes;
use memchr::{memchr, memmem};
use smallvec::SmallVec;

/// The methods that are spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    Invite,
    Ack,
    Cancel,
    Bye,
    Options,
    Register,
    Message,
    Prack,
}

impl Method {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Invite, "INVITE"),
        (Self::Ack, "ACK"),
        (Self::Cancel, "CANCEL"),
        (Self::Bye, "BYE"),
        (Self::Options, "OPTIONS"),
        (Self::Register, "REGISTER"),
        (Self::Message, "MESSAGE"),
        (Self::Prack, "PRACK"),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    fn read(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.as_bytes() == name).map(|(method, _)| *method)
    }
}

/// A part of the datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

/// Values of a header that may come more than once, top first.
pub(super) type Spans = SmallVec<[Span; 4]>;

/// The first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Request { method: Method, uri: Span },
    Response { status: u16 },
}

/// A datagram that was read.
#[derive(Debug)]
pub(super) struct Glance {
    bytes: Bytes,
    pub(super) start: Start,
    /// The number in the Call-ID.
    pub(super) session: u32,
    pub(super) cseq: u32,
    /// Of the CSeq.
    pub(super) method: Method,
    pub(super) vias: Spans,
    /// A hash of the branch of the top Via, and of the one under it.
    pub(super) branch: u64,
    pub(super) under: u64,
    pub(super) call_id: Span,
    pub(super) from: Span,
    pub(super) from_tag: Span,
    pub(super) to: Span,
    pub(super) to_tag: Span,
    /// The URI of the first Contact.
    pub(super) contact: Span,
    pub(super) routes: Spans,
    pub(super) record_routes: Spans,
    pub(super) max_forwards: Option<u32>,
    pub(super) rseq: Option<u32>,
}

impl Glance {
    /// Reads a datagram. The error says what is wrong with it.
    pub(super) fn read(bytes: Bytes) -> Result<Self, &'static str> {
        let mut lines = Lines { bytes: &bytes, at: 0 };
        let (first, _) = lines.next().ok_or("it has no first line")?;
        let mut fields = Fields::default();
        let body = loop {
            let (line, next) = lines.next().ok_or("no empty line ends its headers")?;
            if line.start == line.end {
                break next;
            }
            fields.take(&bytes, line)?;
        };
        if bytes.len() != body + usize::from(fields.content_length.ok_or("it has no Content-Length")?) {
            return Err("its Content-Length is wrong");
        }
        let start = read_start(&bytes, first)?;
        let (cseq, method) = fields.cseq.ok_or("it has no CSeq")?;
        if let Start::Request { method: of_line, .. } = start
            && of_line != method
        {
            return Err("its CSeq names another method");
        }
        let branch = |index: usize| fields.vias.get(index).map_or(0, |via| branch_of(via.of(&bytes)));
        let call_id = fields.call_id.ok_or("it has no Call-ID")?;
        let (from, to) = (fields.from.ok_or("it has no From")?, fields.to.ok_or("it has no To")?);
        Ok(Self {
            start,
            session: session_of(call_id.of(&bytes)).ok_or("its Call-ID is foreign")?,
            cseq,
            method,
            branch: branch(0),
            under: branch(1),
            call_id,
            from,
            from_tag: parameter(&bytes, from, b";tag="),
            to,
            to_tag: parameter(&bytes, to, b";tag="),
            contact: fields.contact,
            vias: fields.vias,
            routes: fields.routes,
            record_routes: fields.record_routes,
            max_forwards: fields.max_forwards,
            rseq: fields.rseq,
            bytes,
        })
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(super) fn text(&self, span: Span) -> &str {
        std::str::from_utf8(span.of(&self.bytes)).unwrap_or("?")
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self.start {
            Start::Response { status } => Some(status),
            Start::Request { .. } => None,
        }
    }

    /// The Request-URI; nothing in a response.
    pub(super) fn uri(&self) -> &str {
        match self.start {
            Start::Request { uri, .. } => self.text(uri),
            Start::Response { .. } => "",
        }
    }

    pub(super) fn has_to_tag(&self) -> bool {
        self.to_tag != Span::default()
    }

    /// The branch of the top Via as it stands.
    pub(super) fn branch_text(&self) -> &str {
        self.vias.first().map_or("", |via| self.text(parameter(&self.bytes, *via, b";branch=")))
    }

    /// `INVITE sip:...` or `180 INVITE`, with what tells it from others.
    pub(super) fn summary(&self) -> String {
        let what = match self.start {
            Start::Request { method, .. } => format!("{} {}", method.name(), self.uri()),
            Start::Response { status } => format!("{status} {}", self.method.name()),
        };
        let branch = self.branch_text();
        format!("{what} cseq={} vias={} branch={branch} to-tag={}", self.cseq, self.vias.len(), self.text(self.to_tag))
    }
}

impl Span {
    const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u16, end: end as u16 }
    }

    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[usize::from(self.start)..usize::from(self.end)]
    }
}

/// 64-bit FNV-1a: tells branches, tags and URIs apart without keeping them.
pub(super) fn hash(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Lines without their CRLF, each with where the next one begins.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = (Span, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let length = memchr(b'\n', &self.bytes[start..])?;
        self.at = start + length + 1;
        (length > 0 && self.at < usize::from(u16::MAX)).then_some((Span::new(start, start + length - 1), self.at))
    }
}

/// The headers that count.
#[derive(Default)]
struct Fields {
    vias: Spans,
    from: Option<Span>,
    to: Option<Span>,
    call_id: Option<Span>,
    cseq: Option<(u32, Method)>,
    contact: Span,
    routes: Spans,
    record_routes: Spans,
    max_forwards: Option<u32>,
    rseq: Option<u32>,
    content_length: Option<u16>,
}

impl Fields {
    fn take(&mut self, bytes: &[u8], line: Span) -> Result<(), &'static str> {
        let text = line.of(bytes);
        let colon = memchr(b':', text).ok_or("a header has no colon")?;
        let value = trimmed(bytes, line, colon + 1);
        match &text[..colon] {
            b"Via" => self.vias.push(value),
            b"From" => once(&mut self.from, value)?,
            b"To" => once(&mut self.to, value)?,
            b"Call-ID" => once(&mut self.call_id, value)?,
            b"CSeq" => once(&mut self.cseq, read_cseq(value.of(bytes)).ok_or("its CSeq is none")?)?,
            b"Contact" if self.contact == Span::default() => self.contact = uri_of(bytes, value),
            b"Route" => self.routes.push(value),
            b"Record-Route" => self.record_routes.push(value),
            b"Max-Forwards" => {
                once(&mut self.max_forwards, number(value.of(bytes)).ok_or("its Max-Forwards is none")?)?
            }
            b"RSeq" => self.rseq = number(value.of(bytes)),
            b"Content-Length" => {
                let length = number(value.of(bytes)).and_then(|length| u16::try_from(length).ok());
                once(&mut self.content_length, length.ok_or("its Content-Length is none")?)?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err("a header comes twice that must not"),
    }
}

fn trimmed(bytes: &[u8], line: Span, from: usize) -> Span {
    let mut start = usize::from(line.start) + from;
    while start < usize::from(line.end) && bytes[start] == b' ' {
        start += 1;
    }
    Span::new(start, usize::from(line.end))
}

fn read_start(bytes: &[u8], line: Span) -> Result<Start, &'static str> {
    let text = line.of(bytes);
    if let Some(rest) = text.strip_prefix(b"SIP/2.0 ") {
        let status = rest.get(..3).and_then(number).ok_or("its status code is none")?;
        return Ok(Start::Response { status: status as u16 });
    }
    let uri = text.strip_suffix(b" SIP/2.0").ok_or("its first line is none")?;
    let space = memchr(b' ', uri).ok_or("its first line is none")?;
    let method = Method::read(&text[..space]).ok_or("its method is unknown")?;
    let start = usize::from(line.start);
    Ok(Start::Request { method, uri: Span::new(start + space + 1, start + uri.len()) })
}

fn read_cseq(value: &[u8]) -> Option<(u32, Method)> {
    let space = memchr(b' ', value)?;
    Some((number(&value[..space])?, Method::read(&value[space + 1..])?))
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `c17@sim`: 17.
fn session_of(call_id: &[u8]) -> Option<u32> {
    number(call_id.strip_prefix(b"c")?.strip_suffix(b"@sim")?)
}

fn branch_of(via: &[u8]) -> u64 {
    let Some(at) = memmem::find(via, b";branch=") else { return 0 };
    let value = &via[at + 8..];
    hash(&value[..memchr(b';', value).unwrap_or(value.len())])
}

/// The value of a parameter; nothing when it is not there.
fn parameter(bytes: &[u8], value: Span, name: &[u8]) -> Span {
    let text = value.of(bytes);
    let Some(at) = memmem::find(text, name) else { return Span::default() };
    let start = at + name.len();
    let length = memchr(b';', &text[start..]).unwrap_or(text.len() - start);
    let offset = usize::from(value.start);
    Span::new(offset + start, offset + start + length)
}

/// What stands in angle brackets.
fn uri_of(bytes: &[u8], value: Span) -> Span {
    let text = value.of(bytes);
    match (memchr(b'<', text), memchr(b'>', text)) {
        (Some(open), Some(close)) if open < close => {
            Span::new(usize::from(value.start) + open + 1, usize::from(value.start) + close)
        }
        _ => value,
    }
}
