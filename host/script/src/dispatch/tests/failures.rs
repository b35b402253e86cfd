//! What becomes of a failed relay or fork.

use super::*;

fn failure_event(kit: &Kit, status: &str, callback: Option<Callback>) -> Event {
    let context = kit.context();
    let request = kit.request_in(&context, INVITE).unwrap();
    let reply = kit.reply_in(&context, &format!("SIP/2.0 {status}\r\nCall-ID: 1\r\n\r\n")).unwrap();
    event(&context, EventKind::Failure { request, reply, callback })
}

/// Runs a failure with one `on_failure` handler, or none, and maybe a callback; `act` says what each does.
fn failed(
    kinds: &[HandlerKind],
    callback: Option<Callback>,
    act: impl FnMut(&str, &Arguments) -> Result<(), Fault>,
) -> (Vec<String>, Box<Decision>) {
    let mut script = Script::new(act);
    let event = failure_event(&Kit::new(), "486 Busy Here", callback);
    let (_, outcome) = Dispatch::new(event, &handlers(kinds)).run(&mut script);
    (script.calls, decided(outcome))
}

fn request(arguments: &Arguments) -> &Request {
    match arguments {
        Arguments::Request(request) | Arguments::Reply(request, _) | Arguments::Failure(request, ..) => request,
    }
}

fn retarget(_: &str, arguments: &Arguments) -> Result<(), Fault> {
    request(arguments).relay(RelayOptions { next_hop: Some("sip:voicemail"), ..Default::default() }).unwrap();
    Ok(())
}

fn nothing(_: &str, _: &Arguments) -> Result<(), Fault> {
    Ok(())
}

#[test]
fn a_handler_that_does_nothing_suppresses_the_failure() {
    let (calls, decision) = failed(&[HandlerKind::Failure], None, nothing);
    assert_eq!(calls, ["0"]);
    assert!(matches!(decision.action, Action::None));
    assert!(matches!(decision.reply, Some(ReplyDecision::Suppress)));
}

#[test]
fn a_handler_may_let_the_failure_through() {
    let (_, decision) = failed(&[HandlerKind::Failure], None, |_, arguments| {
        let Arguments::Reply(_, reply) = arguments else { panic!("wrong arguments") };
        reply.relay().unwrap();
        Ok(())
    });
    assert!(matches!(decision.reply, Some(ReplyDecision::Forward(_))));
}

#[test]
fn a_handler_may_retarget_or_reply_itself() {
    let (_, decision) = failed(&[HandlerKind::Failure], None, retarget);
    assert!(matches!(decision.action, Action::Relay(_)));
    assert!(matches!(decision.reply, Some(ReplyDecision::Suppress)));
    let (_, decision) = failed(&[HandlerKind::Failure], None, |_, arguments| {
        request(arguments).reply(480, "Gone Fishing", false).unwrap();
        Ok(())
    });
    assert!(matches!(decision.action, Action::Reply(_)));
}

#[test]
fn the_last_of_retarget_and_relay_counts() {
    let (_, decision) = failed(&[HandlerKind::Failure], None, |name, arguments| {
        let Arguments::Reply(_, reply) = arguments else { panic!("wrong arguments") };
        retarget(name, arguments)?;
        reply.relay().unwrap();
        Ok(())
    });
    assert!(matches!(decision.action, Action::None));
    assert!(matches!(decision.reply, Some(ReplyDecision::Forward(_))));
    let (_, decision) = failed(&[HandlerKind::Failure], None, |name, arguments| {
        let Arguments::Reply(_, reply) = arguments else { panic!("wrong arguments") };
        reply.relay().unwrap();
        retarget(name, arguments)
    });
    assert!(matches!(decision.action, Action::Relay(_)));
    assert!(matches!(decision.reply, Some(ReplyDecision::Suppress)));
}

#[test]
fn a_callback_alone_that_does_nothing_lets_the_failure_through() {
    let (calls, decision) = failed(&[], callback("own"), |_, arguments| {
        let Arguments::Failure(_, code, reason) = arguments else { panic!("wrong arguments") };
        assert_eq!((*code, reason.as_str()), (486, "Busy Here"));
        Ok(())
    });
    assert_eq!(calls, ["own"]);
    assert!(matches!(decision.reply, Some(ReplyDecision::Forward(_))));
}

#[test]
fn a_callback_that_retargets_has_dealt_with_the_failure() {
    let (calls, decision) = failed(&[HandlerKind::Failure], callback("own"), retarget);
    assert_eq!(calls, ["own"]);
    assert!(matches!(decision.action, Action::Relay(_)));
}

#[test]
fn a_callback_that_does_nothing_leaves_it_to_the_handlers() {
    let (calls, decision) = failed(&[HandlerKind::Failure, HandlerKind::Failure], callback("own"), nothing);
    assert_eq!(calls, ["own", "0", "1"]);
    assert!(matches!(decision.reply, Some(ReplyDecision::Suppress)));
}

#[test]
fn a_callback_is_not_called_for_a_redirection() {
    let mut script = Script::new(nothing);
    let event = failure_event(&Kit::new(), "302 Moved", callback("own"));
    let (_, outcome) = Dispatch::new(event, &handlers(&[HandlerKind::Failure])).run(&mut script);
    assert_eq!(script.calls, ["0"]);
    assert!(matches!(decided(outcome).reply, Some(ReplyDecision::Suppress)));
}
