//! Header field names. Compact forms and any case are the same name; spelling matters only to the printer.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::ByteStr;
use crate::grammar;
use crate::token::{InvalidToken, Token};

mod table;

pub use table::HeaderName;
pub(crate) use table::NameCode;

impl HeaderName {
    /// The name that `text` spells, in any case or compact form. A copy of `text` is made for unknown names only.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidToken> {
        match NameCode::lookup(text).name() {
            Some(name) => Ok(name),
            None => Token::new(ByteStr::copy_from_slice(text)).map(Self::Other),
        }
    }

    /// As the standards spell it; unknown names as they came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name.as_str(),
            _ => self.code().text(),
        }
    }

    /// Whether several values may stand in one line, separated by commas. False for what is not known.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.code().is_list()
    }

    /// Whether a message may hold the header once only. False for what is not known.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.code().is_single()
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(one), Self::Other(two)) => one.as_bytes().eq_ignore_ascii_case(two.as_bytes()),
            _ => self.code() == other.code(),
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.code().hash(state);
        if let Self::Other(name) = self {
            for byte in name.as_bytes() {
                state.write_u8(byte.to_ascii_lowercase());
            }
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for HeaderName {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        Self::parse(grammar::trim(text.as_bytes()))
    }
}
