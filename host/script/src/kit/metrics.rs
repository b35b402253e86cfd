//! Declared metrics and the sum of what was added to them.

use std::collections::HashMap;

use parking_lot::Mutex;
use siphon_sip::TenantId;

use crate::ports::{MetricError, MetricId, MetricSpec, Metrics};

/// How many label combinations a metric may have.
const MAX_SERIES: usize = 128;

/// Metrics of all tenants in one list.
#[derive(Debug, Default)]
pub struct KitMetrics {
    declared: Mutex<Vec<(TenantId, MetricSpec)>>,
    values: Mutex<HashMap<(MetricId, Vec<String>), f64>>,
    /// What [`Metrics::memory_used_pct`] answers.
    pub memory_used_pct: Mutex<u8>,
}

impl KitMetrics {
    /// The value of a counter or gauge, or the sum of a histogram's observations.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let declared = self.declared.lock();
        let id = MetricId(u32::try_from(declared.iter().position(|(_, spec)| spec.name == name)?).ok()?);
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.values.lock().get(&(id, labels)).copied()
    }

    fn change(&self, metric: MetricId, labels: &[String], change: impl FnOnce(&mut f64)) -> Result<(), MetricError> {
        let mut values = self.values.lock();
        let key = (metric, labels.to_vec());
        let series = values.keys().filter(|(id, _)| *id == metric).count();
        if series >= MAX_SERIES && !values.contains_key(&key) {
            return Err(MetricError::TooManySeries { name: format!("{}", metric.0), limit: MAX_SERIES });
        }
        change(values.entry(key).or_default());
        Ok(())
    }
}

impl Metrics for KitMetrics {
    fn register(&self, tenant: TenantId, spec: MetricSpec) -> Result<MetricId, MetricError> {
        let mut declared = self.declared.lock();
        let known = declared.iter().position(|(owner, known)| *owner == tenant && known.name == spec.name);
        if let Some((_, known)) = known.and_then(|at| declared.get(at))
            && (known.kind, &known.labels, &known.buckets) != (spec.kind, &spec.labels, &spec.buckets)
        {
            return Err(MetricError::Duplicate(spec.name));
        }
        let at = known.unwrap_or_else(|| {
            declared.push((tenant, spec));
            declared.len() - 1
        });
        u32::try_from(at).map(MetricId).map_err(|_| MetricError::TooManyMetrics)
    }

    fn add(&self, _tenant: TenantId, metric: MetricId, labels: &[String], by: f64) -> Result<(), MetricError> {
        self.change(metric, labels, |value| *value += by)
    }

    fn set(&self, _tenant: TenantId, metric: MetricId, labels: &[String], to: f64) -> Result<(), MetricError> {
        self.change(metric, labels, |value| *value = to)
    }

    fn observe(&self, _tenant: TenantId, metric: MetricId, labels: &[String], seen: f64) -> Result<(), MetricError> {
        self.change(metric, labels, |value| *value += seen)
    }

    fn memory_used_pct(&self) -> u8 {
        *self.memory_used_pct.lock()
    }
}
