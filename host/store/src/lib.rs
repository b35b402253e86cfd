//! Stores of bindings and cache entries, in memory. They decide nothing: the registrar and the verbs do.
#![forbid(unsafe_code)]

pub mod bindings;
pub mod cache;

pub use bindings::MemoryBindings;
pub use cache::{CacheDefinition, CacheGauges, MemoryCache};
