//! The metrics that scripts declare. They outlive a reload: declaring the same shape again gives the same metric.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use prometheus::core::Collector;
use prometheus::{CounterVec, GaugeVec, HistogramOpts, HistogramVec, Opts, Registry};
use siphon_script::ports::{MetricError, MetricId, MetricKind, MetricSpec, Metrics};
use siphon_sip::TenantId;

/// Label combinations that one metric may have.
const MAX_SERIES: usize = 128;

/// Metrics that one tenant may declare.
const MAX_METRICS: usize = 1000;

/// The declared metrics, and the registry that prints them.
pub(crate) struct ScriptMetrics {
    registry: Registry,
    state: Mutex<State>,
    refused: AtomicU64,
}

#[derive(Default)]
struct State {
    by_name: HashMap<(TenantId, String), MetricId>,
    declared: Vec<Declared>,
}

struct Declared {
    tenant: TenantId,
    spec: MetricSpec,
    family: Family,
    series: HashSet<Vec<String>>,
}

enum Family {
    Counter(CounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

impl ScriptMetrics {
    /// None yet; they will be printed by `registry`, beside the server's own.
    pub(crate) fn new(registry: Registry) -> Self {
        Self { registry, state: Mutex::default(), refused: AtomicU64::new(0) }
    }

    /// Declarations and samples refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Metrics declared.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().declared.len()
    }

    fn refuse<T>(&self, error: MetricError) -> Result<T, MetricError> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(error)
    }

    /// Finds the family of a metric, counting its series; `act` records the sample.
    fn sample(
        &self,
        tenant: TenantId,
        metric: MetricId,
        labels: &[String],
        act: impl FnOnce(&Family, &[&str]),
    ) -> Result<(), MetricError> {
        let mut state = self.state.lock();
        let index = usize::try_from(metric.0).unwrap_or(usize::MAX);
        let declared = state.declared.get_mut(index).filter(|declared| declared.tenant == tenant);
        let Some(declared) = declared else { return self.refuse(MetricError::TooManyMetrics) };
        if !declared.series.contains(labels) {
            if declared.series.len() >= MAX_SERIES {
                let name = declared.spec.name.clone();
                return self.refuse(MetricError::TooManySeries { name, limit: MAX_SERIES });
            }
            declared.series.insert(labels.to_vec());
        }
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        act(&declared.family, &labels);
        Ok(())
    }
}

impl Metrics for ScriptMetrics {
    fn register(&self, tenant: TenantId, spec: MetricSpec) -> Result<MetricId, MetricError> {
        let mut state = self.state.lock();
        let key = (tenant, spec.name.clone());
        if let Some(id) = state.by_name.get(&key).copied() {
            let index = usize::try_from(id.0).unwrap_or(usize::MAX);
            let same = state.declared.get(index).is_some_and(|declared| same_shape(&declared.spec, &spec));
            return if same { Ok(id) } else { self.refuse(MetricError::Duplicate(spec.name)) };
        }
        let Some(id) = u32::try_from(state.declared.len()).ok().filter(|_| state.declared.len() < MAX_METRICS) else {
            return self.refuse(MetricError::TooManyMetrics);
        };
        let Some(family) = Family::new(&self.registry, &spec) else {
            return self.refuse(MetricError::Duplicate(spec.name));
        };
        state.declared.push(Declared { tenant, spec, family, series: HashSet::new() });
        state.by_name.insert(key, MetricId(id));
        Ok(MetricId(id))
    }

    fn add(&self, tenant: TenantId, metric: MetricId, labels: &[String], by: f64) -> Result<(), MetricError> {
        self.sample(tenant, metric, labels, |family, labels| match family {
            Family::Counter(counter) if by >= 0.0 => counter.with_label_values(labels).inc_by(by),
            Family::Gauge(gauge) => gauge.with_label_values(labels).add(by),
            Family::Counter(_) | Family::Histogram(_) => {}
        })
    }

    fn set(&self, tenant: TenantId, metric: MetricId, labels: &[String], to: f64) -> Result<(), MetricError> {
        self.sample(tenant, metric, labels, |family, labels| {
            if let Family::Gauge(gauge) = family {
                gauge.with_label_values(labels).set(to);
            }
        })
    }

    fn observe(&self, tenant: TenantId, metric: MetricId, labels: &[String], value: f64) -> Result<(), MetricError> {
        self.sample(tenant, metric, labels, |family, labels| {
            if let Family::Histogram(histogram) = family {
                histogram.with_label_values(labels).observe(value);
            }
        })
    }

    fn memory_used_pct(&self) -> u8 {
        super::memory::used_percent()
    }
}

impl Family {
    /// Makes and registers it; `None` when the name is taken or cannot be one.
    fn new(registry: &Registry, spec: &MetricSpec) -> Option<Self> {
        let options = Opts::new(&spec.name, &spec.help);
        let labels: Vec<&str> = spec.labels.iter().map(String::as_str).collect();
        let (family, collector): (_, Box<dyn Collector>) = match spec.kind {
            MetricKind::Counter => {
                let counter = CounterVec::new(options, &labels).ok()?;
                (Self::Counter(counter.clone()), Box::new(counter))
            }
            MetricKind::Gauge => {
                let gauge = GaugeVec::new(options, &labels).ok()?;
                (Self::Gauge(gauge.clone()), Box::new(gauge))
            }
            MetricKind::Histogram => {
                let options = HistogramOpts::from(options);
                let options = if spec.buckets.is_empty() { options } else { options.buckets(spec.buckets.clone()) };
                let histogram = HistogramVec::new(options, &labels).ok()?;
                (Self::Histogram(histogram.clone()), Box::new(histogram))
            }
        };
        registry.register(collector).ok()?;
        Some(family)
    }
}

/// Whether a declaration is the same metric; a new help text is no other shape.
fn same_shape(declared: &MetricSpec, again: &MetricSpec) -> bool {
    declared.kind == again.kind && declared.labels == again.labels && declared.buckets == again.buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(name: &str, labels: &[&str]) -> MetricSpec {
        MetricSpec {
            kind: MetricKind::Counter,
            name: name.to_owned(),
            help: "calls".to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            buckets: Vec::new(),
        }
    }

    fn metrics() -> ScriptMetrics {
        ScriptMetrics::new(Registry::new())
    }

    #[test]
    fn declaring_the_same_shape_again_gives_the_same_metric_with_its_value() {
        let metrics = metrics();
        let first = metrics.register(TenantId::DEFAULT, counter("calls_total", &[])).unwrap();
        metrics.add(TenantId::DEFAULT, first, &[], 2.0).unwrap();
        let again = metrics.register(TenantId::DEFAULT, counter("calls_total", &[])).unwrap();
        metrics.add(TenantId::DEFAULT, again, &[], 1.0).unwrap();
        assert_eq!(first, again);
        let families = metrics.registry.gather();
        assert_eq!(families[0].get_metric()[0].get_counter().get_value(), 3.0);
    }

    #[test]
    fn another_shape_under_a_taken_name_is_refused() {
        let metrics = metrics();
        metrics.register(TenantId::DEFAULT, counter("calls_total", &[])).unwrap();
        let refused = metrics.register(TenantId::DEFAULT, counter("calls_total", &["who"]));
        assert_eq!(refused, Err(MetricError::Duplicate("calls_total".to_owned())));
    }

    #[test]
    fn label_combinations_beyond_the_limit_are_refused_and_known_ones_go_on() {
        let metrics = metrics();
        let id = metrics.register(TenantId::DEFAULT, counter("calls_total", &["who"])).unwrap();
        for who in 0..MAX_SERIES {
            metrics.add(TenantId::DEFAULT, id, &[who.to_string()], 1.0).unwrap();
        }
        assert!(metrics.add(TenantId::DEFAULT, id, &["one more".to_owned()], 1.0).is_err());
        assert!(metrics.add(TenantId::DEFAULT, id, &["0".to_owned()], 1.0).is_ok());
        assert_eq!(metrics.refused(), 1);
    }

    #[test]
    fn a_metric_beyond_the_most_is_refused_and_known_ones_are_declared_again() {
        let metrics = metrics();
        for number in 0..MAX_METRICS {
            metrics.register(TenantId::DEFAULT, counter(&format!("calls{number}_total"), &[])).unwrap();
        }
        let refused = metrics.register(TenantId::DEFAULT, counter("one_more_total", &[]));
        assert_eq!(refused, Err(MetricError::TooManyMetrics));
        assert!(metrics.register(TenantId::DEFAULT, counter("calls7_total", &[])).is_ok());
        assert_eq!((metrics.len(), metrics.refused()), (MAX_METRICS, 1));
    }

    #[test]
    fn a_metric_belongs_to_its_tenant() {
        let metrics = metrics();
        let id = metrics.register(TenantId::DEFAULT, counter("calls_total", &[])).unwrap();
        assert!(metrics.add(TenantId(7), id, &[], 1.0).is_err());
    }
}
