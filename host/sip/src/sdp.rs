//! Session descriptions (RFC 8866) as values that can be read and edited, and printed again line by line. Nothing here
//! negotiates: what an answer may say to an offer (RFC 3264) is the endpoints' business, and media relays have their own.
//!
//! A description is a session level and its media descriptions. Lines that nobody here knows keep their place, and bytes
//! that are no UTF-8 stay what they are.
//!
//! ```
//! use siphon_sip::sdp::SessionDescription;
//!
//! let mut offer: SessionDescription = "v=0\r\n\
//!     o=alice 1 1 IN IP4 192.0.2.1\r\n\
//!     s=-\r\n\
//!     c=IN IP4 192.0.2.1\r\n\
//!     t=0 0\r\n\
//!     m=audio 49170 RTP/AVP 0 8 97\r\n\
//!     a=rtpmap:97 iLBC/8000\r\n"
//!     .parse()?;
//! offer.filter_codecs(&["pcma", "pcmu"]);
//! assert!(offer.to_string().ends_with("m=audio 49170 RTP/AVP 0 8\r\n"));
//! # Ok::<(), siphon_sip::sdp::SdpError>(())
//! ```

mod codec;
mod edit;
mod fields;
mod media;
mod parse;
mod section;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use bytes::{Bytes, BytesMut};

pub use codec::Codec;
pub use fields::{Connection, Origin};
pub use media::MediaDescription;
pub use section::{Attribute, Section};

/// One session description: what the lines before the first `m=` say, and its media descriptions in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    section: Section,
    media: Vec<MediaDescription>,
}

impl SessionDescription {
    /// Reads a body. Lines may end in CRLF, CR or LF; empty lines are skipped; the values share the body's buffer.
    ///
    /// # Errors
    ///
    /// The body is empty, does not begin with a `v=` line, or has an `m=` line without media, port and protocol.
    pub fn parse(body: &Bytes) -> Result<Self, SdpError> {
        parse::session_description(body)
    }

    /// The session level: connection, attributes, everything before the first `m=`.
    #[must_use]
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// The session level, to be edited.
    pub fn section_mut(&mut self) -> &mut Section {
        &mut self.section
    }

    /// The media descriptions, in the order that offer and answer are matched by (RFC 3264 6).
    #[must_use]
    pub fn media(&self) -> &[MediaDescription] {
        &self.media
    }

    /// The media descriptions, to be edited.
    pub fn media_mut(&mut self) -> &mut [MediaDescription] {
        &mut self.media
    }

    /// The value of the `o=` line (RFC 8866 5.2).
    #[must_use]
    pub fn origin_text(&self) -> Option<&[u8]> {
        self.section.value(b'o')
    }

    /// The `o=` line, unless it is missing or has other than six fields.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'_>> {
        self.origin_text().and_then(Origin::parse)
    }

    /// Replaces the `o=` line, or puts one where it belongs.
    ///
    /// # Errors
    ///
    /// A field is empty or holds a blank or a control character.
    pub fn set_origin(&mut self, origin: &Origin<'_>) -> Result<(), InvalidText> {
        let text = origin.to_text()?;
        self.section.set_value(b'o', text)
    }

    /// The value of the `s=` line (RFC 8866 5.3).
    #[must_use]
    pub fn session_name(&self) -> Option<&[u8]> {
        self.section.value(b's')
    }

    /// Replaces the `s=` line, or puts one where it belongs.
    ///
    /// # Errors
    ///
    /// The name holds CR, LF or NUL. An empty name is an error too: the RFC's name for none is `-`.
    pub fn set_session_name(&mut self, name: impl AsRef<[u8]>) -> Result<(), InvalidText> {
        let name = name.as_ref();
        if name.is_empty() {
            return Err(InvalidText);
        }
        self.section.set_value(b's', Bytes::copy_from_slice(name))
    }

    /// The description as bytes, every line ended by CRLF.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.section.print(&mut out);
        for media in &self.media {
            media.print(&mut out);
        }
        out.freeze()
    }
}

/// Prints like [`SessionDescription::to_bytes`], with U+FFFD for bytes that are no UTF-8.
impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl FromStr for SessionDescription {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        Self::parse(&Bytes::copy_from_slice(text.as_bytes()))
    }
}

/// Why a body is no session description. The peer's fault, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// There is no line in it.
    #[error("the session description is empty")]
    Empty,
    /// The first line is not `v=`.
    #[error("not a session description: the first line is not v=")]
    NotSdp,
    /// An `m=` line that is not `m=<media> <port>[/<count>] <protocol> <format> ...`; lines count from 1.
    #[error("line {line}: not a media description: m=<media> <port>[/<count>] <protocol> <format> ...")]
    Media {
        /// The line's number, blank lines not counted.
        line: usize,
    },
}

/// Text that cannot stand where it was to be put: CR, LF or NUL in a value, or a name or field that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not allowed in a session description: CR, LF or NUL, or a blank within a field")]
pub struct InvalidText;
