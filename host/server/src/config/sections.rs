//! The sections of siphon.yaml as values, a file each, with their keys and defaults. What they mean is decided elsewhere.

mod auth;
mod cache;
mod connections;
mod listen;
mod log;
mod prometheus;
mod registrar;
mod script;
mod security;
mod server;
mod transaction;

pub use auth::AuthSection;
pub use cache::CacheSection;
pub use connections::ConnectionsSection;
pub(super) use listen::advertised;
pub use listen::{Listen, Listeners};
pub use log::{LogFormat, LogSection};
pub use prometheus::PrometheusSection;
pub use registrar::RegistrarSection;
pub use script::{Reload, ScriptSection};
pub use security::{RateLimit, SecuritySection};
pub use server::ServerSection;
pub use transaction::TransactionSection;
