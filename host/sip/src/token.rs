//! The `token` of RFC 3261 25.1 as a type: what names of methods and headers are made of. Not a reserved word list.

use std::fmt;

use crate::ByteStr;
use crate::grammar;

/// Text that is a `token`: it holds no blank, no separator and no control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(ByteStr);

/// The text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token: letters, digits and -.!%*_+`'~ only")]
pub struct InvalidToken;

impl Token {
    /// Takes `text` when it is a token.
    pub fn new(text: impl Into<ByteStr>) -> Result<Self, InvalidToken> {
        let text = text.into();
        if grammar::is_token(&text) { Ok(Self(text)) } else { Err(InvalidToken) }
    }

    /// Text that the caller knows to be a token.
    pub(crate) const fn checked(text: ByteStr) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // A token is ASCII.
        self.0.to_str().unwrap_or_default()
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl TryFrom<&'static str> for Token {
    type Error = InvalidToken;

    fn try_from(text: &'static str) -> Result<Self, InvalidToken> {
        Self::new(text)
    }
}
