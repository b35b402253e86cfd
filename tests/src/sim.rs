//! The simulator: hours of SIP in seconds. Real shards of `siphon-core` stand between user agents on a network that
//! loses, doubles and delays datagrams, and an oracle watches the wire. Time is virtual and chance comes from a seed,
//! so that a run can be had again. No socket, no thread, no clock.
//!
//! ```text
//! plan ----> agents <--> network <--> proxy (shards, script)
//!                           |
//!                         check
//! ```

mod agenda;
mod agents;
mod check;
mod glance;
mod mutant;
mod network;
mod plan;
mod proxy;
mod random;
mod report;
mod routing;
mod world;

pub use check::{Invariant, Violation};
pub use mutant::Mutant;
pub use network::Traffic;
pub use report::{Outcome, Report};
pub use world::Simulation;
