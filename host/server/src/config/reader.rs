//! Reads sections of YAML key by key, noting every mistake with its line instead of stopping at the first.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use saphyr::{MarkedYaml, Scalar, YamlData};

use super::problem::{Problem, Severity};

/// The mistakes found so far.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn error(&self, line: Option<usize>, message: impl Into<String>) {
        self.note(Severity::Error, line, message.into());
    }

    pub(super) fn warn(&self, line: Option<usize>, message: impl Into<String>) {
        self.note(Severity::Warning, line, message.into());
    }

    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    fn note(&self, severity: Severity, line: Option<usize>, message: String) {
        self.0.borrow_mut().push(Problem { severity, line, message });
    }
}

/// One value of the document, with where it stands.
#[derive(Clone)]
pub(super) struct Node<'a> {
    yaml: &'a MarkedYaml<'a>,
    path: String,
    problems: &'a Problems,
}

impl<'a> Node<'a> {
    pub(super) fn new(yaml: &'a MarkedYaml<'a>, path: String, problems: &'a Problems) -> Self {
        Self { yaml, path, problems }
    }

    /// The line it stands on, from 1.
    pub(super) fn line(&self) -> Option<usize> {
        Some(self.yaml.span.start.line())
    }

    pub(super) fn error(&self, message: impl Display) {
        self.problems.error(self.line(), format!("{}: {message}", self.path));
    }

    /// The scalar as it would be written; `None`, noted, for anything else.
    pub(super) fn text(&self) -> Option<String> {
        match &self.yaml.data {
            YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
            YamlData::Value(Scalar::Integer(number)) => Some(number.to_string()),
            YamlData::Value(Scalar::FloatingPoint(number)) => Some(number.to_string()),
            YamlData::Value(Scalar::Boolean(flag)) => Some(flag.to_string()),
            _ => {
                self.error("a text is wanted here");
                None
            }
        }
    }

    /// The scalar read as a `T`; `None`, noted with `what` was wanted, when it is none.
    pub(super) fn parse<T: FromStr>(&self, what: &str) -> Option<T> {
        let text = self.text()?;
        let value = text.parse().ok();
        if value.is_none() {
            self.error(format_args!("{what} is wanted here, not `{text}`"));
        }
        value
    }

    /// Whether it is a mapping, that is, wants [`Self::section`].
    pub(super) fn is_section(&self) -> bool {
        matches!(self.yaml.data, YamlData::Mapping(_))
    }

    pub(super) fn section(&self) -> Section<'a> {
        Section { node: Some(self.clone()), path: self.path.clone(), problems: self.problems, seen: Vec::new() }
    }

    fn is_null(&self) -> bool {
        matches!(self.yaml.data, YamlData::Value(Scalar::Null))
    }

    fn entries(&self) -> Vec<(String, Self)> {
        let YamlData::Mapping(mapping) = &self.yaml.data else {
            if !self.is_null() {
                self.error("keys and values are wanted here");
            }
            return Vec::new();
        };
        let prefix = if self.path.is_empty() { String::new() } else { format!("{}.", self.path) };
        mapping
            .iter()
            .filter_map(|(key, value)| {
                let key = Node::new(key, self.path.clone(), self.problems).text()?;
                let path = format!("{prefix}{key}");
                Some((key, Node::new(value, path, self.problems)))
            })
            .collect()
    }

    fn items(&self) -> Vec<Self> {
        match &self.yaml.data {
            YamlData::Sequence(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| Node::new(item, format!("{}[{index}]", self.path), self.problems))
                .collect(),
            YamlData::Value(Scalar::Null) => Vec::new(),
            _ => {
                self.error("a list is wanted here");
                Vec::new()
            }
        }
    }
}

/// A section whose keys are taken one by one; [`Section::finish`] notes those that nobody took.
pub(super) struct Section<'a> {
    node: Option<Node<'a>>,
    path: String,
    problems: &'a Problems,
    seen: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// Whether the section stands in the file at all.
    pub(super) fn is_present(&self) -> bool {
        self.node.is_some()
    }

    pub(super) fn line(&self) -> Option<usize> {
        self.node.as_ref().and_then(Node::line)
    }

    pub(super) fn error(&self, message: impl Display) {
        self.problems.error(self.line(), format!("{}: {message}", self.path));
    }

    /// The value of a key; absent and null are the same.
    pub(super) fn node(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.seen.push(key);
        let (_, node) = self.node.as_ref()?.entries().into_iter().find(|(name, _)| name == key)?;
        (!node.is_null()).then_some(node)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.node(key)?.text()
    }

    pub(super) fn parse<T: FromStr>(&mut self, key: &'static str, what: &str) -> Option<T> {
        self.node(key)?.parse(what)
    }

    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.parse(key, "true or false").unwrap_or(default)
    }

    /// A whole number within `range`.
    pub(super) fn number<T>(&mut self, key: &'static str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(node) = self.node(key) else { return default };
        match node.parse::<T>("a whole number") {
            Some(number) if range.contains(&number) => number,
            Some(number) => {
                node.error(format_args!("{number} is not between {} and {}", range.start(), range.end()));
                default
            }
            None => default,
        }
    }

    /// A number of seconds, fractions allowed.
    pub(super) fn seconds(&mut self, key: &'static str, default: Duration) -> Duration {
        let Some(node) = self.node(key) else { return default };
        match node.parse::<f64>("a number of seconds").map(Duration::try_from_secs_f64) {
            Some(Ok(span)) => span,
            Some(Err(_)) => {
                node.error("a number of seconds cannot be negative or that large");
                default
            }
            None => default,
        }
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, default: T, choices: &[(&str, T)]) -> T {
        let Some(node) = self.node(key) else { return default };
        let Some(word) = node.text() else { return default };
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == word) {
            return *value;
        }
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        node.error(format_args!("`{word}` is none of {}", names.join(", ")));
        default
    }

    pub(super) fn list(&mut self, key: &'static str) -> Vec<Node<'a>> {
        self.node(key).map(|node| node.items()).unwrap_or_default()
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
        self.list(key).iter().filter_map(Node::text).collect()
    }

    /// A section whose keys are names of the operator's choice.
    pub(super) fn names(&mut self, key: &'static str) -> Vec<(String, Node<'a>)> {
        self.node(key).map(|node| node.entries()).unwrap_or_default()
    }

    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        match self.node(key) {
            Some(node) => node.section(),
            None => Section { node: None, path, problems: self.problems, seen: Vec::new() },
        }
    }

    /// Keys that scripts and files for the reference may hold and that do nothing here yet: each is a warning.
    pub(super) fn not_yet(&mut self, keys: &[&'static str]) {
        for key in keys {
            if let Some(node) = self.node(key) {
                self.problems.warn(node.line(), format!("{}: not implemented yet; it has no effect", node.path));
            }
        }
    }

    /// Notes each key that nobody took, with the nearest that there is.
    pub(super) fn finish(self) {
        let Some(node) = &self.node else { return };
        let entries = node.entries();
        for (position, (key, value)) in entries.iter().enumerate() {
            if !self.seen.contains(&key.as_str()) {
                value.error(match nearest(key, &self.seen) {
                    Some(known) => format!("no such key; did you mean `{known}`?"),
                    None => format!("no such key; the keys here are {}", self.seen.join(", ")),
                });
            } else if entries.iter().take(position).any(|(earlier, _)| earlier == key) {
                value.error("this key stands here twice");
            }
        }
    }
}

/// The known key that a mistyped one most likely meant.
fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(key, candidate), *candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= candidate.len().max(key.len()) / 3 + 1)
        .map(|(_, candidate)| candidate)
}
