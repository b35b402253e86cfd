//! The timers of RFC 3261 table 4 as configuration. Nothing here runs: `timers.rs` sets them, the machines say which.

use std::time::Duration;

use crate::timers::Wait;

/// How long what takes, and how many transactions one layer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionConfig {
    /// T1, the estimate of the round trip: the first interval of every retransmission. 500 ms.
    pub t1: Duration,
    /// T2, the longest interval between retransmissions of a non-INVITE request and of an INVITE's final. 4 s.
    pub t2: Duration,
    /// T4, how long a message may stay in the network: Timers I and K. 5 s.
    pub t4: Duration,
    /// Timer D, how long a client absorbs retransmissions of an INVITE's final: at least 32 s, whatever T1 is.
    pub timer_d: Duration,
    /// Client and server transactions that one layer holds at once; at most [`TransactionConfig::MOST_TRANSACTIONS`].
    pub max_transactions: usize,
}

impl Default for TransactionConfig {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            timer_d: Duration::from_secs(32),
            max_transactions: 65_536,
        }
    }
}

impl TransactionConfig {
    /// The bound of `max_transactions`: identifiers have 24 bits for the slot.
    pub const MOST_TRANSACTIONS: usize = 1 << 24;

    /// 64*T1: Timers B, F, H, J, L and M (RFC 3261 17, RFC 6026 7).
    #[must_use]
    pub fn transaction_timeout(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// When a non-INVITE request over UDP that is still unanswered gets its 100: as long as the client's Timer E needs
    /// to reach T2 (RFC 4320 4.1). 3.5 s.
    #[must_use]
    pub fn trying_delay(&self) -> Duration {
        let (mut elapsed, mut interval) = (Duration::ZERO, self.t1.max(Duration::from_millis(1)));
        while interval < self.t2 {
            elapsed += interval;
            interval = interval.saturating_mul(2);
        }
        elapsed
    }

    /// How long a state is waited in. Zero on reliable transports where nothing can come again.
    pub(crate) fn wait(&self, wait: Wait, reliable: bool) -> Duration {
        let unreliable = |span| if reliable { Duration::ZERO } else { span };
        match wait {
            Wait::B | Wait::F | Wait::H | Wait::L | Wait::M | Wait::Abandoned => self.transaction_timeout(),
            Wait::D => unreliable(self.timer_d),
            Wait::I | Wait::K => unreliable(self.t4),
            Wait::J => unreliable(self.transaction_timeout()),
            Wait::Trying => self.trying_delay(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_100_of_a_non_invite_waits_until_timer_e_has_reached_t2() {
        let config = TransactionConfig::default();
        assert_eq!(config.trying_delay(), Duration::from_millis(3_500));
        let slow = TransactionConfig { t1: Duration::from_secs(1), ..config.clone() };
        assert_eq!(slow.trying_delay(), Duration::from_secs(3));
        let zero = TransactionConfig { t1: Duration::ZERO, ..config };
        assert!(zero.trying_delay() < Duration::from_secs(5));
    }
}
