//! Typed headers: one file for each, or for a small family. They are parsed on demand and printed back; no message.

mod auth;
mod contact;
mod cseq;
mod date;
mod event;
mod media_type;
mod name_addr;
mod rack;
mod reason;
mod replaces;
mod retry_after;
mod session_timer;
#[cfg(test)]
mod tests;
mod via;

pub use auth::AuthScheme;
pub(crate) use contact::parse_delta_seconds;
pub use contact::{Contact, Contacts};
pub use cseq::CSeq;
pub use date::Date;
pub use event::{Event, SubscriptionState};
pub use media_type::{ContentDisposition, MediaType};
pub(crate) use name_addr::AddressParts;
pub use name_addr::NameAddr;
pub use rack::RAck;
pub use reason::Reason;
pub use replaces::Replaces;
pub use retry_after::RetryAfter;
pub(crate) use session_timer::parse_min_se;
pub use session_timer::{Refresher, SessionExpires};
pub use via::{Via, ViaRef, ViaTransport};

/// `Display`, and conversion into a header value byte by byte, for a type that has `write(&self, &mut Vec<u8>)`.
macro_rules! printed_header {
    ($type:ty) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::grammar::display(f, |out| self.write(out))
            }
        }

        impl From<&$type> for crate::HeaderValue {
            fn from(header: &$type) -> Self {
                let mut out = Vec::with_capacity(96);
                header.write(&mut out);
                out.into()
            }
        }

        impl From<$type> for crate::HeaderValue {
            fn from(header: $type) -> Self {
                (&header).into()
            }
        }
    };
}
use printed_header;
