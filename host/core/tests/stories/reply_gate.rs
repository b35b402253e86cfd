//! on_reply and the relay's own on_reply: the gate before what goes upstream.

use std::time::Duration;

use siphon_core::kit::{Script, Server, reply_callback};
use siphon_script::ApiError;
use siphon_script::request::RelayOptions;

use crate::world::{BOB, alice, bob, invite, sent_request, to_bob};

#[test]
fn a_response_that_the_handler_relays_goes_upstream_with_its_edits() {
    let script = to_bob().on_reply(|_, reply| {
        assert!(reply.header("Via")?.is_some_and(|via| via.contains("192.0.2.10")), "our own Via is gone");
        reply.set_header("X-Seen", &reply.status_code().to_string())?;
        reply.relay()
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    server.receive(bob().response(&forwarded, 200), &bob());
    let sent = server.take_sent();
    assert_eq!((sent[0].values("X-Seen"), sent[1].values("X-Seen")), (vec!["180".into()], vec!["200".into()]));
}

#[test]
fn a_100_never_reaches_the_handler() {
    let mut server = Server::new(to_bob().on_reply(|_, reply| reply.relay()));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    let runs = server.environment.counters.script_runs.value();
    server.receive(bob().response(&forwarded, 100), &bob());
    assert_eq!(server.environment.counters.script_runs.value(), runs);
}

#[test]
fn a_response_that_nobody_relays_goes_nowhere() {
    let mut server = Server::new(to_bob().on_reply(|_, _| Ok(())));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 180), &bob());
    assert!(server.take_sent().is_empty());
    server.receive(bob().response(&forwarded, 486), &bob());
    assert_eq!(server.take_summaries(), ["ACK"]);
    server.advance(Duration::from_secs(31));
    assert!(server.take_summaries().contains(&"408 INVITE".to_owned()));
}

#[test]
fn a_2xx_that_nobody_relays_is_acknowledged_and_its_dialog_ended() {
    let mut server = Server::new(to_bob().on_reply(|_, _| Ok(())));
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    let sent = server.take_sent();
    assert_eq!(sent.iter().map(|sent| sent.summary()).collect::<Vec<_>>(), ["ACK", "BYE"]);
    for (request, cseq) in sent.iter().zip(["1 ACK", "2 BYE"]) {
        assert_eq!(request.to.remote, bob().address);
        assert_eq!(request.request().uri(), "sip:bob@192.0.2.20:5060");
        assert_eq!(request.values("CSeq"), [cseq]);
        assert_eq!(request.request().headers().to_tag().unwrap(), "bob");
        assert_eq!(request.request().headers().from_tag().unwrap(), "alice");
    }
    assert_eq!(server.environment.counters.abandoned_dialogs.value(), 1);
    server.receive(bob().response(sent[1].request(), 200), &bob());

    server.receive(bob().response(&forwarded, 200), &bob());
    assert_eq!(server.take_summaries(), ["ACK"], "a repeated 2xx is acknowledged again, without the script");
    server.advance(Duration::from_secs(31));
    assert!(server.take_summaries().contains(&"408 INVITE".to_owned()), "the caller hears at last");
}

#[test]
fn a_raising_handler_forwards_the_response_as_it_came() {
    let script = to_bob().on_reply(|_, reply| {
        reply.set_header("X-Seen", "half done")?;
        Err(ApiError::Value("boom".to_owned()))
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 200), &bob());
    let sent = server.take_sent();
    assert_eq!((sent[0].summary().as_str(), sent[0].values("X-Seen")), ("200 INVITE", Vec::new()));
}

#[test]
fn the_relays_own_callback_is_a_gate_of_its_own() {
    for relays in [true, false] {
        let script = Script::new().on_request("", move |request| {
            let on_reply = reply_callback(move |_, reply| if relays { reply.relay() } else { Ok(()) });
            request.relay(RelayOptions { next_hop: Some(BOB), on_reply: Some(on_reply), ..Default::default() })
        });
        let mut server = Server::new(script);
        server.receive(invite(), &alice());
        let forwarded = sent_request(&mut server, "INVITE");
        server.receive(bob().response(&forwarded, 180), &bob());
        assert_eq!(server.take_sent().len(), usize::from(relays));
    }
}

#[test]
fn a_rejected_provisional_sends_the_error_upstream_and_cancels_the_branches() {
    let script = to_bob().on_reply(|_, reply| reply.reject(403, Some("No Early Media")).map(drop));
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 183), &bob());
    let sent = server.take_sent();
    assert_eq!(sent.iter().map(|sent| sent.summary()).collect::<Vec<_>>(), ["403 INVITE", "CANCEL"]);
    assert_eq!(sent[0].response().reason(), "No Early Media");
    server.receive(bob().response(&forwarded, 487), &bob());
    assert_eq!(server.take_summaries(), ["ACK"]);
}

#[test]
fn a_2xx_that_comes_after_a_rejection_is_acknowledged_and_ended() {
    let script = to_bob().on_reply(|_, reply| match reply.status_code() {
        183 => reply.reject(403, None).map(drop),
        _ => reply.relay(),
    });
    let mut server = Server::new(script);
    server.receive(invite(), &alice());
    let forwarded = sent_request(&mut server, "INVITE");
    server.receive(bob().response(&forwarded, 183), &bob());
    server.take_sent();
    server.receive(bob().response(&forwarded, 200), &bob());
    assert_eq!(server.take_summaries(), ["ACK", "BYE"]);
}

#[test]
fn on_register_reply_sees_responses_to_register_only() {
    let script = to_bob().on_register_reply(|_, reply| {
        reply.set_header("X-Registered", "yes")?;
        reply.relay()
    });
    let mut server = Server::new(script);
    for (method, seen) in [("REGISTER", true), ("MESSAGE", false)] {
        let request = alice().request(method, "sip:other.example.net").call_id(method).build();
        server.receive(request, &alice());
        let forwarded = sent_request(&mut server, method);
        server.receive(bob().response(&forwarded, 200), &bob());
        assert_eq!(server.take_sent()[0].values("X-Registered").len(), usize::from(seen), "{method}");
    }
}
