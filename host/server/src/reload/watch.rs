//! Watches a script's folders. It sees saves, renames into place and swapped symlinks, and waits for a burst to end.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Reloader, ScriptFiles};

/// How long no file may change before the change is taken: an editor writes a file in several steps.
const SETTLE: Duration = Duration::from_millis(30);

/// Ends with the value.
pub(crate) struct Watch {
    watcher: Option<RecommendedWatcher>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Reloads whenever a `.py` file in the script's folders changes.
    ///
    /// # Errors
    /// When the folders cannot be watched.
    pub(crate) fn start(reloader: Arc<Reloader>) -> Result<Self, notify::Error> {
        let (changed, changes) = channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // What changed is found by looking: the events of a swapped symlink name other files than those it concerns.
            // Looking opens files, which is an event too, but no change.
            let is_look = event.is_ok_and(|event| matches!(event.kind, EventKind::Access(access) if !is_write(access)));
            if !is_look {
                let _ = changed.send(());
            }
        })?;
        for folder in folders_to_watch(reloader.files()) {
            watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        }
        // Looked at before the thread runs: what is saved from here on differs from it.
        let seen = Snapshot::take(reloader.files());
        let thread = thread::Builder::new()
            .name("siphon-watch".to_owned())
            .spawn(move || follow(&reloader, &changes, seen))
            .map_err(notify::Error::io)?;
        Ok(Self { watcher: Some(watcher), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The sender goes with the watcher, and the thread with the sender.
        self.watcher = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn follow(reloader: &Reloader, changes: &Receiver<()>, mut seen: Snapshot) {
    while changes.recv().is_ok() {
        while matches!(changes.recv_timeout(SETTLE), Ok(())) {}
        let now = Snapshot::take(reloader.files());
        if now != seen {
            seen = now;
            // The reason of a failure is in the log and with the reloader.
            let _ = reloader.reload();
        }
        if matches!(changes.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Disconnected)) {
            return;
        }
    }
}

/// Whether an access ends a write.
fn is_write(access: AccessKind) -> bool {
    access == AccessKind::Close(AccessMode::Write)
}

/// The folders of the files, and those that hold a symlink on the way to them: a ConfigMap swaps `..data` beside them.
fn folders_to_watch(files: &ScriptFiles) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for folder in source_folders(files) {
        if let Ok(real) = fs::canonicalize(&folder) {
            folders.insert(real);
        }
        folders.insert(folder);
    }
    if let Some(real) = fs::canonicalize(&files.path).ok().as_deref().and_then(Path::parent) {
        folders.insert(real.to_owned());
    }
    folders
}

fn source_folders(files: &ScriptFiles) -> Vec<PathBuf> {
    let own = match files.path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    std::iter::once(own).chain(files.include_paths.iter().cloned()).collect()
}

/// What the Python files of the folders look like: a change that leaves this alone is none.
#[derive(PartialEq, Eq)]
struct Snapshot(BTreeMap<PathBuf, Look>);

/// A file's real path and a hash of its content. Not its time: a file that is saved as it was is no change, and the clock
/// of a file system may be too coarse to tell two saves apart.
type Look = (Option<PathBuf>, u64);

impl Snapshot {
    fn take(files: &ScriptFiles) -> Self {
        let listed = source_folders(files).into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let python = listed.filter_map(|entry| Some(entry.ok()?.path()).filter(|path| is_python(path)));
        let all = python.chain(std::iter::once(files.path.clone()));
        Self(all.filter_map(|path| look_at(&path).map(|look| (path, look))).collect())
    }
}

fn look_at(path: &Path) -> Option<Look> {
    let content = fs::read(path).ok()?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&content);
    Some((fs::canonicalize(path).ok(), hasher.finish()))
}

fn is_python(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("py"))
}
