//! The value of an Authorization or Proxy-Authorization header as bytes give it (RFC 7616 3.4). It is read, not believed.

use std::borrow::Cow;

use super::algorithm::Algorithm;

/// Parameters that are read at most; more are an attack or another scheme.
const MAX_PARAMETERS: usize = 32;

/// The credentials cannot be read, or lack what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Digest credentials. The texts are what stands between the quotes, escapes included: that is what clients hash.
#[derive(Debug)]
pub(super) struct Credentials<'a> {
    username: &'a [u8],
    pub(super) nonce: &'a [u8],
    pub(super) uri: &'a [u8],
    pub(super) response: &'a [u8],
    algorithm: Option<&'a [u8]>,
    qop: Option<&'a [u8]>,
    count: Option<&'a [u8]>,
    cnonce: Option<&'a [u8]>,
}

/// What the response protects besides method and URI.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Protection<'a> {
    /// No `qop`: RFC 2069, which RFC 3261 22.4 still wants to be understood.
    None,
    /// `auth`.
    Auth {
        /// `nc` as it was hashed.
        count_text: &'a [u8],
        /// `nc`; never 0.
        count: u32,
        cnonce: &'a [u8],
    },
    /// `auth-int`: the body too.
    AuthInt { count_text: &'a [u8], count: u32, cnonce: &'a [u8] },
}

/// Reads credentials. `None` when they are of another scheme or for another realm.
pub(super) fn parse<'a>(value: &'a [u8], realm: &str) -> Option<Result<Credentials<'a>, Malformed>> {
    let value = value.trim_ascii_start();
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"Digest") || !rest.first().is_some_and(|byte| is_blank(*byte)) {
        return None;
    }
    let mut parameters = Parameters { rest };
    let mut read: Vec<(&[u8], &[u8])> = Vec::with_capacity(12);
    let mut is_readable = true;
    while let Some(parameter) = parameters.next() {
        match parameter {
            Ok((name, _)) if find(&read, name).is_some() || read.len() == MAX_PARAMETERS => is_readable = false,
            Ok(parameter) => read.push(parameter),
            Err(Malformed) => {
                is_readable = false;
                break;
            }
        }
    }
    if *unescape(find(&read, b"realm")?) != *realm.as_bytes() {
        return None;
    }
    Some(if is_readable { Credentials::new(&read).ok_or(Malformed) } else { Err(Malformed) })
}

impl<'a> Credentials<'a> {
    /// `None` when one is missing that must be there, or one is there that we did not offer.
    fn new(read: &[(&'a [u8], &'a [u8])]) -> Option<Self> {
        let is_hashed = find(read, b"userhash").is_some_and(|value| value.eq_ignore_ascii_case(b"true"));
        if is_hashed || find(read, b"username*").is_some() {
            return None;
        }
        Some(Self {
            username: find(read, b"username")?,
            nonce: find(read, b"nonce")?,
            uri: find(read, b"uri").filter(|uri| !uri.is_empty())?,
            response: find(read, b"response")?,
            algorithm: find(read, b"algorithm"),
            qop: find(read, b"qop"),
            count: find(read, b"nc"),
            cnonce: find(read, b"cnonce"),
        })
    }

    /// `None` when it is one that we do not know.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm.map_or(Some(Algorithm::Md5), Algorithm::parse)
    }

    /// Without escapes; `None` when it is not UTF-8 or holds control characters.
    pub(super) fn username(&self) -> Option<String> {
        let name = String::from_utf8(unescape(self.username).into_owned()).ok()?;
        (!name.chars().any(char::is_control)).then_some(name)
    }

    /// `None` when `qop` is one that we do not know, or lacks what belongs to it.
    pub(super) fn protection(&self) -> Option<Protection<'a>> {
        let Some(qop) = self.qop else { return Some(Protection::None) };
        let (count_text, cnonce) = (self.count?, self.cnonce?);
        let count = std::str::from_utf8(count_text).ok().filter(|text| (1..=8).contains(&text.len()))?;
        let is_hex = count.bytes().all(|byte| byte.is_ascii_hexdigit());
        let count = u32::from_str_radix(count, 16).ok().filter(|count| is_hex && *count > 0)?;
        if qop.eq_ignore_ascii_case(b"auth") {
            Some(Protection::Auth { count_text, count, cnonce })
        } else if qop.eq_ignore_ascii_case(b"auth-int") {
            Some(Protection::AuthInt { count_text, count, cnonce })
        } else {
            None
        }
    }
}

fn find<'a>(read: &[(&[u8], &'a [u8])], name: &[u8]) -> Option<&'a [u8]> {
    read.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

/// `name=value, name="value"`: names and values without their quotes.
struct Parameters<'a> {
    rest: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// After an error there is nothing more to read.
    fn next(&mut self) -> Option<Result<(&'a [u8], &'a [u8]), Malformed>> {
        let start = self.rest.iter().position(|byte| !is_blank(*byte) && *byte != b',')?;
        self.rest = self.rest.get(start..)?;
        Some(self.parameter().ok_or(Malformed))
    }

    fn parameter(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let equals = self.rest.iter().position(|byte| *byte == b'=')?;
        let (name, rest) = self.rest.split_at_checked(equals)?;
        let name = name.trim_ascii();
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.*!%+`'~".contains(byte)) {
            return None;
        }
        let rest = rest.get(1..)?.trim_ascii_start();
        let (value, rest) = match rest.strip_prefix(b"\"") {
            Some(rest) => {
                let end = closing_quote(rest)?;
                (rest.get(..end)?, rest.get(end + 1..)?)
            }
            None => {
                let end = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
                let value = rest.get(..end)?.trim_ascii_end();
                if value.is_empty() || value.iter().any(|byte| is_blank(*byte) || *byte == b'"') {
                    return None;
                }
                (value, rest.get(end..)?)
            }
        };
        // Behind a value there is a comma or nothing.
        let rest = rest.trim_ascii_start();
        if !matches!(rest.first(), None | Some(b',')) {
            return None;
        }
        self.rest = rest;
        Some((name, value))
    }
}

/// Where the quote stands that ends a quoted string.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    text.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })
}

/// The text of a quoted string without its backslashes.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return text.into();
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut is_escaped = false;
    for byte in text {
        is_escaped = *byte == b'\\' && !is_escaped;
        if !is_escaped {
            plain.push(*byte);
        }
    }
    plain.into()
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
