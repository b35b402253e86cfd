//! UDP and TCP sockets, flows, connections, name resolution; the only SIP sockets. It frames messages and parses none.
//!
//! [`bind`] opens the listeners and yields a [`Transport`], from which any thread sends, and its [`Seat`]s, from each
//! of which one thread at a time reads.
#![forbid(unsafe_code)]

mod bind;
mod config;
mod connections;
mod error;
mod incoming;
mod poller;
pub mod resolve;
mod seat;
mod stats;
mod stopwatch;
mod streams;
mod sweep;
mod tcp;
mod transport;
mod udp;

#[cfg(test)]
mod tests;

pub use config::{ListenerConfig, TransportConfig};
pub use error::{BindError, SendError};
pub use incoming::{Incoming, SendTag};
pub use resolve::{ResolveError, Resolver, ResolverConfig};
pub use seat::Seat;
pub use stats::Stats;
pub use transport::{Transport, bind};
