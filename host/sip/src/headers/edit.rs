//! Changes of the header index: set, append, remove, and edits of single list elements. Nothing is printed here.

use crate::ByteStr;
use crate::grammar::ListElements;
use crate::header_name::HeaderName;
use crate::header_value::HeaderValue;

use super::{Elements, Headers, Line, Owned};

impl Headers {
    /// Replaces all lines of that name by one with `value`. It keeps the first one's place; without one it goes to the
    /// end.
    pub fn set(&mut self, name: HeaderName, value: impl Into<HeaderValue>) {
        match self.position(&name) {
            Some(first) => {
                self.remove_behind(first, &name);
                self.replace_line(first, name, value.into());
            }
            None => self.insert_line(self.lines.len(), name, value.into()),
        }
    }

    /// Adds a line behind the last one of that name, or at the end.
    pub fn append(&mut self, name: HeaderName, value: impl Into<HeaderValue>) {
        let last = self.lines.iter().rposition(|line| self.is_named(line, &name));
        self.insert_line(last.map_or(self.lines.len(), |at| at + 1), name, value.into());
    }

    /// Adds a line before the first one of that name, or at the top.
    pub fn prepend(&mut self, name: HeaderName, value: impl Into<HeaderValue>) {
        let first = self.position(&name).unwrap_or(0);
        self.insert_line(first, name, value.into());
    }

    /// Removes all lines of that name and says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.lines.len();
        if let Some(first) = self.position(name) {
            self.remove_behind(first, name);
            self.lines.remove(first);
            self.edited = true;
        }
        before - self.lines.len()
    }

    /// Removes the lines that `keep` says no to, and says how many those were.
    pub fn retain(&mut self, mut keep: impl FnMut(&super::Header<'_>) -> bool) -> usize {
        let before = self.lines.len();
        let kept: Vec<bool> = self.iter().map(|header| keep(&header)).collect();
        let mut answers = kept.into_iter();
        self.lines.retain(|_| answers.next().unwrap_or(true));
        self.edited |= self.lines.len() != before;
        before - self.lines.len()
    }

    /// Removes the first value of that name and returns it. The other values of its line stay.
    pub fn pop_first_value(&mut self, name: &HeaderName) -> Option<ByteStr> {
        loop {
            let at = self.position(name)?;
            let (first, rest) = self.split_first_value(at, name)?;
            match rest {
                Some(rest) => self.replace_line(at, name.clone(), rest.into()),
                None => {
                    self.lines.remove(at);
                    self.edited = true;
                }
            }
            if first.is_some() {
                return first;
            }
        }
    }

    /// Puts `value` in the place of the first value of that name; without one it is appended.
    pub fn replace_first_value(&mut self, name: &HeaderName, value: impl Into<HeaderValue>) {
        let value = value.into();
        let Some((at, (_, rest))) = self.position(name).and_then(|at| Some((at, self.split_first_value(at, name)?)))
        else {
            return self.append(name.clone(), value);
        };
        let line = match rest {
            Some(rest) => HeaderValue::from([value.as_ref(), b", ", rest.as_ref()].concat()),
            None => value,
        };
        self.replace_line(at, name.clone(), line);
    }

    /// Drops the values of that name that `keep` says no to; a line without values goes.
    pub fn retain_values(&mut self, name: &HeaderName, mut keep: impl FnMut(&[u8]) -> bool) {
        let is_list = name.is_list();
        let mut at = 0;
        while let Some(line) = self.lines.get(at).copied() {
            let mut dropped = false;
            let mut kept: Vec<&[u8]> = Vec::new();
            if self.is_named(&line, name) {
                for value in Elements::new(self.value(&line), is_list) {
                    if keep(value) {
                        kept.push(value);
                    } else {
                        dropped = true;
                    }
                }
            }
            if !dropped {
                at += 1;
            } else if kept.is_empty() {
                self.lines.remove(at);
                self.edited = true;
            } else {
                let rest = kept.join(&b", "[..]);
                self.replace_line(at, name.clone(), rest.into());
                at += 1;
            }
        }
    }

    /// Appends all lines of that name of `other`, in their order, behind our last line. Nothing is copied when both
    /// are indexes of one message.
    pub fn append_from(&mut self, other: &Self, name: &HeaderName) {
        let same = self.buffer.as_ptr() == other.buffer.as_ptr() && self.buffer.len() == other.buffer.len();
        for line in other.matching(name) {
            match line.owned(&other.owned) {
                None if same => self.lines.push(*line),
                Some(folded) if same && !line.is_edited() => {
                    self.lines.push(line.moved(self.owned.len()));
                    self.owned.push(folded.clone());
                }
                _ => self.insert_line(self.lines.len(), name.clone(), other.value_bytes(line).into()),
            }
        }
        self.edited = true;
    }

    /// The first value of the line at `at`, and what stands behind its comma.
    fn split_first_value(&self, at: usize, name: &HeaderName) -> Option<(Option<ByteStr>, Option<ByteStr>)> {
        let line = self.lines.get(at)?;
        if !name.is_list() {
            return Some((Some(self.value_bytes(line)), None));
        }
        let mut elements = ListElements::new(self.value(line));
        let first = elements.next().map(|value| self.slice_of(line, value));
        let rest = crate::grammar::trim(elements.rest());
        let rest = ListElements::new(rest).next().is_some().then(|| self.slice_of(line, rest));
        Some((first, rest))
    }

    fn remove_behind(&mut self, first: usize, name: &HeaderName) {
        let mut at = first + 1;
        while let Some(line) = self.lines.get(at) {
            if self.is_named(line, name) {
                self.lines.remove(at);
                self.edited = true;
            } else {
                at += 1;
            }
        }
    }

    fn replace_line(&mut self, at: usize, name: HeaderName, value: HeaderValue) {
        self.edited = true;
        let code = name.code();
        let reusable = self.lines.get(at).and_then(Line::owned_place);
        let place = match reusable.and_then(|place| Some((place, self.owned.get_mut(place)?))) {
            Some((place, owned)) => {
                *owned = Owned { name: Some(name), value };
                place
            }
            None => self.push_owned(name, value),
        };
        if let Some(line) = self.lines.get_mut(at) {
            *line = Line::edited(code, place);
        }
    }

    fn insert_line(&mut self, at: usize, name: HeaderName, value: HeaderValue) {
        self.edited = true;
        let code = name.code();
        let place = self.push_owned(name, value);
        self.lines.insert(at.min(self.lines.len()), Line::edited(code, place));
    }

    fn push_owned(&mut self, name: HeaderName, value: HeaderValue) -> usize {
        self.owned.push(Owned { name: Some(name), value });
        self.owned.len() - 1
    }
}
