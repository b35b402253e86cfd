//! Registrations by digest. Of our three challenges SIPp takes the first, MD5, the only one that it knows.

use siphon_tests::scenario;
use siphon_tests::sipp::{Finished, Scenario};

use crate::residential;

const CONTACT: &str = "sip:alice@127.0.0.1:5099";

/// Alice's phone, with her password.
pub(crate) fn alice(scenario: Scenario) -> Scenario {
    scenario.set("user", "alice").set("password", "wonderland")
}

fn register() -> Scenario {
    alice(scenario!("register")).set("contact", CONTACT)
}

#[test]
fn a_phone_registers_with_its_password() {
    let server = residential();
    register().run(server.udp());
    assert_eq!(server.metric("siphon_registrations_active"), 1);
}

#[test]
fn a_phone_registers_over_tcp() {
    let server = residential();
    register().tcp().run(server.tcp());
    assert_eq!(server.metric("siphon_registrations_active"), 1);
}

#[test]
fn a_query_lists_the_contacts() {
    let server = residential();
    register().run(server.udp());
    alice(scenario!("query")).set("contact", CONTACT).run(server.udp());
}

#[test]
fn a_query_of_an_address_without_contacts_lists_none() {
    let server = residential();
    alice(scenario!("query-nothing")).run(server.udp());
}

#[test]
fn a_phone_takes_its_registration_back() {
    let server = residential();
    let Finished { lease, .. } = register().run(server.udp());
    alice(scenario!("deregister")).set("contact", CONTACT).on(lease).run(server.udp());
    alice(scenario!("query-nothing")).run(server.udp());
    assert_eq!(server.metric("siphon_registrations_active"), 0);
}

#[test]
fn a_wrong_password_is_asked_for_again() {
    let server = residential();
    let stranger = scenario!("wrong-password").set("user", "alice").set("password", "looking-glass");
    stranger.set("contact", CONTACT).run(server.udp());
    assert_eq!(server.metric("siphon_registrations_active"), 0);
    assert_eq!(server.metric("siphon_auth_failures_total"), 1);
}

#[test]
fn an_unknown_user_is_asked_for_a_password_again() {
    let server = residential();
    let stranger = scenario!("wrong-password").set("user", "dormouse").set("password", "wonderland");
    stranger.set("contact", CONTACT).run(server.udp());
    assert_eq!(server.metric("siphon_registrations_active"), 0);
}

#[test]
fn credentials_that_were_used_already_are_stale() {
    let server = residential();
    let phone = register().run(server.udp());
    let listener = scenario!("replayed-nonce").set("user", "alice").set("contact", "sip:thief@127.0.0.1:5098");
    listener.set("credentials", phone.header("Authorization")).run(server.udp());
    assert_eq!(server.metric("siphon_registrations_active"), 1);
}
