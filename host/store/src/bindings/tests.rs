//! The location table: what it keeps, finds, refuses and calls due; against a naive table too.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use siphon_script::Aor;
use siphon_script::ports::{
    Binding, BindingStore, ContactAddress, Handle, Profile, Registration, StoreCounts, StoreError,
};
use siphon_sip::{TenantId, Time};

use super::MemoryBindings;

const TENANT: TenantId = TenantId::DEFAULT;

fn table(max_aors: usize) -> MemoryBindings {
    MemoryBindings::new([1, 2], max_aors)
}

fn aor(number: usize) -> Aor {
    Aor::parse(&format!("sip:user{number}@example.com")).unwrap()
}

fn seconds(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn binding(uri: &str, expires_at: u64) -> Binding {
    Binding {
        uri: uri.as_bytes().into(),
        call_id: b"call"[..].into(),
        cseq: 1,
        q: None,
        expires_at: seconds(expires_at),
        refreshed_at: Time::ZERO,
        instance: None,
        reg_id: None,
        params: [].into(),
        path: [].into(),
        received: None,
        flow: None,
        flow_token: None,
    }
}

fn registration(uri: &str, expires_at: u64) -> Registration {
    Registration { bindings: vec![binding(uri, expires_at)], profile: None }
}

fn put(table: &MemoryBindings, aor: &Aor, registration: &Registration) -> Result<(), StoreError> {
    table.update(TENANT, aor, &mut |_| Some(registration.clone()))
}

fn get(table: &MemoryBindings, tenant: TenantId, aor: &Aor) -> Option<Registration> {
    let mut found = None;
    table.read(tenant, aor, &mut |registration| found = Some(registration.clone()));
    found
}

fn found(table: &MemoryBindings, tenant: TenantId, handle: &Handle<'_>) -> Vec<String> {
    let mut aors = Vec::new();
    table.find(tenant, handle, &mut |aor, _| aors.push(aor.to_string()));
    aors.sort();
    aors
}

fn at(table: &MemoryBindings, uri: &str) -> Vec<String> {
    found(table, TENANT, &Handle::Contact(&ContactAddress::of_text(uri.as_bytes()).unwrap()))
}

#[test]
fn what_was_kept_is_read_by_its_tenant_alone() {
    let table = table(10);
    put(&table, &aor(1), &registration("sip:a@192.0.2.1", 60)).unwrap();
    assert_eq!(get(&table, TENANT, &aor(1)), Some(registration("sip:a@192.0.2.1", 60)));
    assert_eq!(get(&table, TENANT, &aor(2)), None);
    assert_eq!(get(&table, TenantId(1), &aor(1)), None);
}

#[test]
fn an_edit_sees_what_is_there_and_may_leave_it() {
    let table = table(10);
    put(&table, &aor(1), &registration("sip:a@192.0.2.1", 60)).unwrap();
    let mut seen = Vec::new();
    let mut look = |current: &Registration| {
        seen.push(current.clone());
        None
    };
    table.update(TENANT, &aor(1), &mut look).unwrap();
    table.update(TENANT, &aor(2), &mut look).unwrap();
    assert_eq!(seen, [registration("sip:a@192.0.2.1", 60), Registration::default()]);
    assert_eq!(table.len(), 1);
}

#[test]
fn an_empty_registration_is_not_kept() {
    let table = table(10);
    put(&table, &aor(1), &Registration::default()).unwrap();
    assert!(table.is_empty());
    put(&table, &aor(1), &registration("sip:a@192.0.2.1", 60)).unwrap();
    put(&table, &aor(1), &Registration::default()).unwrap();
    assert_eq!((get(&table, TENANT, &aor(1)), table.len(), table.indexed()), (None, 0, 0));
}

#[test]
fn a_full_table_refuses_a_new_address_until_one_leaves() {
    let table = table(2);
    for number in 0..2 {
        put(&table, &aor(number), &registration("sip:a@192.0.2.1", 60)).unwrap();
    }
    assert_eq!(put(&table, &aor(3), &registration("sip:a@192.0.2.1", 60)), Err(StoreError::Full));
    assert_eq!((get(&table, TENANT, &aor(3)), at(&table, "sip:a@192.0.2.1").len()), (None, 2));
    put(&table, &aor(1), &registration("sip:b@192.0.2.1", 60)).unwrap();
    put(&table, &aor(0), &Registration::default()).unwrap();
    put(&table, &aor(3), &registration("sip:a@192.0.2.1", 60)).unwrap();
}

#[test]
fn a_registration_is_found_by_its_contacts_until_they_change() {
    let table = table(10);
    put(&table, &aor(1), &registration("sip:a@192.0.2.1", 60)).unwrap();
    put(&table, &aor(2), &registration("sip:a@192.0.2.1:5060;transport=tcp", 60)).unwrap();
    assert_eq!(at(&table, "sip:a@192.0.2.1"), ["sip:user1@example.com", "sip:user2@example.com"]);
    put(&table, &aor(1), &registration("sip:a@192.0.2.2", 60)).unwrap();
    assert_eq!(at(&table, "sip:a@192.0.2.1"), ["sip:user2@example.com"]);
    assert_eq!(at(&table, "sip:a@192.0.2.2"), ["sip:user1@example.com"]);
    assert_eq!(table.indexed(), 2);
}

#[test]
fn a_registration_is_found_by_its_aliases_and_flow_tokens_by_its_tenant_alone() {
    let table = table(10);
    let profile = Profile { aliases: vec![aor(7)], ..Profile::default() };
    let mut registration = Registration { profile: Some(profile.into()), ..registration("sip:a@192.0.2.1", 60) };
    registration.bindings[0].flow_token = Some("token".into());
    put(&table, &aor(1), &registration).unwrap();
    let alias = aor(7);
    for handle in [Handle::Alias(&alias), Handle::FlowToken("token")] {
        assert_eq!(found(&table, TENANT, &handle), ["sip:user1@example.com"]);
        assert_eq!(found(&table, TenantId(1), &handle), [""; 0]);
    }
    assert_eq!(found(&table, TENANT, &Handle::FlowToken("other")), [""; 0]);
}

#[test]
fn an_address_is_due_when_its_first_binding_runs_out_until_it_was_updated() {
    let table = table(10);
    let mut two = registration("sip:a@192.0.2.1", 100);
    two.bindings.push(binding("sip:b@192.0.2.1", 60));
    put(&table, &aor(1), &two).unwrap();
    assert_eq!(table.due(seconds(59), 10), []);
    assert_eq!(table.due(seconds(60), 10), [(TENANT, aor(1))]);
    assert_eq!(table.due(seconds(60), 10), [(TENANT, aor(1))]);
    put(&table, &aor(1), &registration("sip:a@192.0.2.1", 100)).unwrap();
    assert_eq!(table.due(seconds(60), 10), []);
    assert_eq!(table.due(seconds(100), 10), [(TENANT, aor(1))]);
}

#[test]
fn a_refresh_puts_off_when_an_address_is_due_and_a_shorter_interval_brings_it_forward() {
    let table = table(10);
    for expires_at in [60, 120, 90] {
        put(&table, &aor(1), &registration("sip:a@192.0.2.1", expires_at)).unwrap();
    }
    assert_eq!(table.due(seconds(89), 10), []);
    put(&table, &aor(1), &registration("sip:a@192.0.2.1", 30)).unwrap();
    assert_eq!(table.due(seconds(30), 10), [(TENANT, aor(1))]);
}

#[test]
fn no_more_addresses_are_due_at_once_than_asked_for() {
    let table = table(1000);
    for number in 0..500 {
        put(&table, &aor(number), &registration("sip:a@192.0.2.1", 60)).unwrap();
    }
    let mut swept = 0;
    loop {
        let due = table.due(seconds(60), 7);
        assert!(due.len() <= 7);
        if due.is_empty() {
            break;
        }
        swept += due.len();
        for (_, aor) in due {
            put(&table, &aor, &Registration::default()).unwrap();
        }
    }
    assert_eq!((swept, table.len(), table.indexed()), (500, 0, 0));
}

#[test]
fn a_profile_without_bindings_is_due_when_it_is_kept_no_longer_and_counts_as_no_address() {
    let table = table(10);
    let profile = Profile { service_routes: vec!["<sip:r;lr>".into()], kept_until: seconds(50), ..Profile::default() };
    put(&table, &aor(1), &Registration { bindings: Vec::new(), profile: Some(profile.into()) }).unwrap();
    assert_eq!(table.counts(TENANT), Ok(StoreCounts::default()));
    assert_eq!(table.due(seconds(50), 10), [(TENANT, aor(1))]);
}

#[test]
fn addresses_and_bindings_are_counted_by_tenant() {
    let table = table(10);
    let mut two = registration("sip:a@192.0.2.1", 60);
    two.bindings.push(binding("sip:b@192.0.2.1", 60));
    put(&table, &aor(1), &two).unwrap();
    put(&table, &aor(2), &registration("sip:a@192.0.2.1", 60)).unwrap();
    table.update(TenantId(1), &aor(1), &mut |_| Some(two.clone())).unwrap();
    assert_eq!(table.counts(TENANT), Ok(StoreCounts { aors: 2, bindings: 3 }));
    assert_eq!(table.counts(TenantId(1)), Ok(StoreCounts { aors: 1, bindings: 2 }));
    put(&table, &aor(1), &Registration::default()).unwrap();
    assert_eq!(table.counts(TENANT), Ok(StoreCounts { aors: 1, bindings: 1 }));
}

#[test]
fn every_registration_of_a_tenant_can_be_listed() {
    let table = table(10);
    for number in 0..3 {
        put(&table, &aor(number), &registration("sip:a@192.0.2.1", 60)).unwrap();
    }
    table.update(TenantId(1), &aor(9), &mut |_| Some(registration("sip:a@192.0.2.1", 60))).unwrap();
    let mut listed = Vec::new();
    table.each(TENANT, &mut |aor, registration| listed.push((aor.clone(), registration.bindings.len())));
    listed.sort();
    assert_eq!(listed, [(aor(0), 1), (aor(1), 1), (aor(2), 1)]);
}

#[test]
fn threads_do_not_lose_each_others_changes() {
    let table = table(100);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let table = &table;
            scope.spawn(move || {
                for step in 0..200 {
                    let add = |current: &Registration| {
                        let mut next = current.clone();
                        next.bindings.push(binding(&format!("sip:t{thread}@192.0.2.1:{}", 1000 + step), 60));
                        Some(next)
                    };
                    table.update(TENANT, &aor(step % 10), &mut { add }).unwrap();
                }
            });
        }
    });
    assert_eq!(table.counts(TENANT), Ok(StoreCounts { aors: 10, bindings: 800 }));
    assert_eq!(table.indexed(), 800);
}

proptest! {
    #[test]
    fn the_table_does_what_a_naive_one_does(
        steps in prop::collection::vec((0_usize..8, 0_usize..4, 0_u64..20, 0_usize..3), 1..200),
    ) {
        let table = table(6);
        let mut naive: BTreeMap<Aor, Registration> = BTreeMap::new();
        let mut now = 0;
        for (number, contact, lasts, bindings) in steps {
            now += 1;
            let uri = format!("sip:u{contact}@192.0.2.1");
            let bindings = (0..bindings as u64).map(|more| binding(&uri, now + lasts + more)).collect();
            let next = Registration { bindings, profile: None };
            let is_full = naive.len() >= 6 && !naive.contains_key(&aor(number)) && !next.is_empty();
            prop_assert_eq!(put(&table, &aor(number), &next), if is_full { Err(StoreError::Full) } else { Ok(()) });
            if next.is_empty() {
                naive.remove(&aor(number));
            } else if !is_full {
                naive.insert(aor(number), next);
            }
            let mut due: Vec<_> = table.due(seconds(now), 100).into_iter().map(|(_, aor)| aor).collect();
            due.sort();
            let is_due = |registration: &Registration| registration.deadline().is_some_and(|end| end <= seconds(now));
            let expected: Vec<_> =
                naive.iter().filter(|(_, value)| is_due(value)).map(|(aor, _)| aor.clone()).collect();
            prop_assert_eq!(due, expected);
            let address = ContactAddress::of_text(uri.as_bytes()).unwrap();
            let handle = Handle::Contact(&address);
            let having: Vec<_> =
                naive.iter().filter(|(_, value)| value.has_handle(&handle)).map(|(aor, _)| aor.to_string()).collect();
            prop_assert_eq!(found(&table, TENANT, &handle), having);
            prop_assert_eq!(table.len(), naive.len());
        }
    }
}
