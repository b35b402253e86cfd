//! The hash algorithms of digest authentication (RFC 7616 6.1, RFC 8760 2.1). The session variants are not offered.

use std::ops::Deref;

use md5::Md5;
use sha2::digest::{Digest, Output};

/// A hash algorithm that we offer and accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`, and what credentials without an algorithm mean.
    Md5,
    /// `SHA-256`.
    Sha256,
    /// `SHA-512-256`.
    Sha512_256,
}

impl Algorithm {
    /// In the order of the challenges: the one that every client knows first, since many read no further.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha256, Self::Sha512_256];

    /// As the `algorithm` parameter names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// The algorithm of that name, in any case.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// Bytes of a digest.
    pub(super) const fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha256 | Self::Sha512_256 => 32,
        }
    }

    /// The digest of the parts, with colons between them, in hexadecimal digits.
    pub(super) fn hash(self, parts: &[&[u8]]) -> HexDigest {
        HexDigest::of(&self.raw(parts))
    }

    /// The digest of the parts, with colons between them.
    pub(super) fn raw(self, parts: &[&[u8]]) -> RawDigest {
        match self {
            Self::Md5 => RawDigest::of(&joined::<Md5>(parts)),
            Self::Sha256 => RawDigest::of(&joined::<sha2::Sha256>(parts)),
            Self::Sha512_256 => RawDigest::of(&joined::<sha2::Sha512_256>(parts)),
        }
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> Output<D> {
    let mut hash = D::new();
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize()
}

/// A digest of any of the algorithms.
#[derive(Clone, Copy)]
pub(super) struct RawDigest {
    bytes: [u8; 32],
    length: u8,
}

impl RawDigest {
    /// What does not fit is cut off; no digest of ours is longer.
    pub(super) fn of(digest: &[u8]) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = *from;
        }
        Self { bytes, length: digest.len().min(32) as u8 }
    }
}

impl Deref for RawDigest {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// A digest in lower case hexadecimal digits (RFC 8760 2.2).
#[derive(Clone, Copy)]
pub(super) struct HexDigest {
    digits: [u8; 64],
    length: u8,
}

impl HexDigest {
    pub(super) fn of(raw: &RawDigest) -> Self {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(raw.iter()) {
            if let [high, low] = pair {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
        }
        Self { digits, length: raw.length * 2 }
    }
}

impl Deref for HexDigest {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.digits.get(..usize::from(self.length)).unwrap_or_default()
    }
}

const fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The bytes that hexadecimal digits of either case stand for; `None` unless there are `length` of them.
pub(super) fn from_hex(text: &[u8], length: usize) -> Option<RawDigest> {
    if text.len() != length * 2 || length > 32 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        for digit in pair {
            *byte = *byte << 4 | nibble(*digit)?;
        }
    }
    Some(RawDigest { bytes, length: length as u8 })
}

/// Whether a client's response is the digest, in any case. Takes the same time wherever the first difference is.
pub(super) fn is_same_digest(expected: &HexDigest, response: &[u8]) -> bool {
    if response.len() != expected.len() {
        return false;
    }
    let difference = expected.iter().zip(response).fold(0, |all, (one, two)| all | (one ^ two.to_ascii_lowercase()));
    // Hidden from the optimiser, which could otherwise stop at the first difference.
    std::hint::black_box(difference) == 0
}
