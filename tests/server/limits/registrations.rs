//! `registrar.max_aors` and `registrar.max_contacts`, and a flood of registrations.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use siphon_sip::{Message, Response};
use siphon_tests::wait::PATIENCE;
use siphon_tests::{Load, Phone, ServerProcess};

use crate::{assert_busy, beside, setup};

const REGISTRAR: &str = "
from siphon import registrar


@proxy.on_request(\"REGISTER\")
def register(request):
    registrar.save(request)
";

fn request(phone: &Phone, user: &str, contact: &str, number: u64) -> String {
    let local = phone.address();
    format!(
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bKregister{number}\r\n\
         From: <sip:{user}@example.com>;tag=a{number}\r\nTo: <sip:{user}@example.com>\r\nCall-ID: register{number}\r\n\
         CSeq: 1 REGISTER\r\nContact: <{contact}>\r\nExpires: 3600\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n"
    )
}

fn register(phone: &mut Phone, user: &str, contact: &str, number: u64) -> Response {
    phone.send(&request(phone, user, contact, number));
    phone.receive_response()
}

#[test]
fn a_registration_beyond_the_most_aors_gets_503_and_those_that_are_there_can_be_refreshed() {
    let server = setup(REGISTRAR).config("registrar: { max_aors: 2 }").start();
    let mut phone = Phone::udp(server.udp());
    for (number, user) in (0..).zip(["alice", "bob"]) {
        let registered = register(&mut phone, user, "sip:phone@192.0.2.1", number);
        assert_eq!(registered.status().as_u16(), 200);
    }
    assert_busy(&register(&mut phone, "carol", "sip:phone@192.0.2.1", 2));
    assert_eq!(server.metric("siphon_registered_aors"), 2);
    let refreshed = register(&mut phone, "alice", "sip:phone@192.0.2.2", 3);
    assert_eq!(refreshed.status().as_u16(), 200);
    assert_eq!(server.metric("siphon_registrations_active"), 3);
}

#[test]
fn a_contact_beyond_the_most_of_an_aor_gets_403_and_changes_nothing() {
    let server = setup(REGISTRAR).config("registrar: { max_contacts: 2 }").start();
    let mut phone = Phone::udp(server.udp());
    for number in 0..2 {
        let registered = register(&mut phone, "alice", &format!("sip:phone{number}@192.0.2.1"), number);
        assert_eq!(registered.status().as_u16(), 200);
    }
    let refused = register(&mut phone, "alice", "sip:one-more@192.0.2.1", 2);
    assert_eq!(refused.status().as_u16(), 403);
    assert_eq!(server.metric("siphon_registrations_active"), 2);
}

/// Registers as many different users, a window of them at once; what is not answered in time is sent again, as RFC 3261
/// 17.1.2.2 wants it. The answers by their code.
fn register_many(server: &ServerProcess, users: u64) -> HashMap<u16, u64> {
    const WINDOW: usize = 50;
    let mut phone = Phone::udp(server.udp());
    let mut waiting: HashMap<u64, Instant> = HashMap::new();
    let mut answers = HashMap::new();
    let (mut sent, mut heard) = (0, Instant::now());
    while sent < users || !waiting.is_empty() {
        while sent < users && waiting.len() < WINDOW {
            phone.send(&request(&phone, &format!("user{sent}"), "sip:phone@192.0.2.1", sent));
            waiting.insert(sent, Instant::now());
            sent += 1;
        }
        let Some(message) = phone.receive_within(Duration::from_millis(500)) else {
            assert!(heard.elapsed() < PATIENCE, "no REGISTER is answered any more");
            for (number, at) in &mut waiting {
                if at.elapsed() > Duration::from_millis(500) {
                    phone.send(&request(&phone, &format!("user{number}"), "sip:phone@192.0.2.1", *number));
                    *at = Instant::now();
                }
            }
            continue;
        };
        let Message::Response(response) = message else { continue };
        let number =
            response.headers().call_id().unwrap().to_string_lossy().trim_start_matches("register").parse().unwrap();
        if waiting.remove(&number).is_some() {
            *answers.entry(response.status().as_u16()).or_default() += 1;
            heard = Instant::now();
        }
    }
    answers
}

#[test]
fn a_hundred_thousand_registrations_of_different_users_are_no_concern_of_the_calls_beside() {
    const USERS: u64 = 100_000;
    let server = setup(REGISTRAR).start();
    let load = beside(Load::udp(server.udp())).start();
    let answers = register_many(&server, USERS);
    load.wait_for(10);
    load.finish().assert_unaffected();
    assert_eq!(answers, HashMap::from([(200, USERS)]));
    assert_eq!(server.metric("siphon_registered_aors"), USERS);
}
