//! 100 Trying, Timer C, reliable provisionals, registrations: what the core does by its own clock or on behalf of a
//! script.

use std::time::Duration;

use siphon_core::CoreConfig;
use siphon_core::kit::{Script, Server, ServerBuilder};
use siphon_script::registrar;

use crate::world::{alice, bob, invite, sent_request, to_bob};

#[test]
fn an_undecided_invite_is_answered_100_after_200_ms() {
    let mut server = Server::new(to_bob());
    server.hold_events(true);
    server.receive(invite(), &alice());
    server.advance(Duration::from_millis(199));
    assert!(server.take_sent().is_empty());
    server.advance(Duration::from_millis(2));
    assert_eq!(server.take_summaries(), ["100 INVITE"]);
    server.run_event();
    assert_eq!(server.take_summaries(), ["INVITE"], "and not a second time");
}

#[test]
fn the_100_can_be_switched_off() {
    let config = CoreConfig { auto_trying: false, trying_delay: None, ..CoreConfig::default() };
    let mut server = ServerBuilder { config, ..ServerBuilder::new(to_bob()) }.build();
    server.receive(invite(), &alice());
    assert_eq!(server.take_summaries(), ["INVITE"]);
}

#[test]
fn a_branch_that_rings_for_ever_is_cancelled_by_timer_c_and_counts_as_a_408() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.advance(Duration::from_secs(180));
    server.receive(bob().response(&forwarded, 180), &bob());
    server.take_sent();
    server.advance(Duration::from_secs(180));
    assert!(server.take_sent().is_empty(), "each provisional starts it again");
    server.advance(Duration::from_millis(5_100));
    assert_eq!(server.take_summaries(), ["CANCEL"]);
    server.receive(bob().response(&forwarded, 487), &bob());
    assert_eq!(server.take_summaries(), ["ACK", "408 INVITE"]);
}

#[test]
fn a_reliable_provisional_is_sent_again_until_its_prack() {
    let script = Script::new().on_request("INVITE", |request| request.reply(183, "Wait", true));
    let mut server = Server::new(script);
    server.receive(alice().request("INVITE", "sip:bob@example.com").header("Supported", "100rel").build(), &alice());
    let first = server.take_sent().remove(0);
    assert_eq!((first.summary().as_str(), first.values("Require")), ("183 INVITE", vec!["100rel".to_owned()]));
    let number = first.values("RSeq").remove(0);
    server.advance(Duration::from_millis(600));
    assert_eq!(server.take_sent()[0].bytes, first.bytes);

    let to = first.values("To").remove(0);
    let wrong = alice().request("PRACK", "sip:bob@example.com").cseq(2).set("To", &to).header("RAck", "1 9 INVITE");
    server.receive(wrong.branch("z9hG4bK-wrong").build(), &alice());
    assert_eq!(server.take_sent()[0].summary(), "500 PRACK", "it is nobody's, and no handler wants it");
    let rack = format!("{number} 1 INVITE");
    server.receive(
        alice().request("PRACK", "sip:bob@example.com").cseq(3).set("To", &to).header("RAck", &rack).build(),
        &alice(),
    );
    assert_eq!(server.take_summaries(), ["200 PRACK"]);
    server.advance(Duration::from_secs(10));
    assert!(server.take_sent().is_empty());
}

#[test]
fn a_reliable_provisional_that_nobody_acknowledges_ends_the_invite_with_a_5xx() {
    let script = Script::new().on_request("INVITE", |request| request.reply(183, "Wait", true));
    let config = CoreConfig { invite_timeout: Duration::from_secs(180), ..CoreConfig::default() };
    let mut server = ServerBuilder { config, ..ServerBuilder::new(script) }.build();
    server.receive(alice().request("INVITE", "sip:bob@example.com").header("Supported", "100rel").build(), &alice());
    server.advance(Duration::from_secs(40));
    assert!(server.take_summaries().contains(&"504 INVITE".to_owned()));
}

#[test]
fn save_answers_with_the_bindings_after_they_were_made() {
    let script =
        Script::new().on_request("REGISTER", |request| registrar::save(request, &Default::default()).map(drop));
    let mut server = Server::new(script);
    let register =
        alice().request("REGISTER", "sip:example.com").set("To", "<sip:alice@example.com>").header("Expires", "600");
    server.receive(register.build(), &alice());
    let sent = server.take_sent();
    assert_eq!(sent[0].summary(), "200 REGISTER");
    assert_eq!(sent[0].values("Contact"), ["<sip:alice@192.0.2.10:5060>;expires=600"]);
}

#[test]
fn options_that_the_script_answers_get_contact_and_allow() {
    let mut server = Server::new(Script::new().on_request("OPTIONS", |request| request.reply(200, "OK", false)));
    server.receive(alice().request("OPTIONS", "sip:example.com").build(), &alice());
    let sent = server.take_sent();
    assert_eq!(sent[0].values("Contact"), ["<sip:192.0.2.1:5060>"]);
    assert!(!sent[0].values("Allow").is_empty());
}
