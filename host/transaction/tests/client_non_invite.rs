//! The non-INVITE client transaction alone: its peer and its user are the test (RFC 3261 17.1.2).
#![allow(clippy::unwrap_used)]

use siphon_sip::{Method, TransportProtocol};
use siphon_transaction::kit::Bench;
use siphon_transaction::{ClientId, Sender};

const UDP: TransportProtocol = TransportProtocol::Udp;
const TCP: TransportProtocol = TransportProtocol::Tcp;

fn trying(transport: TransportProtocol) -> (Bench, ClientId) {
    let mut bench = Bench::new(transport);
    let client = bench.create_client(Method::Register, "z9hG4bK-1").unwrap();
    (bench, client)
}

fn sent(bench: &Bench) -> Vec<u64> {
    bench.journal().iter().filter(|(_, line)| *line == "sent REGISTER").map(|(at, _)| *at).collect()
}

#[test]
fn over_udp_an_unanswered_request_leaves_at_intervals_up_to_t2_and_times_out() {
    let (mut bench, _) = trying(UDP);
    bench.run_until(100_000);
    let times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert_eq!(sent(&bench), times);
    assert_eq!(bench.journal()[times.len()..], [(32_000, "told timeout"), (32_000, "ended")]);
}

#[test]
fn over_a_stream_an_unanswered_request_leaves_once_and_times_out() {
    let (mut bench, _) = trying(TCP);
    bench.run_until(100_000);
    assert_eq!(bench.journal(), [(0, "sent REGISTER"), (32_000, "told timeout"), (32_000, "ended")]);
}

#[test]
fn a_provisional_slows_the_repetition_down_to_t2_from_the_next_one_on() {
    let (mut bench, client) = trying(UDP);
    bench.run_until(600);
    bench.answer(client, 100);
    bench.run_until(100_000);
    assert_eq!(sent(&bench), [0, 500, 1_500, 5_500, 9_500, 13_500, 17_500, 21_500, 25_500, 29_500]);
    assert_eq!(bench.journal().last(), Some(&(32_000, "ended")), "Timer F runs on");
}

#[test]
fn over_udp_the_first_final_is_told_and_its_copies_are_swallowed_until_timer_k() {
    let (mut bench, client) = trying(UDP);
    bench.run_until(100);
    bench.answer(client, 200);
    bench.run_until(5_099);
    assert!(bench.answer(client, 200) && bench.answer(client, 100));
    bench.run_until(10_000);
    assert!(!bench.answer(client, 200));
    assert_eq!(bench.journal(), [(0, "sent REGISTER"), (100, "told 200"), (5_100, "ended")]);
}

#[test]
fn over_a_stream_the_final_ends_the_transaction_at_once() {
    let (mut bench, client) = trying(TCP);
    bench.run_until(100);
    bench.answer(client, 100);
    bench.answer(client, 401);
    assert_eq!(bench.journal(), [(0, "sent REGISTER"), (100, "told 100"), (100, "told 401"), (100, "ended")]);
}

#[test]
fn a_failed_send_ends_the_transaction_while_there_is_no_final() {
    for provisional in [false, true] {
        let (mut bench, client) = trying(UDP);
        if provisional {
            bench.answer(client, 100);
        }
        bench.forget_journal();
        bench.fail(Sender::Client(client));
        assert_eq!(bench.journal(), [(0, "told failure"), (0, "ended")]);
        assert_eq!(bench.layer().next_deadline(), None);
    }
}

#[test]
fn a_failed_copy_is_no_news_after_the_final() {
    let (mut bench, client) = trying(UDP);
    bench.answer(client, 200);
    bench.forget_journal();
    bench.fail(Sender::Client(client));
    assert_eq!(bench.journal(), []);
    assert_eq!(bench.layer().len(), 1);
}

#[test]
fn a_cancel_is_a_transaction_of_its_own_on_the_branch_of_its_invite() {
    let mut bench = Bench::new(UDP);
    let invite = bench.create_client(Method::Invite, "z9hG4bK-1").unwrap();
    bench.answer(invite, 180);
    let cancel = bench.create_client(Method::Cancel, "z9hG4bK-1").unwrap();
    bench.forget_journal();
    bench.answer(cancel, 200);
    bench.answer(invite, 487);
    bench.run_until(100_000);
    let expected = [(0, "told 200"), (0, "sent ACK"), (0, "told 487"), (5_000, "ended"), (32_000, "ended")];
    assert_eq!(bench.journal(), expected);
}
