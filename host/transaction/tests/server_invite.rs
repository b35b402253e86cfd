//! The INVITE server transaction alone: its peer and its user are the test (RFC 3261 17.2.1, RFC 6026 7.1).
#![allow(clippy::unwrap_used)]

use siphon_sip::{Method, Request, TransportProtocol};
use siphon_transaction::kit::Bench;
use siphon_transaction::{Received, Sender, ServerId, User};

const UDP: TransportProtocol = TransportProtocol::Udp;
const TCP: TransportProtocol = TransportProtocol::Tcp;

fn invited(transport: TransportProtocol) -> (Bench, ServerId, Request) {
    let mut bench = Bench::new(transport);
    let invite = bench.messages.request(Method::Invite, "z9hG4bK-1");
    assert_eq!(bench.receive(&invite), Received::New);
    let server = bench.create_server(&invite).unwrap();
    (bench, server, invite)
}

fn ack(bench: &mut Bench) -> Received {
    let ack = bench.messages.request(Method::Ack, "z9hG4bK-1");
    bench.receive(&ack)
}

#[test]
fn a_repeated_invite_brings_the_latest_provisional_and_nothing_before_the_first() {
    let (mut bench, server, invite) = invited(UDP);
    assert_eq!(bench.receive(&invite), Received::Absorbed);
    bench.respond(server, &invite, 100).unwrap();
    bench.respond(server, &invite, 180).unwrap();
    bench.run_until(500);
    assert_eq!(bench.receive(&invite), Received::Absorbed);
    assert_eq!(bench.journal(), [(0, "sent 100"), (0, "sent 180"), (500, "sent 180")]);
}

#[test]
fn an_undecided_invite_has_no_time_limit_here() {
    let (mut bench, server, invite) = invited(UDP);
    bench.run_until(600_000);
    bench.respond(server, &invite, 200).unwrap();
    assert_eq!(bench.journal(), [(600_000, "sent 200")]);
}

#[test]
fn over_udp_a_rejection_is_repeated_until_timer_h_when_no_ack_comes() {
    let (mut bench, server, invite) = invited(UDP);
    bench.respond(server, &invite, 486).unwrap();
    bench.run_until(100_000);
    let times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    let mut expected: Vec<_> = times.map(|at| (at, "sent 486")).to_vec();
    expected.extend([(32_000, "told timeout"), (32_000, "ended")]);
    assert_eq!(bench.journal(), expected);
}

#[test]
fn over_a_stream_a_rejection_leaves_once_and_timer_h_runs_as_well() {
    let (mut bench, server, invite) = invited(TCP);
    bench.respond(server, &invite, 486).unwrap();
    bench.run_until(100_000);
    assert_eq!(bench.journal(), [(0, "sent 486"), (32_000, "told timeout"), (32_000, "ended")]);
}

#[test]
fn over_udp_an_ack_ends_the_repetition_and_further_ones_are_absorbed_until_timer_i() {
    let (mut bench, server, invite) = invited(UDP);
    bench.respond(server, &invite, 486).unwrap();
    bench.run_until(600);
    assert_eq!(ack(&mut bench), Received::Absorbed);
    bench.run_until(5_599);
    assert_eq!(ack(&mut bench), Received::Absorbed);
    assert_eq!(bench.receive(&invite), Received::Absorbed);
    bench.run_until(100_000);
    assert_eq!(ack(&mut bench), Received::Ack { invite: None });
    assert_eq!(bench.journal(), [(0, "sent 486"), (500, "sent 486"), (5_600, "ended")]);
}

#[test]
fn over_a_stream_an_ack_ends_the_transaction_at_once() {
    let (mut bench, server, invite) = invited(TCP);
    bench.respond(server, &invite, 486).unwrap();
    bench.run_until(20);
    assert_eq!(ack(&mut bench), Received::Absorbed);
    assert_eq!(bench.journal(), [(0, "sent 486"), (20, "ended")]);
}

#[test]
fn a_repeated_invite_brings_the_rejection_again() {
    let (mut bench, server, invite) = invited(UDP);
    bench.respond(server, &invite, 404).unwrap();
    bench.run_until(300);
    assert_eq!(bench.receive(&invite), Received::Absorbed);
    assert_eq!(bench.journal(), [(0, "sent 404"), (300, "sent 404")]);
}

#[test]
fn an_accepted_invite_absorbs_its_copies_and_lets_every_2xx_of_the_user_leave() {
    for transport in [UDP, TCP] {
        let (mut bench, server, invite) = invited(transport);
        bench.respond(server, &invite, 200).unwrap();
        bench.run_until(500);
        assert_eq!(bench.receive(&invite), Received::Absorbed);
        bench.respond(server, &invite, 200).unwrap();
        bench.run_until(31_999);
        assert_eq!(bench.receive(&invite), Received::Absorbed);
        bench.run_until(100_000);
        assert!(bench.respond(server, &invite, 200).is_err(), "RFC 6026 8.3: discarded");
        assert_eq!(bench.journal(), [(0, "sent 200"), (500, "sent 200"), (32_000, "ended")], "{transport}");
    }
}

#[test]
fn the_ack_of_a_2xx_is_the_users_whatever_branch_it_has() {
    let (mut bench, server, invite) = invited(UDP);
    bench.respond(server, &invite, 200).unwrap();
    let accepted = Received::Ack { invite: Some((server, User(2))) };
    assert_eq!(ack(&mut bench), accepted);
    bench.messages.to_tag = Some("bob".to_owned());
    let ack = bench.messages.request(Method::Ack, "z9hG4bK-another");
    assert_eq!(bench.receive(&ack), accepted);
}

#[test]
fn after_a_final_no_other_response_leaves() {
    let (mut bench, server, invite) = invited(UDP);
    bench.respond(server, &invite, 486).unwrap();
    for status in [180, 200, 500] {
        bench.respond(server, &invite, status).unwrap();
    }
    ack(&mut bench);
    bench.respond(server, &invite, 200).unwrap();
    assert_eq!(bench.journal(), [(0, "sent 486")]);
    let (mut bench, server, invite) = invited(UDP);
    bench.respond(server, &invite, 200).unwrap();
    for status in [180, 486] {
        bench.respond(server, &invite, status).unwrap();
    }
    assert_eq!(bench.journal(), [(0, "sent 200")]);
}

#[test]
fn an_ack_to_an_unanswered_invite_means_nothing() {
    let (mut bench, server, invite) = invited(UDP);
    assert_eq!(ack(&mut bench), Received::Absorbed);
    bench.respond(server, &invite, 200).unwrap();
    assert_eq!(bench.journal(), [(0, "sent 200")]);
}

#[test]
fn a_failed_send_is_told_and_the_state_stays() {
    for status in [180, 486, 200] {
        let (mut bench, server, invite) = invited(UDP);
        bench.respond(server, &invite, status).unwrap();
        bench.forget_journal();
        bench.fail(Sender::Server(server));
        assert_eq!(bench.journal(), [(0, "told failure")]);
        assert_eq!(bench.receive(&invite), Received::Absorbed, "{status}");
    }
}

#[test]
fn a_failed_send_is_no_news_once_the_ack_is_there() {
    let (mut bench, server, invite) = invited(UDP);
    bench.respond(server, &invite, 486).unwrap();
    ack(&mut bench);
    bench.forget_journal();
    bench.fail(Sender::Server(server));
    assert_eq!(bench.journal(), []);
}

#[test]
fn a_dropped_invite_is_new_when_it_comes_again() {
    let (mut bench, server, invite) = invited(UDP);
    bench.layer().drop_server(server);
    assert!(bench.layer().is_empty());
    assert_eq!(bench.receive(&invite), Received::New);
    assert!(bench.respond(server, &invite, 200).is_err());
    assert_eq!(bench.journal(), []);
}
