//! `server`: The process: shards, readers, secrets, buffers.

use std::time::Duration;

use crate::config::reader::Section;

/// `server`.
#[derive(Clone, Debug)]
pub struct ServerSection {
    /// `Server` of the responses made here.
    pub server_header: String,
    /// How long a drain may take.
    pub drain: Duration,
    /// What Record-Route parameters are signed with; `None`: a secret of this process, so that calls do not outlive it.
    pub secret: Option<String>,
    /// Parts that the per-call state is cut into.
    pub shards: u16,
    /// Threads that read sockets; `None`: one for each core.
    pub readers: Option<usize>,
    /// Receive buffer asked for each UDP socket, in bytes.
    pub udp_receive_buffer: usize,
    /// Bytes of headers that a message may have.
    pub max_header_bytes: usize,
    /// Bytes of body that a message may have.
    pub max_body_bytes: usize,
}

impl ServerSection {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        let read = Self {
            server_header: section
                .text("server_header")
                .unwrap_or_else(|| concat!("SIPhon/", env!("CARGO_PKG_VERSION")).to_owned()),
            drain: section.seconds("drain_secs", Duration::from_secs(30)),
            secret: section.text("secret").filter(|secret| !secret.is_empty()),
            shards: section.number("shards", 64, 1..=256),
            readers: section.parse("readers", "a whole number"),
            udp_receive_buffer: section.number("udp_receive_buffer", 4 << 20, 1 << 12..=1 << 30),
            max_header_bytes: section.number("max_header_bytes", 64 << 10, 1 << 10..=1 << 20),
            max_body_bytes: section.number("max_body_bytes", 1 << 20, 1 << 10..=1 << 26),
        };
        section.not_yet(&["user_agent_header", "instance_id"]);
        section.finish();
        read
    }
}
