//! How long a binding lasts, and how many there may be.

use super::*;

fn granted(site: &Site, call_id: &'static str, asked: Option<u32>) -> Result<u32, RegisterRefusal> {
    let contact = ContactUpdate { expires: asked, ..contact("sip:alice@192.0.2.1") };
    site.apply(&update(call_id, 1, [contact])).map(|contacts| contacts[0].expires)
}

#[test]
fn a_contact_that_asks_for_nothing_gets_the_default() {
    assert_eq!(granted(&Site::new(), "a", None), Ok(3600));
}

#[test]
fn more_than_the_maximum_is_cut_to_it() {
    assert_eq!(granted(&Site::new(), "a", Some(u32::MAX)), Ok(7200));
}

#[test]
fn less_than_the_minimum_is_refused_with_the_minimum() {
    let refusal = granted(&Site::new(), "a", Some(59)).unwrap_err();
    assert_eq!(refusal, RegisterRefusal::IntervalTooBrief { min: 60 });
    assert_eq!(refusal.status().as_u16(), 423);
}

#[test]
fn the_minimum_itself_is_granted() {
    assert_eq!(granted(&Site::new(), "a", Some(60)), Ok(60));
}

#[test]
fn an_hour_is_never_too_brief() {
    let site = Site::with_policy(RegistrarPolicy { min_expires: 5000, ..RegistrarPolicy::default() });
    assert_eq!(granted(&site, "a", Some(3600)), Ok(3600));
    assert_eq!(granted(&site, "b", Some(3599)), Err(RegisterRefusal::IntervalTooBrief { min: 5000 }));
}

#[test]
fn an_expires_of_zero_is_a_removal_and_never_too_brief() {
    let site = Site::new();
    site.register("a", 1, [contact("sip:alice@192.0.2.1")]).unwrap();
    assert_eq!(site.register("a", 2, [contact_for("sip:alice@192.0.2.1", 0)]), Ok(vec![]));
}

#[test]
fn removing_what_is_not_there_is_no_error() {
    assert_eq!(Site::new().register("a", 1, [contact_for("sip:alice@192.0.2.1", 0)]), Ok(vec![]));
}

#[test]
fn a_binding_counts_until_its_interval_has_passed() {
    let mut site = Site::new();
    site.register("a", 1, [contact_for("sip:alice@192.0.2.1", 60)]).unwrap();
    site.wait(59);
    assert_eq!(site.contacts()[0].expires, 1);
    assert_eq!(site.contacts()[0].age_secs, 59);
    site.wait(1);
    assert_eq!(site.lookup(), [""; 0]);
}

#[test]
fn an_expired_binding_counts_for_nothing_even_before_it_is_swept() {
    let mut site = Site::new();
    site.register("a", 9, [contact_for("sip:alice@192.0.2.1", 60)]).unwrap();
    site.wait(60);
    // The same Call-ID and a lower CSeq: there is no binding any more that would refuse it.
    assert!(site.register("a", 1, [contact("sip:alice@192.0.2.1")]).is_ok());
}

#[test]
fn a_refresh_prolongs_a_binding() {
    let mut site = Site::new();
    site.register("a", 1, [contact_for("sip:alice@192.0.2.1", 60)]).unwrap();
    site.wait(50);
    site.register("a", 2, [contact_for("sip:alice@192.0.2.1", 60)]).unwrap();
    site.wait(50);
    assert_eq!(site.lookup(), ["sip:alice@192.0.2.1"]);
}

#[test]
fn an_address_has_so_many_contacts_and_no_more() {
    let site = Site::with_policy(RegistrarPolicy { max_contacts: 2, ..RegistrarPolicy::default() });
    site.register("a", 1, [contact("sip:a@192.0.2.1"), contact("sip:a@192.0.2.2")]).unwrap();
    let refusal = site.register("b", 1, [contact("sip:a@192.0.2.3")]).unwrap_err();
    assert_eq!(refusal, RegisterRefusal::TooManyContacts);
    assert_eq!(refusal.status().as_u16(), 403);
    assert_eq!(site.lookup().len(), 2);
}

#[test]
fn a_full_address_can_still_refresh_and_exchange() {
    let site = Site::with_policy(RegistrarPolicy { max_contacts: 1, ..RegistrarPolicy::default() });
    site.register("a", 1, [contact("sip:a@192.0.2.1")]).unwrap();
    site.register("a", 2, [contact("sip:a@192.0.2.1")]).unwrap();
    let exchange = [contact_for("sip:a@192.0.2.1", 0), contact("sip:a@192.0.2.2")];
    assert_eq!(site.register("a", 3, exchange), Ok(vec!["sip:a@192.0.2.2".to_owned()]));
}

#[test]
fn a_contact_that_is_too_long_is_refused() {
    let long = ContactUpdate { path: vec![ByteStr::from("x".repeat(9000))], ..contact("sip:alice@192.0.2.1") };
    let refusal = Site::new().register("a", 1, [long]).unwrap_err();
    assert_eq!(refusal.status().as_u16(), 400);
}

#[test]
fn a_full_table_refuses_a_new_address_and_serves_those_that_it_has() {
    let registrar = Registrar::new(NaiveStore::new(1), RegistrarPolicy::default(), 0);
    let site = Site { registrar, now: Time::ZERO };
    site.register("a", 1, [contact("sip:alice@192.0.2.1")]).unwrap();
    let other = RegisterChange { aor: aor("sip:bob@example.com"), ..update("b", 1, [contact("sip:bob@192.0.2.2")]) };
    let refusal = site.apply(&other).unwrap_err();
    assert_eq!((refusal.clone(), refusal.status().as_u16()), (RegisterRefusal::Full, 503));
    site.register("a", 2, [contact("sip:alice@192.0.2.1")]).unwrap();
}
