//! `transaction`: Timers and tables of the protocol.

use std::time::Duration;

use crate::config::reader::Section;

/// `transaction`.
#[derive(Clone, Debug)]
pub struct TransactionSection {
    /// How long an INVITE may ring without a final response (RFC 3261 Timer C).
    pub timer_c: Duration,
    /// When an INVITE whose script let every final response fall is answered 408.
    pub invite_timeout: Duration,
    /// How long a handler may think before a 100 Trying leaves.
    pub trying_delay: Duration,
    /// Transactions at once, all shards together.
    pub max_transactions: usize,
}

impl TransactionSection {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        let millis = section.number("auto_emit_100_trying_delay_ms", 200_u64, 0..=10_000);
        let read = Self {
            timer_c: section.seconds("timer_c_secs", Duration::from_secs(185)),
            invite_timeout: section.seconds("invite_timeout_secs", Duration::from_secs(30)),
            trying_delay: Duration::from_millis(millis),
            max_transactions: section.number("max_transactions", 1_000_000, 64..=100_000_000),
        };
        if read.timer_c <= Duration::from_secs(180) {
            section.error("timer_c_secs must be more than 180 (RFC 3261 16.6)");
        }
        section.not_yet(&["timeout_secs", "auto_emit_100_trying"]);
        section.finish();
        read
    }
}
