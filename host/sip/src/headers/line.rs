//! One entry of the header index: where a line stands in the buffer, or which owned value took its place. No bytes.

use std::ops::Range;

use crate::header_name::{HeaderName, NameCode};
use crate::header_value::HeaderValue;

/// A value that is not a part of the message's buffer.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    /// The name, for edited lines; a folded one has its own in the buffer.
    pub(crate) name: Option<HeaderName>,
    pub(crate) value: HeaderValue,
}

/// What became of a line since it was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The spans say all.
    Received,
    /// The name and the whole line are spans, the unfolded value is owned.
    Folded,
    /// Everything is owned.
    Edited,
}

/// A line of the header index. Offsets count from the beginning of the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    code: NameCode,
    state: State,
    /// Whether a line end within is not CRLF, so that the line cannot be printed as it stands.
    bare_line_feed: bool,
    name_length: u16,
    start: u32,
    /// Where the value begins; the index of the owned value for other states than `Received`.
    value_start: u32,
    value_end: u32,
    /// Behind the line's CRLF.
    end: u32,
}

/// Where the parser found the parts of a line.
pub(crate) struct Spans {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
    /// Behind the line end.
    pub(crate) end: usize,
    pub(crate) bare_line_feed: bool,
}

impl Line {
    /// The parser has checked that the message is shorter than 4 GiB and the name than 64 KiB.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn received(code: NameCode, spans: &Spans) -> Self {
        Self {
            code,
            state: State::Received,
            bare_line_feed: spans.bare_line_feed,
            name_length: (spans.name.end - spans.name.start) as u16,
            start: spans.name.start as u32,
            value_start: spans.value.start as u32,
            value_end: spans.value.end as u32,
            end: spans.end as u32,
        }
    }

    /// The same line with its value in the owned values.
    pub(crate) const fn folded(self, place: usize) -> Self {
        Self { state: State::Folded, value_start: place as u32, value_end: 0, ..self }
    }

    /// The same line with its owned value at another place.
    pub(crate) const fn moved(self, place: usize) -> Self {
        Self { value_start: place as u32, ..self }
    }

    pub(crate) const fn edited(code: NameCode, place: usize) -> Self {
        Self {
            code,
            state: State::Edited,
            bare_line_feed: false,
            name_length: 0,
            start: 0,
            value_start: place as u32,
            value_end: 0,
            end: 0,
        }
    }

    #[inline]
    pub(crate) const fn code(&self) -> NameCode {
        self.code
    }

    /// Whether name and value are owned.
    #[inline]
    pub(crate) fn is_edited(&self) -> bool {
        self.state == State::Edited
    }

    /// The place of the owned value.
    pub(crate) fn owned_place(&self) -> Option<usize> {
        (self.state != State::Received).then_some(self.value_start as usize)
    }

    #[inline]
    pub(crate) fn owned<'a>(&self, owned: &'a [Owned]) -> Option<&'a Owned> {
        self.owned_place().and_then(|place| owned.get(place))
    }

    pub(crate) fn name_span(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + usize::from(self.name_length)
    }

    pub(crate) const fn value_span(&self) -> Range<usize> {
        self.value_start as usize..self.value_end as usize
    }

    /// The whole line as received, when it can be printed so.
    pub(crate) fn raw_span(&self) -> Option<Range<usize>> {
        let printable = self.state != State::Edited && !self.bare_line_feed;
        printable.then_some(self.start as usize..self.end as usize)
    }
}
