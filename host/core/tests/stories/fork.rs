//! Forks: parallel and sequential, the best response, 6xx, Max-Breadth.

use siphon_core::Limits;
use siphon_core::kit::{CLOSED, Script, Server, ServerBuilder};

use siphon_script::request::{ForkOptions, Target};

use crate::world::{BOB, CAROL, alice, bob, carol, fork, forked, invite, requests, sent_request};

#[test]
fn a_parallel_fork_sends_all_branches_at_once_with_their_own_request_uris() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    assert_eq!((to_bob.uri().to_string(), to_carol.uri().to_string()), (BOB.to_owned(), CAROL.to_owned()));
    assert_ne!(to_bob.headers().via().unwrap().branch(), to_carol.headers().via().unwrap().branch());
}

#[test]
fn the_first_2xx_wins_and_the_other_branches_are_cancelled() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 180), &bob());
    server.take_sent();
    server.receive(carol().response(&to_carol, 200), &carol());
    assert_eq!(server.take_summaries(), ["200 INVITE", "CANCEL"]);
    server.receive(bob().response(&to_bob, 487), &bob());
    assert_eq!(server.take_summaries(), ["ACK"], "the 487 goes no further");
}

#[test]
fn the_best_failure_is_chosen_when_all_branches_have_failed() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 500), &bob());
    assert_eq!(server.take_summaries(), ["ACK"]);
    server.receive(carol().response_with(&to_carol, 486, "Retry-After", "7"), &carol());
    let sent = server.take_sent();
    assert_eq!(sent[1].summary(), "486 INVITE");
    assert_eq!(sent[1].values("Retry-After"), ["7"], "the winner keeps its headers");
}

#[test]
fn the_challenges_of_all_branches_are_merged_into_the_winner() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response_with(&to_bob, 401, "WWW-Authenticate", "Digest realm=\"b\""), &bob());
    server.receive(carol().response_with(&to_carol, 407, "Proxy-Authenticate", "Digest realm=\"c\""), &carol());
    let sent = server.take_sent();
    let winner = sent.iter().find(|sent| sent.status() == Some(401)).unwrap();
    assert_eq!(winner.values("WWW-Authenticate"), ["Digest realm=\"b\""]);
    assert_eq!(winner.values("Proxy-Authenticate"), ["Digest realm=\"c\""]);
}

#[test]
fn a_6xx_cancels_the_rest_and_is_forwarded_when_they_have_ended() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 180), &bob());
    server.take_sent();
    server.receive(carol().response(&to_carol, 603), &carol());
    assert_eq!(server.take_summaries(), ["ACK", "CANCEL"]);
    server.receive(bob().response(&to_bob, 487), &bob());
    assert_eq!(server.take_summaries(), ["ACK", "603 INVITE"]);
}

#[test]
fn a_2xx_that_comes_after_a_6xx_still_wins() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (to_bob, to_carol) = forked(&mut server);
    server.receive(bob().response(&to_bob, 180), &bob());
    server.receive(carol().response(&to_carol, 603), &carol());
    server.take_sent();
    server.receive(bob().response(&to_bob, 200), &bob());
    assert_eq!(server.take_summaries(), ["200 INVITE"]);
}

#[test]
fn a_synthetic_timeout_loses_to_a_real_answer() {
    let mut server = Server::new(fork(false));
    server.receive(invite(), &alice());
    let (_, to_carol) = forked(&mut server);
    server.receive(carol().response(&to_carol, 503), &carol());
    server.take_sent();
    server.advance(std::time::Duration::from_secs(33));
    let finals: Vec<_> = server.take_sent().iter().filter_map(|sent| sent.status()).collect();
    assert_eq!(finals.first(), Some(&500), "the 503 wins, as a 500");
}

#[test]
fn a_sequential_fork_tries_the_next_target_when_one_fails() {
    let mut server = Server::new(fork(true));
    server.receive(invite(), &alice());
    let to_bob = sent_request(&mut server, "INVITE");
    assert_eq!(to_bob.uri(), BOB);
    server.receive(bob().response(&to_bob, 486), &bob());
    let to_carol = sent_request(&mut server, "INVITE");
    assert_eq!(to_carol.uri(), CAROL);
    server.receive(carol().response(&to_carol, 404), &carol());
    assert_eq!(server.take_summaries(), ["ACK", "486 INVITE"]);
}

#[test]
fn a_sequential_fork_ends_with_a_2xx_or_a_6xx() {
    for status in [200, 600] {
        let mut server = Server::new(fork(true));
        server.receive(invite(), &alice());
        let to_bob = sent_request(&mut server, "INVITE");
        server.receive(bob().response(&to_bob, status), &bob());
        let sent = server.take_sent();
        assert!(requests(&sent).iter().all(|request| request.uri() != CAROL));
        assert_eq!(sent.last().unwrap().status(), Some(status));
    }
}

#[test]
fn max_breadth_is_divided_among_parallel_branches_and_given_whole_to_sequential_ones() {
    let breadth = |sequential: bool| {
        let mut server = Server::new(fork(sequential));
        server.receive(alice().request("INVITE", "sip:x@example.com").header("Max-Breadth", "5").build(), &alice());
        let sent = server.take_sent();
        sent.iter()
            .filter(|sent| sent.status().is_none())
            .flat_map(|sent| sent.values("Max-Breadth"))
            .collect::<Vec<_>>()
    };
    assert_eq!(breadth(false), ["3", "2"]);
    assert_eq!(breadth(true), ["5"]);
}

#[test]
fn a_fork_beyond_max_breadth_is_answered_440() {
    let mut server = Server::new(fork(false));
    server.receive(alice().request("INVITE", "sip:x@example.com").header("Max-Breadth", "1").build(), &alice());
    assert_eq!(server.take_summaries(), ["100 INVITE", "440 INVITE"]);
}

#[test]
fn a_fork_with_more_targets_than_one_request_may_have_branches_is_cut_to_what_fits() {
    let limits = Limits { branches: 1, ..Limits::default() };
    let mut server = ServerBuilder { limits, ..ServerBuilder::new(fork(false)) }.build();
    server.receive(invite(), &alice());
    assert_eq!(requests(&server.take_sent()).len(), 1);
}

#[test]
fn a_request_that_may_have_no_branch_is_answered_500() {
    let limits = Limits { branches: 0, ..Limits::default() };
    let mut server = ServerBuilder { limits, ..ServerBuilder::new(fork(false)) }.build();
    server.receive(invite(), &alice());
    assert_eq!(server.take_summaries(), ["500 INVITE"]);
}

#[test]
fn a_max_breadth_above_our_own_limit_is_cut() {
    let mut server = Server::new(fork(true));
    server.receive(alice().request("INVITE", "sip:x@example.com").header("Max-Breadth", "900").build(), &alice());
    assert_eq!(server.take_sent()[1].values("Max-Breadth"), ["60"]);
}

/// Everything goes to a binding of bob's that came in like the request.
fn to_binding(path: &'static [&'static str]) -> Script {
    Script::new().on_request("", move |request| {
        let target = siphon_script::Contact {
            uri: BOB.into(),
            received: None,
            q: None,
            expires: 60,
            age_secs: 0,
            path: path.iter().map(|&route| route.into()).collect(),
            instance_id: None,
            reg_id: None,
            instance_epoch: 0,
            is_local: true,
            flow_token: None,
            flow: Some(request.flow()),
            params: Vec::new(),
            kind: siphon_script::ContactKind::UserAgent,
        };
        request.fork(&[Target::Contact(Box::new(target))], ForkOptions::default())
    })
}

#[test]
fn a_contact_is_reached_by_its_flow_and_by_its_uri_once_that_is_closed() {
    for (connection, address) in [(7, alice().address), (CLOSED, bob().address)] {
        let alice = alice().over_tcp(connection);
        let mut server = Server::new(to_binding(&[]));
        server.receive(alice.request("INVITE", "sip:bob@example.com").build(), &alice);
        assert_eq!(server.take_sent()[1].to.remote, address);
    }
}

#[test]
fn the_path_of_a_contact_becomes_the_route_set_of_its_branch_and_outranks_its_flow() {
    let script = to_binding(&["<sip:192.0.2.40:5060;lr>", "<sip:192.0.2.50;lr>"]);
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let sent = server.take_sent();
    assert_eq!(sent[1].request().uri(), BOB);
    assert_eq!(sent[1].to.remote.to_string(), "192.0.2.40:5060");
    assert_eq!(sent[1].values("Route"), ["<sip:192.0.2.40:5060;lr>", "<sip:192.0.2.50;lr>"]);
}

#[test]
fn what_no_request_uri_may_carry_is_taken_off_a_contact() {
    let script = Script::new().on_request("", |request| {
        let target = "sip:bob@192.0.2.20;method=INVITE;user=phone?Subject=x".to_owned();
        request.fork(&[Target::Uri(target)], ForkOptions::default())
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    assert_eq!(server.take_sent()[1].request().uri(), "sip:bob@192.0.2.20;user=phone");
}

#[test]
fn a_branch_that_rings_for_ever_ends_with_timer_c_and_the_next_one_is_tried() {
    let mut server = Server::new(fork(true));
    server.receive(invite(), &alice());
    let to_bob = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&to_bob, 180), &bob());
    server.take_sent();
    server.advance(std::time::Duration::from_millis(185_100));
    let cancel = sent_request(&mut server, "CANCEL");
    assert_eq!(cancel.uri(), BOB);
    server.receive(bob().response(&to_bob, 487), &bob());
    assert_eq!(sent_request(&mut server, "INVITE").uri(), CAROL);
}
