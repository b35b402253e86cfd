//! Edits that touch several lines at once: codecs with all that is said of them, media with their groups. They keep a
//! description well formed; whether the other side still agrees to it is not asked.

use std::collections::HashSet;

use bytes::{BufMut, Bytes, BytesMut};

use super::SessionDescription;
use super::codec::Codec;
use super::fields::words;
use super::media::MediaDescription;
use super::section::{Attribute, Rewrite};

/// The attributes whose value begins with the payload type that they speak of: RFC 8866 6.6 and 6.15, RFC 4585 4.2,
/// RFC 6236 3.1.
const OF_A_FORMAT: [&str; 4] = ["rtpmap", "fmtp", "rtcp-fb", "imageattr"];

impl SessionDescription {
    /// Drops every codec that none of the words names (see [`Codec::is`]) from all RTP media, with its attributes, and
    /// says how many were dropped. A stream that loses its last codec is switched off: port 0 and its first format, the
    /// way RFC 3264 has it, because the count and the order of `m=` lines are part of the negotiation.
    pub fn filter_codecs<T: AsRef<str>>(&mut self, keep: &[T]) -> usize {
        self.drop_codecs(|codec| !keep.iter().any(|word| codec.is(word.as_ref())))
    }

    /// Drops every codec that one of the words names, like [`SessionDescription::filter_codecs`].
    pub fn remove_codecs<T: AsRef<str>>(&mut self, remove: &[T]) -> usize {
        self.drop_codecs(|codec| remove.iter().any(|word| codec.is(word.as_ref())))
    }

    /// Takes the media descriptions of that type out, also out of the session's `a=group` lines, and says how many
    /// there were. This is for offers that nobody has seen yet: in an answer, or once a session is agreed, a stream is
    /// switched off by port 0 instead (RFC 3264 6, 8.2).
    pub fn remove_media(&mut self, media_type: &str) -> usize {
        let before = self.media.len();
        let mut mids: HashSet<Bytes> = HashSet::new();
        self.media.retain(|media| {
            let removed = media.media_type.eq_ignore_ascii_case(media_type.as_bytes());
            if let (true, Some(Some(mid))) = (removed, media.section.attribute("mid")) {
                mids.insert(Bytes::copy_from_slice(mid.trim_ascii()));
            }
            !removed
        });
        if !mids.is_empty() {
            self.section.rewrite_attributes(|attribute| without_members(attribute, &mids));
        }
        before - self.media.len()
    }

    fn drop_codecs(&mut self, drop: impl Fn(&Codec<'_>) -> bool) -> usize {
        self.media.iter_mut().map(|media| media.drop_codecs(&drop)).sum()
    }
}

impl MediaDescription {
    fn drop_codecs(&mut self, drop: impl Fn(&Codec<'_>) -> bool) -> usize {
        let dropped = self.formats_to_drop(drop);
        if dropped.is_empty() {
            return 0;
        }
        self.section.rewrite_attributes(|attribute| {
            let speaks_of_dropped = OF_A_FORMAT.iter().any(|name| attribute.is(name))
                && words(attribute.value.unwrap_or_default()).next().is_some_and(|format| dropped.contains(format));
            if speaks_of_dropped { Rewrite::Remove } else { Rewrite::Keep }
        });
        let first = self.formats.first().cloned();
        let before = self.formats.len();
        self.formats.retain(|format| !dropped.contains(format));
        let count = before - self.formats.len();
        if self.formats.is_empty() {
            self.formats.extend(first);
            self.port = 0;
        }
        count
    }

    /// The payload types to drop, and with a payload type the ones that retransmit it.
    fn formats_to_drop(&self, drop: impl Fn(&Codec<'_>) -> bool) -> HashSet<Bytes> {
        let codecs = self.codecs();
        let mut dropped: HashSet<Bytes> =
            codecs.iter().filter(|codec| drop(codec)).map(|codec| Bytes::copy_from_slice(codec.payload_type)).collect();
        let orphans: Vec<Bytes> = codecs
            .iter()
            .filter(|codec| codec.associated_payload_type().is_some_and(|apt| dropped.contains(apt)))
            .map(|codec| Bytes::copy_from_slice(codec.payload_type))
            .collect();
        dropped.extend(orphans);
        dropped
    }
}

/// An `a=group:<semantics> <mid> ...` line (RFC 5888 5) without those members.
fn without_members(attribute: Attribute<'_>, mids: &HashSet<Bytes>) -> Rewrite {
    let value = attribute.value.unwrap_or_default();
    if !attribute.is("group") || !words(value).skip(1).any(|mid| mids.contains(mid)) {
        return Rewrite::Keep;
    }
    let mut text = BytesMut::from(attribute.name);
    text.put_u8(b':');
    text.put_slice(words(value).next().unwrap_or_default());
    let mut has_member = false;
    for mid in words(value).skip(1).filter(|mid| !mids.contains(*mid)) {
        has_member = true;
        text.put_u8(b' ');
        text.put_slice(mid);
    }
    if has_member { Rewrite::Replace(text.freeze()) } else { Rewrite::Remove }
}
