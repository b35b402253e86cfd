//! SIP messages: the parser, the printer, URIs, typed headers, SDP. Neither sockets nor clocks: bytes in, values out.
//!
//! ```
//! use siphon_sip::{HeaderName, Limits, Message, StatusCode, parse_message};
//!
//! let datagram = "OPTIONS sip:a@example.com SIP/2.0\r\n\
//!     v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
//!     f: <sip:b@example.com>;tag=1\r\nt: <sip:a@example.com>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! let Message::Request(request) = parse_message(datagram.into(), &Limits::default())? else { return Ok(()) };
//! assert_eq!(request.headers().via().map(|via| via.has_magic_cookie()), Ok(true));
//!
//! let mut response = request.response(StatusCode::OK, None);
//! response.headers_mut().set(HeaderName::Allow, "OPTIONS");
//! assert!(response.to_bytes().ends_with(b"CSeq: 1 OPTIONS\r\nAllow: OPTIONS\r\nContent-Length: 0\r\n\r\n"));
//! # Ok::<(), siphon_sip::ParseError>(())
//! ```
#![forbid(unsafe_code)]

mod byte_str;
mod error;
pub mod flow;
pub mod framing;
pub mod fuzz;
mod grammar;
pub mod header;
mod header_name;
mod header_value;
mod headers;
mod host;
pub mod limits;
pub mod listener;
mod message;
mod method;
mod params;
mod parse;
mod print;
mod request;
mod response;
pub mod sdp;
mod start_line;
mod status;
pub mod tenant;
pub mod time;
mod token;
pub mod uri;
pub mod verdict;

pub use byte_str::ByteStr;
pub use error::{HeaderError, ParseError};
pub use flow::{ConnectionId, Destination, Flow, ListenerId, TransportProtocol};
pub use header::{CSeq, Contact, Contacts, NameAddr, Via, ViaRef, ViaTransport};
pub use header_name::HeaderName;
pub use header_value::{HeaderValue, InvalidValue};
pub use headers::{Header, Headers};
pub use host::{Host, HostRef, InvalidHost, SentBy};
pub use limits::Limits;
pub use listener::Listener;
pub use message::Message;
pub use method::Method;
pub use params::{InvalidParams, Params};
pub use parse::{parse_message, salvage_request};
pub use print::write_decimal;
pub use request::{Request, Version};
pub use response::Response;
pub use status::{InvalidStatusCode, StatusCode};
pub use tenant::TenantId;
pub use time::{Time, UnixTime};
pub use token::{InvalidToken, Token};
pub use uri::{SipUri, TelUri, Uri, UriError, escape_user, unescape};
