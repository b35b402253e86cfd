//! What happens to a request before a script sees it.

use siphon_core::Limits;
use siphon_core::kit::{Script, Server, ServerBuilder};

use crate::world::{alice, bob, invite, sent_request, to_bob};

fn answer(script: Script, request: siphon_sip::Request) -> siphon_core::kit::Sent {
    let mut server = Server::new(script);
    server.receive(request, &alice());
    assert_eq!(server.shard.gauges().contexts, 0, "it was answered without state");
    server.take_sent().remove(0)
}

#[test]
fn a_request_without_hops_is_answered_483_before_the_script() {
    let script = Script::new().on_request("", |_| panic!("the script was asked"));
    let answer = answer(script, alice().request("INVITE", "sip:bob@example.com").set("Max-Forwards", "0").build());
    assert_eq!(answer.summary(), "483 INVITE");
    assert!(answer.response().headers().to_tag().is_some(), "every response of ours has a To-tag");
}

#[test]
fn an_invalid_request_is_answered_with_its_rejection() {
    let request = alice().request("INVITE", "sip:bob@example.com").set("CSeq", "1 BYE").build();
    assert_eq!(answer(to_bob(), request).status(), Some(400));
}

#[test]
fn a_request_without_a_via_is_dropped() {
    let mut server = Server::new(to_bob());
    server.receive(alice().request("OPTIONS", "sip:bob@example.com").without("Via").build(), &alice());
    assert!(server.take_sent().is_empty());
}

#[test]
fn the_same_request_on_another_way_is_answered_482() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    server.take_sent();
    server.receive(alice().request("INVITE", "sip:bob@example.com").branch("z9hG4bK-second").build(), &alice());
    assert_eq!(server.take_summaries(), ["482 INVITE"]);
}

#[test]
fn another_from_tag_on_a_live_call_id_is_a_new_call() {
    let mut server = Server::new(to_bob());
    server.receive(invite(), &alice());
    server.take_sent();
    let other = alice().request("INVITE", "sip:bob@example.com").branch("z9hG4bK-second");
    server.receive(other.set("From", "<sip:alice@example.com>;tag=other").build(), &alice());
    assert_eq!(server.take_summaries(), ["100 INVITE", "INVITE"]);
}

#[test]
fn a_draining_server_refuses_new_calls_and_goes_on_with_the_others() {
    let mut server = Server::new(to_bob());
    server.environment.start_draining();
    server.receive(invite(), &alice());
    let sent = server.take_sent();
    assert_eq!((sent[0].summary().as_str(), sent[0].values("Retry-After").len()), ("503 INVITE", 1));
    server.receive(
        alice().request("INVITE", "sip:bob@example.com").cseq(2).set("To", "<sip:b@x>;tag=1").build(),
        &alice(),
    );
    assert_eq!(server.take_summaries(), ["100 INVITE", "INVITE"]);
    server.receive(alice().request("MESSAGE", "sip:bob@example.com").build(), &alice());
    assert_eq!(server.take_summaries(), ["MESSAGE"]);
}

#[test]
fn a_full_server_answers_503_with_retry_after() {
    let limits = Limits { contexts: 1, ..Limits::default() };
    let mut server = ServerBuilder { limits, ..ServerBuilder::new(to_bob()) }.build();
    server.receive(invite(), &alice());
    server.take_sent();
    server.receive(bob().request("INVITE", "sip:alice@example.com").build(), &bob());
    let sent = server.take_sent();
    assert_eq!((sent[0].summary().as_str(), sent[0].values("Retry-After")), ("503 INVITE", vec!["5".to_owned()]));
    assert_eq!(server.environment.counters.overload.value(), 1);
}

#[test]
fn an_unclaimed_options_to_us_is_answered_200_with_what_we_take() {
    for uri in ["sip:example.com", "sip:192.0.2.1:5060"] {
        let answer = answer(Script::new(), alice().request("OPTIONS", uri).build());
        assert_eq!(answer.summary(), "200 OPTIONS");
        for name in ["Allow", "Accept", "Supported", "Contact"] {
            assert!(!answer.values(name).is_empty(), "{name}");
        }
    }
}

#[test]
fn an_unclaimed_unknown_method_is_answered_405_with_allow() {
    let answer = answer(Script::new(), alice().request("FLY", "sip:example.com").build());
    assert_eq!(answer.status(), Some(405));
    assert!(!answer.values("Allow").is_empty());
}

#[test]
fn any_other_unclaimed_request_is_answered_500() {
    for (method, uri) in [("INVITE", "sip:bob@example.com"), ("OPTIONS", "sip:bob@192.0.2.20")] {
        let answer = answer(Script::new().on_request("MESSAGE", |_| Ok(())), alice().request(method, uri).build());
        assert_eq!(
            (answer.status(), answer.response().reason().to_string().as_str()),
            (Some(500), "No Script Handler")
        );
    }
}

#[test]
fn a_stateless_answer_is_the_same_for_a_retransmission() {
    let mut server = Server::new(Script::new());
    let options = alice().request("OPTIONS", "sip:example.com").build();
    server.receive(options.clone(), &alice());
    server.receive(options, &alice());
    let sent = server.take_sent();
    assert_eq!(sent[0].bytes, sent[1].bytes);
}

#[test]
fn a_proxy_require_that_we_do_not_know_is_answered_420_when_the_request_is_forwarded() {
    let mut server = Server::new(to_bob());
    server.receive(
        alice().request("MESSAGE", "sip:bob@example.com").header("Proxy-Require", "foo, bar").build(),
        &alice(),
    );
    let sent = server.take_sent();
    assert_eq!(
        (sent[0].summary().as_str(), sent[0].values("Unsupported").join(",")),
        ("420 MESSAGE", "foo,bar".into())
    );
}

#[test]
fn a_strict_router_before_us_is_undone() {
    let mut server = Server::new(crate::world::in_dialog());
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    let ours = forwarded.headers().record_routes().next().unwrap().unwrap().uri.to_string();
    let bye = alice().request("BYE", &ours).set("To", "<sip:bob@example.com>;tag=bob").cseq(2);
    server.receive(bye.header("Route", "<sip:bob@192.0.2.20:5060>").build(), &alice());
    let sent = server.take_sent();
    assert_eq!(sent[0].request().uri(), "sip:bob@192.0.2.20:5060");
    assert!(sent[0].values("Route").is_empty());
    assert_eq!(sent[0].to.remote, bob().address);
}
