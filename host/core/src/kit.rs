//! For tests and the simulator: user agents that write messages, a script made of closures, and a server of one shard
//! with a clock that the test moves. Not a second implementation of anything: the shard in it is the real one.
//!
//! ```
//! use siphon_core::kit::{Peer, Server, Script};
//! use siphon_script::request::RelayOptions;
//!
//! let script = Script::new().on_request("INVITE", |request| {
//!     request.relay(RelayOptions { next_hop: Some("sip:192.0.2.20"), ..Default::default() })
//! });
//! let mut server = Server::new(script);
//! let (alice, bob) = (Peer::new("alice", "192.0.2.10:5060"), Peer::new("bob", "192.0.2.20:5060"));
//!
//! server.receive(alice.request("INVITE", "sip:bob@example.com").build(), &alice);
//! let sent = server.take_sent();
//! assert_eq!(sent[0].status(), Some(100));
//! assert_eq!(sent[1].method(), "INVITE");
//! assert_eq!(sent[1].to.remote, bob.address);
//! ```

mod message;
mod peer;
mod script;
mod server;

pub use message::RequestBuilder;
pub use peer::Peer;
pub use script::{Script, failure_callback, reply_callback};
pub use server::{CLOSED, LISTENERS, Sent, Server, ServerBuilder};
