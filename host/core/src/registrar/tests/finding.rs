//! The order of look-ups, what a binding remembers, and the other ways to find it.

use super::*;

const PHONE: &str = "sip:alice@192.0.2.1";

fn sip(uri: &str) -> SipUri {
    uri.parse().unwrap()
}

fn with_q(uri: &str, q: u16) -> ContactUpdate {
    ContactUpdate { q: Some(QValue::from_thousandths(q)), ..contact(uri) }
}

#[test]
fn contacts_come_by_q_and_then_the_most_recent_first() {
    let mut site = Site::new();
    site.register("a", 1, [with_q("sip:low@192.0.2.1", 100), contact("sip:old@192.0.2.1")]).unwrap();
    site.wait(1);
    site.register("b", 1, [contact("sip:new@192.0.2.1"), with_q("sip:half@192.0.2.1", 500)]).unwrap();
    assert_eq!(site.lookup(), ["sip:new@192.0.2.1", "sip:old@192.0.2.1", "sip:half@192.0.2.1", "sip:low@192.0.2.1"]);
}

#[test]
fn a_refresh_makes_a_contact_the_most_recent_one() {
    let mut site = Site::new();
    site.register("a", 1, [contact("sip:one@192.0.2.1")]).unwrap();
    site.wait(1);
    site.register("b", 1, [contact("sip:two@192.0.2.1")]).unwrap();
    site.wait(1);
    site.register("a", 2, [contact("sip:one@192.0.2.1")]).unwrap();
    assert_eq!(site.lookup(), ["sip:one@192.0.2.1", "sip:two@192.0.2.1"]);
}

#[test]
fn a_binding_remembers_everything_that_the_register_said() {
    let site = Site::new();
    let remote = "198.51.100.7:40000".parse().unwrap();
    let flow = Flow {
        transport: TransportProtocol::Tcp,
        listener: ListenerId(1),
        local: "192.0.2.10:5060".parse().unwrap(),
        remote,
        connection: None,
    };
    let said = ContactUpdate {
        q: Some(QValue::from_thousandths(700)),
        instance: Some("<urn:uuid:1>".to_owned()),
        reg_id: Some(3),
        params: vec![("ob".to_owned(), None), ("methods".to_owned(), Some("\"INVITE\"".to_owned()))],
        path: vec!["<sip:p2.example.com;lr>".into(), "<sip:p1.example.com;lr>".into()],
        received: Some("sip:198.51.100.7:40000;transport=tcp".to_owned()),
        flow: Some(flow),
        flow_token: Some("token-1".to_owned()),
        ..contact(PHONE)
    };
    site.register("a", 1, [said.clone()]).unwrap();
    let found = site.contacts().remove(0);
    assert_eq!((found.q, found.instance_id, found.reg_id), (said.q, said.instance, said.reg_id));
    assert_eq!((found.params, found.path), (said.params, said.path));
    assert_eq!((found.received, found.flow, found.flow_token), (said.received, said.flow, said.flow_token));
    assert_eq!((found.instance_epoch, found.is_local), (7, true));
}

#[test]
fn an_unknown_address_has_no_contacts() {
    assert_eq!(Site::new().lookup(), [""; 0]);
}

#[test]
fn tenants_do_not_see_each_others_bindings() {
    let site = Site::new();
    site.register("a", 1, [contact(PHONE)]).unwrap();
    let other = TenantId(1);
    assert_eq!(site.registrar.lookup(other, &aor(ALICE), site.now), []);
    assert_eq!(site.registrar.reverse_lookup(other, &sip(PHONE), site.now), []);
    assert_eq!(site.registrar.aor_count(other), Ok(0));
}

#[test]
fn a_binding_is_found_by_an_alias_until_the_aliases_change() {
    let site = Site::new();
    let number = aor("sip:+4930123@example.com");
    let aliased = RegisterChange { aliases: Some(vec![number.clone()]), ..update("a", 1, [contact(PHONE)]) };
    site.apply(&aliased).unwrap();
    assert_eq!(uris(&site.registrar.lookup(TENANT, &number, site.now)), [PHONE]);
    assert_eq!(site.registrar.canonical(TENANT, &number), aor(ALICE));
    site.register("a", 2, [contact(PHONE)]).unwrap();
    assert_eq!(site.registrar.canonical(TENANT, &number), aor(ALICE), "no aliases named leaves those that are there");
    let bare = RegisterChange { aliases: Some(Vec::new()), ..update("a", 3, [contact(PHONE)]) };
    site.apply(&bare).unwrap();
    assert_eq!(site.registrar.canonical(TENANT, &number), number);
}

#[test]
fn an_address_of_its_own_wins_over_an_alias() {
    let site = Site::new();
    let bob = aor("sip:bob@example.com");
    site.apply(&RegisterChange { aliases: Some(vec![bob.clone()]), ..update("a", 1, [contact(PHONE)]) }).unwrap();
    let own = RegisterChange { aor: bob.clone(), ..update("b", 1, [contact("sip:bob@192.0.2.9")]) };
    site.apply(&own).unwrap();
    assert_eq!(uris(&site.registrar.lookup(TENANT, &bob, site.now)), ["sip:bob@192.0.2.9"]);
}

#[test]
fn a_binding_is_found_by_user_host_and_port_of_its_contact() {
    let site = Site::new();
    site.register("a", 1, [contact("sip:alice@PC33.example.com;transport=tcp"), contact(PHONE)]).unwrap();
    let find = |uri| uris(&site.registrar.reverse_lookup(TENANT, &sip(uri), site.now));
    assert_eq!(find("sip:%61lice@pc33.example.com:5060"), ["sip:alice@PC33.example.com;transport=tcp"]);
    for other in ["sip:bob@pc33.example.com", "sip:alice@pc33.example.com:5070", "sip:pc33.example.com"] {
        assert_eq!(find(other), [""; 0], "{other}");
    }
}

#[test]
fn an_expired_binding_is_not_found_by_its_contact() {
    let mut site = Site::new();
    site.register("a", 1, [contact_for(PHONE, 60)]).unwrap();
    site.wait(60);
    assert_eq!(site.registrar.reverse_lookup(TENANT, &sip(PHONE), site.now), []);
}

#[test]
fn a_binding_is_found_by_its_flow_token() {
    let mut site = Site::new();
    let with_token = |uri| ContactUpdate { flow_token: Some("t".to_owned()), ..contact(uri) };
    site.register("a", 1, [with_token(PHONE)]).unwrap();
    site.wait(1);
    site.register("b", 1, [with_token("sip:alice@192.0.2.2")]).unwrap();
    let found = site.registrar.lookup_by_token(TENANT, "t", site.now).unwrap();
    assert_eq!(found.uri, "sip:alice@192.0.2.2", "of two the more recent one");
    assert_eq!(site.registrar.lookup_by_token(TENANT, "u", site.now), None);
}

#[test]
fn service_route_and_associated_uris_are_kept_and_are_aliases() {
    let site = Site::new();
    let (alice, number) = (aor(ALICE), aor("sip:+4930123@example.com"));
    site.register("a", 1, [contact(PHONE)]).unwrap();
    site.registrar.set_service_routes(TENANT, &alice, vec!["<sip:orig@scscf.example.com;lr>".into()]);
    site.registrar.set_associated_uris(TENANT, &alice, vec![number.to_string(), ALICE.to_owned()]);
    assert_eq!(site.registrar.service_route(TENANT, &number), ["<sip:orig@scscf.example.com;lr>"]);
    assert_eq!(site.registrar.asserted_identity(TENANT, &alice), Some(number.to_string()));
    assert_eq!(uris(&site.registrar.lookup(TENANT, &number, site.now)), [PHONE]);
    site.registrar.set_associated_uris(TENANT, &alice, Vec::new());
    assert_eq!(site.registrar.lookup(TENANT, &number, site.now), []);
    assert_eq!(site.registrar.asserted_identity(TENANT, &alice), None);
}

#[test]
fn what_was_set_before_the_first_binding_waits_for_it() {
    let site = Site::new();
    let alice = aor(ALICE);
    site.registrar.set_service_routes(TENANT, &alice, vec!["<sip:r;lr>".into()]);
    assert_eq!(site.registrar.aor_count(TENANT), Ok(0));
    site.apply(&change("q", 1, RegisterKind::Query)).unwrap();
    site.register("a", 1, [contact(PHONE)]).unwrap();
    assert_eq!(site.registrar.service_route(TENANT, &alice), ["<sip:r;lr>"]);
}

#[test]
fn what_was_set_goes_with_the_last_binding() {
    let site = Site::new();
    let alice = aor(ALICE);
    site.register("a", 1, [contact(PHONE)]).unwrap();
    site.registrar.set_service_routes(TENANT, &alice, vec!["<sip:r;lr>".into()]);
    site.register("a", 2, [contact_for(PHONE, 0)]).unwrap();
    assert_eq!(site.registrar.service_route(TENANT, &alice), [""; 0]);
}

#[test]
fn what_waits_for_a_binding_that_never_comes_is_swept() {
    let mut site = Site::new();
    site.contacts();
    site.registrar.set_service_routes(TENANT, &aor(ALICE), vec!["<sip:r;lr>".into()]);
    site.wait(7199);
    assert_eq!(site.registrar.sweep(site.now), 0);
    site.wait(1);
    assert_eq!(site.registrar.sweep(site.now), 1);
    assert_eq!(site.registrar.service_route(TENANT, &aor(ALICE)), [""; 0]);
    assert_eq!(site.registrar.sweep(site.now), 0);
}

#[test]
fn every_address_with_its_live_contacts_can_be_listed() {
    let mut site = Site::new();
    site.register("a", 1, [contact_for(PHONE, 60)]).unwrap();
    let bob = RegisterChange { aor: aor("sip:bob@example.com"), ..update("b", 1, [contact("sip:bob@192.0.2.9")]) };
    site.apply(&bob).unwrap();
    site.wait(60);
    let mut listed = Vec::new();
    site.registrar.each(TENANT, site.now, &mut |aor, contacts| listed.push((aor.to_string(), contacts.len())));
    assert_eq!(listed, [("sip:bob@example.com".to_owned(), 1)]);
}
