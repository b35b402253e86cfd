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
                // The text form refuses a family without samples.
                self.0.extend(family.collect().into_iter().filter(|family| !family.get_metric().is_empty()));
            }
            Err(error) => tracing::error!(%error, "a metric of the server has no valid name"),
        }
    }
}

fn saturated(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    #[test]
    fn a_family_without_samples_does_not_spoil_the_page() {
        let mut families = Families::default();
        families.counters("siphon_responses_total", "responses", "code", std::iter::empty::<(u16, u64)>());
        families.counter("siphon_loops_total", "loops", 3);
        let page = TextEncoder::new().encode_to_string(&families.into_gathered()).unwrap();
        assert!(page.contains("siphon_loops_total 3"), "{page}");
    }
}
