//! Scripts in the server's CPython: pyo3 shells over siphon-script, and the running of sync and async handlers. No rule
//! of the script API is decided here, and nothing of SIP.
//!
//! A script is trusted code. Each load is a generation with its own module table; the standard library and installed
//! packages are shared as in any Python process.

mod classes;
mod convert;
mod engine;
mod fault;
mod handler;
mod interpreter;
mod namespaces;
mod native;
mod running;
mod scope;

pub use engine::{PythonConfig, PythonEngine, StartError};
