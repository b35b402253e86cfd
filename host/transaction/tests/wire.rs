//! A client and a server over a wire on which each message in turn is lost, doubled or late. Every transmission is
//! named with its time: the wire takes 10 ms, the server rings after 90 ms and decides 2 s after the request came.

use proptest::prelude::*;
use siphon_sip::{Method, TransportProtocol};
use siphon_transaction::kit::{Fate, Pair};

const UDP: TransportProtocol = TransportProtocol::Udp;
const TCP: TransportProtocol = TransportProtocol::Tcp;

type Lines<'a> = &'a [(u64, &'a str)];

/// Runs one transaction to the end of both sides; one message may have a fate.
fn journal_is(
    transport: TransportProtocol,
    method: Method,
    answers: &[(u64, u16)],
    fate: Fated<'_>,
    expected: Lines<'_>,
) {
    let mut pair = Pair::new(transport);
    if let Some((message, fate)) = fate {
        pair.fate(message, 1, fate);
    }
    for (millis, status) in answers {
        pair.answer(*millis, *status);
    }
    pair.send(method);
    pair.run_until(200_000);
    assert_eq!(pair.journal(), expected, "{fate:?}");
    assert_eq!(pair.transactions(), (0, 0));
}

type Fated<'a> = Option<(&'a str, Fate)>;

mod a_rejected_invite_over_udp {
    use super::*;

    fn check(fate: Fated<'_>, expected: Lines<'_>) {
        journal_is(UDP, Method::Invite, &[(90, 180), (1_990, 486)], fate, expected);
    }

    #[test]
    fn without_trouble() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK"),
            (2_010, "client told 486"),
            (7_020, "server ended"),
            (34_010, "client ended"),
        ];
        check(None, &expected);
    }

    #[test]
    fn whose_invite_is_lost() {
        let expected = [
            (0, "-> INVITE lost"),
            (500, "-> INVITE"),
            (600, "<- 180"),
            (610, "client told 180"),
            (2_500, "<- 486"),
            (2_510, "-> ACK"),
            (2_510, "client told 486"),
            (7_520, "server ended"),
            (34_510, "client ended"),
        ];
        check(Some(("INVITE", Fate::Lost)), &expected);
    }

    #[test]
    fn whose_invite_comes_twice() {
        let expected = [
            (0, "-> INVITE twice"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK"),
            (2_010, "client told 486"),
            (7_020, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("INVITE", Fate::Twice)), &expected);
    }

    #[test]
    fn whose_invite_comes_after_its_own_repetition() {
        let expected = [
            (0, "-> INVITE late"),
            (500, "-> INVITE"),
            (600, "<- 180"),
            (610, "client told 180"),
            (710, "<- 180"),
            (720, "client told 180"),
            (2_500, "<- 486"),
            (2_510, "-> ACK"),
            (2_510, "client told 486"),
            (7_520, "server ended"),
            (34_510, "client ended"),
        ];
        check(Some(("INVITE", Fate::Late(700))), &expected);
    }

    #[test]
    fn whose_180_is_lost() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180 lost"),
            (500, "-> INVITE"),
            (510, "<- 180"),
            (520, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK"),
            (2_010, "client told 486"),
            (7_020, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("180", Fate::Lost)), &expected);
    }

    #[test]
    fn whose_180_comes_twice() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180 twice"),
            (110, "client told 180"),
            (111, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK"),
            (2_010, "client told 486"),
            (7_020, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("180", Fate::Twice)), &expected);
    }

    #[test]
    fn whose_180_comes_after_the_final() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180 late"),
            (500, "-> INVITE"),
            (510, "<- 180"),
            (520, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK"),
            (2_010, "client told 486"),
            (7_020, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("180", Fate::Late(2_500))), &expected);
    }

    #[test]
    fn whose_rejection_is_lost() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486 lost"),
            (2_500, "<- 486"),
            (2_510, "-> ACK"),
            (2_510, "client told 486"),
            (7_520, "server ended"),
            (34_510, "client ended"),
        ];
        check(Some(("486", Fate::Lost)), &expected);
    }

    #[test]
    fn whose_rejection_comes_twice() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486 twice"),
            (2_010, "-> ACK"),
            (2_010, "client told 486"),
            (2_011, "-> ACK"),
            (7_020, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("486", Fate::Twice)), &expected);
    }

    #[test]
    fn whose_rejection_comes_after_its_own_repetition() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486 late"),
            (2_500, "<- 486"),
            (2_510, "-> ACK"),
            (2_510, "client told 486"),
            (3_010, "-> ACK"),
            (7_520, "server ended"),
            (34_510, "client ended"),
        ];
        check(Some(("486", Fate::Late(1_000))), &expected);
    }

    #[test]
    fn whose_ack_is_lost() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK lost"),
            (2_010, "client told 486"),
            (2_500, "<- 486"),
            (2_510, "-> ACK"),
            (7_520, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("ACK", Fate::Lost)), &expected);
    }

    #[test]
    fn whose_ack_comes_twice() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK twice"),
            (2_010, "client told 486"),
            (7_020, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("ACK", Fate::Twice)), &expected);
    }

    #[test]
    fn whose_ack_is_late() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK late"),
            (2_010, "client told 486"),
            (2_500, "<- 486"),
            (2_510, "-> ACK"),
            (7_520, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("ACK", Fate::Late(1_000))), &expected);
    }
}

/// The server's user repeats its 200 half a second later, as the core of a UAS does until the ACK comes.
mod an_accepted_invite_over_udp {
    use super::*;

    fn check(fate: Fated<'_>, expected: Lines<'_>) {
        journal_is(UDP, Method::Invite, &[(90, 180), (1_990, 200), (2_490, 200)], fate, expected);
    }

    #[test]
    fn without_trouble() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 200"),
            (2_010, "client told 200"),
            (2_010, "-> ACK"),
            (2_020, "server told ACK"),
            (2_500, "<- 200"),
            (2_510, "client told 200"),
            (2_510, "-> ACK"),
            (2_520, "server told ACK"),
            (34_000, "server ended"),
            (34_010, "client ended"),
        ];
        check(None, &expected);
    }

    #[test]
    fn whose_200_is_lost() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 200 lost"),
            (2_500, "<- 200"),
            (2_510, "client told 200"),
            (2_510, "-> ACK"),
            (2_520, "server told ACK"),
            (34_000, "server ended"),
            (34_510, "client ended"),
        ];
        check(Some(("200", Fate::Lost)), &expected);
    }

    #[test]
    fn whose_200_comes_twice() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 200 twice"),
            (2_010, "client told 200"),
            (2_010, "-> ACK"),
            (2_011, "client told 200"),
            (2_011, "-> ACK"),
            (2_020, "server told ACK"),
            (2_021, "server told ACK"),
            (2_500, "<- 200"),
            (2_510, "client told 200"),
            (2_510, "-> ACK"),
            (2_520, "server told ACK"),
            (34_000, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("200", Fate::Twice)), &expected);
    }

    #[test]
    fn whose_200_comes_after_its_own_repetition() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 200 late"),
            (2_500, "<- 200"),
            (2_510, "client told 200"),
            (2_510, "-> ACK"),
            (2_520, "server told ACK"),
            (3_010, "client told 200"),
            (3_010, "-> ACK"),
            (3_020, "server told ACK"),
            (34_000, "server ended"),
            (34_510, "client ended"),
        ];
        check(Some(("200", Fate::Late(1_000))), &expected);
    }

    #[test]
    fn whose_invite_comes_again_when_it_is_accepted() {
        let expected = [
            (0, "-> INVITE late"),
            (500, "-> INVITE"),
            (600, "<- 180"),
            (610, "client told 180"),
            (2_500, "<- 200"),
            (2_510, "client told 200"),
            (2_510, "-> ACK"),
            (2_520, "server told ACK"),
            (3_000, "<- 200"),
            (3_010, "client told 200"),
            (3_010, "-> ACK"),
            (3_020, "server told ACK"),
            (34_500, "server ended"),
            (34_510, "client ended"),
        ];
        check(Some(("INVITE", Fate::Late(4_000))), &expected);
    }

    #[test]
    fn whose_ack_is_lost() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 200"),
            (2_010, "client told 200"),
            (2_010, "-> ACK lost"),
            (2_500, "<- 200"),
            (2_510, "client told 200"),
            (2_510, "-> ACK"),
            (2_520, "server told ACK"),
            (34_000, "server ended"),
            (34_010, "client ended"),
        ];
        check(Some(("ACK", Fate::Lost)), &expected);
    }
}

mod an_invite_over_a_stream {
    use super::*;

    fn rejected(fate: Fated<'_>, expected: Lines<'_>) {
        journal_is(TCP, Method::Invite, &[(90, 180), (1_990, 486)], fate, expected);
    }

    #[test]
    fn that_is_rejected_ends_with_the_ack() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK"),
            (2_010, "client told 486"),
            (2_010, "client ended"),
            (2_020, "server ended"),
        ];
        rejected(None, &expected);
    }

    #[test]
    fn whose_invite_is_late_is_not_repeated() {
        let expected = [
            (0, "-> INVITE late"),
            (800, "<- 180"),
            (810, "client told 180"),
            (2_700, "<- 486"),
            (2_710, "-> ACK"),
            (2_710, "client told 486"),
            (2_710, "client ended"),
            (2_720, "server ended"),
        ];
        rejected(Some(("INVITE", Fate::Late(700))), &expected);
    }

    #[test]
    fn whose_rejection_is_late_is_not_repeated() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486 late"),
            (3_010, "-> ACK"),
            (3_010, "client told 486"),
            (3_010, "client ended"),
            (3_020, "server ended"),
        ];
        rejected(Some(("486", Fate::Late(1_000))), &expected);
    }

    #[test]
    fn whose_ack_dies_with_its_connection_ends_with_timer_h() {
        let expected = [
            (0, "-> INVITE"),
            (100, "<- 180"),
            (110, "client told 180"),
            (2_000, "<- 486"),
            (2_010, "-> ACK lost"),
            (2_010, "client told 486"),
            (2_010, "client ended"),
            (34_000, "server told timeout"),
            (34_000, "server ended"),
        ];
        rejected(Some(("ACK", Fate::Lost)), &expected);
    }

    #[test]
    fn that_is_accepted_waits_for_further_2xx_as_over_udp() {
        let expected = [
            (0, "-> INVITE"),
            (2_000, "<- 200"),
            (2_010, "client told 200"),
            (2_010, "-> ACK"),
            (2_020, "server told ACK"),
            (34_000, "server ended"),
            (34_010, "client ended"),
        ];
        journal_is(TCP, Method::Invite, &[(1_990, 200)], None, &expected);
    }
}

mod a_non_invite_over_udp {
    use super::*;

    fn check(fate: Fated<'_>, expected: Lines<'_>) {
        journal_is(UDP, Method::Bye, &[(90, 200)], fate, expected);
    }

    #[test]
    fn without_trouble() {
        let expected = [
            (0, "-> BYE"),
            (100, "<- 200"),
            (110, "client told 200"),
            (5_110, "client ended"),
            (32_100, "server ended"),
        ];
        check(None, &expected);
    }

    #[test]
    fn whose_request_is_lost() {
        let expected = [
            (0, "-> BYE lost"),
            (500, "-> BYE"),
            (600, "<- 200"),
            (610, "client told 200"),
            (5_610, "client ended"),
            (32_600, "server ended"),
        ];
        check(Some(("BYE", Fate::Lost)), &expected);
    }

    #[test]
    fn whose_request_comes_twice() {
        let expected = [
            (0, "-> BYE twice"),
            (100, "<- 200"),
            (110, "client told 200"),
            (5_110, "client ended"),
            (32_100, "server ended"),
        ];
        check(Some(("BYE", Fate::Twice)), &expected);
    }

    #[test]
    fn whose_request_comes_after_its_own_repetition() {
        let expected = [
            (0, "-> BYE late"),
            (500, "-> BYE"),
            (600, "<- 200"),
            (610, "client told 200"),
            (710, "<- 200"),
            (5_610, "client ended"),
            (32_600, "server ended"),
        ];
        check(Some(("BYE", Fate::Late(700))), &expected);
    }

    #[test]
    fn whose_response_is_lost() {
        let expected = [
            (0, "-> BYE"),
            (100, "<- 200 lost"),
            (500, "-> BYE"),
            (510, "<- 200"),
            (520, "client told 200"),
            (5_520, "client ended"),
            (32_100, "server ended"),
        ];
        check(Some(("200", Fate::Lost)), &expected);
    }

    #[test]
    fn whose_response_comes_twice() {
        let expected = [
            (0, "-> BYE"),
            (100, "<- 200 twice"),
            (110, "client told 200"),
            (5_110, "client ended"),
            (32_100, "server ended"),
        ];
        check(Some(("200", Fate::Twice)), &expected);
    }

    #[test]
    fn whose_response_comes_after_its_own_repetition() {
        let expected = [
            (0, "-> BYE"),
            (100, "<- 200 late"),
            (500, "-> BYE"),
            (510, "<- 200"),
            (520, "client told 200"),
            (5_520, "client ended"),
            (32_100, "server ended"),
        ];
        check(Some(("200", Fate::Late(700))), &expected);
    }

    #[test]
    fn whose_response_comes_when_nobody_waits_any_more_is_stray() {
        let expected = [
            (0, "-> BYE"),
            (100, "<- 200 late"),
            (500, "-> BYE"),
            (510, "<- 200"),
            (520, "client told 200"),
            (5_520, "client ended"),
            (6_110, "client finds 200 stray"),
            (32_100, "server ended"),
        ];
        check(Some(("200", Fate::Late(6_000))), &expected);
    }

    #[test]
    fn that_takes_its_time_gets_a_100_when_timer_e_has_reached_t2() {
        let expected = [
            (0, "-> OPTIONS"),
            (500, "-> OPTIONS"),
            (1_500, "-> OPTIONS"),
            (3_500, "-> OPTIONS"),
            // It is due 3.5 s after the first request came, which is when the fourth comes.
            (3_510, "<- 100"),
            (3_510, "<- 100"),
            (3_520, "client told 100"),
            (3_520, "client told 100"),
            (5_010, "<- 200"),
            (5_020, "client told 200"),
            (10_020, "client ended"),
            (37_010, "server ended"),
        ];
        journal_is(UDP, Method::Options, &[(5_000, 200)], None, &expected);
    }

    #[test]
    fn whose_100_is_lost_gets_it_again_with_the_next_repetition() {
        let expected = [
            (0, "-> OPTIONS late"),
            (500, "-> OPTIONS"),
            (1_500, "-> OPTIONS"),
            (3_500, "-> OPTIONS"),
            // The late one was the fourth to come.
            (4_010, "<- 100 lost"),
            (4_010, "<- 100"),
            (4_020, "client told 100"),
            (7_500, "-> OPTIONS"),
            (7_510, "<- 100"),
            (7_520, "client told 100"),
            (9_510, "<- 200"),
            (9_520, "client told 200"),
            (14_520, "client ended"),
            (41_510, "server ended"),
        ];
        let mut pair = Pair::new(UDP);
        pair.fate("OPTIONS", 1, Fate::Late(4_000));
        pair.fate("100", 1, Fate::Lost);
        pair.answer(9_000, 200);
        pair.send(Method::Options);
        pair.run_until(200_000);
        assert_eq!(pair.journal(), expected);
    }
}

mod a_non_invite_over_a_stream {
    use super::*;

    #[test]
    fn ends_with_its_response() {
        let expected =
            [(0, "-> BYE"), (100, "<- 200"), (100, "server ended"), (110, "client told 200"), (110, "client ended")];
        journal_is(TCP, Method::Bye, &[(90, 200)], None, &expected);
    }

    #[test]
    fn is_not_repeated_when_it_or_its_response_is_late() {
        let expected = [
            (0, "-> BYE late"),
            (4_100, "<- 200"),
            (4_100, "server ended"),
            (4_110, "client told 200"),
            (4_110, "client ended"),
        ];
        journal_is(TCP, Method::Bye, &[(90, 200)], Some(("BYE", Fate::Late(4_000))), &expected);
        let expected = [
            (0, "-> BYE"),
            (100, "<- 200 late"),
            (100, "server ended"),
            (4_110, "client told 200"),
            (4_110, "client ended"),
        ];
        journal_is(TCP, Method::Bye, &[(90, 200)], Some(("200", Fate::Late(4_000))), &expected);
    }

    #[test]
    fn times_out_when_its_response_dies_with_the_connection() {
        let expected = [
            (0, "-> BYE"),
            (100, "<- 200 lost"),
            (100, "server ended"),
            (32_000, "client told timeout"),
            (32_000, "client ended"),
        ];
        journal_is(TCP, Method::Bye, &[(90, 200)], Some(("200", Fate::Lost)), &expected);
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![3 => Just(Fate::Lost), 1 => Just(Fate::Twice), 2 => (1..9_000_u64).prop_map(Fate::Late)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_the_wire_does_both_sides_end_and_keep_nothing(
        fates in prop::collection::vec((0..5_usize, 1..6_u32, fate()), 0..12),
        is_invite in any::<bool>(),
        status in prop_oneof![Just(200_u16), Just(486)],
        delay in 0..30_000_u64,
    ) {
        let method = if is_invite { Method::Invite } else { Method::Message };
        let messages = [method.as_str(), "100", "180", "ACK", if status == 200 { "200" } else { "486" }];
        let mut pair = Pair::new(UDP);
        for (message, nth, fate) in fates {
            pair.fate(messages[message], nth, fate);
        }
        if is_invite {
            pair.answer(100, 100);
            pair.answer(200, 180);
        }
        pair.answer(delay, status);
        pair.send(method.clone());
        pair.run_until(400_000);
        let journal = pair.journal();
        let told = format!("client told {status}");
        let finals = journal.iter().filter(|(_, line)| *line == told).count();
        prop_assert!(finals <= 1 || (is_invite && status == 200), "{journal:#?}");
        let heard = journal.iter().any(|(_, line)| line.starts_with("client told"));
        prop_assert!(heard, "a user is always told something: {journal:#?}");
        prop_assert_eq!(pair.kept_bytes().1, 0);
        if !is_invite {
            prop_assert_eq!(pair.kept_bytes().0, 0);
            prop_assert_eq!(pair.transactions().0, 0);
        }
    }
}
