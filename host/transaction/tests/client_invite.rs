//! The INVITE client transaction alone: its peer and its user are the test (RFC 3261 17.1.1, RFC 6026 7.2).
#![allow(clippy::unwrap_used)]

use siphon_sip::{Method, TransportProtocol};
use siphon_transaction::kit::Bench;
use siphon_transaction::{ClientId, Sender};

const UDP: TransportProtocol = TransportProtocol::Udp;
const TCP: TransportProtocol = TransportProtocol::Tcp;

fn calling(transport: TransportProtocol) -> (Bench, ClientId) {
    let mut bench = Bench::new(transport);
    let client = bench.create_client(Method::Invite, "z9hG4bK-1").unwrap();
    (bench, client)
}

#[test]
fn over_udp_an_unanswered_invite_leaves_seven_times_and_times_out_after_64_t1() {
    let (mut bench, _) = calling(UDP);
    bench.run_until(100_000);
    let expected = [
        (0, "sent INVITE"),
        (500, "sent INVITE"),
        (1_500, "sent INVITE"),
        (3_500, "sent INVITE"),
        (7_500, "sent INVITE"),
        (15_500, "sent INVITE"),
        (31_500, "sent INVITE"),
        (32_000, "told timeout"),
        (32_000, "ended"),
    ];
    assert_eq!(bench.journal(), expected);
}

#[test]
fn over_a_stream_an_unanswered_invite_leaves_once_and_times_out_after_64_t1() {
    let (mut bench, _) = calling(TCP);
    bench.run_until(100_000);
    assert_eq!(bench.journal(), [(0, "sent INVITE"), (32_000, "told timeout"), (32_000, "ended")]);
}

#[test]
fn a_provisional_ends_the_repetition_and_the_time_limit() {
    let (mut bench, client) = calling(UDP);
    bench.run_until(700);
    assert!(bench.answer(client, 100));
    bench.run_until(200_000);
    assert!(bench.answer(client, 180));
    assert_eq!(bench.journal(), [(0, "sent INVITE"), (500, "sent INVITE"), (700, "told 100"), (200_000, "told 180")]);
}

#[test]
fn over_udp_every_copy_of_a_rejection_is_acknowledged_and_told_once_until_timer_d() {
    let (mut bench, client) = calling(UDP);
    bench.run_until(100);
    bench.answer(client, 486);
    for millis in [600, 1_600, 32_099] {
        bench.run_until(millis);
        assert!(bench.answer(client, 486));
    }
    bench.run_until(40_000);
    assert!(!bench.answer(client, 486), "the transaction is gone, the response stray");
    let expected = [
        (0, "sent INVITE"),
        (100, "sent ACK"),
        (100, "told 486"),
        (600, "sent ACK"),
        (1_600, "sent ACK"),
        (32_099, "sent ACK"),
        (32_100, "ended"),
    ];
    assert_eq!(bench.journal(), expected);
}

#[test]
fn over_a_stream_a_rejection_is_acknowledged_and_ends_the_transaction_at_once() {
    let (mut bench, client) = calling(TCP);
    bench.run_until(100);
    bench.answer(client, 404);
    assert_eq!(bench.journal(), [(0, "sent INVITE"), (100, "sent ACK"), (100, "told 404"), (100, "ended")]);
    assert_eq!(bench.layer().next_deadline(), None);
}

#[test]
fn every_2xx_is_told_for_64_t1_and_none_is_acknowledged() {
    for transport in [UDP, TCP] {
        let (mut bench, client) = calling(transport);
        bench.run_until(100);
        bench.answer(client, 200);
        bench.run_until(600);
        bench.answer(client, 200);
        bench.run_until(32_099);
        bench.answer(client, 202);
        bench.run_until(40_000);
        assert!(!bench.answer(client, 200));
        let expected =
            [(0, "sent INVITE"), (100, "told 200"), (600, "told 200"), (32_099, "told 202"), (32_100, "ended")];
        assert_eq!(bench.journal(), expected, "{transport}");
    }
}

#[test]
fn what_comes_out_of_turn_after_a_final_is_swallowed() {
    let (mut bench, client) = calling(UDP);
    bench.answer(client, 200);
    bench.forget_journal();
    assert!(bench.answer(client, 180) && bench.answer(client, 486));
    let rejected = bench.create_client(Method::Invite, "z9hG4bK-2").unwrap();
    bench.answer(rejected, 486);
    bench.forget_journal();
    assert!(bench.answer(rejected, 180) && bench.answer(rejected, 200));
    assert_eq!(bench.journal(), []);
}

#[test]
fn a_failed_send_ends_the_transaction_while_it_calls() {
    let (mut bench, client) = calling(UDP);
    bench.run_until(200);
    bench.fail(Sender::Client(client));
    bench.run_until(100_000);
    assert_eq!(bench.journal(), [(0, "sent INVITE"), (200, "told failure"), (200, "ended")]);
}

#[test]
fn a_failed_copy_is_no_news_once_the_peer_has_answered() {
    let (mut bench, client) = calling(UDP);
    bench.answer(client, 180);
    bench.forget_journal();
    bench.fail(Sender::Client(client));
    bench.answer(client, 200);
    bench.fail(Sender::Client(client));
    assert_eq!(bench.journal(), [(0, "told 200")]);
}

#[test]
fn a_failed_ack_ends_the_transaction() {
    let (mut bench, client) = calling(UDP);
    bench.answer(client, 486);
    bench.forget_journal();
    bench.fail(Sender::Client(client));
    assert_eq!(bench.journal(), [(0, "told failure"), (0, "ended")]);
}

#[test]
fn a_forgotten_invite_still_acknowledges_its_rejection_in_silence() {
    let (mut bench, client) = calling(UDP);
    bench.answer(client, 180);
    bench.layer().forget_client(client);
    bench.run_until(1_000);
    bench.answer(client, 487);
    bench.run_until(100_000);
    assert_eq!(bench.journal(), [(0, "sent INVITE"), (0, "told 180"), (1_000, "sent ACK")]);
    assert!(bench.layer().is_empty());
}

#[test]
fn a_forgotten_invite_that_only_rings_is_gone_after_64_t1() {
    let (mut bench, client) = calling(UDP);
    bench.layer().forget_client(client);
    bench.run_until(100);
    bench.answer(client, 180);
    bench.run_until(20_000);
    bench.answer(client, 180);
    bench.run_until(32_099);
    assert_eq!(bench.layer().len(), 1);
    bench.run_until(32_100);
    assert_eq!(bench.layer().len(), 0);
    assert_eq!(bench.journal(), [(0, "sent INVITE")]);
}
