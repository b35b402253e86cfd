//! What verbs need from the rest of the server, as traits that others implement. Every method takes the tenant, which
//! comes from the verb's [`Context`](crate::Context), never from an argument of the script.

use std::fmt;
use std::sync::Arc;

mod authenticator;
mod binding_store;
mod cache;
mod clock;
mod identity;
mod limiter;
mod location;
mod metrics;
mod timers;

pub use authenticator::{Authenticator, DigestHeader, DigestQuery, DigestVerdict, Secret};
pub use binding_store::{
    Binding, BindingStore, ContactAddress, ContactParam, Handle, Profile, Registration, StoreCounts, StoreError,
};
pub use cache::Cache;
pub use clock::Clock;
pub use identity::{Identity, RouteToken};
pub use limiter::RateLimiter;
pub use location::Location;
pub use metrics::{MetricError, MetricId, MetricKind, MetricSpec, Metrics};
pub use timers::Timers;

/// Every port, shared by all generations.
#[derive(Clone)]
pub struct Ports {
    /// Bindings.
    pub location: Arc<dyn Location>,
    /// Digest authentication.
    pub authenticator: Arc<dyn Authenticator>,
    /// Named caches.
    pub cache: Arc<dyn Cache>,
    /// Which addresses are ours.
    pub identity: Arc<dyn Identity>,
    /// Requests per source.
    pub limiter: Arc<dyn RateLimiter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The scripts' metrics, and what the process can say of itself.
    pub metrics: Arc<dyn Metrics>,
    /// One-shot timers.
    pub timers: Arc<dyn Timers>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}
