//! A `name-addr` or `addr-spec` cut into its parts, borrowed from its text: the one place that knows its grammar.
//! Nothing is copied or unescaped here.

use crate::HeaderError;
use crate::grammar::{self, ByteSet};
use crate::params::Parameters;

use super::{BREAKS_BRACKETS, malformed};

/// What a URI without angle brackets cannot hold (RFC 3261 20).
static NOT_IN_BARE_URI: ByteSet = ByteSet::control_and(b"<>?,\"");

/// The parts of an address value.
#[derive(Clone, Debug)]
pub(crate) struct AddressParts<'a> {
    /// The display name as it stands, quotes included.
    pub(super) display: Option<&'a [u8]>,
    /// The text of the URI.
    pub(super) uri: &'a [u8],
    /// What stands behind it: the parameters of the header.
    pub(super) params: &'a [u8],
}

impl<'a> AddressParts<'a> {
    /// Cuts a value without looking at the parameters.
    pub(super) fn cut(value: &'a [u8]) -> Result<Self, HeaderError> {
        let text = grammar::trim(value);
        let (display, rest) = display_name(text)?;
        let Some(rest) = rest else { return Self::cut_bare(text) };
        let uri_end = memchr::memchr(b'>', rest).ok_or_else(|| malformed("an angle bracket is not closed"))?;
        let (uri, params) = grammar::cut(rest, uri_end);
        if uri.is_empty() || BREAKS_BRACKETS.has_any_of(uri) {
            return Err(malformed("blanks, a bracket or nothing within angle brackets"));
        }
        Ok(Self { display, uri, params })
    }

    fn cut_bare(text: &'a [u8]) -> Result<Self, HeaderError> {
        let uri_end = memchr::memchr(b';', text).unwrap_or(text.len());
        let (uri, params) = text.split_at_checked(uri_end).unwrap_or((text, &[]));
        let uri = grammar::trim(uri);
        if uri.is_empty() || NOT_IN_BARE_URI.has_any_of(uri) {
            return Err(malformed("a URI that needs angle brackets"));
        }
        Ok(Self { display: None, uri, params })
    }

    /// Reads a whole value, only to see whether it is one.
    pub(crate) fn check(value: &[u8]) -> Result<(), HeaderError> {
        let parts = AddressParts::cut(value)?;
        Parameters::check(parts.params).map_err(|_| malformed("parameters"))
    }

    /// Reads a whole value and gives its `tag` parameter; an empty one counts as none.
    pub(crate) fn tag(value: &'a [u8]) -> Result<Option<&'a [u8]>, HeaderError> {
        let parts = Self::cut(value)?;
        let tag = Parameters::find(parts.params, "tag").map_err(|_| malformed("parameters"))?;
        Ok(tag.flatten().filter(|tag| !tag.is_empty()))
    }
}

/// The display name with its quotes, and what follows the `<`; nothing of both for a bare URI.
#[allow(clippy::type_complexity)]
fn display_name(text: &[u8]) -> Result<(Option<&[u8]>, Option<&[u8]>), HeaderError> {
    if let Some(rest) = text.strip_prefix(b"<") {
        return Ok((None, Some(rest)));
    }
    if text.first() == Some(&b'"') {
        let quoted = grammar::quoted_end(text).ok_or_else(|| malformed("a quote is not closed"))?;
        let (quoted, rest) = text.split_at_checked(quoted).unwrap_or((text, &[]));
        let rest = grammar::trim_start(rest).strip_prefix(b"<");
        return rest.map(|rest| (Some(quoted), Some(rest))).ok_or_else(|| malformed("no URI behind the name"));
    }
    let Some(bracket) = memchr::memchr2(b'<', b'"', text) else { return Ok((None, None)) };
    if text.get(bracket) != Some(&b'<') {
        // A quote in a parameter of a bare URI, or one that does not belong where it is.
        let is_parameter = text.get(..bracket).is_some_and(|before| before.contains(&b';'));
        return if is_parameter { Ok((None, None)) } else { Err(malformed("a quote within the name")) };
    }
    let (display, rest) = grammar::cut(text, bracket);
    let display = grammar::trim(display);
    if display.contains(&b';') {
        // The bracket stands in a parameter of a bare URI.
        return Ok((None, None));
    }
    if display.contains(&b',') {
        return Err(malformed("a comma within a name without quotes"));
    }
    Ok(((!display.is_empty()).then_some(display), Some(rest)))
}
