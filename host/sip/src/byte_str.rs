//! Text as the network gives it: bytes that are usually UTF-8. Not a `String`: nothing checks the encoding.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::{Deref, Range};

use bytes::Bytes;

/// Bytes that print as text, usually UTF-8 but not guaranteed to be. A slice of a message's buffer or owned; a clone
/// counts a reference and copies nothing.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteStr(Bytes);

impl ByteStr {
    /// No bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self(Bytes::new())
    }

    /// Text that lives as long as the process.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// A copy of `bytes` in a buffer of its own.
    #[must_use]
    pub fn copy_from_slice(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, when it is UTF-8.
    #[must_use]
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text, with U+FFFD in place of what is not UTF-8.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        // The standard library looks for the wrong bytes from the start, which takes ten times as long.
        self.to_str().map_or_else(|| String::from_utf8_lossy(&self.0), Cow::Borrowed)
    }

    /// Whether both are the same text when ASCII case does not count.
    #[must_use]
    pub fn eq_ignore_ascii_case(&self, other: impl AsRef<[u8]>) -> bool {
        self.0.eq_ignore_ascii_case(other.as_ref())
    }

    /// The bytes in `range` without a copy; what lies beyond the end is left out.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.0.len());
        Self(self.0.slice(range.start.min(end)..end))
    }

    /// `part` as a slice of this buffer when it lies inside it, as a copy otherwise.
    #[must_use]
    pub fn slice_of(&self, part: &[u8]) -> Self {
        slice_of(&self.0, part)
    }

    /// The bytes in a buffer of their own, so that keeping them does not keep the message.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self::copy_from_slice(&self.0)
    }

    /// The bytes as a buffer.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// `part` as a slice of `buffer` when it lies inside it, as a copy otherwise.
pub(crate) fn slice_of(buffer: &Bytes, part: &[u8]) -> ByteStr {
    if part.is_empty() {
        return ByteStr::new();
    }
    let offset = (part.as_ptr() as usize).checked_sub(buffer.as_ptr() as usize);
    match offset.and_then(|start| Some(start..start.checked_add(part.len())?)) {
        Some(range) if range.end <= buffer.len() => ByteStr(buffer.slice(range)),
        _ => ByteStr::copy_from_slice(part),
    }
}

impl Deref for ByteStr {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for ByteStr {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for ByteStr {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ByteStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

impl fmt::Debug for ByteStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl From<&'static str> for ByteStr {
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl From<String> for ByteStr {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl From<Vec<u8>> for ByteStr {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::from(bytes))
    }
}

impl From<Bytes> for ByteStr {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<&Bytes> for ByteStr {
    fn from(bytes: &Bytes) -> Self {
        Self(bytes.clone())
    }
}

impl From<&ByteStr> for ByteStr {
    fn from(text: &ByteStr) -> Self {
        text.clone()
    }
}

impl From<ByteStr> for Bytes {
    fn from(text: ByteStr) -> Self {
        text.0
    }
}

impl PartialEq<[u8]> for ByteStr {
    fn eq(&self, other: &[u8]) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&[u8]> for ByteStr {
    fn eq(&self, other: &&[u8]) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<str> for ByteStr {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for ByteStr {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == *other.as_bytes()
    }
}
