//! The lines of one level of a description: of the session, or of one media description below its `m=`. They keep their
//! order. What the levels mean to each other (a session's attribute that holds for its media) is not decided here.

use bytes::{BufMut, Bytes, BytesMut};

use super::InvalidText;
use super::fields::Connection;

/// The lines of one level, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    lines: Vec<Line>,
}

/// An `a=` line: `a=<name>` or `a=<name>:<value>` (RFC 8866 5.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// What stands before the first colon.
    pub name: &'a [u8],
    /// What follows it; None for a property attribute such as `sendrecv`.
    pub value: Option<&'a [u8]>,
}

/// One line without its end. A line that is not `<letter>=<value>` has no type, and its value is all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    kind: Option<u8>,
    value: Bytes,
}

impl Section {
    /// The value of the first `c=` line (RFC 8866 5.7).
    #[must_use]
    pub fn connection_text(&self) -> Option<&[u8]> {
        self.value(b'c')
    }

    /// The first `c=` line, unless it is missing here or has other than three fields.
    #[must_use]
    pub fn connection(&self) -> Option<Connection<'_>> {
        self.connection_text().and_then(Connection::parse)
    }

    /// Replaces all `c=` lines of this level by one, or puts one where it belongs.
    ///
    /// # Errors
    ///
    /// A field is empty or holds a blank or a control character.
    pub fn set_connection(&mut self, connection: &Connection<'_>) -> Result<(), InvalidText> {
        let text = connection.to_text()?;
        self.set_value(b'c', text)
    }

    /// The attributes of this level, in order.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.lines.iter().filter_map(Line::attribute)
    }

    /// The first attribute of that name, in any case: `Some(None)` for one without a value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Option<&[u8]>> {
        self.attributes().find(|attribute| attribute.is(name)).map(|attribute| attribute.value)
    }

    /// Whether there is an attribute of that name, with or without a value.
    #[must_use]
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// Replaces all attributes of that name by one, which takes the first one's place, or appends it.
    ///
    /// # Errors
    ///
    /// The name is no token (RFC 8866 9), or the value holds CR, LF or NUL.
    pub fn set_attribute(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), InvalidText> {
        let line = Line::new_attribute(name, value)?;
        match self.lines.iter_mut().find(|line| line.is_attribute(name)) {
            Some(first) => *first = line,
            None => self.lines.push(line),
        }
        self.keep_first(|line| line.is_attribute(name));
        Ok(())
    }

    /// Appends an attribute, whatever others of its name there are: `candidate`, `ssrc`, `crypto` come more than once.
    ///
    /// # Errors
    ///
    /// The name is no token (RFC 8866 9), or the value holds CR, LF or NUL.
    pub fn add_attribute(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), InvalidText> {
        self.lines.push(Line::new_attribute(name, value)?);
        Ok(())
    }

    /// Replaces all attributes of this level by these, given without `a=`. Other lines stay.
    ///
    /// # Errors
    ///
    /// A name is no token (RFC 8866 9), or a text holds CR, LF or NUL: then nothing has changed.
    pub fn set_attributes<T: AsRef<[u8]>>(&mut self, attributes: &[T]) -> Result<(), InvalidText> {
        let lines: Vec<Line> =
            attributes.iter().map(|text| Line::attribute_from_text(text.as_ref())).collect::<Result<_, _>>()?;
        self.lines.retain(|line| line.kind != Some(b'a'));
        self.lines.extend(lines);
        Ok(())
    }

    /// Removes all attributes of that name and says how many there were.
    pub fn remove_attribute(&mut self, name: &str) -> usize {
        self.remove_attributes(|attribute| attribute.is(name))
    }

    /// Removes the attributes that the predicate holds for and says how many there were.
    pub fn remove_attributes(&mut self, mut remove: impl FnMut(Attribute<'_>) -> bool) -> usize {
        let before = self.lines.len();
        self.lines.retain(|line| !line.attribute().is_some_and(&mut remove));
        before - self.lines.len()
    }

    /// The value of the first line of that type.
    pub(super) fn value(&self, kind: u8) -> Option<&[u8]> {
        self.lines.iter().find(|line| line.kind == Some(kind)).map(|line| line.value.as_ref())
    }

    /// Replaces all lines of that type by one, which takes the first one's place or the place of the RFC's order.
    pub(super) fn set_value(&mut self, kind: u8, value: Bytes) -> Result<(), InvalidText> {
        if value.iter().any(is_forbidden) {
            return Err(InvalidText);
        }
        let line = Line { kind: Some(kind), value };
        match self.lines.iter_mut().find(|line| line.kind == Some(kind)) {
            Some(first) => *first = line,
            None => {
                let follows = |line: &Line| line.kind.and_then(rank) > rank(kind);
                let place = self.lines.iter().position(follows).unwrap_or(self.lines.len());
                self.lines.insert(place, line);
            }
        }
        self.keep_first(|line| line.kind == Some(kind));
        Ok(())
    }

    /// Keeps, removes or replaces each attribute, as the function says.
    pub(super) fn rewrite_attributes(&mut self, mut rewrite: impl FnMut(Attribute<'_>) -> Rewrite) {
        self.lines.retain_mut(|line| match line.attribute().map(&mut rewrite) {
            None | Some(Rewrite::Keep) => true,
            Some(Rewrite::Remove) => false,
            Some(Rewrite::Replace(value)) => {
                line.value = value;
                true
            }
        });
    }

    pub(super) fn push(&mut self, line: Bytes) {
        self.lines.push(Line::new(line));
    }

    pub(super) fn print(&self, out: &mut BytesMut) {
        for line in &self.lines {
            if let Some(kind) = line.kind {
                out.put_u8(kind);
                out.put_u8(b'=');
            }
            out.put_slice(&line.value);
            out.put_slice(b"\r\n");
        }
    }

    fn keep_first(&mut self, mut same: impl FnMut(&Line) -> bool) {
        let mut seen = false;
        self.lines.retain(|line| !same(line) || !std::mem::replace(&mut seen, true));
    }
}

/// What becomes of an attribute; the new text has the name in it.
pub(super) enum Rewrite {
    Keep,
    Remove,
    Replace(Bytes),
}

impl<'a> Attribute<'a> {
    /// Whether this is the attribute's name. The grammar's literals match in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    fn parse(text: &'a [u8]) -> Self {
        let mut parts = text.splitn(2, |byte| *byte == b':');
        Self { name: parts.next().unwrap_or_default(), value: parts.next() }
    }
}

impl Line {
    fn new(line: Bytes) -> Self {
        match line.get(..2) {
            Some(&[kind, b'=']) if kind.is_ascii_alphabetic() => Self { kind: Some(kind), value: line.slice(2..) },
            _ => Self { kind: None, value: line },
        }
    }

    fn new_attribute(name: &str, value: Option<&[u8]>) -> Result<Self, InvalidText> {
        let mut text = BytesMut::from(name.as_bytes());
        if name.contains(':') {
            return Err(InvalidText);
        }
        if let Some(value) = value {
            text.put_u8(b':');
            text.put_slice(value);
        }
        Self::attribute_from_text(&text)
    }

    fn attribute_from_text(text: &[u8]) -> Result<Self, InvalidText> {
        let name = Attribute::parse(text).name;
        if name.is_empty() || !name.iter().all(is_token) || text.iter().any(is_forbidden) {
            return Err(InvalidText);
        }
        Ok(Self { kind: Some(b'a'), value: Bytes::copy_from_slice(text) })
    }

    fn attribute(&self) -> Option<Attribute<'_>> {
        (self.kind == Some(b'a')).then(|| Attribute::parse(&self.value))
    }

    fn is_attribute(&self, name: &str) -> bool {
        self.attribute().is_some_and(|attribute| attribute.is(name))
    }
}

/// The place of a line type in the RFC's order (RFC 8866 5), which is the same at both levels.
fn rank(kind: u8) -> Option<usize> {
    b"vosiuepcbtrzka".iter().position(|known| *known == kind)
}

fn is_forbidden(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

/// `token-char` (RFC 8866 9).
pub(super) fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(byte)
}
