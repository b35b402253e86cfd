//! Comparison of `sip` and `sips` URIs (RFC 3261 19.1.4). It is not transitive, so it can be no `Eq`.

use crate::{ByteStr, Params};

use super::{SipUri, escape};

/// Whether both URIs are equivalent.
pub(super) fn sip(one: &SipUri, two: &SipUri) -> bool {
    if one == two {
        return true;
    }
    one.secure == two.secure
        && one.port == two.port
        && one.host == two.host
        && same_part(one.user.as_ref(), two.user.as_ref())
        && same_part(one.password.as_ref(), two.password.as_ref())
        && parameters(&one.params, &two.params)
        && headers(one.headers.as_deref(), two.headers.as_deref())
}

/// A user or a password: absent in both, or equal with case.
fn same_part(one: Option<&ByteStr>, two: Option<&ByteStr>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => one == two || characters(one).eq(characters(two)),
        (None, None) => true,
        _ => false,
    }
}

/// Parameters in both must match. One of these in only one of the URIs never matches; any other is ignored then.
fn parameters(one: &Params, two: &Params) -> bool {
    const NEVER_IGNORED: [&[u8]; 5] = [b"user", b"ttl", b"method", b"maddr", b"transport"];
    let covered = |these: &Params, those: &Params| {
        these.iter().all(|(name, value)| match those.iter().find(|(other, _)| same_text(name, other)) {
            Some((_, other)) => same_value(value, other),
            None => !NEVER_IGNORED.iter().any(|important| same_text(name, important)),
        })
    };
    covered(one, two) && covered(two, one)
}

/// Each header must be in both URIs, as often, with the same value. Their order does not count.
fn headers(one: Option<&[u8]>, two: Option<&[u8]>) -> bool {
    let fields = |text: Option<&[u8]>| {
        let mut fields: Vec<Vec<Character>> = text
            .unwrap_or_default()
            .split(|byte| *byte == b'&')
            .filter(|field| !field.is_empty())
            .map(|field| characters(field).map(Character::without_case).collect())
            .collect();
        fields.sort_unstable();
        fields
    };
    one == two || fields(one) == fields(two)
}

fn same_value(one: Option<&[u8]>, two: Option<&[u8]>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => same_text(one, two),
        (None, None) => true,
        _ => false,
    }
}

fn same_text(one: &[u8], two: &[u8]) -> bool {
    one.eq_ignore_ascii_case(two)
        || characters(one).map(Character::without_case).eq(characters(two).map(Character::without_case))
}

/// One character of a URI: an escape is its character, unless that is a reserved one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Character {
    Plain(u8),
    Escaped(u8),
}

impl Character {
    const fn without_case(self) -> Self {
        match self {
            Self::Plain(byte) => Self::Plain(byte.to_ascii_lowercase()),
            Self::Escaped(byte) => Self::Escaped(byte),
        }
    }
}

fn characters(text: &[u8]) -> impl Iterator<Item = Character> {
    escape::Unescape::new(text).map(|(byte, was_escaped)| {
        let is_reserved = b";/?:@&=+$,".contains(&byte);
        if was_escaped && is_reserved { Character::Escaped(byte) } else { Character::Plain(byte) }
    })
}
