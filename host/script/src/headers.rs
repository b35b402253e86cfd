//! The header verbs that requests and replies share, and what a script may write at all. No header's own syntax, which
//! `siphon-sip` knows.

use siphon_sip::{ByteStr, HeaderName, HeaderValue, Headers};

use crate::error::ApiError;

/// The header that a script named, in any case or compact form.
pub(crate) fn name(text: &str) -> Result<HeaderName, ApiError> {
    HeaderName::parse(text.trim().as_bytes()).map_err(|_| ApiError::InvalidHeaderName(text.to_owned()))
}

/// The header that a script wants to write: not one that belongs to the server.
pub(crate) fn writable_name(text: &str) -> Result<HeaderName, ApiError> {
    let name = name(text)?;
    if is_protected(&name) { Err(ApiError::ProtectedHeader(name)) } else { Ok(name) }
}

/// What the server alone writes: the transaction's identity, the hop count and the framing.
const fn is_protected(name: &HeaderName) -> bool {
    matches!(
        name,
        HeaderName::Via | HeaderName::ContentLength | HeaderName::MaxForwards | HeaderName::CSeq | HeaderName::CallId
    )
}

/// A value from a script.
pub(crate) fn value(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::new(text.to_owned()).map_err(|_| ApiError::InvalidText { what: "a header value" })
}

/// Text from a script that shall stand in one line: `what` says as what.
pub(crate) fn one_line(text: &str, what: &'static str) -> Result<ByteStr, ApiError> {
    HeaderValue::new(text.to_owned()).map(HeaderValue::into_byte_str).map_err(|_| ApiError::InvalidText { what })
}

/// Text for a script; what is not UTF-8 becomes U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
}

/// The first line of that name as it stands.
pub(crate) fn first(headers: &Headers, wanted: &str) -> Result<Option<String>, ApiError> {
    Ok(headers.first(&name(wanted)?).map(text))
}

/// Every value of that name: list headers are split at their commas.
pub(crate) fn all(headers: &Headers, wanted: &str) -> Result<Vec<String>, ApiError> {
    Ok(headers.values(&name(wanted)?).map(text).collect())
}

pub(crate) fn contains(headers: &Headers, wanted: &str) -> Result<bool, ApiError> {
    Ok(headers.contains(&name(wanted)?))
}

/// Replaces all lines of that name; the first one's place is kept.
pub(crate) fn set(headers: &mut Headers, wanted: &str, text: &str) -> Result<(), ApiError> {
    headers.set(writable_name(wanted)?, value(text)?);
    Ok(())
}

/// Adds the header when there is none of that name.
pub(crate) fn ensure(headers: &mut Headers, wanted: &str, text: &str) -> Result<(), ApiError> {
    let (wanted, text) = (writable_name(wanted)?, value(text)?);
    if !headers.contains(&wanted) {
        headers.append(wanted, text);
    }
    Ok(())
}

pub(crate) fn remove(headers: &mut Headers, wanted: &str) -> Result<(), ApiError> {
    headers.remove(&writable_name(wanted)?);
    Ok(())
}

/// Removes every header whose name begins so, in any case; what belongs to the server stays.
pub(crate) fn remove_matching(headers: &mut Headers, prefix: &str) {
    headers.retain(|header| {
        let spelt = header.name.as_str();
        let begins = spelt.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        !begins || is_protected(&header.name)
    });
}

/// Drops the elements of a comma-separated header that are `token` in any case, and joins the rest into one line.
pub(crate) fn remove_from_list(headers: &mut Headers, wanted: &str, token: &str) -> Result<(), ApiError> {
    let wanted = writable_name(wanted)?;
    let lines = headers.values(&wanted);
    // Of a header that is not known to be a list the values are whole lines: the script says that it is one.
    let is_list = wanted.is_list();
    let (dropped, kept): (Vec<&[u8]>, Vec<&[u8]>) = lines
        .flat_map(|line| line.split(move |byte| !is_list && *byte == b','))
        .map(<[u8]>::trim_ascii)
        .partition(|element| element.eq_ignore_ascii_case(token.trim().as_bytes()));
    if dropped.is_empty() {
        return Ok(());
    }
    let rest = kept.join(&b", "[..]);
    if rest.is_empty() {
        headers.remove(&wanted);
    } else {
        headers.set(wanted, rest);
    }
    Ok(())
}

/// Whether there is a body and its media type begins so, in any case; the header's parameters do not count.
pub(crate) fn has_body(headers: &Headers, body: &[u8], content_type: &str) -> bool {
    let actual = headers.first(&HeaderName::ContentType).unwrap_or_default();
    let actual = actual.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let wanted = content_type.split(';').next().unwrap_or_default().trim();
    !body.is_empty() && actual.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted.as_bytes()))
}
