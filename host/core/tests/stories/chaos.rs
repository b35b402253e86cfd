//! Peers that do anything, in any order: nothing panics, no request gets two different finals, and in the end nothing
//! is left. The seed of a failing run is in its message.

use std::collections::HashMap;
use std::time::Duration;

use siphon_core::Input;
use siphon_core::kit::{Peer, Script, Sent, Server};
use siphon_script::ApiError;
use siphon_script::request::{ForkOptions, RelayOptions, Target};
use siphon_sip::{Request, Response, Time, TransportProtocol};

use crate::world::{BOB, CAROL, alice, bob, carol};

/// Small and good enough (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }
}

/// What the handlers do follows from the request and the response alone, so that a run can be repeated.
fn any_script(seed: u64) -> Script {
    let script = Script::new().on_request("", move |request| {
        let name = request.call_id().unwrap_or_default();
        let mut dice = Dice(seed ^ name.bytes().fold(7, |hash, byte| hash * 31 + u64::from(byte)) | 1);
        let targets = [Target::Uri(BOB.to_owned()), Target::Uri(CAROL.to_owned()), Target::Uri(BOB.to_owned())];
        if dice.roll(2) == 0 {
            request.record_route()?;
        }
        match dice.roll(10) {
            0 => Ok(()),
            1 => Err(ApiError::Value("boom".to_owned())),
            2 => request.reply(200, "OK", false),
            3 => request.reply(183, "Wait", true),
            4 | 5 => request.fork(&targets, ForkOptions { sequential: dice.roll(2) == 0, send_socket: None }),
            6 => request.relay(RelayOptions { next_hop: Some("sip:name.example.net"), ..Default::default() }),
            _ => request.relay(RelayOptions { next_hop: Some(BOB), ..Default::default() }),
        }
    });
    let script = if seed & 1 == 0 { script } else { script.on_reply(move |_, reply| gate(seed, reply)) };
    let script = if seed & 2 == 0 { script } else { script.on_cancel(|_| Ok(())) };
    if seed & 4 == 0 {
        return script;
    }
    script.on_failure(move |request, reply| match (seed >> 3) % 4 {
        0 => reply.relay(),
        1 => request.relay(RelayOptions { next_hop: Some(CAROL), ..Default::default() }),
        2 => request.reply(480, "Gone", false),
        _ => Ok(()),
    })
}

fn gate(seed: u64, reply: &siphon_script::Reply) -> Result<(), ApiError> {
    match (seed + u64::from(reply.status_code())) % 7 {
        0 => Ok(()),
        1 => reply.reject(403, None).map(drop),
        2 => Err(ApiError::Value("boom".to_owned())),
        _ => reply.relay(),
    }
}

struct Chaos {
    seed: u64,
    dice: Dice,
    server: Server,
    peers: [Peer; 3],
    received: Vec<Request>,
    seen: Vec<Sent>,
    finals: HashMap<String, (u16, Time)>,
    calls: usize,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let server = Server::new(any_script(seed));
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let peers = [alice(), bob(), carol()];
        Self { seed, dice, server, peers, received: vec![], seen: vec![], finals: HashMap::new(), calls: 0 }
    }

    fn step(&mut self) {
        match self.dice.roll(16) {
            0..=2 => self.new_request(),
            3 => self.repeat_request(),
            4 => self.cancel(),
            5 => self.acknowledge(),
            6..=10 => self.respond(),
            11 => self.fail_a_send(),
            12 => self.resolve(),
            13 => self.server.hold_events(self.calls.is_multiple_of(2)),
            14 => drop(self.server.run_event()),
            _ => {
                let span = [1, 40, 600, 9_000, 40_000][self.dice.roll(5)];
                self.server.advance(Duration::from_millis(span));
            }
        }
        self.look();
    }

    fn new_request(&mut self) {
        self.calls += 1;
        let method = ["INVITE", "INVITE", "INVITE", "MESSAGE", "REGISTER"][self.dice.roll(5)];
        let name = format!("call-{}-{}", self.seed, self.calls);
        let request = alice().request(method, "sip:bob@example.net").call_id(&name);
        let request = request.header("Supported", "100rel").branch(&format!("z9hG4bK-{name}")).build();
        self.received.push(request.clone());
        self.server.receive(request, &self.peers[0]);
    }

    fn one_of_ours(&mut self) -> Option<Request> {
        let index = self.dice.roll(self.received.len().max(1));
        self.received.get(index).cloned()
    }

    fn repeat_request(&mut self) {
        if let Some(request) = self.one_of_ours() {
            self.server.receive(request, &self.peers[0]);
        }
    }

    fn cancel(&mut self) {
        if let Some(request) = self.one_of_ours() {
            self.server.receive(alice().cancel(&request).build(), &self.peers[0]);
        }
    }

    fn acknowledge(&mut self) {
        let found =
            self.one_seen(|sent| sent.status().is_some_and(|status| status >= 200) && sent.method() == "INVITE");
        let Some(response) = found.map(|sent| sent.response().clone()) else { return };
        let call = response.headers().call_id();
        let Some(invite) = self.received.iter().find(|request| request.headers().call_id() == call).cloned() else {
            return;
        };
        let ack = if response.status().is_success() {
            alice().ack(&invite, &response).branch("z9hG4bK-ack").build()
        } else {
            alice().ack_failure(&invite, &response).build()
        };
        self.server.receive(ack, &self.peers[0]);
    }

    fn respond(&mut self) {
        let Some(sent) = self.one_seen(|sent| sent.status().is_none() && sent.method() != "ACK") else { return };
        let status = [100, 180, 183, 200, 200, 302, 401, 486, 487, 503, 600][self.dice.roll(11)];
        let peer = self.peers.iter().find(|peer| peer.address == sent.to.remote).cloned().unwrap_or_else(carol);
        let response: Response = peer.response(sent.request(), status);
        self.server.receive(response, &peer);
    }

    fn fail_a_send(&mut self) {
        if let Some(sent) = self.one_seen(|_| true) {
            self.server.handle(Input::SendFailed { tag: sent.tag });
        }
    }

    fn resolve(&mut self) {
        for (ticket, _) in self.server.take_questions() {
            let both = [(TransportProtocol::Tcp, "192.0.2.20:5060"), (TransportProtocol::Udp, "192.0.2.30:5060")];
            let count = self.dice.roll(3);
            self.server.resolve(ticket, &both[..count]);
        }
    }

    fn one_seen(&mut self, wanted: impl Fn(&Sent) -> bool) -> Option<Sent> {
        let found: Vec<&Sent> = self.seen.iter().rev().take(40).filter(|sent| wanted(sent)).collect();
        let index = self.dice.roll(found.len().max(1));
        found.get(index).map(|sent| (*sent).clone())
    }

    /// No request gets two finals, but for several 2xx to an INVITE; no ACK is answered.
    fn look(&mut self) {
        for sent in self.server.take_sent() {
            assert!(!(sent.method() == "ACK" && sent.status().is_some()), "seed {}: an ACK was answered", self.seed);
            if let Some(status) = sent.status().filter(|status| *status >= 200)
                && sent.method() != "CANCEL"
            {
                let key = format!("{} {}", sent.values("Call-ID").join(""), sent.values("CSeq").join(""));
                let (first, at) = *self.finals.entry(key.clone()).or_insert((status, sent.at));
                let is_allowed = first == status || (first / 100 == 2 && status / 100 == 2);
                // A transaction that was acknowledged is forgotten after T4: the same request is a new one then.
                let is_new = sent.at.since(at) >= Duration::from_secs(5);
                assert!(is_allowed || is_new, "seed {}: {key}: {first}, then {status}", self.seed);
            }
            self.seen.push(sent);
        }
    }
}

#[test]
fn whatever_peers_do_nothing_is_left_in_the_end() {
    for seed in 1..300 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..120 {
            chaos.step();
        }
        chaos.server.hold_events(false);
        while chaos.server.run_event() {}
        for _ in 0..4 {
            chaos.resolve();
            chaos.server.advance(Duration::from_secs(400));
            chaos.look();
        }
        assert_eq!(chaos.server.shard.gauges(), Default::default(), "seed {seed}");
    }
}
