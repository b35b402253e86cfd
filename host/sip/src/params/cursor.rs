//! The parameters of a header one after the other, borrowed from its text: the one place that knows their grammar.
//! Nothing is collected here.

use memchr::memchr2;

use crate::grammar::{self, ByteSet};

use super::InvalidParams;

/// Where a name ends: at its value, at the next parameter, or at what does not belong there.
static ENDS_NAME: ByteSet = ByteSet::of(b" \t\r\n=;\"<>,");

/// A name, and a value unless it is a flag.
pub(crate) type Parameter<'a> = (&'a [u8], Option<&'a [u8]>);

/// What is left of the parameters behind a header's value. After an error there is no more.
#[derive(Clone, Debug)]
pub(crate) struct Parameters<'a> {
    /// What stands behind the last `;`.
    rest: Option<&'a [u8]>,
}

impl<'a> Parameters<'a> {
    /// The parameters in `text`: nothing, or `;` and what follows.
    #[inline]
    pub(crate) fn new(text: &'a [u8]) -> Result<Self, InvalidParams> {
        match grammar::trim_start(text) {
            [] => Ok(Self { rest: None }),
            [b';', rest @ ..] => Ok(Self { rest: Some(rest) }),
            _ => Err(InvalidParams),
        }
    }

    /// Reads all of them, as their list would be read: an error behind what is looked for counts too.
    pub(crate) fn check(text: &'a [u8]) -> Result<(), InvalidParams> {
        Self::new(text)?.try_for_each(|parameter| parameter.map(|_| ()))
    }

    /// The first parameter of that name, `Some(None)` when it has no value. All of them are read.
    pub(crate) fn find(text: &'a [u8], name: &str) -> Result<Option<Option<&'a [u8]>>, InvalidParams> {
        let mut found = None;
        for parameter in Self::new(text)? {
            let (given, value) = parameter?;
            if found.is_none() && grammar::is_name(given, name.as_bytes()) {
                found = Some(value);
            }
        }
        Ok(found)
    }

    /// Reads one parameter, and what stands behind the `;` that ends it.
    #[inline]
    fn cut(text: &'a [u8]) -> Result<(Parameter<'a>, Option<&'a [u8]>), InvalidParams> {
        let text = grammar::trim_start(text);
        let length = text.iter().take_while(|byte| !ENDS_NAME.has(**byte)).count();
        let (name, rest) = text.split_at_checked(length).filter(|(name, _)| !name.is_empty()).ok_or(InvalidParams)?;
        match grammar::trim_start(rest) {
            [] => Ok(((name, None), None)),
            [b';', rest @ ..] => Ok(((name, None), Some(rest))),
            [b'=', rest @ ..] => {
                let (value, rest) = cut_value(rest)?;
                Ok(((name, Some(value)), rest))
            }
            _ => Err(InvalidParams),
        }
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<Parameter<'a>, InvalidParams>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let cut = Self::cut(self.rest.take()?);
        Some(cut.map(|(parameter, rest)| {
            self.rest = rest;
            parameter
        }))
    }
}

/// The value that ends at the next `;` outside quotes, and what stands behind that.
#[inline]
fn cut_value(text: &[u8]) -> Result<(&[u8], Option<&[u8]>), InvalidParams> {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        match memchr2(b';', b'"', rest) {
            None => return Ok((grammar::trim(text), None)),
            Some(length) if rest.get(length) == Some(&b';') => {
                let (value, rest) = grammar::cut(text, at + length);
                return Ok((grammar::trim(value), Some(rest)));
            }
            Some(length) => {
                let quoted = rest.get(length..).and_then(grammar::quoted_end).ok_or(InvalidParams)?;
                at += length + quoted;
            }
        }
    }
}
