//! CANCEL: from the client, to the branches, and its races.

use std::time::Duration;

use siphon_core::kit::{Script, Server};
use siphon_script::request::RelayOptions;

use crate::world::{BOB, alice, bob, carol, fork, forked, invite, sent_request, to_bob};

fn summaries(server: &mut Server) -> Vec<String> {
    server.take_summaries()
}

#[test]
fn a_ringing_branch_gets_its_cancel_at_once_and_its_487_goes_upstream() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.take_sent();

    server.receive(alice().cancel(&invite()).build(), &alice());
    let sent = server.take_sent();
    assert_eq!(sent.iter().map(|sent| sent.summary()).collect::<Vec<_>>(), ["200 CANCEL", "CANCEL"]);
    let cancel = sent[1].request();
    assert_eq!(cancel.headers().via().unwrap(), forwarded.headers().via().unwrap(), "the INVITE's own Via");
    assert_eq!(sent[1].values("Via").len(), 1);
    assert_eq!(cancel.uri(), forwarded.uri());

    server.receive(bob().response(cancel, 200), &bob());
    assert!(server.take_sent().is_empty(), "the 200 to our CANCEL is ours");
    server.receive(bob().response(&forwarded, 487), &bob());
    assert_eq!(summaries(&mut server), ["ACK", "487 INVITE"]);
}

#[test]
fn a_silent_branch_gets_its_cancel_with_its_first_provisional() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(alice().cancel(&invite()).build(), &alice());
    assert_eq!(summaries(&mut server), ["200 CANCEL"]);
    server.receive(bob().response(&forwarded, 100), &bob());
    assert_eq!(summaries(&mut server), ["CANCEL"]);
}

#[test]
fn the_2xx_that_won_the_race_goes_upstream() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.receive(alice().cancel(&invite()).build(), &alice());
    server.take_sent();
    server.receive(bob().response(&forwarded, 200), &bob());
    assert_eq!(summaries(&mut server), ["200 INVITE"]);
}

#[test]
fn a_branch_that_ignores_its_cancel_counts_as_a_487_after_64_t1() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.receive(alice().cancel(&invite()).build(), &alice());
    server.take_sent();
    server.advance(Duration::from_millis(31_900));
    assert!(!summaries(&mut server).contains(&"487 INVITE".to_owned()));
    server.advance(Duration::from_millis(200));
    assert!(summaries(&mut server).contains(&"487 INVITE".to_owned()));
}

#[test]
fn a_cancelled_branch_that_never_answered_counts_as_a_487_when_timer_b_ends_it() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    server.receive(alice().cancel(&invite()).build(), &alice());
    server.take_sent();
    server.advance(Duration::from_secs(33));
    let sent = summaries(&mut server);
    assert!(sent.contains(&"487 INVITE".to_owned()) && !sent.contains(&"CANCEL".to_owned()), "{sent:?}");
}

#[test]
fn an_undecided_invite_is_answered_487_at_once_and_its_outcome_discarded() {
    let mut server = Server::new(to_bob());
    server.hold_events(true);
    server.receive(invite(), &alice());
    server.receive(alice().cancel(&invite()).build(), &alice());
    assert_eq!(summaries(&mut server), ["200 CANCEL", "487 INVITE"]);
    server.run_event();
    assert!(server.take_sent().is_empty(), "the relay comes too late");
    assert_eq!(server.environment.counters.late_outcomes.value(), 1);
}

#[test]
fn a_cancel_for_nothing_is_answered_481() {
    let mut server = Server::new(to_bob());
    server.receive(alice().cancel(&invite()).build(), &alice());
    assert_eq!(summaries(&mut server), ["481 CANCEL"]);
}

#[test]
fn a_cancel_with_another_branch_is_taken_for_the_one_pending_invite() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.take_sent();
    server.receive(alice().cancel(&invite()).branch("z9hG4bK-other").build(), &alice());
    assert_eq!(summaries(&mut server), ["200 CANCEL", "CANCEL"]);
}

#[test]
fn the_200_to_a_cancel_has_the_tag_of_our_other_responses() {
    let mut server = Server::new(to_bob());
    server.hold_events(true);
    server.receive(invite(), &alice());
    server.receive(alice().cancel(&invite()).build(), &alice());
    let sent = server.take_sent();
    assert!(sent[0].response().headers().to_tag().is_some());
    assert_eq!(sent[0].response().headers().to_tag(), sent[1].response().headers().to_tag());
}

#[test]
fn a_cancel_that_comes_again_gets_the_same_200_although_its_invite_is_over() {
    let mut server = Server::new(to_bob());
    server.hold_events(true);
    server.receive(invite(), &alice());
    server.receive(alice().cancel(&invite()).build(), &alice());
    let first = server.take_sent().remove(0);
    server.receive(alice().cancel(&invite()).build(), &alice());
    let again = server.take_sent();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].bytes, first.bytes);
}

#[test]
fn all_branches_of_a_fork_are_cancelled() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 180), &bob());
    server.receive(carol().response(&to_carol, 180), &carol());
    server.take_sent();
    server.receive(alice().cancel(&invite()).build(), &alice());
    assert_eq!(summaries(&mut server), ["200 CANCEL", "CANCEL", "CANCEL"]);
    server.receive(bob().response(&to_bob, 487), &bob());
    assert_eq!(summaries(&mut server), ["ACK"]);
    server.receive(carol().response(&to_carol, 487), &carol());
    assert_eq!(summaries(&mut server), ["ACK", "487 INVITE"]);
}

#[test]
fn a_cancelled_sequential_fork_tries_no_further_target() {
    let mut server = Server::new(fork(true));
    server.receive(invite(), &alice());
    let to_bob = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&to_bob, 180), &bob());
    server.receive(alice().cancel(&invite()).build(), &alice());
    server.take_sent();
    server.receive(bob().response(&to_bob, 487), &bob());
    assert_eq!(summaries(&mut server), ["ACK", "487 INVITE"]);
}

#[test]
fn a_cancelled_call_whose_2xx_nobody_relays_is_answered_487() {
    let mut server = Server::new(to_bob().on_reply(|_, _| Ok(())));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.receive(alice().cancel(&invite()).build(), &alice());
    server.take_sent();
    server.receive(bob().response(&forwarded, 200), &bob());
    assert_eq!(summaries(&mut server), ["ACK", "BYE", "487 INVITE"]);
}

#[test]
fn on_cancel_runs_once_for_a_relayed_invite() {
    let (seen, count) = counter();
    let script = to_bob().on_cancel(move |_| {
        seen();
        Ok(())
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    server.receive(alice().cancel(&invite()).build(), &alice());
    server.receive(alice().cancel(&invite()).build(), &alice());
    assert_eq!(count(), 1);
}

#[test]
fn a_487_never_reaches_on_failure() {
    let (seen, count) = counter();
    let script = to_bob().on_failure(move |_, reply| {
        seen();
        reply.relay()
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 487), &bob());
    assert_eq!(summaries(&mut server), ["ACK", "487 INVITE"]);
    assert_eq!(count(), 0);
}

#[test]
fn the_reason_of_a_cancel_travels_on() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.take_sent();
    let reason = "SIP;cause=200;text=\"Call completed elsewhere\"";
    server.receive(alice().cancel(&invite()).header("Reason", reason).build(), &alice());
    assert_eq!(server.take_sent()[1].values("Reason"), [reason]);
}

#[test]
fn a_cancel_while_the_name_is_resolved_is_answered_487() {
    let script = Script::new().on_request("", |request| {
        request.relay(RelayOptions { next_hop: Some("sip:name.example.net"), ..Default::default() })
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let (ticket, _) = server.take_questions().remove(0);
    server.receive(alice().cancel(&invite()).build(), &alice());
    assert_eq!(summaries(&mut server), ["100 INVITE", "200 CANCEL", "487 INVITE"]);
    server.resolve(ticket, &[(siphon_sip::TransportProtocol::Udp, "192.0.2.20:5060")]);
    assert!(server.take_sent().is_empty(), "nothing is sent to {BOB}");
}

/// A function that counts, and one that says how often.
fn counter() -> (impl Fn() + Send + Sync + 'static, impl Fn() -> usize) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    (
        move || {
            seen.fetch_add(1, Ordering::Relaxed);
        },
        move || count.load(Ordering::Relaxed),
    )
}
