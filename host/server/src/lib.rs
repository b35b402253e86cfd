//! The running server: configuration, wiring, threads, metrics, logs, reload and drain. No SIP is decided here.
#![forbid(unsafe_code)]

mod builtin;
pub mod check;
mod clock;
pub mod config;
mod drain;
mod generations;
pub mod logging;
mod metrics;
mod reload;
mod runtime;
mod server;
pub mod signals;
mod timers;
mod wiring;

pub use config::{Config, ConfigError, Problem, Severity};
pub use server::{Server, StartError};
