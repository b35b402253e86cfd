//! A call through one handler, from INVITE to BYE.

use std::time::Duration;

use crate::world::{alice, bob, in_dialog, invite, sent_request, to_bob};
use siphon_core::kit::Server;

#[test]
fn a_call_passes_through_from_invite_to_bye() {
    let mut server = Server::new(in_dialog());
    server.receive(invite(), &alice());
    let sent = server.take_sent();
    assert_eq!(sent[0].summary(), "100 INVITE");
    assert_eq!(sent[0].to.remote, alice().address);
    let forwarded = sent[1].request().clone();
    assert_eq!(sent[1].to.remote, bob().address);

    server.receive(bob().response(&forwarded, 100), &bob());
    assert!(server.take_sent().is_empty(), "a 100 goes no further");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.receive(bob().response(&forwarded, 200), &bob());
    let sent = server.take_sent();
    assert_eq!(sent.iter().map(|sent| sent.summary()).collect::<Vec<_>>(), ["180 INVITE", "200 INVITE"]);
    assert!(sent.iter().all(|sent| sent.to.remote == alice().address && sent.values("Via").len() == 1));
    let success = sent[1].response().clone();

    server.receive(alice().ack(&invite(), &success).branch("z9hG4bK-ack").build(), &alice());
    let sent = server.take_sent();
    assert_eq!((sent[0].summary().as_str(), sent[0].to.remote), ("ACK", bob().address));
    assert_eq!(sent[0].values("Route").len(), 0, "our own Route is gone");

    let bye = alice().in_dialog("BYE", &invite(), &success).build();
    server.receive(bye, &alice());
    let bye = sent_request(&mut server, "BYE");
    server.receive(bob().response(&bye, 200), &bob());
    assert_eq!(server.take_summaries(), ["200 BYE"]);

    server.advance(Duration::from_secs(64));
    let gauges = server.shard.gauges();
    assert_eq!(gauges, Default::default(), "nothing is left of the call");
}

#[test]
fn the_forwarded_request_differs_from_the_received_one_where_the_rfc_says_so() {
    let mut server = Server::new(in_dialog());
    let invite = alice().request("INVITE", "sip:bob@example.com").header("X-Custom", "as it came").build();
    server.receive(invite, &alice());
    let sent = server.take_sent();
    let forwarded = &sent[1];
    assert_eq!(forwarded.request().uri(), "sip:bob@192.0.2.20:5060");
    assert_eq!(forwarded.values("Max-Forwards"), ["69"]);
    assert_eq!(forwarded.values("Max-Breadth"), ["60"]);
    assert_eq!(forwarded.values("X-Custom"), ["as it came"]);
    let vias = forwarded.values("Via");
    assert_eq!(vias.len(), 2);
    assert!(vias[0].starts_with("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK"), "{}", vias[0]);
    assert!(vias[1].contains("received=192.0.2.10") && vias[1].contains("rport=5060"), "{}", vias[1]);
    let routes = forwarded.values("Record-Route");
    assert_eq!(routes.len(), 1);
    assert!(routes[0].starts_with("<sip:192.0.2.1:5060;lr;tok="), "{}", routes[0]);
}

#[test]
fn a_request_without_max_forwards_gets_one() {
    let mut server = Server::new(to_bob());
    server.receive(alice().request("OPTIONS", "sip:bob@example.com").without("Max-Forwards").build(), &alice());
    assert_eq!(server.take_sent()[0].values("Max-Forwards"), ["69"]);
}

#[test]
fn a_retransmission_is_absorbed_and_the_last_response_sent_again() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    server.take_sent();
    server.receive(invite(), &alice());
    assert_eq!(server.take_summaries(), ["100 INVITE"]);
    assert_eq!(server.environment.counters.script_runs.value(), 1);
}

#[test]
fn a_failure_is_acknowledged_hop_by_hop() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 486), &bob());
    let sent = server.take_sent();
    assert_eq!(sent.iter().map(|sent| sent.summary()).collect::<Vec<_>>(), ["ACK", "486 INVITE"]);
    let failure = sent[1].response().clone();
    server.receive(alice().ack_failure(&invite(), &failure).build(), &alice());
    assert!(server.take_sent().is_empty(), "the ACK to a failure ends here");
    server.advance(Duration::from_secs(64));
    assert_eq!(server.shard.gauges(), Default::default());
}
