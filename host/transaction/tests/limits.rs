//! What the layer refuses and what it keeps: the size of its table, identifiers of what is over, bytes in wait states.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use siphon_sip::{Method, StatusCode, TransportProtocol};
use siphon_transaction::kit::Bench;
use siphon_transaction::{Received, Sender, TableFull, TransactionConfig, UnknownTransaction, User};

const UDP: TransportProtocol = TransportProtocol::Udp;

#[test]
fn a_full_table_takes_neither_client_nor_server_transactions_until_one_has_ended() {
    let config = TransactionConfig { max_transactions: 2, ..TransactionConfig::default() };
    let mut bench = Bench::with_config(UDP, config);
    let client = bench.create_client(Method::Register, "z9hG4bK-1").unwrap();
    let request = bench.messages.request(Method::Options, "z9hG4bK-2");
    let server = bench.create_server(&request).unwrap();
    assert!(bench.layer().is_full());
    assert_eq!((bench.layer().clients(), bench.layer().servers()), (1, 1));
    bench.forget_journal();
    assert_eq!(bench.create_client(Method::Register, "z9hG4bK-3"), Err(TableFull));
    assert_eq!(bench.create_server(&bench.messages.request(Method::Info, "z9hG4bK-4")), Err(TableFull));
    assert_eq!(bench.journal(), [], "nothing leaves");
    bench.answer(client, 200);
    bench.run_until(5_000);
    assert_eq!(bench.layer().len(), 1);
    bench.create_client(Method::Register, "z9hG4bK-5").unwrap();
    bench.layer().drop_server(server);
    bench.create_server(&request).unwrap();
}

#[test]
fn a_full_table_still_absorbs_and_acknowledges() {
    let config = TransactionConfig { max_transactions: 1, ..TransactionConfig::default() };
    let mut bench = Bench::with_config(UDP, config);
    let client = bench.create_client(Method::Invite, "z9hG4bK-1").unwrap();
    bench.answer(client, 486);
    assert_eq!(bench.journal(), [(0, "sent INVITE"), (0, "sent ACK"), (0, "told 486")]);
}

#[test]
fn identifiers_of_what_is_over_are_unknown_even_when_the_slot_is_used_again() {
    let mut bench = Bench::new(TransportProtocol::Tcp);
    let request = bench.messages.request(Method::Info, "z9hG4bK-1");
    let server = bench.create_server(&request).unwrap();
    let client = bench.create_client(Method::Info, "z9hG4bK-2").unwrap();
    bench.respond(server, &request, 200).unwrap();
    bench.answer(client, 200);
    let again = bench.create_server(&request).unwrap();
    let other = bench.create_client(Method::Info, "z9hG4bK-3").unwrap();
    assert!(again != server && other != client);
    bench.forget_journal();
    let now = bench.now();
    let layer = bench.layer();
    let mut outputs = Vec::new();
    assert_eq!(layer.respond(server, StatusCode::OK, Bytes::new(), now, &mut outputs), Err(UnknownTransaction));
    assert_eq!((layer.server_user(server), layer.client_user(client)), (None, None));
    assert_eq!((layer.server_tenant(server), layer.client_tenant(client)), (None, None));
    assert_eq!(layer.set_server_user(server, User(9)), Err(UnknownTransaction));
    assert_eq!(layer.set_client_user(client, User(9)), Err(UnknownTransaction));
    layer.drop_server(server);
    layer.forget_client(client);
    layer.transport_failed(Sender::Server(server), now, &mut outputs);
    layer.transport_failed(Sender::Client(client), now, &mut outputs);
    layer.transport_failed(Sender::Stateless, now, &mut outputs);
    assert!(outputs.is_empty());
    assert_eq!((layer.server_user(again), layer.client_user(other)), (Some(User(2)), Some(User(1))));
}

#[test]
fn the_user_of_a_transaction_can_be_changed() {
    let mut bench = Bench::new(UDP);
    let server = bench.create_server(&bench.messages.request(Method::Invite, "z9hG4bK-1")).unwrap();
    bench.layer().set_server_user(server, User(77)).unwrap();
    let cancel = bench.messages.request(Method::Cancel, "z9hG4bK-1");
    assert_eq!(bench.receive(&cancel), Received::Cancel { invite: Some(server), user: Some(User(77)) });
    let client = bench.create_client(Method::Info, "z9hG4bK-2").unwrap();
    bench.layer().set_client_user(client, User(78)).unwrap();
    assert_eq!(bench.layer().client_user(client), Some(User(78)));
}

#[test]
fn a_client_transaction_is_found_by_branch_and_method() {
    let mut bench = Bench::new(UDP);
    let client = bench.create_client(Method::Info, "z9hG4bK-1").unwrap();
    assert_eq!(bench.layer().find_client(b"z9hG4bK-1", &Method::Info), Some(client));
    assert_eq!(bench.layer().find_client(b"z9hG4bK-1", &Method::Bye), None);
    assert_eq!(bench.layer().find_client(b"z9hG4bK-2", &Method::Info), None);
    let invite = bench.create_client(Method::Invite, "z9hG4bK-2").unwrap();
    assert_eq!(bench.layer().find_client(b"z9hG4bK-2", &Method::Ack), Some(invite), "the ACK of a non-2xx");
}

#[test]
fn a_client_that_waits_keeps_its_ack_after_a_rejection_and_nothing_otherwise() {
    let mut bench = Bench::new(UDP);
    let rejected = bench.create_client(Method::Invite, "z9hG4bK-1").unwrap();
    let invite = bench.layer().kept_bytes();
    bench.answer(rejected, 486);
    let ack = bench.layer().kept_bytes();
    assert!(ack > 0 && ack < invite + 20, "{ack} bytes of ACK in place of {invite} of INVITE");
    for (method, branch) in [(Method::Invite, "z9hG4bK-2"), (Method::Register, "z9hG4bK-3")] {
        let answered = bench.create_client(method, branch).unwrap();
        bench.answer(answered, 200);
        assert_eq!(bench.layer().kept_bytes(), ack, "Accepted and Completed keep nothing");
    }
    assert_eq!(bench.layer().len(), 3);
}

#[test]
fn a_server_that_waits_keeps_its_last_response_and_nothing_once_it_is_confirmed_or_accepted() {
    let mut bench = Bench::new(UDP);
    let invite = bench.messages.request(Method::Invite, "z9hG4bK-1");
    let server = bench.create_server(&invite).unwrap();
    assert_eq!(bench.layer().kept_bytes(), 0, "the request is not kept");
    bench.respond(server, &invite, 486).unwrap();
    let response = siphon_transaction::kit::response(&invite, StatusCode::BUSY_HERE).to_bytes().len();
    assert_eq!(bench.layer().kept_bytes(), response);
    let ack = bench.messages.request(Method::Ack, "z9hG4bK-1");
    bench.receive(&ack);
    assert_eq!(bench.layer().kept_bytes(), 0, "Confirmed");
    let invite = bench.messages.request(Method::Invite, "z9hG4bK-2");
    let server = bench.create_server(&invite).unwrap();
    bench.respond(server, &invite, 180).unwrap();
    bench.respond(server, &invite, 200).unwrap();
    assert_eq!(bench.layer().kept_bytes(), 0, "Accepted");
    assert_eq!(bench.layer().len(), 2);
}
