//! How large a message may be. Limits of connections and tables stand with those.

/// Bounds of one message; beyond them it is refused before it costs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of start line and headers. Stops a peer that sends headers without end.
    pub max_header_bytes: usize,
    /// Bytes of the body. Stops a Content-Length that would fill the memory.
    pub max_body_bytes: usize,
    /// Header lines. Stops a message whose every look-up would be slow.
    pub max_headers: usize,
    /// Bytes of a stream in which the first line must end. Stops what is no SIP at all.
    pub max_start_line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_header_bytes: 64 * 1024, max_body_bytes: 1024 * 1024, max_headers: 256, max_start_line_bytes: 4096 }
    }
}
