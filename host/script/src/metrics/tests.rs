use super::*;
use crate::kit::Kit;

fn spec(kind: MetricKind, name: &str, labels: &[&str]) -> MetricSpec {
    MetricSpec {
        kind,
        name: name.to_owned(),
        help: "help".to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        buckets: Vec::new(),
    }
}

fn label(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_counter_counts_and_only_grows() {
    let kit = Kit::new();
    let calls = Metric::declare(&kit.context(), spec(MetricKind::Counter, "calls", &[])).unwrap();
    calls.inc(1.0).unwrap();
    calls.inc(2.0).unwrap();
    assert_eq!(kit.metrics.value("calls", &[]), Some(3.0));
    assert!(matches!(calls.inc(-1.0), Err(ApiError::Value(_))));
    assert!(matches!(calls.dec(1.0), Err(ApiError::Type(_))));
    assert!(matches!(calls.observe(1.0), Err(ApiError::Type(_))));
}

#[test]
fn a_gauge_goes_up_and_down() {
    let kit = Kit::new();
    let gauge = Metric::declare(&kit.context(), spec(MetricKind::Gauge, "busy", &[])).unwrap();
    gauge.set(5.0).unwrap();
    gauge.dec(2.0).unwrap();
    gauge.inc(1.0).unwrap();
    assert_eq!(kit.metrics.value("busy", &[]), Some(4.0));
}

#[test]
fn a_reload_that_declares_the_same_shape_gets_the_same_metric() {
    let kit = Kit::new();
    Metric::declare(&kit.context(), spec(MetricKind::Counter, "calls", &["to"])).unwrap();
    let again = Metric::declare(&kit.context(), spec(MetricKind::Counter, "calls", &["to"])).unwrap();
    again.labels(&[label("to", "pstn")]).unwrap().inc(1.0).unwrap();
    assert_eq!(kit.metrics.value("calls", &["pstn"]), Some(1.0));
    let other = Metric::declare(&kit.context(), spec(MetricKind::Gauge, "calls", &["to"]));
    assert!(matches!(other, Err(ApiError::Value(_))));
}

#[test]
fn labels_must_be_the_declared_ones() {
    let kit = Kit::new();
    let calls = Metric::declare(&kit.context(), spec(MetricKind::Counter, "calls", &["to", "via"])).unwrap();
    assert!(matches!(calls.inc(1.0), Err(ApiError::Value(_))));
    assert!(calls.labels(&[label("to", "x")]).is_err());
    assert!(calls.labels(&[label("to", "x"), label("other", "y")]).is_err());
    calls.labels(&[label("via", "y"), label("to", "x")]).unwrap().inc(1.0).unwrap();
    assert_eq!(kit.metrics.value("calls", &["x", "y"]), Some(1.0));
}

#[test]
fn a_metric_has_a_bounded_number_of_label_combinations() {
    let kit = Kit::new();
    let calls = Metric::declare(&kit.context(), spec(MetricKind::Counter, "calls", &["to"])).unwrap();
    for number in 0..128 {
        calls.labels(&[label("to", &number.to_string())]).unwrap().inc(1.0).unwrap();
    }
    assert!(matches!(calls.labels(&[label("to", "one more")]).unwrap().inc(1.0), Err(ApiError::Value(_))));
}

#[test]
fn names_and_buckets_are_checked() {
    let context = Kit::new().context();
    for name in ["", "1a", "a-b", "a\nb"] {
        assert!(Metric::declare(&context, spec(MetricKind::Counter, name, &[])).is_err(), "{name:?}");
    }
    for name in ["", "a:b", "__a"] {
        assert!(Metric::declare(&context, spec(MetricKind::Counter, "ok", &[name])).is_err(), "{name:?}");
    }
    let mut descending = spec(MetricKind::Histogram, "ok", &[]);
    descending.buckets = vec![2.0, 1.0];
    assert!(Metric::declare(&context, descending).is_err());
}
