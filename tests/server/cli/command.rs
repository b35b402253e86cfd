//! Runs the command with files of its own until it ends by itself.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use siphon_tests::wait::until;
use tempfile::TempDir;

use crate::SIPHON;

/// How the command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// Runs `siphon` in a folder. It is ended when it does not end by itself.
pub(crate) fn run(folder: &TempDir, arguments: &[&str]) -> Ended {
    let path = |name: &str| folder.path().join(name);
    let mut process = Command::new(SIPHON)
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(File::create(path("stdout")).unwrap())
        .stderr(File::create(path("stderr")).unwrap())
        .spawn()
        .unwrap();
    let waited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        until("siphon to end", || process.try_wait().unwrap())
    }));
    let read = |name| fs::read_to_string(path(name)).unwrap();
    let status = waited.unwrap_or_else(|_| {
        let _ = process.kill();
        let _ = process.wait();
        panic!("siphon {arguments:?} does not end:\n{}{}", read("stdout"), read("stderr"));
    });
    Ended { code: status.code(), out: read("stdout"), err: read("stderr") }
}
