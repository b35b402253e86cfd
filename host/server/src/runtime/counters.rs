//! What the threads count that no other part does.

use std::sync::atomic::AtomicU64;

/// Numbers that only grow.
#[derive(Debug, Default)]
pub(crate) struct RuntimeCounters {
    /// Messages that could not be parsed, and streams that were refused for theirs.
    pub(crate) malformed: AtomicU64,
    /// Messages dropped because too much waited for their shard.
    pub(crate) inbox_full: AtomicU64,
    /// Timer and binding events shed because too many waited for a thread.
    pub(crate) background_shed: AtomicU64,
}
