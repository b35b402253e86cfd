//! Requests other than INVITE.

use std::time::Duration;

use siphon_core::kit::Server;
use siphon_script::request::RelayOptions;
use siphon_sip::Request;

use crate::world::{CAROL, alice, bob, carol, fork, forked, sent_request, to_bob};

fn message() -> Request {
    alice().request("MESSAGE", "sip:bob@example.com").build()
}

#[test]
fn a_timeout_sends_nothing_upstream_and_the_transaction_just_ends() {
    let mut server = Server::new(to_bob());
    server.receive(message(), &alice());
    server.advance(Duration::from_secs(70));
    let statuses: Vec<_> = server.take_sent().iter().filter_map(|sent| sent.status()).collect();
    assert!(statuses.iter().all(|status| *status == 100), "{statuses:?}");
    assert_eq!(server.shard.gauges(), Default::default());
}

#[test]
fn a_retransmission_after_the_timeout_is_not_forwarded_again() {
    let mut server = Server::new(to_bob());
    server.receive(message(), &alice());
    server.advance(Duration::from_secs(33));
    server.take_sent();
    server.receive(message(), &alice());
    assert!(server.take_sent().is_empty());
}

#[test]
fn on_failure_hears_of_the_timeout_and_may_retarget() {
    let script = to_bob().on_failure(|request, reply| {
        assert_eq!((reply.status_code(), reply.source_ip()), (408, None));
        request.relay(RelayOptions { next_hop: Some(CAROL), ..Default::default() })
    });
    let mut server = Server::new(script);
    server.receive(message(), &alice());
    server.advance(Duration::from_secs(33));
    let sent = server.take_sent();
    let retargeted = sent.iter().find(|sent| sent.to.remote == carol().address).unwrap().request().clone();
    server.receive(carol().response(&retargeted, 200), &carol());
    assert_eq!(server.take_summaries().last().unwrap(), "200 MESSAGE");
}

#[test]
fn a_100_leaves_after_three_and_a_half_seconds_only() {
    let mut server = Server::new(to_bob());
    server.receive(message(), &alice());
    server.advance(Duration::from_millis(3_400));
    assert!(server.take_sent().iter().all(|sent| sent.status().is_none()));
    server.advance(Duration::from_millis(200));
    assert!(server.take_summaries().contains(&"100 MESSAGE".to_owned()));
}

#[test]
fn a_2xx_of_one_branch_ends_the_fork_without_a_cancel() {
    let mut server = Server::new(fork(false));
    server.receive(message(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 200), &bob());
    server.receive(carol().response(&to_carol, 200), &carol());
    assert_eq!(server.take_summaries(), ["200 MESSAGE"]);
    assert_eq!(server.shard.gauges().contexts, 0);
}

#[test]
fn a_retransmission_of_an_answered_request_gets_the_answer_again() {
    let mut server = Server::new(to_bob());
    server.receive(message(), &alice());
    let forwarded = sent_request(&mut server, "MESSAGE");
    server.receive(bob().response(&forwarded, 202), &bob());
    server.take_sent();
    server.receive(message(), &alice());
    assert_eq!(server.take_summaries(), ["202 MESSAGE"]);
}
