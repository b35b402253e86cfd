//! Who hears what of changed bindings.

use super::*;

/// Writes down what it hears.
#[derive(Default)]
struct Recorder(Mutex<Vec<(&'static str, Vec<String>)>>);

impl RegistrarObserver for Recorder {
    fn wants(&self, tenant: TenantId) -> bool {
        tenant == TENANT
    }

    fn changed(&self, _: TenantId, aor: &Aor, change: BindingChange, contacts: &[Contact]) {
        assert_eq!(aor.as_str(), ALICE);
        self.0.lock().push((change.as_str(), uris(contacts)));
    }
}

impl Recorder {
    fn take(&self) -> Vec<(&'static str, Vec<String>)> {
        std::mem::take(&mut self.0.lock())
    }
}

fn observed() -> (Site, Arc<Recorder>) {
    let recorder = Arc::<Recorder>::default();
    let mut site = Site::new();
    site.registrar = site.registrar.with_observer(recorder.clone());
    (site, recorder)
}

fn one() -> Vec<String> {
    vec!["sip:one@192.0.2.1".to_owned()]
}

#[test]
fn a_new_binding_is_registered_and_then_refreshed() {
    let (site, recorder) = observed();
    site.register("a", 1, [contact("sip:one@192.0.2.1")]).unwrap();
    site.register("a", 2, [contact("sip:one@192.0.2.1")]).unwrap();
    assert_eq!(recorder.take(), [("registered", one()), ("refreshed", one())]);
}

#[test]
fn a_removed_binding_is_deregistered() {
    let (site, recorder) = observed();
    site.register("a", 1, [contact("sip:one@192.0.2.1"), contact("sip:two@192.0.2.1")]).unwrap();
    recorder.take();
    site.register("a", 2, [contact_for("sip:two@192.0.2.1", 0)]).unwrap();
    site.apply(&change("a", 3, RegisterKind::RemoveAll)).unwrap();
    assert_eq!(recorder.take(), [("deregistered", one()), ("deregistered", vec![])]);
}

#[test]
fn an_exchange_is_both_and_what_went_is_told_first() {
    let (site, recorder) = observed();
    site.register("a", 1, [contact("sip:two@192.0.2.1")]).unwrap();
    recorder.take();
    site.register("a", 2, [contact("sip:one@192.0.2.1"), contact_for("sip:two@192.0.2.1", 0)]).unwrap();
    assert_eq!(recorder.take(), [("deregistered", one()), ("registered", one())]);
}

#[test]
fn a_forced_refresh_is_a_refresh() {
    let (site, recorder) = observed();
    site.register("a", 1, [contact("sip:one@192.0.2.1")]).unwrap();
    recorder.take();
    site.apply(&RegisterChange { force: true, ..update("a", 1, [contact("sip:one@192.0.2.1")]) }).unwrap();
    assert_eq!(recorder.take(), [("refreshed", one())]);
}

#[test]
fn queries_refusals_and_removals_of_nothing_are_not_told() {
    let (site, recorder) = observed();
    site.apply(&change("a", 1, RegisterKind::Query)).unwrap();
    site.apply(&change("a", 1, RegisterKind::RemoveAll)).unwrap();
    site.register("a", 1, [contact_for("sip:one@192.0.2.1", 0)]).unwrap();
    site.register("a", 1, [contact_for("sip:one@192.0.2.1", 1)]).unwrap_err();
    assert_eq!(recorder.take(), []);
}

#[test]
fn a_sweep_tells_what_has_expired_and_what_is_left() {
    let (mut site, recorder) = observed();
    site.register("a", 1, [contact("sip:one@192.0.2.1"), contact_for("sip:two@192.0.2.1", 60)]).unwrap();
    recorder.take();
    site.wait(59);
    assert_eq!(site.registrar.sweep(site.now), 0);
    site.wait(1);
    assert_eq!(site.registrar.sweep(site.now), 1);
    assert_eq!(site.registrar.sweep(site.now), 0);
    assert_eq!(recorder.take(), [("expired", one())]);
    assert_eq!(site.registrar.counts(TENANT), Ok(StoreCounts { aors: 1, bindings: 1 }));
}

#[test]
fn a_binding_that_expired_unseen_is_told_with_the_next_change() {
    let (mut site, recorder) = observed();
    site.register("a", 1, [contact_for("sip:one@192.0.2.1", 60)]).unwrap();
    recorder.take();
    site.wait(60);
    site.register("a", 2, [contact("sip:one@192.0.2.1")]).unwrap();
    assert_eq!(recorder.take(), [("expired", one()), ("registered", one())]);
}

#[test]
fn an_observer_hears_only_of_tenants_that_it_asked_for() {
    let (site, recorder) = observed();
    let update = update("a", 1, [contact("sip:one@192.0.2.1")]);
    site.registrar.apply(TenantId(5), &update, site.now).unwrap();
    assert_eq!(recorder.take(), []);
}
