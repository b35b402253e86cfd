use super::*;
use crate::engine::{HandlerIndex, MethodFilter};
use crate::kit::{Kit, event, handler, handlers};
use crate::outcome::FaultKind;
use crate::request::RelayOptions;

mod failures;
mod responses;

const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";

/// Makes what a test wants of each call and keeps what was called.
pub(super) struct Script<F> {
    pub(super) calls: Vec<String>,
    act: F,
}

impl<F: FnMut(&str, &Arguments) -> Result<(), Fault>> Script<F> {
    pub(super) const fn new(act: F) -> Self {
        Self { calls: Vec::new(), act }
    }
}

impl<F: FnMut(&str, &Arguments) -> Result<(), Fault>> Call for Script<F> {
    fn call(&mut self, step: Step) -> Result<(), Fault> {
        let name = match step.function {
            Function::Handler(HandlerIndex(index)) => index.to_string(),
            Function::Callback(callback) => (*callback.downcast::<&str>().unwrap()).to_owned(),
        };
        self.calls.push(name.clone());
        (self.act)(&name, &step.arguments)
    }
}

pub(super) fn fault() -> Fault {
    Fault { kind: FaultKind::Raised, message: "boom".to_owned(), traceback: None }
}

pub(super) fn callback(name: &'static str) -> Option<Callback> {
    Some(Callback(Arc::new(name)))
}

pub(super) fn decided(outcome: Outcome) -> Box<Decision> {
    match outcome {
        Outcome::Decided(decision) => decision,
        Outcome::Failed(fault) => panic!("failed: {fault:?}"),
    }
}

fn request_event(kit: &Kit, text: &str) -> Event {
    let request = kit.request(text).unwrap();
    event(&Arc::clone(request.context()), EventKind::Request(request))
}

#[test]
fn every_matching_handler_runs_in_order_on_one_request() {
    let list = [None, Some("SUBSCRIBE"), Some("INVITE|MESSAGE"), Some("invite")];
    let filter = |text: Option<&str>| text.map(|text| MethodFilter::parse(text).unwrap());
    let handlers = Handlers::new(list.iter().map(|text| handler(HandlerKind::Request, filter(*text))).collect());
    let mut script = Script::new(|name: &str, arguments: &Arguments| {
        let Arguments::Request(request) = arguments else { panic!("wrong arguments") };
        request.add_reply_header("X-Seen", name).unwrap();
        if name == "0" {
            request.reply(404, "Not Found", false).unwrap();
        }
        Ok(())
    });
    let (id, outcome) = Dispatch::new(request_event(&Kit::new(), INVITE), &handlers).run(&mut script);
    assert_eq!((id.transaction, script.calls), (1, vec!["0".to_owned(), "2".to_owned()]));
    let Action::Reply(reply) = decided(outcome).action else { panic!("no reply") };
    let seen = siphon_sip::HeaderName::parse(b"X-Seen").unwrap();
    assert_eq!(reply.response.headers().all(&seen).collect::<Vec<_>>(), [b"0", b"2"]);
}

#[test]
fn a_handler_that_raises_ends_the_chain_and_nothing_counts() {
    let handlers = handlers(&[HandlerKind::Request, HandlerKind::Request, HandlerKind::Request]);
    let event = request_event(&Kit::new(), INVITE);
    let context = Arc::clone(&event.context);
    let mut script = Script::new(|name: &str, arguments: &Arguments| {
        let Arguments::Request(request) = arguments else { panic!("wrong arguments") };
        request.relay(RelayOptions::default()).unwrap();
        if name == "1" { Err(fault()) } else { Ok(()) }
    });
    let (_, outcome) = Dispatch::new(event, &handlers).run(&mut script);
    assert_eq!(script.calls, ["0", "1"]);
    assert!(matches!(outcome, Outcome::Failed(raised) if raised == fault()));
    assert!(context.check_writable().is_err());
}

#[test]
fn an_engine_may_put_the_event_aside_between_calls() {
    let handlers = handlers(&[HandlerKind::Request, HandlerKind::Request]);
    let mut dispatch = Dispatch::new(request_event(&Kit::new(), INVITE), &handlers);
    assert!(matches!(dispatch.next().unwrap().function, Function::Handler(HandlerIndex(0))));
    let mut aside = Box::new(dispatch);
    aside.ended(Ok(()));
    assert!(matches!(aside.next().unwrap().function, Function::Handler(HandlerIndex(1))));
    aside.ended(Ok(()));
    assert!(aside.next().is_none());
    assert!(matches!(decided(aside.outcome().1).action, Action::None));
}

#[test]
fn past_the_deadline_the_outcome_is_a_timeout() {
    let event = request_event(&Kit::new(), INVITE);
    let context = Arc::clone(&event.context);
    let mut script = Script::new(|_: &str, _: &Arguments| {
        context.expire();
        Ok(())
    });
    let (_, outcome) = Dispatch::new(event, &handlers(&[HandlerKind::Request])).run(&mut script);
    assert!(matches!(outcome, Outcome::Failed(fault) if fault.kind == FaultKind::TimedOut));
}

#[test]
fn a_cancel_is_told_and_nothing_that_it_arms_counts() {
    let kit = Kit::new();
    let request = kit.request(INVITE).unwrap();
    let event = event(&Arc::clone(request.context()), EventKind::Cancel { request });
    let mut script = Script::new(|_: &str, arguments: &Arguments| {
        let Arguments::Request(request) = arguments else { panic!("wrong arguments") };
        request.reply(200, "OK", false).unwrap();
        Ok(())
    });
    let (_, outcome) = Dispatch::new(event, &handlers(&[HandlerKind::Request, HandlerKind::Cancel])).run(&mut script);
    assert_eq!(script.calls, ["1"]);
    let decision = decided(outcome);
    assert!(matches!(decision.action, Action::None) && decision.reply.is_none());
}
