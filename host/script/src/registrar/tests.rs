use std::sync::Arc;

use siphon_sip::{HeaderName, TransportProtocol};

use super::*;
use crate::kit::Kit;
use crate::outcome::{Action, Decision};
use crate::ports::Location;
use crate::request::Request;

mod saving;

pub(super) fn register(headers: &str) -> String {
    format!(
        "REGISTER sip:example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1\r\n\
         From: <sip:alice@example.com>;tag=1\r\n\
         To: <sip:alice@example.com>\r\n\
         Call-ID: reg-1\r\n\
         CSeq: 5 REGISTER\r\n{headers}\r\n"
    )
}

pub(super) const CONTACT: &str = "Contact: <sip:alice@192.0.2.7:5062>;expires=300\r\n";

/// Runs the event to its end the way the core does: the staged changes, then the answer.
pub(super) fn carry_out(kit: &Kit, request: &Request) -> siphon_sip::Response {
    let decision: Box<Decision> = request.finish().unwrap();
    let tenant = request.context().tenant;
    let apply = |change: &RegisterChange| kit.location.apply(tenant, change, siphon_sip::Time::ZERO);
    let results: Vec<_> = decision.registrations.iter().map(apply).collect();
    match (decision.action, decision.registrations.last(), results.last()) {
        (Action::SaveReply(reply), Some(change), Some(result)) => {
            reply.complete(&decision.message, change, result.as_deref())
        }
        (Action::Reply(reply), ..) => reply.response,
        (other, ..) => panic!("no answer: {other:?}"),
    }
}

pub(super) fn values(response: &siphon_sip::Response, name: &HeaderName) -> Vec<String> {
    response.headers().all(name).map(|value| String::from_utf8(value.to_vec()).unwrap()).collect()
}

fn registered(kit: &Kit) -> Arc<Request> {
    let request = kit.request(&register(CONTACT)).unwrap();
    assert!(save(&request, &SaveOptions { flow_token: Some("tok".to_owned()), ..SaveOptions::default() }).unwrap());
    carry_out(kit, &request);
    kit.request(&register("")).unwrap()
}

fn uris(contacts: &[Contact]) -> Vec<String> {
    contacts.iter().map(ToString::to_string).collect()
}

#[test]
fn a_binding_is_found_by_every_spelling_of_its_address() {
    let kit = Kit::new();
    let request = registered(&kit);
    for uri in ["sip:alice@example.com", "<sip:alice@EXAMPLE.com:5060;transport=tcp>", "alice@example.com"] {
        assert_eq!(uris(&lookup(request.context(), uri).unwrap()), ["sip:alice@192.0.2.7:5062"], "{uri}");
        assert!(is_registered(request.context(), uri).unwrap());
    }
    assert!(!is_registered(request.context(), "sip:ALICE@example.com").unwrap());
    assert!(matches!(lookup(request.context(), "\r\n"), Err(ApiError::InvalidAor(_))));
}

#[test]
fn a_binding_is_found_by_its_contact_and_by_its_token() {
    let kit = Kit::new();
    let request = registered(&kit);
    let context = request.context();
    assert!(is_registered_contact(context, "sip:alice@192.0.2.7:5062;x=y").unwrap());
    assert!(!is_registered_contact(context, "sip:alice@192.0.2.7").unwrap());
    assert!(matches!(lookup_contact(context, "tel:+1555"), Err(ApiError::InvalidUri(_))));
    assert_eq!(lookup_by_token(context, "tok").unwrap().unwrap().uri, "sip:alice@192.0.2.7:5062");
    assert_eq!(lookup_by_token(context, "other").unwrap(), None);
}

#[test]
fn a_look_up_sees_what_its_own_event_has_staged_and_others_do_not() {
    let kit = Kit::new();
    let request = kit.request(&register(CONTACT)).unwrap();
    let options = SaveOptions {
        aliases: Some(vec!["sip:+1555@example.com".to_owned()]),
        flow_token: Some("tok".to_owned()),
        ..SaveOptions::default()
    };
    save(&request, &options).unwrap();
    let context = request.context();
    assert_eq!(lookup(context, "sip:alice@example.com").unwrap().len(), 1);
    assert_eq!(lookup(context, "sip:+1555@example.com").unwrap().len(), 1);
    assert_eq!(lookup_contact(context, "sip:alice@192.0.2.7:5062").unwrap().len(), 1);
    assert!(lookup_by_token(context, "tok").unwrap().is_some());
    let other = kit.context();
    assert!(!is_registered(&other, "sip:alice@example.com").unwrap());
    assert!(lookup_by_token(&other, "tok").unwrap().is_none());
}

#[test]
fn remove_is_staged_with_the_event() {
    let kit = Kit::new();
    let request = registered(&kit);
    remove(request.context(), "sip:alice@example.com").unwrap();
    assert!(!is_registered(request.context(), "sip:alice@example.com").unwrap());
    assert!(is_registered(&kit.context(), "sip:alice@example.com").unwrap());
    let decision = request.finish().unwrap();
    assert_eq!(decision.registrations.len(), 1);
    assert_eq!(decision.registrations[0].kind, RegisterKind::RemoveAll);
    assert_eq!(expire(request.context(), "sip:alice@example.com"), Err(ApiError::Finished));
}

#[test]
fn outside_an_event_a_removal_is_done_at_once() {
    let kit = Kit::new();
    registered(&kit);
    expire(&kit.background(), "sip:alice@example.com").unwrap();
    assert!(!is_registered(&kit.context(), "sip:alice@example.com").unwrap());
}

#[test]
fn addresses_are_counted() {
    let kit = Kit::new();
    assert_eq!(aor_count(&kit.context()), Ok(0));
    registered(&kit);
    assert_eq!(aor_count(&kit.context()), Ok(1));
}

#[test]
fn service_routes_and_associated_uris_are_kept_for_an_address() {
    let context = Kit::new().context();
    let aor = "sip:alice@example.com";
    set_service_routes(&context, aor, &["<sip:core.example.com;lr>".to_owned()]).unwrap();
    set_associated_uris(&context, aor, vec!["sip:alice@example.com".to_owned(), "tel:+1555".to_owned()]).unwrap();
    assert_eq!(service_route(&context, "sip:alice@EXAMPLE.com").unwrap(), ["<sip:core.example.com;lr>"]);
    assert_eq!(associated_uris(&context, aor).unwrap().len(), 2);
    assert_eq!(asserted_identity(&context, aor).unwrap().as_deref(), Some("sip:alice@example.com"));
    let smuggled = set_service_routes(&context, aor, &["<sip:a>\r\nX: y".to_owned()]);
    assert!(matches!(smuggled, Err(ApiError::InvalidText { .. })));
    assert!(matches!(set_associated_uris(&context, aor, vec!["sip:".to_owned()]), Err(ApiError::InvalidAor(_))));
}

#[test]
fn a_binding_knows_where_its_register_came_from() {
    let kit = Kit::new();
    let request = registered(&kit);
    let contact = lookup(request.context(), "sip:alice@example.com").unwrap().remove(0);
    assert_eq!(contact.received.as_deref(), Some("sip:192.0.2.7:5062;transport=udp"));
    assert_eq!(contact.flow.unwrap().transport, TransportProtocol::Udp);
    assert_eq!(contact.expires, 300);
}
