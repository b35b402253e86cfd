use siphon_sip::{HeaderName, TransportProtocol};

use super::*;
use crate::contact::{Contact, ContactKind, QValue};
use crate::context::Grants;
use crate::kit::{Kit, flow};
use crate::outcome::{Action, Decision, FaultKind, LocalReply};

mod edits;
mod replies;
mod routes;

pub(super) const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1\r\n\
    Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK0\r\n\
    From: \"Alice\" <sip:alice@example.com>;tag=1\r\n\
    To: <sip:bob@example.com>\r\n\
    Call-ID: call-1\r\n\
    CSeq: 7 INVITE\r\n\
    Max-Forwards: 69\r\n\
    Contact: <sip:alice@192.0.2.7:5062>;expires=120, <sip:alice@192.0.2.8>\r\n\
    User-Agent: kit\r\n\
    Supported: 100rel, timer\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 5\r\n\r\nv=0\r\n";

pub(super) fn invite() -> Arc<Request> {
    Kit::new().request(INVITE).unwrap()
}

pub(super) fn decision(request: &Request) -> Box<Decision> {
    request.finish().unwrap()
}

pub(super) fn reply_of(request: &Request) -> LocalReply {
    match decision(request).action {
        Action::Reply(reply) => reply,
        other => panic!("not a reply: {other:?}"),
    }
}

pub(super) fn lines(response: &siphon_sip::Response, name: &HeaderName) -> Vec<String> {
    response.headers().all(name).map(|value| String::from_utf8(value.to_vec()).unwrap()).collect()
}

fn contact(uri: &'static str) -> Contact {
    Contact {
        uri: uri.into(),
        received: None,
        q: Some(QValue::from_thousandths(500)),
        expires: 60,
        age_secs: 0,
        path: Vec::new(),
        instance_id: None,
        reg_id: None,
        instance_epoch: 0,
        is_local: true,
        flow_token: None,
        flow: Some(flow()),
        params: Vec::new(),
        kind: ContactKind::UserAgent,
    }
}

#[test]
fn a_request_says_what_it_is() {
    let request = invite();
    assert_eq!(request.method(), "INVITE");
    assert_eq!(request.from_uri().unwrap().to_string(), "sip:alice@example.com");
    assert_eq!(request.to_uri().unwrap().user().as_deref(), Some("bob"));
    assert_eq!((request.from_tag().as_deref(), request.to_tag()), (Some("1"), None));
    assert_eq!(request.call_id().as_deref(), Some("call-1"));
    assert_eq!(request.cseq(), Some((7, "INVITE".to_owned())));
    assert!(!request.in_dialog());
    assert_eq!(request.max_forwards(), 69);
    assert_eq!(request.user_agent().as_deref(), Some("kit"));
    assert_eq!(request.content_type().as_deref(), Some("application/sdp"));
    assert_eq!(request.contact_expires(), Some(120));
    assert_eq!((request.transport(), request.source_port()), ("udp", 5062));
    assert_eq!(request.source_ip().to_string(), "192.0.2.7");
}

#[test]
fn what_is_missing_reads_as_absent() {
    let request = Kit::new().request("MESSAGE sip:bob@example.com SIP/2.0\r\nCSeq: x\r\n\r\n").unwrap();
    assert!(request.from_uri().is_none() && request.to_uri().is_none());
    assert_eq!((request.call_id(), request.cseq(), request.contact_expires()), (None, None, None));
    assert_eq!(request.max_forwards(), 70);
    assert_eq!((request.body(), request.event(), request.route_user()), (None, None, None));
}

#[test]
fn a_request_with_both_tags_is_in_a_dialog() {
    let text = INVITE.replace("To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=2");
    assert!(Kit::new().request(&text).unwrap().in_dialog());
}

#[test]
fn the_source_is_found_in_networks_and_bad_networks_are_skipped() {
    let request = invite();
    assert!(request.source_ip_in(["nonsense", "192.0.2.0/24"]));
    assert!(request.source_ip_in(["192.0.2.7"]));
    assert!(request.source_ip_in(["0.0.0.0/0"]));
    assert!(!request.source_ip_in(["192.0.2.8/31", "10.0.0.0/8", "2001:db8::/32", "192.0.2.0/33", "192.0.2.0/-1"]));
}

#[test]
fn without_an_action_the_request_is_dropped() {
    let request = invite();
    assert!(matches!(decision(&request).action, Action::None));
}

#[test]
fn the_last_call_wins() {
    let request = invite();
    request.reply(404, "Not Found", false).unwrap();
    request.fork(&[Target::Uri("sip:a@example.com".to_owned())], ForkOptions::default()).unwrap();
    request.relay(RelayOptions::default()).unwrap();
    assert!(matches!(decision(&request).action, Action::Relay(_)));
}

#[test]
fn a_relay_carries_its_next_hop_and_leaves_the_request_uri() {
    let request = invite();
    request.relay(RelayOptions { next_hop: Some("192.0.2.9:5080"), ..Default::default() }).unwrap();
    let decision = decision(&request);
    let Action::Relay(relay) = decision.action else { panic!("no relay") };
    assert_eq!(relay.next_hop.unwrap().to_string(), "sip:192.0.2.9:5080");
    assert_eq!(*decision.message.uri(), "sip:bob@example.com");
}

#[test]
fn a_send_socket_must_be_a_listener_or_the_default_is_taken() {
    let request = invite();
    let via = |socket| RelayOptions { send_socket: Some(socket), ..Default::default() };
    assert!(matches!(request.relay(via("udp:nowhere")), Err(ApiError::InvalidSendSocket(_))));
    request.relay(via("udp:192.0.2.99:5060")).unwrap();
    let armed = request.read(|state| matches!(&state.armed, Armed::Relay(relay) if relay.send_socket.is_none()));
    assert!(armed);
    request.relay(via("udp:192.0.2.1:5060")).unwrap();
    let Action::Relay(relay) = decision(&request).action else { panic!("no relay") };
    assert_eq!(relay.send_socket.unwrap().transport, TransportProtocol::Udp);
}

#[test]
fn a_fork_keeps_the_scripts_order_and_a_contacts_own_path_and_flow() {
    let request = invite();
    let with_path = Contact { path: vec!["sip:edge.example.com;lr".into()], ..contact("sip:bob@192.0.2.20") };
    let foreign = Contact { is_local: false, ..contact("sip:bob@192.0.2.21") };
    let targets = [
        Target::Contact(Box::new(with_path)),
        Target::Uri("sip:x@example.org".to_owned()),
        Target::Contact(Box::new(foreign)),
    ];
    request.fork(&targets, ForkOptions::strategy("sequential")).unwrap();
    let Action::Fork(fork) = decision(&request).action else { panic!("no fork") };
    assert!(fork.sequential);
    let uris: Vec<String> = fork.targets.iter().map(|target| target.uri.to_string()).collect();
    assert_eq!(uris, ["sip:bob@192.0.2.20", "sip:x@example.org", "sip:bob@192.0.2.21"]);
    assert_eq!(fork.targets[0].path, ["sip:edge.example.com;lr"]);
    assert_eq!(fork.targets[0].q.thousandths(), 500);
    assert!(fork.targets[0].flow.is_some() && fork.targets[2].flow.is_none());
}

#[test]
fn a_fork_without_targets_is_answered_500_no_targets() {
    let request = invite();
    request.fork(&[], ForkOptions::default()).unwrap();
    let reply = reply_of(&request);
    assert_eq!(reply.response.status().as_u16(), 500);
    assert_eq!(*reply.response.reason(), "No Targets");
}

#[test]
fn any_strategy_but_sequential_is_parallel() {
    assert!(!ForkOptions::strategy("parallel").sequential);
    assert!(!ForkOptions::strategy("anything").sequential);
}

#[test]
fn record_route_counts_whatever_the_order() {
    let request = invite();
    request.relay(RelayOptions::default()).unwrap();
    request.record_route().unwrap();
    assert!(decision(&request).record_route);
}

#[test]
fn after_the_outcome_a_request_can_be_read_and_not_changed() {
    let request = invite();
    drop(decision(&request));
    assert_eq!(request.reply(200, "OK", false), Err(ApiError::Finished));
    assert_eq!(request.set_header("X", "y"), Err(ApiError::Finished));
    assert_eq!(request.ruri().set_user(Some("x")), Err(ApiError::Finished));
    assert_eq!(request.ruri().user().as_deref(), Some("bob"));
}

#[test]
fn after_the_deadline_mutators_raise_and_the_outcome_is_a_timeout() {
    let request = invite();
    assert!(request.context().expire());
    assert_eq!(request.relay(RelayOptions::default()), Err(ApiError::Overdue));
    assert_eq!(request.finish().unwrap_err().kind, FaultKind::TimedOut);
}

#[test]
fn without_the_grant_a_request_cannot_be_changed() {
    let kit = Kit::new();
    let context = Context::new(siphon_sip::TenantId::DEFAULT, 1, "x".into(), kit.ports());
    let context = Arc::new(context.with_grants(Grants::of(&[Interface::Log])));
    let request = kit.request_in(&context, INVITE).unwrap();
    assert_eq!(request.set_header("X", "y"), Err(ApiError::NotGranted(Interface::Proxy)));
}

#[test]
fn the_auth_user_can_be_written_and_goes_with_the_decision() {
    let request = invite();
    request.set_auth_user(Some("alice".to_owned())).unwrap();
    assert_eq!(decision(&request).auth_user.as_deref(), Some("alice"));
}
