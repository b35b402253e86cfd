//! `metrics`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use siphon_script::metrics::Metric;
use siphon_script::ports::{MetricKind, MetricSpec};

use crate::convert::raise;
use crate::scope::Scope;

/// The namespace.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct MetricsNamespace(pub(crate) Arc<Scope>);

impl MetricsNamespace {
    fn declare(
        &self,
        kind: MetricKind,
        name: String,
        help: String,
        labels: Option<Vec<String>>,
        buckets: Option<Vec<f64>>,
    ) -> PyResult<Metric> {
        let (labels, buckets) = (labels.unwrap_or_default(), buckets.unwrap_or_default());
        Metric::declare(&self.0.background, MetricSpec { kind, name, help, labels, buckets }).map_err(raise)
    }
}

#[pymethods]
impl MetricsNamespace {
    #[pyo3(signature = (name, help, labels = None))]
    fn counter(&self, name: String, help: String, labels: Option<Vec<String>>) -> PyResult<Counter> {
        self.declare(MetricKind::Counter, name, help, labels, None).map(Counter)
    }

    #[pyo3(signature = (name, help, labels = None))]
    fn gauge(&self, name: String, help: String, labels: Option<Vec<String>>) -> PyResult<Gauge> {
        self.declare(MetricKind::Gauge, name, help, labels, None).map(Gauge)
    }

    #[pyo3(signature = (name, help, labels = None, buckets = None))]
    fn histogram(
        &self,
        name: String,
        help: String,
        labels: Option<Vec<String>>,
        buckets: Option<Vec<f64>>,
    ) -> PyResult<Histogram> {
        self.declare(MetricKind::Histogram, name, help, labels, buckets).map(Histogram)
    }
}

/// Only grows.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct Counter(Metric);

#[pymethods]
impl Counter {
    #[pyo3(signature = (n = 1.0))]
    fn inc(&self, n: f64) -> PyResult<()> {
        self.0.inc(n).map_err(raise)
    }

    #[pyo3(signature = (**labels))]
    fn labels(&self, labels: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        labelled(&self.0, labels).map(Self)
    }
}

/// Goes up and down.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct Gauge(Metric);

#[pymethods]
impl Gauge {
    #[pyo3(signature = (n = 1.0))]
    fn inc(&self, n: f64) -> PyResult<()> {
        self.0.inc(n).map_err(raise)
    }

    #[pyo3(signature = (n = 1.0))]
    fn dec(&self, n: f64) -> PyResult<()> {
        self.0.dec(n).map_err(raise)
    }

    fn set(&self, value: f64) -> PyResult<()> {
        self.0.set(value).map_err(raise)
    }

    #[pyo3(signature = (**labels))]
    fn labels(&self, labels: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        labelled(&self.0, labels).map(Self)
    }
}

/// Observations in buckets.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct Histogram(Metric);

#[pymethods]
impl Histogram {
    fn observe(&self, value: f64) -> PyResult<()> {
        self.0.observe(value).map_err(raise)
    }

    #[pyo3(signature = (**labels))]
    fn labels(&self, labels: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        labelled(&self.0, labels).map(Self)
    }
}

/// The metric with these label values; a value is put down as its text.
fn labelled(metric: &Metric, labels: Option<&Bound<'_, PyDict>>) -> PyResult<Metric> {
    let mut given = Vec::new();
    for (name, value) in labels.into_iter().flatten() {
        given.push((name.extract()?, value.str()?.to_string_lossy().into_owned()));
    }
    metric.labels(&given).map_err(raise)
}
