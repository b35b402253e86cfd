//! Failures: on_failure, its own callback, retargets, transport errors, timeouts, and finals that scripts let fall.

use std::time::Duration;

use siphon_core::Input;
use siphon_core::kit::{Script, Server, failure_callback};
use siphon_script::ApiError;
use siphon_script::request::RelayOptions;

use crate::world::{BOB, CAROL, alice, bob, carol, fork, forked, invite, sent_request, to_bob};

fn relay_to(next_hop: &'static str) -> RelayOptions<'static> {
    RelayOptions { next_hop: Some(next_hop), ..Default::default() }
}

#[test]
fn on_failure_retargets_on_the_same_server_transaction() {
    let script = to_bob().on_failure(|request, _| request.relay(relay_to(CAROL)));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let first = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&first, 486), &bob());
    let second = sent_request(&mut server, "INVITE");
    assert_eq!(second.headers().to_tag(), None);
    server.receive(carol().response(&second, 200), &carol());
    assert_eq!(server.take_summaries(), ["200 INVITE"]);
}

#[test]
fn a_request_is_retargeted_at_most_eight_times() {
    let script = to_bob().on_failure(|request, _| request.relay(relay_to(BOB)));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let mut retargets = 0;
    loop {
        let sent = server.take_sent();
        let Some(forwarded) = sent.iter().find(|sent| sent.summary() == "INVITE") else {
            assert_eq!(sent.last().unwrap().summary(), "486 INVITE");
            break;
        };
        retargets += 1;
        server.receive(bob().response(forwarded.request(), 486), &bob());
    }
    assert_eq!(retargets, 1 + 8);
}

#[test]
fn a_reply_within_on_failure_is_honoured() {
    let script = to_bob().on_failure(|request, _| request.reply(480, "Try Later", false));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 486), &bob());
    assert_eq!(server.take_summaries(), ["ACK", "480 INVITE"]);
}

#[test]
fn an_exhausted_fork_fails_once_with_the_winner() {
    let script = fork(false).on_failure(|_, reply| {
        assert_eq!(reply.status_code(), 486);
        reply.set_header("X-Seen", "yes")?;
        reply.relay()
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 486), &bob());
    server.receive(carol().response(&to_carol, 500), &carol());
    let sent = server.take_sent();
    let failure = sent.iter().find(|sent| sent.status() == Some(486)).unwrap();
    assert_eq!(failure.values("X-Seen"), ["yes"]);
}

#[test]
fn a_failure_that_the_handler_lets_fall_leaves_an_invite_to_its_408() {
    let mut server = Server::new(to_bob().on_failure(|_, _| Ok(())));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.advance(Duration::from_secs(5));
    server.receive(bob().response(&forwarded, 486), &bob());
    server.take_sent();
    server.advance(Duration::from_secs(24));
    assert!(server.take_sent().is_empty());
    server.advance(Duration::from_secs(2));
    assert!(server.take_summaries().contains(&"408 INVITE".to_owned()), "30 s after it came");
}

#[test]
fn a_failure_that_the_handler_lets_fall_frees_another_request_after_64_t1() {
    let mut server = Server::new(to_bob().on_failure(|_, _| Ok(())));
    server.receive(alice().request("MESSAGE", "sip:bob@example.com").build(), &alice());
    let forwarded = sent_request(&mut server, "MESSAGE");
    server.receive(bob().response(&forwarded, 404), &bob());
    server.advance(Duration::from_secs(31));
    assert_eq!(server.shard.gauges().contexts, 1);
    server.advance(Duration::from_secs(2));
    assert_eq!(server.shard.gauges().contexts, 0);
    assert!(server.take_summaries().iter().all(|summary| summary.starts_with("100")));
}

#[test]
fn a_raising_failure_handler_forwards_the_failure() {
    let script = to_bob().on_failure(|_, _| Err(ApiError::Value("boom".to_owned())));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 486), &bob());
    assert_eq!(server.take_summaries(), ["ACK", "486 INVITE"]);
}

#[test]
fn the_relays_own_callback_that_does_nothing_forwards_the_failure() {
    let script = Script::new().on_request("", |request| {
        let on_failure = Some(failure_callback(|_, code, reason| {
            assert_eq!((code, reason), (486, "Busy Here"));
            Ok(())
        }));
        request.relay(RelayOptions { next_hop: Some(BOB), on_failure, ..Default::default() })
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 486), &bob());
    assert_eq!(server.take_summaries(), ["ACK", "486 INVITE"]);
}

#[test]
fn the_relays_own_callback_may_retarget() {
    let script = Script::new().on_request("", |request| {
        let on_failure = Some(failure_callback(|request, _, _| request.relay(relay_to(CAROL))));
        request.relay(RelayOptions { next_hop: Some(BOB), on_failure, ..Default::default() })
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 486), &bob());
    let sent = server.take_sent();
    assert_eq!(sent[1].to.remote, carol().address);
}

#[test]
fn a_transport_error_is_answered_500() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let tag = server.take_sent()[1].tag;
    server.handle(Input::SendFailed { tag });
    assert_eq!(server.take_summaries(), ["500 INVITE"]);
}

#[test]
fn an_icmp_error_for_a_request_ends_its_branch() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    let branch = forwarded.headers().via().unwrap().branch().unwrap();
    server.handle(Input::Unreachable { branch: "z9hG4bKforged".into(), method: Some(siphon_sip::Method::Invite) });
    assert!(server.take_sent().is_empty());
    server.handle(Input::Unreachable { branch, method: Some(siphon_sip::Method::Invite) });
    assert_eq!(server.take_summaries(), ["500 INVITE"]);
}

#[test]
fn a_503_from_downstream_becomes_a_500_and_keeps_its_headers() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response_with(&forwarded, 503, "Warning", "399 x \"y\""), &bob());
    let sent = server.take_sent();
    assert_eq!(sent[1].summary(), "500 INVITE");
    assert_eq!(sent[1].values("Warning"), ["399 x \"y\""]);
}

#[test]
fn a_503_that_the_script_says_itself_stays_one() {
    let script = Script::new().on_request("", |request| request.reply(503, "Overloaded", false));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    assert_eq!(server.take_summaries(), ["503 INVITE"]);
}

#[test]
fn an_invite_that_nobody_answers_is_answered_408_when_timer_b_is_over() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    server.advance(Duration::from_secs(33));
    let sent = server.take_summaries();
    assert_eq!(sent.last().unwrap(), "408 INVITE");
    assert_eq!(sent.iter().filter(|summary| *summary == "INVITE").count(), 7);
}
