//! Every name of the script API is there: it works, or it says that it does not.

use crate::support::Bench;

#[test]
fn every_name_of_the_api_can_be_imported_and_called() {
    let bench = Bench::new();
    bench.kit.cache.add("named");
    let script = bench.script(include_str!("../scripts/every_name.py"));
    assert_eq!(script.answer(), "every name");
}

#[test]
fn names_to_come_import_and_raise_when_they_are_used() {
    let bench = Bench::new();
    let script = bench.script(include_str!("../scripts/absent_names.py"));
    assert_eq!(script.answer(), "every absent name");
}

#[test]
fn a_decorator_of_an_absent_namespace_fails_the_load_with_a_sentence() {
    let bench = Bench::new();
    let error =
        bench.try_script("from siphon import b2bua\n\n@b2bua.on_invite\ndef invite(call): pass\n").err().unwrap();
    assert_eq!(error.message, "NotImplementedError: b2bua.on_invite is not available in this version of SIPhon");
}
