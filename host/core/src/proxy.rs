//! The stateful proxy of RFC 3261 section 16: one [`Context`] for each server transaction. Matching, retransmission
//! and the wire are below it, deciding where a request goes is the script's.

mod abandon;
pub(crate) mod ack;
mod best;
mod branch;
mod cancel;
mod context;
mod fork;
mod forward;
mod late;
mod outcome;
mod repeat;
mod responses;
mod script_queue;
mod stamp;
mod timers;

pub(crate) use context::{Afterlife, Context, Received};
pub(crate) use late::Late;
