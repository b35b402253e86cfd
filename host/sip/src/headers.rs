//! The header fields of a message: an index over the received bytes, with edits laid over it. No header's own syntax,
//! which lives in `header/`.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::ByteStr;
use crate::grammar::ListElements;
use crate::header_name::{HeaderName, NameCode};
use crate::header_value::HeaderValue;
use crate::token::Token;

mod edit;
mod line;
#[cfg(test)]
mod tests;
mod typed;

use line::Owned;
pub(crate) use line::{Line, Spans};

/// Lines that an index holds without an allocation.
const INLINE_LINES: usize = 24;

/// The header fields of a message in their order. Lines that nobody edited print exactly as they came.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// The message as received; the lines are spans into it.
    buffer: Bytes,
    lines: SmallVec<[Line; INLINE_LINES]>,
    /// Values that are not in the buffer: edited ones, and unfolded ones.
    owned: Vec<Owned>,
    edited: bool,
    /// Whether some line does not end as it should, so that the message cannot be printed as it came.
    unprintable: bool,
}

/// One line of the headers.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// The name.
    pub name: HeaderName,
    /// The name as the message spells it.
    pub name_text: &'a [u8],
    /// The value, trimmed, each folding replaced by one blank.
    pub value: &'a [u8],
}

/// Which known names a message has, a bit for each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NameCounts {
    present: u128,
    repeated: u128,
}

impl NameCounts {
    /// Whether more than one line has that known name.
    pub(crate) const fn is_repeated(&self, name: &HeaderName) -> bool {
        self.repeated & name.code().bit() != 0
    }
}

/// A name to look for, without a borrow of the caller's.
#[derive(Clone)]
struct Wanted {
    code: NameCode,
    other: Option<Token>,
}

impl Wanted {
    fn new(name: &HeaderName) -> Self {
        let other = if let HeaderName::Other(text) = name { Some(text.clone()) } else { None };
        Self { code: name.code(), other }
    }
}

impl Headers {
    /// No headers, to be filled by a caller that makes a message.
    #[must_use]
    pub fn new() -> Self {
        Self { edited: true, ..Self::default() }
    }

    pub(crate) fn received(buffer: Bytes) -> Self {
        Self { buffer, ..Self::default() }
    }

    /// Says what the spans are spans of.
    pub(crate) fn set_buffer(&mut self, buffer: Bytes) {
        self.buffer = buffer;
    }

    /// Says that the message cannot be printed as it came, though nobody edited it.
    pub(crate) fn set_unprintable(&mut self) {
        self.unprintable = true;
    }

    pub(crate) const fn is_printable(&self) -> bool {
        !self.unprintable
    }

    /// The number of lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines in their order.
    pub fn iter(&self) -> impl Iterator<Item = Header<'_>> + '_ {
        self.lines.iter().map(|line| Header {
            name: self.line_name(line),
            name_text: self.name_text(line),
            value: self.value(line),
        })
    }

    /// The value of the first line of that name.
    #[must_use]
    pub fn first(&self, name: &HeaderName) -> Option<&[u8]> {
        self.find(name).map(|line| self.value(line))
    }

    /// The value of the first line of that name, when it is UTF-8.
    #[must_use]
    pub fn first_str(&self, name: &HeaderName) -> Option<&str> {
        self.first(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The value of the first line of that name, without a copy.
    #[must_use]
    pub fn first_bytes(&self, name: &HeaderName) -> Option<ByteStr> {
        self.find(name).map(|line| self.value_bytes(line))
    }

    /// The values of all lines of that name, one a line.
    pub fn all<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.matching(name).map(|line| self.value(line))
    }

    /// As [`Headers::all`], without copies.
    pub fn all_bytes<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = ByteStr> + use<'a> {
        self.matching(name).map(|line| self.value_bytes(line))
    }

    /// The values of all lines of that name; those of list headers are split at the commas between elements. Empty
    /// elements are left out.
    pub fn values<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let is_list = name.is_list();
        self.matching(name).flat_map(move |line| Elements::new(self.value(line), is_list))
    }

    /// As [`Headers::values`], without copies.
    pub fn values_bytes<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = ByteStr> + use<'a> {
        let is_list = name.is_list();
        self.matching(name)
            .flat_map(move |line| Elements::new(self.value(line), is_list).map(|value| self.slice_of(line, value)))
    }

    /// The first of [`Headers::values`].
    #[must_use]
    pub fn first_value(&self, name: &HeaderName) -> Option<&[u8]> {
        self.first_element(name).map(|(_, value)| value)
    }

    /// The first of [`Headers::values`], without a copy.
    #[must_use]
    pub fn first_value_bytes(&self, name: &HeaderName) -> Option<ByteStr> {
        self.first_element(name).map(|(line, value)| self.slice_of(line, value))
    }

    /// The first value of that name, and the line that it stands in. Only rarely is that not the first line.
    fn first_element(&self, name: &HeaderName) -> Option<(&Line, &[u8])> {
        let is_list = name.is_list();
        let first_of = |line| Some((line, Elements::new(self.value(line), is_list).next()?));
        first_of(self.find(name)?).or_else(|| self.matching(name).skip(1).find_map(first_of))
    }

    /// Whether there is a line of that name.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.find(name).is_some()
    }

    /// The number of lines of that name.
    #[must_use]
    pub fn count_lines(&self, name: &HeaderName) -> usize {
        self.matching(name).count()
    }

    /// Which known names have lines, and which have more than one: a single scan for many questions.
    pub(crate) fn name_counts(&self) -> NameCounts {
        let mut counts = NameCounts::default();
        for line in &self.lines {
            let bit = line.code().bit();
            counts.repeated |= counts.present & bit;
            counts.present |= bit;
        }
        counts
    }

    /// Whether anything differs from what was received.
    #[must_use]
    pub const fn is_edited(&self) -> bool {
        self.edited
    }

    fn find(&self, name: &HeaderName) -> Option<&Line> {
        self.position(name).and_then(|at| self.lines.get(at))
    }

    fn position(&self, name: &HeaderName) -> Option<usize> {
        match name {
            HeaderName::Other(_) => self.lines.iter().position(|line| self.is_named(line, name)),
            known => {
                let code = known.code();
                self.lines.iter().position(|line| line.code() == code)
            }
        }
    }

    fn is_named(&self, line: &Line, name: &HeaderName) -> bool {
        match name {
            HeaderName::Other(text) => {
                line.code() == NameCode::OTHER && text.as_bytes().eq_ignore_ascii_case(self.name_text(line))
            }
            known => line.code() == known.code(),
        }
    }

    fn matching<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a Line> + use<'a> {
        let wanted = Wanted::new(name);
        self.lines.iter().filter(move |line| {
            line.code() == wanted.code
                && wanted.other.as_ref().is_none_or(|text| text.as_bytes().eq_ignore_ascii_case(self.name_text(line)))
        })
    }

    fn line_name(&self, line: &Line) -> HeaderName {
        if let Some(name) = line.code().name() {
            return name;
        }
        if let Some(name) = line.owned(&self.owned).and_then(|owned| owned.name.clone()) {
            return name;
        }
        // The parser let only tokens pass as names.
        HeaderName::Other(Token::checked(crate::byte_str::slice_of(&self.buffer, self.name_text(line))))
    }

    pub(crate) fn name_text(&self, line: &Line) -> &[u8] {
        match line.owned(&self.owned).and_then(|owned| owned.name.as_ref()) {
            Some(name) => name.as_str().as_bytes(),
            None => self.buffer.get(line.name_span()).unwrap_or_default(),
        }
    }

    pub(crate) fn value(&self, line: &Line) -> &[u8] {
        match line.owned(&self.owned) {
            Some(owned) => &owned.value,
            None => self.buffer.get(line.value_span()).unwrap_or_default(),
        }
    }

    fn value_bytes(&self, line: &Line) -> ByteStr {
        match line.owned(&self.owned) {
            Some(owned) => owned.value.as_byte_str().clone(),
            None => ByteStr::from(&self.buffer).slice(line.value_span()),
        }
    }

    /// `part` of the line's value without a copy.
    fn slice_of(&self, line: &Line, part: &[u8]) -> ByteStr {
        match line.owned(&self.owned) {
            Some(owned) => owned.value.as_byte_str().slice_of(part),
            None => crate::byte_str::slice_of(&self.buffer, part),
        }
    }

    /// The lines whose name `keep` says yes to, as an index of their own over the same buffer.
    pub(crate) fn only(&self, keep: impl Fn(&NameCode) -> bool) -> Self {
        let mut only = Self { buffer: self.buffer.clone(), edited: true, ..Self::default() };
        for line in self.lines.iter().filter(|line| keep(&line.code())) {
            match line.owned(&self.owned) {
                None => only.lines.push(*line),
                Some(owned) => {
                    only.lines.push(line.moved(only.owned.len()));
                    only.owned.push(owned.clone());
                }
            }
        }
        only
    }

    /// An upper bound of what the lines print to.
    pub(crate) fn printed_length(&self) -> usize {
        self.lines
            .iter()
            .map(|line| match line.raw_span() {
                Some(span) => span.len(),
                None => self.name_text(line).len() + self.value(line).len() + 4,
            })
            .sum()
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(crate) const fn buffer(&self) -> &Bytes {
        &self.buffer
    }

    /// Adds a line that the parser found.
    #[inline]
    pub(crate) fn push_received(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Adds a folded line that the parser found, with its unfolded value.
    pub(crate) fn push_folded(&mut self, line: Line, unfolded: Vec<u8>) {
        let place = self.owned.len();
        self.owned.push(Owned { name: None, value: HeaderValue::folded(unfolded) });
        self.lines.push(line.folded(place));
    }
}

/// The elements of one line: split when the header is a list.
enum Elements<'a> {
    List(ListElements<'a>),
    Whole(Option<&'a [u8]>),
}

impl<'a> Elements<'a> {
    fn new(value: &'a [u8], is_list: bool) -> Self {
        if is_list {
            Self::List(ListElements::new(value))
        } else {
            Self::Whole(Some(value).filter(|value| !value.is_empty()))
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Self::List(elements) => elements.next(),
            Self::Whole(value) => value.take(),
        }
    }
}
