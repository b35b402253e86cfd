//! Who is in the stories, and the scripts that most of them use.

use siphon_core::kit::{Peer, Script, Sent, Server};
use siphon_script::request::{ForkOptions, RelayOptions, Target};
use siphon_sip::Request;

pub(crate) const BOB: &str = "sip:bob@192.0.2.20:5060";
pub(crate) const CAROL: &str = "sip:carol@192.0.2.30:5060";

pub(crate) fn alice() -> Peer {
    Peer::new("alice", "192.0.2.10:5060")
}

pub(crate) fn bob() -> Peer {
    Peer::new("bob", "192.0.2.20:5060")
}

pub(crate) fn carol() -> Peer {
    Peer::new("carol", "192.0.2.30:5060")
}

/// Everything goes to bob, the Request-URI unchanged.
pub(crate) fn to_bob() -> Script {
    Script::new().on_request("", |request| request.relay(RelayOptions { next_hop: Some(BOB), ..Default::default() }))
}

/// Everything stays on the path and goes where it says.
pub(crate) fn in_dialog() -> Script {
    Script::new().on_request("", |request| {
        request.loose_route()?;
        if request.to_tag().is_none() {
            request.record_route()?;
            request.set_ruri(BOB)?;
        }
        request.relay(RelayOptions::default())
    })
}

/// Everything is forked to bob and carol.
pub(crate) fn fork(sequential: bool) -> Script {
    Script::new().on_request("", move |request| {
        let targets = [Target::Uri(BOB.to_owned()), Target::Uri(CAROL.to_owned())];
        request.fork(&targets, ForkOptions { sequential, send_socket: None })
    })
}

pub(crate) fn invite() -> Request {
    alice().request("INVITE", "sip:bob@example.com").build()
}

/// The requests among what was sent.
pub(crate) fn requests(sent: &[Sent]) -> Vec<Request> {
    sent.iter().filter_map(|sent| sent.message.as_request().cloned()).collect()
}

/// The only request of that method that was sent since the last time.
pub(crate) fn sent_request(server: &mut Server, method: &str) -> Request {
    let sent = server.take_sent();
    let mut found = sent.iter().filter(|sent| sent.status().is_none() && sent.method() == method);
    let request = found.next().unwrap_or_else(|| panic!("no {method} in {sent:?}")).request().clone();
    assert!(found.next().is_none(), "more than one {method}");
    request
}

/// The requests that bob and carol got of a fork.
pub(crate) fn forked(server: &mut Server) -> (Request, Request) {
    let sent = server.take_sent();
    let to = |peer: &Peer| {
        let found = sent.iter().find(|sent| sent.status().is_none() && sent.to.remote == peer.address);
        found.unwrap_or_else(|| panic!("nothing for {}", peer.name)).request().clone()
    };
    (to(&bob()), to(&carol()))
}
