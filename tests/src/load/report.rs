//! What became of a load.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What a load saw.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Calls that were answered and ended as they should.
    pub completed: u64,
    /// What went wrong with each of the others.
    pub failures: Vec<String>,
    /// Messages that this side sent again because nothing came back in time.
    pub sent_again: u64,
    /// Messages that the server sent again.
    pub received_again: u64,
    /// Datagrams that the kernel threw away because a socket's buffer was full: the server's and those of the load.
    pub dropped: u64,
    /// How many calls came to the callee with each value of `X-Generation`; those without one have the empty value.
    pub routed_by: BTreeMap<String, u64>,
    /// What became of the requests before the gate.
    pub gate: Option<Gate>,
    /// The longest time between two looks at the sockets beyond what was planned: how busy the machine was.
    pub longest_pause: Duration,
}

/// What became of the requests that waited for another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Final answers to waiting requests that came before the gate was opened.
    pub early: usize,
    /// Final answers to waiting requests in all.
    pub answers: Vec<u16>,
    /// The final answer to the request that opened the gate.
    pub opened: Option<u16>,
}

impl Report {
    /// Asserts that nobody in the calls noticed anything: none failed, and nothing had to be sent twice, unless the kernel
    /// dropped datagrams because there were too many for a socket's buffer.
    ///
    /// # Panics
    /// When somebody did.
    pub fn assert_unaffected(&self) {
        self.assert_no_call_failed();
        if self.dropped == 0 {
            assert_eq!((self.sent_again, self.received_again), (0, 0), "sent twice: {self:#?}");
        }
    }

    /// Asserts that there were calls, and none failed.
    ///
    /// # Panics
    /// When one did.
    pub fn assert_no_call_failed(&self) {
        assert!(self.failures.is_empty(), "{} calls failed: {self:#?}", self.failures.len());
        assert!(self.completed > 0, "there were no calls");
    }
}

/// Datagrams for sockets bound to the port of `address` that the kernel dropped so far, for lack of room in their buffers.
#[must_use]
pub fn drops_of(address: SocketAddr) -> u64 {
    let Ok(table) = std::fs::read_to_string("/proc/net/udp") else { return 0 };
    let port = format!(":{:04X}", address.port());
    let of_port = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    of_port.filter(|columns| columns.get(1).is_some_and(|local| local.ends_with(&port))).filter_map(drops).sum()
}

fn drops(columns: Vec<&str>) -> Option<u64> {
    columns.last()?.parse().ok()
}
