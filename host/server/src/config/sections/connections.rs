//! `connections`: Bounds on streams.

use std::time::Duration;

use crate::config::reader::Section;

/// `connections`: bounds on streams.
#[derive(Clone, Debug)]
pub struct ConnectionsSection {
    /// Connections at once.
    pub max: usize,
    /// How long a connection may be silent.
    pub idle: Duration,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How long an incomplete message may take.
    pub message_timeout: Duration,
    /// Bytes that may wait for a peer that does not read.
    pub send_queue_bytes: usize,
}

impl ConnectionsSection {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        let read = Self {
            max: section.number("max", 10_000, 1..=1_000_000),
            idle: section.seconds("idle_secs", Duration::from_secs(300)),
            connect_timeout: section.seconds("connect_timeout_secs", Duration::from_secs(5)),
            message_timeout: section.seconds("message_timeout_secs", Duration::from_secs(30)),
            send_queue_bytes: section.number("send_queue_bytes", 1 << 20, 1 << 12..=1 << 30),
        };
        section.finish();
        read
    }
}
