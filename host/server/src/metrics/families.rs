//! Metric families made of numbers at hand. They are printed once and forgotten.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};

/// The families collected so far.
#[derive(Default)]
pub(super) struct Families(Vec<MetricFamily>);

impl Families {
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.push(IntCounterVec::new(Opts::new(name, help), &[]), |family| {
            family.with_label_values::<&str>(&[]).inc_by(value);
        });
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.push(IntGaugeVec::new(Opts::new(name, help), &[]), |family| {
            family.with_label_values::<&str>(&[]).set(saturated(value));
        });
    }

    pub(super) fn counters<L: ToString>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (L, u64)>,
    ) {
        self.push(IntCounterVec::new(Opts::new(name, help), &[label]), |family| {
            for (of, value) in values {
                family.with_label_values(&[of.to_string()]).inc_by(value);
            }
        });
    }

    pub(super) fn gauges<L: ToString>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (L, u64)>,
    ) {
        self.push(IntGaugeVec::new(Opts::new(name, help), &[label]), |family| {
            for (of, value) in values {
                family.with_label_values(&[of.to_string()]).set(saturated(value));
            }
        });
    }

    pub(super) fn into_gathered(self) -> Vec<MetricFamily> {
        self.0
    }

    fn push<F: Collector>(&mut self, family: prometheus::Result<F>, fill: impl FnOnce(&F)) {
        match family {
            Ok(family) => {
                fill(&family);
                self.0.extend(family.collect());
            }
            Err(error) => tracing::error!(%error, "a metric of the server has no valid name"),
        }
    }
}

fn saturated(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
