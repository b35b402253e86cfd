//! Reason (RFC 3326): why a request was sent or a call ended. Causes are not translated here.

use crate::grammar;
use crate::{ByteStr, HeaderError, Params};

use super::event::token_and_params;
use super::printed_header;

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850` or another protocol.
    pub protocol: ByteStr,
    /// The parameters: `cause`, `text` and others.
    pub params: Params,
}

impl Reason {
    /// A reason with a cause and maybe a text.
    #[must_use]
    pub fn new(protocol: impl Into<ByteStr>, cause: u16, text: Option<&str>) -> Self {
        let mut params = Params::new();
        params.set("cause", cause.to_string());
        if let Some(text) = text {
            let mut quoted = Vec::with_capacity(text.len() + 2);
            grammar::write_quoted(&mut quoted, text.as_bytes());
            params.set("text", quoted);
        }
        Self { protocol: protocol.into(), params }
    }

    /// Reads one value.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let (protocol, params) = token_and_params(&value.into(), "Reason")?;
        Ok(Self { protocol, params })
    }

    /// The cause.
    #[must_use]
    pub fn cause(&self) -> Option<u16> {
        self.params.value("cause").and_then(grammar::parse_u16)
    }

    /// The text without quotes.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.params.unquoted("text").map(|text| String::from_utf8_lossy(&text).into_owned())
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.protocol);
        self.params.write(out);
    }
}

printed_header!(Reason);
