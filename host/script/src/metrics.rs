//! `metrics`: counters, gauges and histograms that a script declares. Declaring the same one again gives the same one,
//! so that a reload can. How they are kept and shown is the server's business.

use std::sync::Arc;

use siphon_sip::TenantId;

use crate::context::{Context, Interface};
use crate::error::ApiError;
use crate::ports::{MetricError, MetricId, MetricKind, MetricSpec, Ports};

/// A declared metric, or one of its label combinations.
#[derive(Clone, Debug)]
pub struct Metric {
    tenant: TenantId,
    ports: Arc<Ports>,
    id: MetricId,
    spec: Arc<MetricSpec>,
    /// The values of the labels; none before [`Metric::labels`] named them.
    labels: Vec<String>,
}

impl Metric {
    /// Declares a metric. A `ValueError` when the name is no metric's name or has another shape already.
    pub fn declare(context: &Context, spec: MetricSpec) -> Result<Self, ApiError> {
        context.check_granted(Interface::Metrics)?;
        check(&spec)?;
        let id = context.ports.metrics.register(context.tenant, spec.clone()).map_err(from_port)?;
        Ok(Self {
            tenant: context.tenant,
            ports: Arc::clone(&context.ports),
            id,
            spec: Arc::new(spec),
            labels: Vec::new(),
        })
    }

    /// The metric with these label values; every declared label must be there, and no other.
    pub fn labels(&self, given: &[(String, String)]) -> Result<Self, ApiError> {
        let values: Option<Vec<String>> = (self.spec.labels.iter())
            .map(|label| given.iter().find(|(name, _)| name == label).map(|(_, value)| value.clone()))
            .collect();
        match values {
            Some(labels) if given.len() == labels.len() => Ok(Self { labels, ..self.clone() }),
            _ => Err(self.wrong_labels()),
        }
    }

    /// Adds to a counter or a gauge. A counter only grows.
    pub fn inc(&self, by: f64) -> Result<(), ApiError> {
        self.expect(&[MetricKind::Counter, MetricKind::Gauge], "inc")?;
        if self.spec.kind == MetricKind::Counter && (by.is_nan() || by < 0.0) {
            return Err(ApiError::Value("a counter only grows".to_owned()));
        }
        self.ports.metrics.add(self.tenant, self.id, &self.labels, by).map_err(from_port)
    }

    /// Takes away from a gauge.
    pub fn dec(&self, by: f64) -> Result<(), ApiError> {
        self.expect(&[MetricKind::Gauge], "dec")?;
        self.ports.metrics.add(self.tenant, self.id, &self.labels, -by).map_err(from_port)
    }

    /// Sets a gauge.
    pub fn set(&self, to: f64) -> Result<(), ApiError> {
        self.expect(&[MetricKind::Gauge], "set")?;
        self.ports.metrics.set(self.tenant, self.id, &self.labels, to).map_err(from_port)
    }

    /// Records an observation of a histogram.
    pub fn observe(&self, value: f64) -> Result<(), ApiError> {
        self.expect(&[MetricKind::Histogram], "observe")?;
        self.ports.metrics.observe(self.tenant, self.id, &self.labels, value).map_err(from_port)
    }

    /// What it counts.
    #[must_use]
    pub fn kind(&self) -> MetricKind {
        self.spec.kind
    }

    fn expect(&self, kinds: &[MetricKind], verb: &str) -> Result<(), ApiError> {
        if !kinds.contains(&self.spec.kind) {
            return Err(ApiError::Type(format!("metric {:?} has no {verb}", self.spec.name)));
        }
        if self.labels.len() != self.spec.labels.len() {
            return Err(self.wrong_labels());
        }
        Ok(())
    }

    fn wrong_labels(&self) -> ApiError {
        ApiError::Value(format!("metric {:?} has the labels {:?}", self.spec.name, self.spec.labels))
    }
}

fn check(spec: &MetricSpec) -> Result<(), ApiError> {
    if !is_name(&spec.name, true) {
        return Err(ApiError::Value(format!("not a metric name: {:?}", spec.name)));
    }
    if let Some(label) = spec.labels.iter().find(|label| !is_name(label, false) || label.starts_with("__")) {
        return Err(ApiError::Value(format!("not a label name: {label:?}")));
    }
    if !spec.buckets.is_sorted_by(|one, two| one < two) || spec.buckets.iter().any(|bound| bound.is_nan()) {
        return Err(ApiError::Value("buckets must ascend".to_owned()));
    }
    Ok(())
}

fn is_name(text: &str, with_colon: bool) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (with_colon && byte == b':');
    text.bytes().next().is_some_and(is_letter) && text.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

fn from_port(error: MetricError) -> ApiError {
    ApiError::Value(error.to_string())
}

#[cfg(test)]
mod tests;
