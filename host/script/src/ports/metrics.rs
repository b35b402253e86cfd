//! The metrics that scripts declare, and the memory in use. Not the server's own counters.

use siphon_sip::TenantId;

/// A declared metric of one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MetricId(pub u32);

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations in buckets.
    Histogram,
}

/// The shape of a metric: declaring the same one again, as a reload does, gives the same metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSpec {
    /// What it counts.
    pub kind: MetricKind,
    /// Its name, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    pub name: String,
    /// One line on what it means.
    pub help: String,
    /// The names of its labels, in order.
    pub labels: Vec<String>,
    /// Upper bounds of a histogram's buckets, ascending; empty for the usual ones.
    pub buckets: Vec<f64>,
}

/// Why a metric was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// The name is taken by a metric of another shape, or by one of the server's.
    #[error("metric {0:?} exists with another type, labels or buckets")]
    Duplicate(String),
    /// The metric has as many label combinations as it may.
    #[error("metric {name:?} has {limit} label combinations, no more are kept")]
    TooManySeries {
        /// The metric.
        name: String,
        /// How many it may have.
        limit: usize,
    },
    /// The tenant has as many metrics as it may.
    #[error("no more metrics can be declared")]
    TooManyMetrics,
}

/// The scripts' metrics. Label values are given in the order of the declaration.
pub trait Metrics: Send + Sync {
    /// Declares a metric.
    fn register(&self, tenant: TenantId, spec: MetricSpec) -> Result<MetricId, MetricError>;

    /// Adds to a counter or gauge.
    fn add(&self, tenant: TenantId, metric: MetricId, labels: &[String], by: f64) -> Result<(), MetricError>;

    /// Sets a gauge.
    fn set(&self, tenant: TenantId, metric: MetricId, labels: &[String], to: f64) -> Result<(), MetricError>;

    /// Records an observation of a histogram.
    fn observe(&self, tenant: TenantId, metric: MetricId, labels: &[String], value: f64) -> Result<(), MetricError>;

    /// The process's resident memory in percent of the machine's, from 0 to 100; 0 where it cannot be known.
    fn memory_used_pct(&self) -> u8;
}
