//! Call-ID and CSeq, all or nothing, and which binding a Contact names.

use super::*;

const PHONE: &str = "sip:alice@192.0.2.1";
const DESK: &str = "sip:alice@192.0.2.2";
const INSTANCE: &str = "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";

#[test]
fn a_refresh_of_the_same_call_id_needs_a_higher_cseq() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    for late in [4, 5] {
        let refusal = site.register("a", late, [contact(PHONE)]).unwrap_err();
        assert_eq!((refusal.clone(), refusal.status().as_u16()), (RegisterRefusal::OutOfOrder, 500));
    }
    assert!(site.register("a", 6, [contact(PHONE)]).is_ok());
}

#[test]
fn a_refresh_of_another_call_id_is_taken_whatever_its_cseq() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    assert!(site.register("b", 1, [contact(PHONE)]).is_ok());
}

#[test]
fn a_late_removal_removes_nothing() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    assert_eq!(site.register("a", 5, [contact_for(PHONE, 0)]), Err(RegisterRefusal::OutOfOrder));
    assert_eq!(site.lookup(), [PHONE]);
}

#[test]
fn a_new_contact_of_an_old_call_id_needs_no_higher_cseq() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    assert!(site.register("a", 1, [contact(DESK)]).is_ok());
}

#[test]
fn one_bad_contact_undoes_all_of_its_register() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    assert_eq!(site.register("a", 5, [contact(DESK), contact(PHONE)]), Err(RegisterRefusal::OutOfOrder));
    assert_eq!(
        site.register("b", 1, [contact(DESK), contact_for("sip:alice@192.0.2.3", 1)]),
        Err(RegisterRefusal::IntervalTooBrief { min: 60 })
    );
    assert_eq!(
        site.register("a", 6, [contact_for(PHONE, 0), contact_for(DESK, 1)]).unwrap_err().status().as_u16(),
        423
    );
    assert_eq!(site.lookup(), [PHONE]);
}

#[test]
fn star_removes_every_binding() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    site.register("b", 5, [contact(DESK)]).unwrap();
    assert_eq!(site.apply(&change("c", 1, RegisterKind::RemoveAll)), Ok(vec![]));
    assert_eq!(site.lookup(), [""; 0]);
}

#[test]
fn star_of_the_same_call_id_needs_a_higher_cseq_and_else_removes_nothing() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    site.register("b", 9, [contact(DESK)]).unwrap();
    assert_eq!(site.apply(&change("b", 9, RegisterKind::RemoveAll)), Err(RegisterRefusal::OutOfOrder));
    assert_eq!(site.lookup().len(), 2);
    assert_eq!(site.apply(&change("b", 10, RegisterKind::RemoveAll)), Ok(vec![]));
}

#[test]
fn a_forced_removal_asks_for_no_cseq() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE)]).unwrap();
    let forced = RegisterChange { force: true, ..change("a", 0, RegisterKind::RemoveAll) };
    assert_eq!(site.apply(&forced), Ok(vec![]));
}

#[test]
fn a_forced_save_clears_what_it_does_not_name() {
    let site = Site::new();
    site.register("a", 5, [contact(PHONE), contact("sip:alice@192.0.2.9")]).unwrap();
    let forced = RegisterChange { force: true, ..update("a", 1, [contact(PHONE), contact(DESK)]) };
    assert_eq!(uris(&site.apply(&forced).unwrap()), [PHONE, DESK]);
}

#[test]
fn a_query_lists_the_bindings_and_changes_nothing() {
    let mut site = Site::new();
    site.register("a", 5, [contact_for(PHONE, 100)]).unwrap();
    site.wait(10);
    let listed = site.apply(&change("a", 1, RegisterKind::Query)).unwrap();
    assert_eq!((uris(&listed), listed[0].expires), (vec![PHONE.to_owned()], 90));
}

#[test]
fn equivalent_uris_are_one_binding_and_the_newer_spelling_stays() {
    let site = Site::new();
    site.register("a", 1, [contact("sip:%61lice@PC33.example.com;transport=TCP")]).unwrap();
    let second = "sip:alice@pc33.EXAMPLE.com;Transport=tcp";
    assert_eq!(site.register("a", 2, [contact(second)]), Ok(vec![second.to_owned()]));
}

#[test]
fn a_missing_port_is_another_binding_than_the_default_port() {
    let site = Site::new();
    let both = [contact("sip:alice@pc33.example.com"), contact("sip:alice@pc33.example.com:5060")];
    assert_eq!(site.register("a", 1, both).unwrap().len(), 2);
}

#[test]
fn instance_and_reg_id_are_one_binding_whatever_the_uri() {
    let site = Site::new();
    site.register("a", 1, [outbound(PHONE, INSTANCE, 1)]).unwrap();
    let moved = outbound(DESK, &INSTANCE.to_lowercase(), 1);
    assert_eq!(site.register("b", 1, [moved]), Ok(vec![DESK.to_owned()]));
}

#[test]
fn two_reg_ids_are_two_bindings_with_one_uri() {
    let site = Site::new();
    site.register("a", 1, [outbound(PHONE, INSTANCE, 1)]).unwrap();
    assert_eq!(site.register("b", 1, [outbound(PHONE, INSTANCE, 2)]).unwrap().len(), 2);
}

#[test]
fn an_instance_without_a_reg_id_is_compared_by_its_uri() {
    let site = Site::new();
    let phone = |uri| ContactUpdate { instance: Some(INSTANCE.to_owned()), ..contact(uri) };
    site.register("a", 1, [phone(PHONE)]).unwrap();
    assert_eq!(site.register("a", 2, [phone(PHONE)]).unwrap().len(), 1);
    assert_eq!(site.register("a", 3, [phone(DESK)]).unwrap().len(), 2);
}

#[test]
fn a_removal_by_uri_removes_every_flow_to_it() {
    let site = Site::new();
    site.register("a", 1, [outbound(PHONE, INSTANCE, 1)]).unwrap();
    site.register("b", 1, [outbound(PHONE, INSTANCE, 2)]).unwrap();
    assert_eq!(site.register("c", 1, [contact_for(PHONE, 0)]), Ok(vec![]));
}

#[test]
fn of_two_contacts_for_one_binding_the_later_counts() {
    let site = Site::new();
    let both = [contact_for(PHONE, 100), contact_for(PHONE, 200)];
    let contacts = site.apply(&update("a", 1, both)).unwrap();
    assert_eq!((contacts.len(), contacts[0].expires), (1, 200));
}

#[test]
fn a_preview_says_what_the_changes_would_give_and_makes_none() {
    let site = Site::new();
    site.register("a", 1, [contact(PHONE)]).unwrap();
    let changes = [update("a", 2, [contact(DESK)]), update("a", 3, [contact_for(PHONE, 0)])];
    let preview = site.registrar.preview(TENANT, &changes, site.now).unwrap();
    assert_eq!(uris(&preview), [DESK]);
    assert_eq!(site.lookup(), [PHONE]);
}

#[test]
fn a_preview_refuses_what_the_change_would_be_refused_for() {
    let site = Site::new();
    let changes = [update("a", 2, [contact(PHONE)]), update("a", 2, [contact(PHONE)])];
    assert_eq!(site.registrar.preview(TENANT, &changes, site.now), Err(RegisterRefusal::OutOfOrder));
}

#[test]
fn a_contact_that_is_no_uri_is_compared_byte_by_byte() {
    let site = Site::new();
    site.register("a", 1, [contact("not a uri")]).unwrap();
    assert_eq!(site.register("a", 2, [contact("not a uri")]).unwrap().len(), 1);
}
