//! The value of an Authorization or Proxy-Authorization header, as bytes give it (RFC 7616 3.4). Read, not believed.

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
    let mut read = Read::default();
    let outcome = read.all(rest);
    if *unescape(read.realm?) != *realm.as_bytes() {
        return None;
    }
    Some(outcome.and_then(|()| read.credentials().ok_or(Malformed)))
}

/// The parameters that mean something, as far as they were read.
#[derive(Default)]
struct Read<'a> {
    realm: Option<&'a [u8]>,
    username: Option<&'a [u8]>,
    nonce: Option<&'a [u8]>,
    uri: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    algorithm: Option<&'a [u8]>,
    qop: Option<&'a [u8]>,
    count: Option<&'a [u8]>,
    cnonce: Option<&'a [u8]>,
    userhash: Option<&'a [u8]>,
    extended_username: Option<&'a [u8]>,
}

impl<'a> Read<'a> {
    /// Reads `name=value, name="value"`. What is wrong does not end it before the realm could be found.
    fn all(&mut self, mut rest: &'a [u8]) -> Result<(), Malformed> {
        let mut outcome = Ok(());
        for _ in 0..=MAX_PARAMETERS {
            let Some(start) = rest.iter().position(|byte| !is_blank(*byte) && *byte != b',') else { return outcome };
            rest = rest.get(start..).unwrap_or_default();
            let Some(((name, value), behind)) = parameter(rest) else { return Err(Malformed) };
            rest = behind;
            if let Some(place) = self.place(name)
                && place.replace(value).is_some()
            {
                // Twice the same: which one counts would depend on who reads it.
                outcome = Err(Malformed);
            }
        }
        Err(Malformed)
    }

    fn place(&mut self, name: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        Some(match name.len() {
            2 if is(b"nc") => &mut self.count,
            3 if is(b"uri") => &mut self.uri,
            3 if is(b"qop") => &mut self.qop,
            5 if is(b"realm") => &mut self.realm,
            5 if is(b"nonce") => &mut self.nonce,
            6 if is(b"cnonce") => &mut self.cnonce,
            8 if is(b"username") => &mut self.username,
            8 if is(b"response") => &mut self.response,
            8 if is(b"userhash") => &mut self.userhash,
            9 if is(b"algorithm") => &mut self.algorithm,
            9 if is(b"username*") => &mut self.extended_username,
            _ => return None,
        })
    }

    /// `None` when one is missing that must be there, or one is there that we did not offer.
    fn credentials(&self) -> Option<Credentials<'a>> {
        let is_hashed = self.userhash.is_some_and(|value| value.eq_ignore_ascii_case(b"true"));
        if is_hashed || self.extended_username.is_some() {
            return None;
        }
        Some(Credentials {
            username: self.username?,
            nonce: self.nonce?,
            uri: self.uri.filter(|uri| !uri.is_empty())?,
            response: self.response?,
            algorithm: self.algorithm,
            qop: self.qop,
            count: self.count,
            cnonce: self.cnonce,
        })
    }
}

impl<'a> Credentials<'a> {
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

/// Name and value of a parameter, without quotes.
type Parameter<'a> = (&'a [u8], &'a [u8]);

/// The parameter that `text` begins with, and what follows it: a comma or nothing.
fn parameter(text: &[u8]) -> Option<(Parameter<'_>, &[u8])> {
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, rest) = text.split_at_checked(equals)?;
    let name = name.trim_ascii_end();
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
    let rest = rest.trim_ascii_start();
    matches!(rest.first(), None | Some(b',')).then_some(((name, value), rest))
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
