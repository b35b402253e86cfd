//! TCP sockets: listening, connecting, reading messages, writing them. The table of connections and the rules for
//! them are in [`crate::streams`].

mod accept;
pub(crate) mod connect;
mod connection;
mod read;
mod refusal;
mod send_queue;

pub(crate) use accept::{Accepted, StreamListener};
pub(crate) use connection::{Ages, Connection, NotTaken, Origin, Writable};
pub(crate) use read::{Read, Reading};
pub(crate) use send_queue::Receipt;
