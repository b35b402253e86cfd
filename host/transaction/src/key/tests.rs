use siphon_sip::{TenantId, TransportProtocol};

use super::*;
use crate::kit::MessageKit;

fn key(kit: &MessageKit, branch: &str) -> Vec<u8> {
    let request = kit.request(Method::Options, branch);
    RequestKey::of(TenantId::DEFAULT, &request, kit.transport).with(request.method()).to_vec()
}

#[test]
fn a_key_is_taken_for_another_method_and_back() {
    let request = MessageKit::new(TransportProtocol::Udp).request(Method::Cancel, "z9hG4bK-1");
    let mut key = RequestKey::of(TenantId::DEFAULT, &request, TransportProtocol::Udp);
    let cancel = key.with(&Method::Cancel).to_vec();
    assert!(key.with(&Method::Invite).ends_with(b"INVITE"));
    assert_eq!(key.with(&Method::Cancel), cancel);
}

#[test]
fn fields_do_not_run_into_one_another() {
    let (mut first, mut second) = (KeyBytes::new(), KeyBytes::new());
    push_field(&mut first, b"ab");
    push_field(&mut first, b"c");
    push_field(&mut second, b"a");
    push_field(&mut second, b"bc");
    assert_ne!(first, second);
}

#[test]
fn the_default_port_is_that_of_the_transport() {
    let mut kit = MessageKit::new(TransportProtocol::Tls);
    let without = key(&kit, "z9hG4bK-1");
    kit.sent_by = "192.0.2.1:5061".to_owned();
    assert_eq!(key(&kit, "z9hG4bK-1"), without);
    kit.sent_by = "192.0.2.1:5060".to_owned();
    assert_ne!(key(&kit, "z9hG4bK-1"), without);
}

#[test]
fn ack_and_cancel_have_the_call_key_of_their_invite() {
    let kit = MessageKit::new(TransportProtocol::Udp);
    let of = |method| {
        let request = kit.request(method, "z9hG4bK-1");
        RequestKey::of(TenantId::DEFAULT, &request, kit.transport).call(&request).to_vec()
    };
    assert_eq!(of(Method::Ack), of(Method::Invite));
    assert_eq!(of(Method::Cancel), of(Method::Invite));
    assert_ne!(of(Method::Message), of(Method::Invite));
}

#[test]
fn an_unreadable_via_still_gives_a_key() {
    let kit = MessageKit::new(TransportProtocol::Udp);
    let mut request = kit.request(Method::Options, "z9hG4bK-1");
    request.headers_mut().set(HeaderName::Via, "nonsense");
    let mut key = RequestKey::of(TenantId::DEFAULT, &request, TransportProtocol::Udp);
    assert!(!key.has_unique_branch);
    assert!(key.with(&Method::Options).len() > 20);
}

#[test]
fn the_hash_depends_on_the_seed() {
    assert_ne!(KeyHasher::new([1, 2]).hash(b"key"), KeyHasher::new([1, 3]).hash(b"key"));
}
