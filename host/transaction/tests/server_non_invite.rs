//! The non-INVITE server transaction alone: its peer and its user are the test (RFC 3261 17.2.2, RFC 4320).
#![allow(clippy::unwrap_used)]

use siphon_sip::{Method, Request, TransportProtocol};
use siphon_transaction::kit::Bench;
use siphon_transaction::{Received, Sender, ServerId};

const UDP: TransportProtocol = TransportProtocol::Udp;
const TCP: TransportProtocol = TransportProtocol::Tcp;

fn asked(transport: TransportProtocol) -> (Bench, ServerId, Request) {
    let mut bench = Bench::new(transport);
    let request = bench.messages.request(Method::Message, "z9hG4bK-1");
    assert_eq!(bench.receive(&request), Received::New);
    let server = bench.create_server(&request).unwrap();
    (bench, server, request)
}

#[test]
fn a_repeated_request_is_discarded_before_there_is_a_response() {
    let (mut bench, _, request) = asked(UDP);
    bench.run_until(500);
    assert_eq!(bench.receive(&request), Received::Absorbed);
    assert_eq!(bench.journal(), []);
}

#[test]
fn over_udp_an_unanswered_request_gets_a_100_when_timer_e_has_reached_t2() {
    let (mut bench, server, request) = asked(UDP);
    bench.run_until(7_500);
    assert_eq!(bench.receive(&request), Received::Absorbed);
    bench.run_until(8_000);
    bench.respond(server, &request, 200).unwrap();
    assert_eq!(bench.journal(), [(3_500, "sent 100"), (7_500, "sent 100"), (8_000, "sent 200")]);
}

#[test]
fn over_a_stream_no_100_leaves_by_itself() {
    let (mut bench, _, _) = asked(TCP);
    bench.run_until(100_000);
    assert_eq!(bench.journal(), []);
}

#[test]
fn over_udp_the_users_100_waits_for_its_time() {
    let (mut bench, server, request) = asked(UDP);
    bench.run_until(200);
    bench.respond(server, &request, 100).unwrap();
    bench.run_until(5_000);
    bench.respond(server, &request, 100).unwrap();
    assert_eq!(bench.journal(), [(3_500, "sent 100"), (5_000, "sent 100")]);
}

#[test]
fn over_a_stream_the_users_100_leaves_at_once() {
    let (mut bench, server, request) = asked(TCP);
    bench.respond(server, &request, 100).unwrap();
    assert_eq!(bench.receive(&request), Received::Absorbed);
    assert_eq!(bench.journal(), [(0, "sent 100"), (0, "sent 100")]);
}

#[test]
fn no_provisional_but_100_ever_leaves() {
    for transport in [UDP, TCP] {
        let (mut bench, server, request) = asked(transport);
        bench.respond(server, &request, 183).unwrap();
        bench.run_until(3_000);
        assert_eq!(bench.journal(), [], "{transport}");
    }
}

#[test]
fn over_udp_a_repeated_request_brings_the_final_again_until_timer_j() {
    let (mut bench, server, request) = asked(UDP);
    bench.run_until(100);
    bench.respond(server, &request, 200).unwrap();
    for millis in [600, 32_099] {
        bench.run_until(millis);
        assert_eq!(bench.receive(&request), Received::Absorbed);
    }
    bench.run_until(100_000);
    assert_eq!(bench.receive(&request), Received::New);
    let expected = [(100, "sent 200"), (600, "sent 200"), (32_099, "sent 200"), (32_100, "ended")];
    assert_eq!(bench.journal(), expected, "and no 100 after it");
}

#[test]
fn over_a_stream_the_final_ends_the_transaction_at_once() {
    let (mut bench, server, request) = asked(TCP);
    bench.respond(server, &request, 200).unwrap();
    assert_eq!(bench.journal(), [(0, "sent 200"), (0, "ended")]);
    assert_eq!(bench.layer().next_deadline(), None);
}

#[test]
fn a_second_final_leaves_nothing() {
    let (mut bench, server, request) = asked(UDP);
    bench.respond(server, &request, 200).unwrap();
    for status in [100, 202, 500] {
        bench.respond(server, &request, status).unwrap();
    }
    assert_eq!(bench.receive(&request), Received::Absorbed);
    assert_eq!(bench.journal(), [(0, "sent 200"), (0, "sent 200")]);
}

#[test]
fn a_failed_send_is_told_and_the_state_stays() {
    let (mut bench, server, request) = asked(UDP);
    bench.fail(Sender::Server(server));
    assert_eq!(bench.journal(), [], "nothing was sent yet");
    bench.run_until(3_500);
    bench.forget_journal();
    bench.fail(Sender::Server(server));
    assert_eq!(bench.journal(), [(3_500, "told failure")]);
    bench.respond(server, &request, 200).unwrap();
    bench.forget_journal();
    bench.fail(Sender::Server(server));
    assert_eq!(bench.receive(&request), Received::Absorbed);
    assert_eq!(bench.journal(), [(3_500, "told failure"), (3_500, "sent 200")]);
}

#[test]
fn a_request_that_is_given_up_is_absorbed_in_silence_until_timer_j() {
    let (mut bench, server, request) = asked(UDP);
    bench.run_until(32_000);
    bench.forget_journal();
    bench.give_up(server);
    bench.run_until(63_900);
    assert_eq!(bench.receive(&request), Received::Absorbed);
    assert_eq!(bench.journal(), []);
    bench.run_until(64_100);
    assert_eq!(bench.receive(&request), Received::New);
    assert_eq!(bench.layer().len(), 0);
}

#[test]
fn over_a_stream_a_request_that_is_given_up_is_over() {
    let (mut bench, server, _) = asked(TCP);
    bench.give_up(server);
    assert_eq!(bench.layer().len(), 0);
}
