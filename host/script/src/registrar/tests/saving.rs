//! `save` and the answer to a REGISTER.

use siphon_sip::HeaderName;

use super::{CONTACT, carry_out, register, values};
use crate::kit::{Kit, Policy};
use crate::register::RegisterKind;
use crate::registrar::{SaveOptions, lookup, save};

/// Saves a REGISTER with these headers and gives the answer.
fn saved(kit: &Kit, headers: &str) -> siphon_sip::Response {
    let request = kit.request(&register(headers)).unwrap();
    save(&request, &SaveOptions::default()).unwrap();
    carry_out(kit, &request)
}

fn status(response: &siphon_sip::Response) -> u16 {
    response.status().as_u16()
}

#[test]
fn the_200_lists_every_binding_and_the_longest_grant() {
    let kit = Kit::new();
    saved(&kit, CONTACT);
    let second = "CSeq: 6 REGISTER\r\nContact: <sip:alice@192.0.2.8>;q=0.5;+sip.instance=\"<urn:uuid:1>\";x=y\r\n";
    let request = kit.request(&register(second).replacen("CSeq: 5 REGISTER\r\n", "", 1)).unwrap();
    save(&request, &SaveOptions::default()).unwrap();
    let response = carry_out(&kit, &request);
    assert_eq!(status(&response), 200);
    assert_eq!(
        values(&response, &HeaderName::Contact),
        [
            "<sip:alice@192.0.2.7:5062>;expires=300",
            "<sip:alice@192.0.2.8>;expires=3600;q=0.5;+sip.instance=\"<urn:uuid:1>\";x=y"
        ]
    );
    assert_eq!(values(&response, &HeaderName::Expires), ["3600"]);
}

#[test]
fn an_interval_is_the_parameter_then_the_header_then_the_default() {
    let granted = |headers: &str| values(&saved(&Kit::new(), headers), &HeaderName::Expires).remove(0);
    assert_eq!(granted("Expires: 900\r\nContact: <sip:a@192.0.2.7>;expires=300\r\n"), "300");
    assert_eq!(granted("Expires: 900\r\nContact: <sip:a@192.0.2.7>\r\n"), "900");
    assert_eq!(granted("Contact: <sip:a@192.0.2.7>\r\n"), "3600");
    assert_eq!(granted("Contact: <sip:a@192.0.2.7>;expires=99999999999\r\n"), "7200");
}

#[test]
fn a_query_lists_the_bindings_without_expires() {
    let kit = Kit::new();
    saved(&kit, CONTACT);
    let response = saved(&kit, "Expires: 600\r\n");
    assert_eq!(status(&response), 200);
    assert_eq!(values(&response, &HeaderName::Contact).len(), 1);
    assert!(!response.headers().contains(&HeaderName::Expires));
}

#[test]
fn an_interval_of_zero_removes_that_binding() {
    let kit = Kit::new();
    saved(&kit, CONTACT);
    let request =
        kit.request(&register("Contact: <sip:alice@192.0.2.7:5062>;expires=0\r\n").replace("CSeq: 5", "CSeq: 6"));
    let request = request.unwrap();
    assert!(save(&request, &SaveOptions::default()).unwrap());
    let response = carry_out(&kit, &request);
    assert!(values(&response, &HeaderName::Contact).is_empty());
    assert_eq!(values(&response, &HeaderName::Expires), ["0"]);
}

#[test]
fn a_star_with_expires_0_removes_every_binding() {
    let kit = Kit::new();
    saved(&kit, CONTACT);
    let request = kit.request(&register("Contact: *\r\nExpires: 0\r\n").replace("CSeq: 5", "CSeq: 6")).unwrap();
    assert!(save(&request, &SaveOptions::default()).unwrap());
    let response = carry_out(&kit, &request);
    assert_eq!(status(&response), 200);
    assert!(lookup(&kit.context(), "sip:alice@example.com").unwrap().is_empty());
}

#[test]
fn any_other_star_is_a_400() {
    for headers in [
        "Contact: *\r\n",
        "Contact: *\r\nExpires: 60\r\n",
        "Contact: *, <sip:a@192.0.2.7>\r\nExpires: 0\r\n",
        "Contact: <sip:a@192.0.2.7>\r\nContact: *\r\nExpires: 0\r\n",
    ] {
        let request = Kit::new().request(&register(headers)).unwrap();
        assert_eq!(save(&request, &SaveOptions::default()), Ok(false), "{headers}");
        assert_eq!(status(&carry_out(&Kit::new(), &request)), 400, "{headers}");
    }
}

#[test]
fn too_brief_an_interval_is_a_423_with_the_minimum_and_stages_nothing() {
    let kit = Kit::new();
    let headers = "Contact: <sip:a@192.0.2.7>\r\nContact: <sip:b@192.0.2.7>;expires=30\r\n";
    let request = kit.request(&register(headers)).unwrap();
    assert_eq!(save(&request, &SaveOptions::default()), Ok(false));
    let response = carry_out(&kit, &request);
    assert_eq!(status(&response), 423);
    assert_eq!(values(&response, &HeaderName::MinExpires), ["60"]);
    assert!(kit.location.applied.lock().is_empty());
}

#[test]
fn too_many_contacts_are_a_403() {
    let kit = Kit::new();
    *kit.location.policy.lock() = Policy { max_contacts: 1, ..Policy::default() };
    assert_eq!(status(&saved(&kit, "Contact: <sip:a@192.0.2.7>, <sip:b@192.0.2.7>\r\n")), 403);
}

#[test]
fn an_old_cseq_is_refused_unless_forced() {
    let kit = Kit::new();
    saved(&kit, CONTACT);
    assert_eq!(status(&saved(&kit, CONTACT)), 500);
    let request = kit.request(&register("Contact: <sip:new@192.0.2.7>\r\n").replace("CSeq: 5", "CSeq: 1")).unwrap();
    assert!(save(&request, &SaveOptions { force: true, ..SaveOptions::default() }).unwrap());
    let response = carry_out(&kit, &request);
    assert_eq!(values(&response, &HeaderName::Contact), ["<sip:new@192.0.2.7>;expires=3600"]);
}

#[test]
fn saving_twice_in_one_event_is_saving_once() {
    let kit = Kit::new();
    let request = kit.request(&register(CONTACT)).unwrap();
    assert!(save(&request, &SaveOptions::default()).unwrap());
    assert!(save(&request, &SaveOptions::default()).unwrap());
    assert_eq!(request.finish().unwrap().registrations.len(), 1);
}

#[test]
fn a_malformed_register_is_a_400() {
    for (from, to) in [
        ("To: <sip:alice@example.com>", "To: <mailto:alice@example.com>"),
        ("Contact: <sip:alice@192.0.2.7:5062>", "Contact: <sip:@>"),
        ("Call-ID: reg-1\r\n", ""),
        ("CSeq: 5 REGISTER", "CSeq: x"),
    ] {
        let kit = Kit::new();
        let request = kit.request(&register(CONTACT).replace(from, to)).unwrap();
        assert_eq!(save(&request, &SaveOptions::default()), Ok(false), "{to}");
        assert_eq!(status(&carry_out(&kit, &request)), 400, "{to}");
    }
}

#[test]
fn an_authenticated_user_may_register_its_own_address_only() {
    let answer = |user: &str, to: &str| {
        let kit = Kit::new();
        let text = register(CONTACT).replace("To: <sip:alice@example.com>", &format!("To: <{to}>"));
        let request = kit.request(&text).unwrap();
        request.set_auth_user(Some(user.to_owned())).unwrap();
        save(&request, &SaveOptions::default()).unwrap();
        status(&carry_out(&kit, &request))
    };
    assert_eq!(answer("alice", "sip:alice@example.com"), 200);
    assert_eq!(answer("alice@example.com", "sip:alice@EXAMPLE.com"), 200);
    assert_eq!(answer("alice", "sip:alice@192.0.2.1"), 200);
    assert_eq!(answer("bob", "sip:alice@example.com"), 403);
    assert_eq!(answer("alice@example.org", "sip:alice@example.com"), 403);
    assert_eq!(answer("alice", "sip:alice@example.org"), 403);
}

#[test]
fn the_address_match_can_be_turned_off() {
    let kit = Kit::new();
    *kit.authenticator.enforce_aor_match.lock() = false;
    let request = kit.request(&register(CONTACT)).unwrap();
    request.set_auth_user(Some("bob".to_owned())).unwrap();
    assert_eq!(save(&request, &SaveOptions::default()), Ok(true));
}

#[test]
fn the_path_is_kept_and_copied_to_the_200() {
    let kit = Kit::new();
    let path = "Path: <sip:edge.example.com;lr>, <sip:core.example.com;lr>\r\n";
    let response = saved(&kit, &format!("{CONTACT}{path}"));
    assert_eq!(values(&response, &HeaderName::Path), ["<sip:edge.example.com;lr>, <sip:core.example.com;lr>"]);
    let contact = lookup(&kit.context(), "sip:alice@example.com").unwrap().remove(0);
    assert_eq!(contact.path, ["sip:edge.example.com;lr", "sip:core.example.com;lr"]);
}

#[test]
fn a_register_through_a_proxy_has_no_flow_of_the_user_agent() {
    let kit = Kit::new();
    saved(&kit, &format!("Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK2\r\n{CONTACT}"));
    let contact = lookup(&kit.context(), "sip:alice@example.com").unwrap().remove(0);
    assert_eq!((contact.received, contact.flow), (None, None));
}

#[test]
fn what_the_script_put_on_the_reply_is_in_the_200() {
    let kit = Kit::new();
    let request = kit.request(&register(CONTACT)).unwrap();
    save(&request, &SaveOptions::default()).unwrap();
    request.set_reply_header("Service-Route", "<sip:core.example.com;lr>").unwrap();
    let response = carry_out(&kit, &request);
    assert_eq!(values(&response, &HeaderName::ServiceRoute), ["<sip:core.example.com;lr>"]);
}

#[test]
fn a_later_reply_takes_the_place_of_the_200_and_the_bindings_stay_staged() {
    let kit = Kit::new();
    let request = kit.request(&register(CONTACT)).unwrap();
    save(&request, &SaveOptions::default()).unwrap();
    request.reply(202, "Accepted", false).unwrap();
    let decision = request.finish().unwrap();
    assert!(matches!(decision.action, crate::Action::Reply(_)));
    assert!(matches!(decision.registrations[0].kind, RegisterKind::Update { .. }));
}
