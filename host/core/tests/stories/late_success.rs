//! 2xx to INVITE beyond the first: repeated ones, those of other branches, late ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use siphon_core::kit::Server;

use crate::world::{alice, bob, carol, fork, forked, invite, sent_request, to_bob};

#[test]
fn a_repeated_2xx_is_sent_again_with_its_edits_and_without_the_script() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let script = to_bob().on_reply(move |_, reply| {
        counted.fetch_add(1, Ordering::Relaxed);
        reply.set_header("X-Edited", "once")?;
        reply.relay()
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    let first = server.take_sent().remove(0);
    server.advance(Duration::from_secs(2));
    server.receive(bob().response(&forwarded, 200), &bob());
    let again = server.take_sent().remove(0);
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(first.values("X-Edited"), ["once"]);
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn every_2xx_of_a_fork_goes_upstream() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 180), &bob());
    server.receive(carol().response(&to_carol, 180), &carol());
    server.take_sent();
    server.receive(bob().response(&to_bob, 200), &bob());
    assert_eq!(server.take_summaries(), ["200 INVITE", "CANCEL"]);
    server.receive(carol().response(&to_carol, 200), &carol());
    let sent = server.take_sent();
    assert_eq!(sent[0].summary(), "200 INVITE");
    assert_eq!(sent[0].response().headers().to_tag().unwrap(), "carol");
}

#[test]
fn a_late_2xx_with_another_tag_on_the_same_branch_goes_upstream() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    server.take_sent();
    server.advance(Duration::from_secs(20));
    server.receive(carol().response(&forwarded, 200), &bob());
    assert_eq!(server.take_summaries(), ["200 INVITE"]);
    server.receive(carol().response(&forwarded, 200), &bob());
    assert_eq!(server.take_summaries(), ["200 INVITE"], "and so does its repetition");
}

#[test]
fn nothing_is_left_after_timer_l() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    assert_eq!(server.shard.gauges().contexts, 1);
    assert_eq!(server.shard.gauges().timers, 0);
    server.advance(Duration::from_secs(33));
    assert_eq!(server.shard.gauges(), Default::default());
    server.receive(bob().response(&forwarded, 200), &bob());
    server.take_sent();
    assert_eq!(server.environment.counters.stray_responses.value(), 1);
}

#[test]
fn a_stray_response_goes_nowhere() {
    let mut server = Server::new(to_bob());
    let never_sent = alice().request("INVITE", "sip:bob@example.com").build();
    server.receive(bob().response(&never_sent, 200), &bob());
    assert!(server.take_sent().is_empty());
    assert_eq!(server.environment.counters.stray_responses.value(), 1);
}

#[test]
fn two_branches_that_lead_to_one_user_agent_end_both() {
    let script = siphon_core::kit::Script::new().on_request("", |request| {
        let targets = [0, 1].map(|_| siphon_script::request::Target::Uri(crate::world::BOB.to_owned()));
        request.fork(&targets, Default::default())
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let branches = crate::world::requests(&server.take_sent());
    for branch in &branches {
        server.receive(bob().response(branch, 200), &bob());
    }
    server.take_sent();
    server.advance(Duration::from_secs(70));
    assert_eq!(server.shard.gauges(), Default::default());
}
