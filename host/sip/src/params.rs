//! `;name=value` lists of headers and URIs. What a parameter means is the business of its header.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;

use crate::ByteStr;
use crate::grammar;
use crate::uri::escape;

mod cursor;
#[cfg(test)]
mod tests;

pub(crate) use cursor::Parameters;

/// An ordered list of parameters. Names compare without case. Values are kept as they came, quotes and escapes included.
#[derive(Clone, Debug)]
pub struct Params {
    text: ByteStr,
    spans: SmallVec<[Span; 4]>,
    place: Place,
}

/// Where the list stands: it decides what a value may hold and how the rest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Behind a header's value: quoted strings.
    Header,
    /// In a URI: percent escapes.
    Uri,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    name: (u32, u32),
    value: Option<(u32, u32)>,
}

/// The list has an empty parameter, or a quote that is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an empty or unterminated parameter")]
pub struct InvalidParams;

impl Default for Params {
    fn default() -> Self {
        Self::new()
    }
}

impl Params {
    /// An empty list for a header.
    #[must_use]
    pub fn new() -> Self {
        Self { text: ByteStr::new(), spans: SmallVec::new(), place: Place::Header }
    }

    /// An empty list for a URI.
    #[must_use]
    pub fn for_uri() -> Self {
        Self { place: Place::Uri, ..Self::new() }
    }

    /// Reads the parameters of a header: nothing, or `;` and what follows.
    pub fn parse(text: impl Into<ByteStr>) -> Result<Self, InvalidParams> {
        let text = text.into();
        let mut spans = SmallVec::new();
        for parameter in Parameters::new(&text)? {
            let (name, value) = parameter?;
            spans.push(Span::of(&text, name, value));
        }
        Ok(Self { text, spans, place: Place::Header })
    }

    /// Reads the parameters of a URI, without the first `;`. Empty ones are left out.
    pub(crate) fn parse_uri(text: ByteStr) -> Self {
        let mut params = Self { text, ..Self::for_uri() };
        let mut at = 0;
        while let Some(rest) = params.text.get(at..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b';', rest).unwrap_or(rest.len());
            if let Some(span) = Span::cut(&params.text, rest.get(..length).unwrap_or_default()) {
                params.spans.push(span);
            }
            at += length + 1;
        }
        params
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is one of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The parameter of that name: `Some(None)` when it has no value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Option<ByteStr>> {
        self.find(name).map(|span| span.value_range().map(|range| self.text.slice(range)))
    }

    /// The value of that parameter as it came; `None` too when it has none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.find(name).and_then(|span| self.value_of(span))
    }

    /// The value of that parameter as it came, when it is UTF-8.
    #[must_use]
    pub fn value_str(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The value of that parameter without quotes, or without percent escapes in a URI.
    #[must_use]
    pub fn unquoted(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let value = self.value(name)?;
        Some(match self.place {
            Place::Header => grammar::unquote(value),
            Place::Uri => escape::unescape(value),
        })
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.spans.iter().map(|span| (self.text.get(span.name_range()).unwrap_or_default(), self.value_of(span)))
    }

    /// Sets the parameter to that value; a new one goes to the end. A value that could not stand there as it is gets
    /// quotes, or percent escapes in a URI; one in quotes already is left alone.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.rebuild(name, Some(Some(value.as_ref())));
    }

    /// Sets the parameter to have no value.
    pub fn set_flag(&mut self, name: &str) {
        self.rebuild(name, Some(None));
    }

    /// Removes all parameters of that name and says whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let had = self.has(name);
        if had {
            self.rebuild(name, None);
        }
        had
    }

    /// Appends the list, each parameter behind a `;`.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (name, value) in self.iter() {
            write_parameter(out, name, value);
        }
    }

    fn find(&self, name: &str) -> Option<&Span> {
        self.spans
            .iter()
            .find(|span| self.text.get(span.name_range()).is_some_and(|text| grammar::is_name(text, name.as_bytes())))
    }

    fn value_of(&self, span: &Span) -> Option<&[u8]> {
        span.value_range().and_then(|range| self.text.get(range))
    }

    /// Writes the list anew with `change` in the place of the parameter, or without it.
    fn rebuild(&mut self, name: &str, change: Option<Option<&[u8]>>) {
        let mut change = change.map(|value| (self.safe_name(name), value.map(|value| self.safe_value(value))));
        let mut text = Vec::with_capacity(self.text.len() + 64);
        for (old_name, old_value) in self.iter() {
            if !old_name.eq_ignore_ascii_case(name.as_bytes()) {
                write_parameter(&mut text, old_name, old_value);
            } else if let Some((name, value)) = change.take() {
                write_parameter(&mut text, &name, value.as_deref());
            }
        }
        if let Some((name, value)) = change {
            write_parameter(&mut text, &name, value.as_deref());
        }
        let text = ByteStr::from(text);
        *self = match self.place {
            Place::Header => Self::parse(text).unwrap_or_default(),
            Place::Uri => Self::parse_uri(text),
        };
    }

    fn safe_name<'a>(&self, name: &'a str) -> Cow<'a, [u8]> {
        match self.place {
            Place::Uri => escape::escape_parameter(name.as_bytes()),
            Place::Header if grammar::is_token(name.as_bytes()) => name.as_bytes().into(),
            Place::Header => {
                let token: Vec<u8> = name.bytes().filter(|byte| grammar::is_token_byte(*byte)).collect();
                if token.is_empty() { b"x"[..].into() } else { token.into() }
            }
        }
    }

    fn safe_value<'a>(&self, value: &'a [u8]) -> Cow<'a, [u8]> {
        match self.place {
            Place::Uri => escape::escape_parameter(value),
            Place::Header if is_plain_value(value) || is_quoted(value) => value.into(),
            Place::Header => {
                let mut quoted = Vec::with_capacity(value.len() + 2);
                grammar::write_quoted(&mut quoted, value);
                quoted.into()
            }
        }
    }
}

/// A token, a host, or a host with a port.
fn is_plain_value(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| grammar::is_token_byte(*byte) || matches!(byte, b'[' | b']' | b':'))
}

fn is_quoted(value: &[u8]) -> bool {
    value.first() == Some(&b'"')
        && grammar::quoted_end(value) == Some(value.len())
        && !value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

fn write_parameter(out: &mut Vec<u8>, name: &[u8], value: Option<&[u8]>) {
    out.push(b';');
    out.extend_from_slice(name);
    if let Some(value) = value {
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

impl Span {
    /// Cuts `name`, `name=value` or `name = value` out of `text`, a part of `source`. `None` when the name is empty.
    fn cut(source: &[u8], text: &[u8]) -> Option<Self> {
        let (name, value) = match grammar::split_once(text, b'=') {
            Some((name, value)) => (grammar::trim(name), Some(grammar::trim(value))),
            None => (grammar::trim(text), None),
        };
        (!name.is_empty()).then(|| Self::of(source, name, value))
    }

    /// Where these parts of `source` stand.
    #[allow(clippy::cast_possible_truncation)]
    fn of(source: &[u8], name: &[u8], value: Option<&[u8]>) -> Self {
        // Messages are shorter than 4 GiB.
        let span = |part: &[u8]| {
            let start = part.as_ptr() as usize - source.as_ptr() as usize;
            (start as u32, (start + part.len()) as u32)
        };
        Self { name: span(name), value: value.map(span) }
    }

    const fn name_range(&self) -> Range<usize> {
        self.name.0 as usize..self.name.1 as usize
    }

    fn value_range(&self) -> Option<Range<usize>> {
        self.value.map(|(start, end)| start as usize..end as usize)
    }
}

/// The same parameters in the same order; names without case, values byte by byte.
impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().zip(other.iter()).all(|((name, value), (other_name, other_value))| {
                name.eq_ignore_ascii_case(other_name) && value == other_value
            })
    }
}

impl Eq for Params {}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        grammar::display(f, |out| self.write(out))
    }
}
