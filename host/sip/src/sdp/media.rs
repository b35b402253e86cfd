//! One media description: an `m=` line and the lines below it. Its codecs are read from there each time, so that edits of
//! attributes and of formats cannot disagree.

use std::collections::HashMap;
use std::io::Write as _;

use bytes::{BufMut, Bytes, BytesMut};

use super::InvalidText;
use super::codec::Codec;
use super::fields::words;
use super::section::{Section, is_token};

/// An `m=` line (RFC 8866 5.14) and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaDescription {
    pub(super) media_type: Bytes,
    pub(super) port: u16,
    pub(super) port_count: Option<u32>,
    pub(super) protocol: Bytes,
    pub(super) formats: Vec<Bytes>,
    pub(super) section: Section,
}

impl MediaDescription {
    /// `audio`, `video`, `text`, `application`, `message` or `image`.
    #[must_use]
    pub fn media_type(&self) -> &[u8] {
        &self.media_type
    }

    /// The transport port; 0 means that the stream is refused or switched off (RFC 3264 6, 8.2).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives the stream another port. A count of ports, if there is one, stays.
    pub fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    /// How many ports follow, in `49170/2`.
    #[must_use]
    pub fn port_count(&self) -> Option<u32> {
        self.port_count
    }

    /// `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, `udptl`.
    #[must_use]
    pub fn protocol(&self) -> &[u8] {
        &self.protocol
    }

    /// Gives the stream another protocol.
    ///
    /// # Errors
    ///
    /// It is not a list of tokens joined by slashes.
    pub fn set_protocol(&mut self, protocol: &str) -> Result<(), InvalidText> {
        let is_protocol = protocol.split('/').all(|part| !part.is_empty() && part.as_bytes().iter().all(is_token));
        if !is_protocol {
            return Err(InvalidText);
        }
        self.protocol = Bytes::copy_from_slice(protocol.as_bytes());
        Ok(())
    }

    /// Whether the formats are RTP payload types, that is, whether this description has codecs.
    #[must_use]
    pub fn is_rtp(&self) -> bool {
        self.protocol.split(|byte| *byte == b'/').any(|part| part.eq_ignore_ascii_case(b"RTP"))
    }

    /// The formats, in order of preference: payload types under RTP, else what the protocol says.
    pub fn formats(&self) -> impl Iterator<Item = &[u8]> {
        self.formats.iter().map(Bytes::as_ref)
    }

    /// The codecs in order of preference, each with what `rtpmap` and `fmtp` say of it, or what RFC 3551 says of a payload
    /// type without `rtpmap`. Empty where the protocol is not RTP.
    #[must_use]
    pub fn codecs(&self) -> Vec<Codec<'_>> {
        if !self.is_rtp() {
            return Vec::new();
        }
        let rtpmap = self.by_format("rtpmap");
        let fmtp = self.by_format("fmtp");
        self.formats()
            .map(|format| Codec::new(format, rtpmap.get(format).copied(), fmtp.get(format).copied()))
            .collect()
    }

    /// The attributes and other lines below the `m=`.
    #[must_use]
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// The lines below the `m=`, to be edited.
    pub fn section_mut(&mut self) -> &mut Section {
        &mut self.section
    }

    /// The attributes of that name, `<format> <rest>`, by format. The first one of a format counts.
    fn by_format(&self, name: &str) -> HashMap<&[u8], &[u8]> {
        let mut found = HashMap::new();
        for attribute in self.section.attributes().filter(|attribute| attribute.is(name)) {
            let value = attribute.value.unwrap_or_default().trim_ascii();
            let end = value.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(value.len());
            let (format, rest) = value.split_at_checked(end).unwrap_or_default();
            found.entry(format).or_insert_with(|| rest.trim_ascii());
        }
        found
    }

    /// Reads the value of an `m=` line.
    pub(super) fn parse(value: &Bytes) -> Option<Self> {
        let mut words = words(value);
        let media_type = value.slice_ref(words.next()?);
        let (port, port_count) = parse_port(words.next()?)?;
        let protocol = value.slice_ref(words.next()?);
        let formats = words.map(|format| value.slice_ref(format)).collect();
        Some(Self { media_type, port, port_count, protocol, formats, section: Section::default() })
    }

    pub(super) fn print(&self, out: &mut BytesMut) {
        out.put_slice(b"m=");
        out.put_slice(&self.media_type);
        // Writing into a buffer that grows cannot fail.
        let _ = write!(out.writer(), " {}", self.port);
        if let Some(count) = self.port_count {
            let _ = write!(out.writer(), "/{count}");
        }
        for word in std::iter::once(&self.protocol).chain(&self.formats) {
            out.put_u8(b' ');
            out.put_slice(word);
        }
        out.put_slice(b"\r\n");
        self.section.print(out);
    }
}

/// `49170` or `49170/2`.
fn parse_port(word: &[u8]) -> Option<(u16, Option<u32>)> {
    let text = std::str::from_utf8(word).ok()?;
    let (port, count) = match text.split_once('/') {
        Some((port, count)) => (port, Some(parse_digits(count)?)),
        None => (text, None),
    };
    Some((parse_digits(port)?, count))
}

/// A number of digits alone: `str::parse` would take a sign.
fn parse_digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
