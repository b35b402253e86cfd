//! Stories of the proxy: given this script, when these messages arrive, then those leave.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod ack;
mod call;
mod cancel;
mod chaos;
mod failure;
mod fork;
mod ingress;
mod late_success;
mod loops;
mod next_hop;
mod non_invite;
mod record_route;
mod reload;
mod reply_gate;
mod response_routing;
mod script_events;
mod timers;
mod world;
