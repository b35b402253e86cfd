//! Which transaction a request belongs to (RFC 3261 17.2.3, 9.2, 8.2.2.2; RFC 6026 6).
#![allow(clippy::unwrap_used)]

use siphon_sip::{HeaderName, Method, Request, TenantId, TransportProtocol};
use siphon_transaction::kit::{Bench, response};
use siphon_transaction::{Outputs, Received, RequestKey, ServerId, User};

const BRANCH: &str = "z9hG4bK-1";

fn bench() -> Bench {
    Bench::new(TransportProtocol::Udp)
}

/// A request that came in and has a server transaction.
fn take(bench: &mut Bench, method: Method, branch: &str) -> (ServerId, Request) {
    let request = bench.messages.request(method, branch);
    assert_eq!(bench.receive(&request), Received::New);
    (bench.create_server(&request).unwrap(), request)
}

fn receive(bench: &mut Bench, method: Method, branch: &str) -> Received {
    let request = bench.messages.request(method, branch);
    bench.receive(&request)
}

mod by_branch {
    use super::*;

    #[test]
    fn branch_and_sent_by_and_method_make_a_retransmission() {
        let mut bench = bench();
        take(&mut bench, Method::Options, BRANCH);
        bench.messages.uri = "sip:another@example.com".to_owned();
        bench.messages.call_id = "another".to_owned();
        assert_eq!(receive(&mut bench, Method::Options, BRANCH), Received::Absorbed);
    }

    #[test]
    fn the_sent_by_is_compared_without_case_and_with_its_default_port() {
        let mut bench = bench();
        bench.messages.sent_by = "Client.Example.COM".to_owned();
        take(&mut bench, Method::Options, BRANCH);
        bench.messages.sent_by = "client.example.com:5060".to_owned();
        assert_eq!(receive(&mut bench, Method::Options, BRANCH), Received::Absorbed);
    }

    #[test]
    fn another_sent_by_or_port_or_branch_is_another_transaction() {
        let mut bench = bench();
        bench.messages.to_tag = Some("bob".to_owned());
        take(&mut bench, Method::Info, BRANCH);
        assert_eq!(receive(&mut bench, Method::Info, "z9hG4bK-2"), Received::New);
        for sent_by in ["192.0.2.1:5070", "192.0.2.9", "client.example.com", "[2001:db8::1]"] {
            bench.messages.sent_by = sent_by.to_owned();
            assert_eq!(receive(&mut bench, Method::Info, BRANCH), Received::New, "{sent_by}");
        }
    }

    #[test]
    fn another_method_on_the_same_branch_is_another_transaction() {
        let mut bench = bench();
        bench.messages.to_tag = Some("bob".to_owned());
        take(&mut bench, Method::Info, BRANCH);
        assert_eq!(receive(&mut bench, Method::Message, BRANCH), Received::New);
    }

    #[test]
    fn the_same_request_at_another_tenant_is_another_transaction() {
        let mut bench = bench();
        let (_, request) = take(&mut bench, Method::Options, BRANCH);
        let (now, mut outputs) = (bench.now(), Outputs::new());
        let mut key = RequestKey::of(TenantId(7), &request, bench.messages.transport);
        let received = bench.layer().receive_request(&mut key, &request, now, &mut outputs);
        assert_eq!(received, Received::New);
    }

    #[test]
    fn what_the_server_has_written_into_the_via_does_not_matter() {
        let mut bench = bench();
        let mut request = bench.messages.request(Method::Options, BRANCH);
        let stamped = format!("SIP/2.0/UDP 192.0.2.1;branch={BRANCH};received=198.51.100.1;rport=5060");
        request.headers_mut().replace_first_value(&HeaderName::Via, stamped);
        bench.create_server(&request).unwrap();
        assert_eq!(receive(&mut bench, Method::Options, BRANCH), Received::Absorbed);
    }
}

mod rfc2543 {
    use super::*;

    const OLD: &str = "old-branch";

    #[test]
    fn a_request_is_matched_by_what_it_says_when_its_branch_is_not_unique() {
        for branch in ["", OLD] {
            let mut bench = bench();
            take(&mut bench, Method::Invite, branch);
            assert_eq!(receive(&mut bench, Method::Invite, branch), Received::Absorbed, "{branch:?}");
        }
    }

    #[test]
    fn each_part_of_the_key_tells_requests_apart() {
        type Change = fn(&mut Bench);
        let changes: [(&str, Change); 6] = [
            ("Request-URI", |bench| bench.messages.uri = "sip:carol@example.com".to_owned()),
            ("Call-ID", |bench| bench.messages.call_id = "another".to_owned()),
            ("CSeq", |bench| bench.messages.cseq = 2),
            ("From tag", |bench| bench.messages.from_tag = Some("mallory".to_owned())),
            ("To tag", |bench| bench.messages.to_tag = Some("bob2".to_owned())),
            ("Via", |bench| bench.messages.sent_by = "192.0.2.77".to_owned()),
        ];
        for (part, change) in changes {
            let mut bench = bench();
            bench.messages.to_tag = Some("bob".to_owned());
            take(&mut bench, Method::Info, OLD);
            change(&mut bench);
            assert_eq!(receive(&mut bench, Method::Info, OLD), Received::New, "{part}");
        }
    }

    #[test]
    fn the_via_is_compared_without_what_the_server_writes_into_it() {
        let mut bench = bench();
        let mut request = bench.messages.request(Method::Options, OLD);
        let stamped = format!("SIP/2.0/UDP 192.0.2.1;branch={OLD};received=198.51.100.1");
        request.headers_mut().replace_first_value(&HeaderName::Via, stamped);
        bench.create_server(&request).unwrap();
        assert_eq!(receive(&mut bench, Method::Options, OLD), Received::Absorbed);
    }

    #[test]
    fn the_ack_of_a_rejection_has_the_to_tag_of_the_response() {
        let mut bench = bench();
        let (server, invite) = take(&mut bench, Method::Invite, OLD);
        bench.respond(server, &invite, 486).unwrap();
        bench.messages.to_tag = Some("somebody-else".to_owned());
        assert_eq!(receive(&mut bench, Method::Ack, OLD), Received::Ack { invite: None });
        bench.messages.to_tag = Some("bob".to_owned());
        assert_eq!(receive(&mut bench, Method::Ack, OLD), Received::Absorbed);
        bench.run_until(100_000);
        assert_eq!(bench.journal(), [(0, "sent 486"), (5_000, "ended")]);
    }

    #[test]
    fn the_ack_of_a_2xx_is_not_absorbed_although_it_has_the_via_of_the_invite() {
        let mut bench = bench();
        let (server, invite) = take(&mut bench, Method::Invite, OLD);
        bench.respond(server, &invite, 200).unwrap();
        bench.messages.to_tag = Some("bob".to_owned());
        let accepted = Received::Ack { invite: Some((server, User(2))) };
        assert_eq!(receive(&mut bench, Method::Ack, OLD), accepted);
    }

    #[test]
    fn a_cancel_is_matched_like_its_invite() {
        let mut bench = bench();
        let (server, _) = take(&mut bench, Method::Invite, OLD);
        let cancels = Received::Cancel { invite: Some(server), user: Some(User(2)) };
        assert_eq!(receive(&mut bench, Method::Cancel, OLD), cancels);
    }
}

mod cancel {
    use super::*;

    const UNKNOWN: Received = Received::Cancel { invite: None, user: None };

    fn cancels(server: ServerId) -> Received {
        Received::Cancel { invite: Some(server), user: Some(User(2)) }
    }

    #[test]
    fn a_cancel_names_its_invite_by_the_branch_in_whatever_state_that_is() {
        let mut bench = bench();
        let (server, invite) = take(&mut bench, Method::Invite, BRANCH);
        assert_eq!(receive(&mut bench, Method::Cancel, BRANCH), cancels(server));
        bench.respond(server, &invite, 200).unwrap();
        assert_eq!(receive(&mut bench, Method::Cancel, BRANCH), cancels(server));
    }

    #[test]
    fn a_cancel_that_comes_again_is_absorbed_and_answered_again() {
        let mut bench = bench();
        take(&mut bench, Method::Invite, BRANCH);
        let cancel = bench.messages.request(Method::Cancel, BRANCH);
        bench.receive(&cancel);
        let server = bench.create_server(&cancel).unwrap();
        bench.respond(server, &cancel, 200).unwrap();
        assert_eq!(bench.receive(&cancel), Received::Absorbed);
        assert_eq!(bench.journal(), [(0, "sent 200"), (0, "sent 200")]);
    }

    #[test]
    fn a_cancel_of_nothing_is_said_to_be_one() {
        assert_eq!(receive(&mut bench(), Method::Cancel, BRANCH), UNKNOWN);
    }

    #[test]
    fn a_cancel_with_a_foreign_branch_is_taken_for_the_one_pending_invite_of_its_call() {
        let mut bench = bench();
        let (server, _) = take(&mut bench, Method::Invite, BRANCH);
        assert_eq!(receive(&mut bench, Method::Cancel, "z9hG4bK-other"), cancels(server));
        bench.messages.cseq = 2;
        assert_eq!(receive(&mut bench, Method::Cancel, "z9hG4bK-other"), UNKNOWN, "another CSeq number");
        bench.messages.cseq = 1;
        bench.messages.from_tag = Some("mallory".to_owned());
        assert_eq!(receive(&mut bench, Method::Cancel, "z9hG4bK-other"), UNKNOWN, "another From tag");
    }

    #[test]
    fn a_cancel_with_a_foreign_branch_does_not_match_an_answered_invite() {
        let mut bench = bench();
        let (server, invite) = take(&mut bench, Method::Invite, BRANCH);
        bench.respond(server, &invite, 200).unwrap();
        assert_eq!(receive(&mut bench, Method::Cancel, "z9hG4bK-other"), UNKNOWN);
    }

    #[test]
    fn a_cancel_with_a_foreign_branch_does_not_choose_between_two_invites() {
        let mut bench = bench();
        take(&mut bench, Method::Invite, BRANCH);
        let second = bench.messages.request(Method::Invite, "z9hG4bK-2");
        bench.create_server(&second).unwrap();
        assert_eq!(receive(&mut bench, Method::Cancel, "z9hG4bK-other"), UNKNOWN);
    }
}

mod ack {
    use super::*;

    #[test]
    fn an_ack_to_nothing_is_the_users() {
        assert_eq!(receive(&mut bench(), Method::Ack, BRANCH), Received::Ack { invite: None });
    }

    #[test]
    fn an_ack_with_another_branch_does_not_confirm_a_rejection() {
        let mut bench = bench();
        let (server, invite) = take(&mut bench, Method::Invite, BRANCH);
        bench.respond(server, &invite, 486).unwrap();
        assert_eq!(receive(&mut bench, Method::Ack, "z9hG4bK-2"), Received::Ack { invite: None });
        bench.run_until(500);
        assert_eq!(bench.journal(), [(0, "sent 486"), (500, "sent 486")]);
    }
}

mod merged {
    use super::*;

    #[test]
    fn the_same_request_on_another_way_is_merged() {
        for method in [Method::Invite, Method::Message] {
            let mut bench = bench();
            take(&mut bench, method.clone(), BRANCH);
            assert_eq!(receive(&mut bench, method, "z9hG4bK-2"), Received::Merged);
        }
    }

    #[test]
    fn it_stays_merged_while_the_first_one_is_remembered() {
        let mut bench = bench();
        let (server, invite) = take(&mut bench, Method::Invite, BRANCH);
        bench.respond(server, &invite, 200).unwrap();
        bench.run_until(31_999);
        assert_eq!(receive(&mut bench, Method::Invite, "z9hG4bK-2"), Received::Merged);
        bench.run_until(32_000);
        assert_eq!(receive(&mut bench, Method::Invite, "z9hG4bK-2"), Received::New);
    }

    #[test]
    fn a_request_inside_a_dialog_is_never_merged() {
        let mut bench = bench();
        bench.messages.to_tag = Some("bob".to_owned());
        take(&mut bench, Method::Invite, BRANCH);
        assert_eq!(receive(&mut bench, Method::Invite, "z9hG4bK-2"), Received::New);
    }

    #[test]
    fn another_from_tag_or_cseq_is_a_new_call() {
        let mut bench = bench();
        take(&mut bench, Method::Invite, BRANCH);
        bench.messages.cseq = 2;
        assert_eq!(receive(&mut bench, Method::Invite, "z9hG4bK-2"), Received::New);
        bench.messages.cseq = 1;
        bench.messages.from_tag = Some("carol".to_owned());
        assert_eq!(receive(&mut bench, Method::Invite, "z9hG4bK-3"), Received::New);
    }

    #[test]
    fn a_request_that_comes_back_through_us_is_a_spiral_and_not_merged() {
        let mut bench = bench();
        take(&mut bench, Method::Invite, BRANCH);
        bench.create_client(Method::Invite, "z9hG4bK-ours").unwrap();
        let mut spiral = bench.messages.request(Method::Invite, BRANCH);
        spiral.headers_mut().prepend(HeaderName::Via, "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-ours");
        spiral.headers_mut().prepend(HeaderName::Via, "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK-theirs");
        assert_eq!(bench.receive(&spiral), Received::New);
    }

    #[test]
    fn a_request_that_we_sent_to_ourselves_is_not_merged() {
        let mut bench = bench();
        take(&mut bench, Method::Invite, BRANCH);
        bench.create_client(Method::Invite, "z9hG4bK-ours").unwrap();
        let mut spiral = bench.messages.request(Method::Invite, BRANCH);
        spiral.headers_mut().prepend(HeaderName::Via, "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-ours");
        assert_eq!(bench.receive(&spiral), Received::New);
    }

    #[test]
    fn the_transaction_of_a_merged_request_is_answered_and_acknowledged_like_any_other() {
        let mut bench = bench();
        take(&mut bench, Method::Invite, BRANCH);
        let merged = bench.messages.request(Method::Invite, "z9hG4bK-2");
        let server = bench.create_server(&merged).unwrap();
        bench.respond(server, &merged, 482).unwrap();
        assert_eq!(receive(&mut bench, Method::Ack, "z9hG4bK-2"), Received::Absorbed);
    }
}

mod responses {
    use super::*;
    use siphon_sip::StatusCode;

    #[test]
    fn a_response_with_a_foreign_branch_or_method_comes_back_as_stray() {
        let mut bench = bench();
        bench.create_client(Method::Invite, BRANCH).unwrap();
        bench.forget_journal();
        for (method, branch) in [(Method::Invite, "z9hG4bK-2"), (Method::Cancel, BRANCH), (Method::Invite, "")] {
            let request = bench.messages.request(method, branch);
            let stray = response(&request, StatusCode::OK);
            let (flow, now, mut outputs) = (bench.messages.flow(), bench.now(), Outputs::new());
            assert!(bench.layer().receive_response(stray, flow, now, &mut outputs).is_some());
            assert!(outputs.is_empty());
        }
    }
}
