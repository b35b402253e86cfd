//! The transaction machines of RFC 3261 section 17 and their timer wheel; no I/O, time is an argument. Neither routing
//! nor dialogs: the user of a transaction does those.
//!
//! [`TransactionLayer`] is all that a user of transactions needs. Four machines stand in four files, as the RFC draws
//! them: `client_invite`, `client_non_invite`, `server_invite`, `server_non_invite`, with what RFC 4320 and RFC 6026
//! have changed. [`kit`] is for tests: a clock that jumps and a wire that loses.
#![forbid(unsafe_code)]

mod ack;
mod client;
mod client_invite;
mod client_non_invite;
mod clients;
mod config;
mod error;
mod id;
mod key;
pub mod kit;
mod layer;
mod output;
mod server;
mod server_invite;
mod server_non_invite;
mod servers;
mod slab;
mod timers;
mod turn;
pub mod wheel;

pub use clients::ClientRequest;
pub use config::TransactionConfig;
pub use error::{TableFull, UnknownTransaction};
pub use id::{ClientId, Sender, ServerId, User};
pub use key::RequestKey;
pub use layer::TransactionLayer;
pub use output::{Event, Output, Outputs, Received};
pub use wheel::{TimerId, TimerWheel};
