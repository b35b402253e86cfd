//! `script`: Which script, and how much its handlers may take.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::reader::{Node, Section};

/// When a changed script is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// When a file changes, and on SIGHUP.
    Auto,
    /// On SIGHUP alone.
    Sighup,
}

/// `script`.
#[derive(Clone, Debug)]
pub struct ScriptSection {
    /// The script; `None`: the residential proxy that the server brings along.
    pub path: Option<PathBuf>,
    /// Folders whose files scripts may import, besides the script's own.
    pub include_paths: Vec<PathBuf>,
    /// When a changed script is taken.
    pub reload: Reload,
    /// Event loops for asynchronous handlers that wait.
    pub async_pool_size: usize,
    /// Threads for handlers.
    pub sync_pool_max: usize,
    /// Events that wait for a thread.
    pub executor_queue_capacity: usize,
    /// Asynchronous handlers that may wait at once.
    pub async_pending_max: usize,
    /// How long one event's handlers may take.
    pub handler_timeout: Duration,
    /// How long events may wait without any handler ending; `None`: for ever.
    pub stall_abort: Option<Duration>,
    /// The line of `path`.
    pub line: Option<usize>,
}

impl ScriptSection {
    pub(in crate::config) fn read(mut section: Section<'_>, cores: usize) -> Self {
        let path = section.node("path");
        let line = path.as_ref().and_then(Node::line);
        let stall = section.seconds("handler_stall_abort_secs", Duration::from_secs(30));
        let read = Self {
            path: path.and_then(|node| node.text()).filter(|path| !path.is_empty()).map(PathBuf::from),
            include_paths: section.texts("include_paths").into_iter().map(PathBuf::from).collect(),
            reload: section.choice("reload", Reload::Auto, &[("auto", Reload::Auto), ("sighup", Reload::Sighup)]),
            async_pool_size: section.number("async_pool_size", cores.max(2), 1..=1024),
            sync_pool_max: section.number("sync_pool_max", (4 * cores).max(32), 2..=10_000),
            executor_queue_capacity: section.number("executor_queue_capacity", 1024, 0..=1_000_000),
            async_pending_max: section.number("async_pending_max", 10_000, 1..=1_000_000),
            handler_timeout: section.seconds("handler_timeout_secs", Duration::from_secs(10)),
            stall_abort: (!stall.is_zero()).then_some(stall),
            line,
        };
        section.not_yet(&["sync_pool_size"]);
        section.finish();
        read
    }
}
