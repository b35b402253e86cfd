//! Two softphones that register with the residential example and talk through it.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::net::SocketAddr;
use std::time::Duration;

use siphon_tests::softphone::{Account, Recording, Softphone};
use siphon_tests::wait::until;
use siphon_tests::{ServerProcess, Setup};

const ALICE_SAYS: u32 = 440;
const BOB_SAYS: u32 = 1000;

/// How long they talk.
const TALK: Duration = Duration::from_secs(3);

/// The script of the residential example. MD5 is offered alone: this baresip gives up at a challenge with an algorithm
/// that it does not know, even when there is another one that it does.
fn residential() -> ServerProcess {
    let script = include_str!("../../../examples/residential/route.py");
    Setup::new(env!("CARGO_BIN_EXE_siphon"), script)
        .config("auth: { realm: example.com, algorithms: [MD5], users: { alice: wonderland, bob: builder } }")
        .start()
}

/// Alice and Bob, registered.
struct Phones {
    alice: Softphone,
    bob: Softphone,
}

impl Phones {
    /// `domain` is the host of both addresses.
    fn register(server: &ServerProcess, domain: &str, transport: &str, outbound: Option<SocketAddr>) -> Self {
        let (alice, bob) = (format!("alice@{domain}"), format!("bob@{domain}"));
        let alice =
            Account { aor: &alice, password: "wonderland", transport, outbound, answers: false, tone: ALICE_SAYS };
        let bob = Account { aor: &bob, password: "builder", answers: true, tone: BOB_SAYS, ..alice };
        let mut phones = Self { alice: Softphone::start(&alice), bob: Softphone::start(&bob) };
        phones.alice.wait_for("REGISTER_OK");
        phones.bob.wait_for("REGISTER_OK");
        assert_eq!(server.metric("siphon_registrations_active"), 2);
        phones
    }

    /// Alice calls Bob, they talk, she hangs up; each has heard the other.
    fn talk(&mut self, target: &str) {
        self.alice.dial(target);
        self.alice.wait_for("CALL_ESTABLISHED");
        self.bob.wait_for("CALL_ESTABLISHED");
        self.alice.listen_for(TALK);
        self.bob.listen_for(TALK);
        self.alice.hang_up();
        self.alice.wait_for("CALL_CLOSED");
        self.bob.wait_for("CALL_CLOSED");
        assert_heard(&self.alice.recording().unwrap(), BOB_SAYS);
        assert_heard(&self.bob.recording().unwrap(), ALICE_SAYS);
    }

    /// Both take their registrations back.
    fn quit(self, server: &ServerProcess) {
        assert!(self.alice.quit().success());
        assert!(self.bob.quit().success());
        until("the registrations to go", || (server.metric("siphon_registrations_active") == 0).then_some(()));
    }
}

/// The tone is there, loud and right; a recording on a busy machine may have gaps.
fn assert_heard(recording: &Recording, tone: u32) {
    const LOUD: f64 = 3000.0;
    let (loudness, pitch) = (recording.loudness(), recording.pitch());
    assert!(recording.duration() >= TALK, "only {:?}", recording.duration());
    assert!(loudness > LOUD, "almost silent: {loudness}");
    assert!((pitch / f64::from(tone) - 1.0).abs() < 0.1, "{pitch} Hz instead of {tone}");
}

#[test]
fn two_softphones_talk_over_udp() {
    let server = residential();
    let domain = server.udp().to_string();
    let mut phones = Phones::register(&server, &domain, "udp", None);
    phones.talk(&format!("sip:bob@{domain}"));
    phones.quit(&server);
}

#[test]
fn two_softphones_talk_over_tcp() {
    let server = residential();
    let domain = server.tcp().to_string();
    let mut phones = Phones::register(&server, &domain, "tcp", None);
    phones.talk(&format!("sip:bob@{domain};transport=tcp"));
    phones.quit(&server);
}

#[test]
fn two_softphones_talk_through_an_outbound_proxy() {
    let server = residential();
    let mut phones = Phones::register(&server, "example.com", "udp", Some(server.udp()));
    phones.talk("sip:bob@example.com");
    phones.quit(&server);
}
