//! Proxy, registrar and authentication as state machines; no I/O, time is an argument.
//!
//! A [`Shard`] is told what happens ([`Input`]) and says what to do ([`Output`]); what all shards share is in the
//! [`Environment`]. [`kit`] drives one with a clock that a test moves.
#![forbid(unsafe_code)]

pub mod auth;
mod context_table;
pub mod counters;
pub mod environment;
pub mod identifiers;
pub mod identity;
mod ingress;
pub mod io;
pub mod kit;
mod local_response;
mod machinery;
mod proxy;
pub mod registrar;
mod reply_to;
mod resolve;
pub mod route_token;
mod routing;
pub mod security;
mod shard;

pub use counters::Counters;
pub use environment::{CoreConfig, Environment, Generations, Limits};
pub use identity::ServerIdentity;
pub use io::{Input, Output, ResolveFailure, ResolveQuery, ResolveTicket, ResolvedTarget, SendTag};
pub use route_token::RouteTokens;
pub use shard::{Shard, ShardGauges};
