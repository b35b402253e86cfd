//! The first line of a message (RFC 3261 7.1, 7.2). It is told apart and cut here; whether its URI is one is not asked.

use bytes::Bytes;
use memchr::{memchr, memrchr};

use crate::byte_str::slice_of;
use crate::grammar;
use crate::request::{RequestLine, Version};
use crate::response::StatusLine;
use crate::{Method, ParseError, StatusCode, Token};

/// The first line, cut into its parts.
pub(crate) enum StartLine {
    Request(RequestLine),
    Response(StatusLine),
}

/// Reads the first `end` bytes of the message, which are its first line.
pub(crate) fn read(buffer: &Bytes, end: usize) -> Result<StartLine, ParseError> {
    let line = buffer.get(..end).unwrap_or_default();
    if starts_like_response(line) {
        return read_status_line(buffer, line).map(StartLine::Response);
    }
    read_request_line(buffer, line).map(StartLine::Request)
}

/// Whether a complete first line is one of SIP, whatever its version.
pub(crate) fn is_sip(line: &[u8]) -> bool {
    starts_like_response(line) || request_parts(line).is_some()
}

fn starts_like_response(line: &[u8]) -> bool {
    line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
}

struct RequestParts<'a> {
    method: &'a [u8],
    uri: &'a [u8],
    version: &'a [u8],
    has_trailing_blanks: bool,
}

/// Method, URI and version: the URI is all between the first blank and the last, so that blanks in it are not lost.
fn request_parts(line: &[u8]) -> Option<RequestParts<'_>> {
    let trimmed = grammar::trim_end(line);
    let (method, rest) = grammar::cut(trimmed, memchr(b' ', trimmed)?);
    let (uri, version) = grammar::cut(rest, memrchr(b' ', rest)?);
    let is_sip = starts_like_response(version);
    is_sip.then_some(RequestParts { method, uri, version, has_trailing_blanks: trimmed.len() != line.len() })
}

fn read_request_line(buffer: &Bytes, line: &[u8]) -> Result<RequestLine, ParseError> {
    let parts = request_parts(line).ok_or(ParseError::StartLine)?;
    let method = match Method::known(parts.method) {
        Some(method) => method,
        None if grammar::is_token(parts.method) => Method::Other(Token::checked(slice_of(buffer, parts.method))),
        None => return Err(ParseError::StartLine),
    };
    let version = match parts.version {
        version if !is_version_2(version) => Version::Unsupported,
        _ if parts.has_trailing_blanks => Version::Malformed,
        _ => Version::Sip2,
    };
    let line_length = u32::try_from(line.len()).map_err(|_| ParseError::HeadersTooLarge)?;
    Ok(RequestLine { method, uri: slice_of(buffer, parts.uri), version, line_length })
}

fn read_status_line(buffer: &Bytes, line: &[u8]) -> Result<StatusLine, ParseError> {
    let (version, rest) = grammar::split_once(line, b' ').ok_or(ParseError::StartLine)?;
    let (code, reason) = grammar::split_once(rest, b' ').unwrap_or((rest, &[]));
    let code = Some(code).filter(|code| code.len() == 3).and_then(grammar::parse_u16);
    let status = code.and_then(StatusCode::new).ok_or(ParseError::StatusCode)?;
    let line_length = u32::try_from(line.len()).map_err(|_| ParseError::HeadersTooLarge)?;
    Ok(StatusLine { status, reason: slice_of(buffer, reason), is_version_2: is_version_2(version), line_length })
}

fn is_version_2(version: &[u8]) -> bool {
    version.eq_ignore_ascii_case(b"SIP/2.0")
}
