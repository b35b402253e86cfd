//! The events of one request: one at a time, in order, with a deadline; and what their outcomes do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use siphon_core::Limits;
use siphon_core::kit::{Script, Server, ServerBuilder};
use siphon_script::ApiError;

use crate::world::{alice, bob, carol, fork, forked, invite, sent_request, to_bob};

#[test]
fn no_action_is_a_silent_drop_and_a_retransmission_runs_the_handler_again() {
    let mut server = Server::new(Script::new().on_request("", |_| Ok(())));
    server.receive(invite(), &alice());
    server.receive(invite(), &alice());
    assert!(server.take_sent().is_empty());
    assert_eq!(server.environment.counters.script_runs.value(), 2);
    assert_eq!(server.shard.gauges(), Default::default(), "nothing is kept of what was dropped");
}

#[test]
fn a_silent_drop_after_a_100_becomes_a_480() {
    let mut server = Server::new(Script::new().on_request("", |_| Ok(())));
    server.hold_events(true);
    server.receive(invite(), &alice());
    server.advance(Duration::from_millis(250));
    assert_eq!(server.take_summaries(), ["100 INVITE"]);
    server.run_event();
    assert_eq!(server.take_summaries(), ["480 INVITE"]);
}

#[test]
fn a_raising_handler_is_answered_500_script_error() {
    let script = Script::new().on_request("", |_| Err(ApiError::Value("boom".to_owned())));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let sent = server.take_sent();
    assert_eq!((sent[0].status(), sent[0].response().reason().to_string().as_str()), (Some(500), "Script Error"));
    assert_eq!(server.environment.counters.script_errors.value(), 1);
}

#[test]
fn a_request_that_the_engine_has_no_room_for_is_answered_503_with_retry_after() {
    let mut server = Server::new(to_bob());
    server.hold_events(true);
    server.receive(invite(), &alice());
    assert!(server.shed_event());
    let sent = server.take_sent();
    let refusal = sent.last().unwrap().response();
    assert_eq!(refusal.status().as_u16(), 503);
    assert!(refusal.headers().contains(&siphon_sip::HeaderName::RetryAfter));
}

#[test]
fn a_handler_past_its_deadline_has_lost_and_its_late_outcome_is_ignored() {
    let mut server = Server::new(to_bob());
    server.hold_events(true);
    server.receive(invite(), &alice());
    server.advance(Duration::from_secs(31));
    let sent = server.take_summaries();
    assert_eq!(sent.first().unwrap(), "100 INVITE");
    assert!(sent.contains(&"500 INVITE".to_owned()));
    assert_eq!(server.environment.counters.script_timeouts.value(), 1);
    server.run_event();
    assert!(server.take_summaries().iter().all(|summary| summary == "500 INVITE"), "nothing but its repetition");
    assert_eq!(server.environment.counters.late_outcomes.value(), 1);
}

#[test]
fn the_verbs_of_a_handler_past_its_deadline_raise() {
    let seen = Arc::new(Mutex::new(None));
    let result = Arc::clone(&seen);
    let script = Script::new().on_request("", move |request| {
        *result.lock().unwrap() = Some(request.reply(200, "OK", false));
        Ok(())
    });
    let mut server = Server::new(script);
    server.hold_events(true);
    server.receive(invite(), &alice());
    server.advance(Duration::from_secs(31));
    server.run_event();
    assert_eq!(seen.lock().unwrap().take(), Some(Err(ApiError::Overdue)));
}

#[test]
fn responses_that_arrive_while_a_handler_runs_wait_for_it_in_order() {
    let mut server = Server::new(to_bob().on_reply(|_, reply| reply.relay()));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.hold_events(true);
    for status in [180, 183, 200] {
        server.receive(bob().response(&forwarded, status), &bob());
    }
    assert_eq!((server.held_events(), server.shard.gauges().events), (1, 3));
    let mut order = Vec::new();
    while server.run_event() {
        order.extend(server.take_summaries());
    }
    assert_eq!(order, ["180 INVITE", "183 INVITE", "200 INVITE"]);
    assert_eq!(server.shard.gauges().events, 0);
}

#[test]
fn a_2xx_that_is_repeated_while_its_handler_runs_is_one_event() {
    let mut server = Server::new(to_bob().on_reply(|_, reply| reply.relay()));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.hold_events(true);
    server.receive(bob().response(&forwarded, 200), &bob());
    server.receive(bob().response(&forwarded, 200), &bob());
    assert_eq!(server.shard.gauges().events, 1);
}

#[test]
fn provisionals_beyond_the_bound_of_the_queue_are_shed_and_finals_are_not() {
    let limits = Limits { queued_events: 2, ..Limits::default() };
    let script = fork(false).on_reply(|_, reply| reply.relay());
    let mut server = ServerBuilder { limits, ..ServerBuilder::new(script) }.build();
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.hold_events(true);
    for _ in 0..5 {
        server.receive(bob().response(&to_bob, 180), &bob());
    }
    assert_eq!(server.environment.counters.shed_events.value(), 2);
    server.receive(carol().response(&to_carol, 200), &carol());
    assert_eq!(server.take_summaries(), ["200 INVITE", "CANCEL"], "the final passes without the script");
}

#[test]
fn an_answer_of_the_script_ends_the_transaction() {
    let script = Script::new().on_request("", |request| {
        request.set_reply_header("X-Said", "by the script")?;
        request.reply(404, "Nobody", false)
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let sent = server.take_sent();
    assert_eq!(
        (sent[0].summary().as_str(), sent[0].values("X-Said")),
        ("404 INVITE", vec!["by the script".to_owned()])
    );
    assert!(sent[0].response().headers().to_tag().is_some());
    assert_eq!(server.shard.gauges().contexts, 0);
    server.advance(Duration::from_secs(40));
    assert_eq!(server.shard.gauges(), Default::default());
}

#[test]
fn the_user_that_a_handler_verified_is_known_to_the_later_ones() {
    let script = Script::new()
        .on_request("", |request| {
            request.set_auth_user(Some("alice".to_owned()))?;
            request
                .relay(siphon_script::request::RelayOptions { next_hop: Some(crate::world::BOB), ..Default::default() })
        })
        .on_reply(|request, reply| {
            reply.set_header("X-User", &request.auth_user().unwrap_or_default())?;
            reply.relay()
        });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    assert_eq!(server.take_sent()[0].values("X-User"), ["alice"]);
}

#[test]
fn a_2xx_of_our_own_is_sent_again_until_its_ack() {
    let script = Script::new().on_request("", |request| request.reply(200, "OK", false));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let success = server.take_sent()[0].response().clone();
    server.advance(Duration::from_millis(1_600));
    assert_eq!(server.take_summaries(), ["200 INVITE", "200 INVITE"], "after 0.5 and 1.5 s");
    let ack = alice().ack(&invite(), &success).branch("z9hG4bK-ack").build();
    server.receive(ack, &alice());
    server.advance(Duration::from_secs(5));
    assert!(server.take_sent().is_empty(), "the ACK is ours, and ends it");
}
