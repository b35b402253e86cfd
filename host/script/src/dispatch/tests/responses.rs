//! The gate for responses.

use super::*;

fn reply_event(kit: &Kit, method: &str, callback: Option<Callback>) -> Event {
    let context = kit.context();
    let request = kit.request_in(&context, &INVITE.replace("INVITE", method)).unwrap();
    let reply = kit.reply_in(&context, "SIP/2.0 180 Ringing\r\nCall-ID: 1\r\n\r\n").unwrap();
    event(&context, EventKind::Reply { request, reply, callback })
}

/// What becomes of a response when the calls named in `relaying` call `reply.relay()`.
fn gate(kinds: &[HandlerKind], callback: Option<Callback>, relaying: &[&str]) -> (Vec<String>, ReplyDecision) {
    gate_of("INVITE", kinds, callback, relaying)
}

fn gate_of(
    method: &str,
    kinds: &[HandlerKind],
    callback: Option<Callback>,
    relaying: &[&str],
) -> (Vec<String>, ReplyDecision) {
    let mut script = Script::new(|name: &str, arguments: &Arguments| {
        let Arguments::Reply(_, reply) = arguments else { panic!("wrong arguments") };
        if relaying.contains(&name) {
            reply.relay().unwrap();
        }
        Ok(())
    });
    let event = reply_event(&Kit::new(), method, callback);
    let (_, outcome) = Dispatch::new(event, &handlers(kinds)).run(&mut script);
    (script.calls, decided(outcome).reply.unwrap())
}

#[test]
fn without_a_handler_a_response_goes_upstream() {
    assert!(matches!(gate(&[HandlerKind::Request], None, &[]).1, ReplyDecision::Forward(_)));
}

#[test]
fn with_handlers_one_of_them_must_let_it_through() {
    let both = [HandlerKind::Reply, HandlerKind::Reply];
    assert!(matches!(gate(&both, None, &[]).1, ReplyDecision::Suppress));
    assert!(matches!(gate(&both, None, &["0"]).1, ReplyDecision::Forward(_)));
    assert!(matches!(gate(&both, None, &["1"]).1, ReplyDecision::Forward(_)));
}

#[test]
fn the_relays_own_callback_has_a_gate_of_its_own_and_the_last_word() {
    let (calls, alone) = gate(&[], callback("own"), &[]);
    assert_eq!(calls, ["own"]);
    assert!(matches!(alone, ReplyDecision::Suppress));
    assert!(matches!(gate(&[], callback("own"), &["own"]).1, ReplyDecision::Forward(_)));
    let (calls, silent) = gate(&[HandlerKind::Reply], callback("own"), &["0"]);
    assert_eq!(calls, ["0", "own"]);
    assert!(matches!(silent, ReplyDecision::Suppress));
    assert!(matches!(gate(&[HandlerKind::Reply], callback("own"), &["own"]).1, ReplyDecision::Forward(_)));
    assert!(matches!(gate(&[HandlerKind::Reply], callback("own"), &["0", "own"]).1, ReplyDecision::Forward(_)));
}

#[test]
fn responses_to_register_pass_their_own_handlers_first() {
    let kinds = [HandlerKind::Reply, HandlerKind::RegisterReply];
    let (calls, reply) = gate_of("REGISTER", &kinds, None, &["1"]);
    assert_eq!(calls, ["1", "0"]);
    assert!(matches!(reply, ReplyDecision::Forward(_)));
    assert_eq!(gate_of("INVITE", &kinds, None, &["0"]).0, ["0"]);
    assert!(matches!(gate_of("INVITE", &kinds[1..], None, &[]).1, ReplyDecision::Forward(_)));
}

#[test]
fn a_reject_counts_whatever_the_others_say() {
    let mut script = Script::new(|name: &str, arguments: &Arguments| {
        let Arguments::Reply(_, reply) = arguments else { panic!("wrong arguments") };
        if name == "0" {
            reply.reject(603, Some("No")).unwrap();
        }
        reply.relay().unwrap();
        Ok(())
    });
    let event = reply_event(&Kit::new(), "INVITE", None);
    let (_, outcome) = Dispatch::new(event, &handlers(&[HandlerKind::Reply, HandlerKind::Reply])).run(&mut script);
    let Some(ReplyDecision::Reject { status, reason }) = decided(outcome).reply else { panic!("no reject") };
    assert_eq!((status.as_u16(), reason.to_string()), (603, "No".to_owned()));
}

#[test]
fn a_forwarded_response_carries_the_edits_and_an_action_on_the_request_has_no_effect() {
    let mut script = Script::new(|_: &str, arguments: &Arguments| {
        let Arguments::Reply(request, reply) = arguments else { panic!("wrong arguments") };
        request.reply(500, "No", false).unwrap();
        reply.relay().unwrap();
        reply.set_header("Subject", "x").unwrap();
        Ok(())
    });
    let event = reply_event(&Kit::new(), "INVITE", None);
    let (_, outcome) = Dispatch::new(event, &handlers(&[HandlerKind::Reply])).run(&mut script);
    let decision = decided(outcome);
    assert!(matches!(decision.action, Action::None));
    let Some(ReplyDecision::Forward(response)) = decision.reply else { panic!("not forwarded") };
    assert_eq!(response.headers().first(&siphon_sip::HeaderName::Subject), Some(&b"x"[..]));
}

#[test]
fn a_handler_that_raises_fails_the_event() {
    let mut script = Script::new(|_: &str, _: &Arguments| Err(fault()));
    let event = reply_event(&Kit::new(), "INVITE", callback("own"));
    let (_, outcome) = Dispatch::new(event, &handlers(&[HandlerKind::Reply])).run(&mut script);
    assert_eq!(script.calls, ["0"]);
    assert!(matches!(outcome, Outcome::Failed(_)));
}
