//! What the transactions of a proxied call cost: run it with a number of calls under an instruction counter, once with
//! few and once with many, and divide the difference. It measures nothing itself.
//!
//! A call is an INVITE that comes in, leaves, rings and is accepted, its ACK, then a BYE that comes in, leaves and is
//! answered: two server and two client transactions over UDP, run through their wait timers. The messages are made and
//! parsed before; only what the layer does is repeated.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use siphon_sip::parse_message;
use siphon_sip::{ByteStr, Limits, Message, Method, Request, Response, StatusCode, TenantId, Time, TransportProtocol};
use siphon_transaction::kit::{MessageKit, response};
use siphon_transaction::{
    ClientRequest, Output, Outputs, Received, RequestKey, TransactionConfig, TransactionLayer, User,
};

/// The messages of one call, as they come from the wire.
struct Call {
    invite: Exchange,
    ack: Request,
    bye: Exchange,
}

/// A request with its responses, as they come in at the server side and at the client side.
struct Exchange {
    incoming: Request,
    outgoing: ClientRequest,
    responses: Vec<Response>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let calls = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let messages: Vec<Call> = (0..calls).map(call).collect();
    let mut layer = TransactionLayer::new(TransactionConfig::default(), [1, 2]);
    let (mut now, mut outputs, mut sent) = (Time::ZERO, Outputs::new(), 0);
    for call in messages {
        now = now + Duration::from_millis(5);
        sent += run(&mut layer, call, now, &mut outputs)?;
        layer.advance(now, &mut outputs);
        outputs.clear();
    }
    let held = layer.len();
    layer.advance(now + Duration::from_secs(60), &mut outputs);
    println!("{calls} calls, {sent} messages sent, {held} transactions held at the end, {} left", layer.len());
    Ok(())
}

/// One call through the layer; the number of messages that left.
fn run(layer: &mut TransactionLayer, call: Call, now: Time, outputs: &mut Outputs) -> Result<usize, Box<dyn Error>> {
    let before = outputs.len();
    exchange(layer, call.invite, now, outputs)?;
    let mut key = RequestKey::of(TenantId::DEFAULT, &call.ack, TransportProtocol::Udp);
    let ack = layer.receive_request(&mut key, &call.ack, now, outputs);
    assert!(matches!(ack, Received::Ack { invite: Some(_) }));
    exchange(layer, call.bye, now, outputs)?;
    Ok(outputs.iter().skip(before).filter(|output| matches!(output, Output::Send { .. })).count())
}

/// A request comes in and goes on, its responses come back and go on.
fn exchange(
    layer: &mut TransactionLayer,
    exchange: Exchange,
    now: Time,
    outputs: &mut Outputs,
) -> Result<(), Box<dyn Error>> {
    let flow = MessageKit::new(TransportProtocol::Udp).flow();
    let Exchange { incoming, outgoing, responses } = exchange;
    let mut key = RequestKey::of(TenantId::DEFAULT, &incoming, flow.transport);
    assert_eq!(layer.receive_request(&mut key, &incoming, now, outputs), Received::New);
    let server = layer.create_server(&mut key, &incoming, flow.into(), User(1), now)?;
    layer.create_client(TenantId::DEFAULT, outgoing, User(1), now, outputs)?;
    for response in responses {
        let (status, bytes) = (response.status(), Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n"));
        assert!(layer.receive_response(response, flow, now, outputs).is_none());
        layer.respond(server, status, bytes, now, outputs)?;
    }
    Ok(())
}

fn call(number: usize) -> Call {
    let mut kit = MessageKit::new(TransportProtocol::Udp);
    kit.call_id = format!("call-{number}@192.0.2.1");
    let ringing = [StatusCode::TRYING, StatusCode::RINGING, StatusCode::OK];
    let invite = exchange_of(&kit, Method::Invite, number, &ringing);
    kit.to_tag = Some("bob".to_owned());
    let ack = parsed_request(&kit.request(Method::Ack, &format!("z9hG4bK-ack-{number}")));
    kit.cseq = 2;
    let bye = exchange_of(&kit, Method::Bye, number, &[StatusCode::OK]);
    Call { invite, ack, bye }
}

fn exchange_of(kit: &MessageKit, method: Method, number: usize, statuses: &[StatusCode]) -> Exchange {
    let incoming = parsed_request(&kit.request(method.clone(), &format!("z9hG4bK-in-{method}-{number}")));
    let branch = format!("z9hG4bK-out-{method}-{number}");
    let sent = kit.request(method.clone(), &branch);
    let responses = statuses.iter().map(|status| parsed_response(&response(&sent, *status))).collect();
    let (branch, to) = (ByteStr::from(branch), kit.destination());
    Exchange { incoming, outgoing: ClientRequest { method, branch, bytes: sent.to_bytes(), to }, responses }
}

fn parsed_request(request: &Request) -> Request {
    match parse_message(request.to_bytes(), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        _ => unreachable!("it was printed from a request"),
    }
}

fn parsed_response(response: &Response) -> Response {
    match parse_message(response.to_bytes(), &Limits::default()) {
        Ok(Message::Response(response)) => response,
        _ => unreachable!("it was printed from a response"),
    }
}
