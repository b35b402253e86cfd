//! Every seed of the fuzzers through its target in the ordinary tests, and the torture messages through all of them: what a
//! fuzzer once found and somebody put into the corpus is found again without a fuzzer.

#![allow(clippy::unwrap_used, reason = "a test is all that this is")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use siphon_sip::fuzz;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str) -> Vec<PathBuf> {
    fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn names(folder: &str) -> BTreeSet<String> {
    files(folder).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Runs the files through the target and says which of them it panics on.
fn failures(target: fn(&[u8]), files: &[PathBuf]) -> Vec<PathBuf> {
    let panics = |path: &&PathBuf| {
        let input = fs::read(path).unwrap();
        catch_unwind(|| target(&input)).is_err()
    };
    files.iter().filter(panics).cloned().collect()
}

#[test]
fn no_seed_of_a_target_breaks_it() {
    for (name, target) in fuzz::TARGETS {
        let seeds = files(&format!("fuzz/corpus/{name}"));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        assert_eq!(failures(*target, &seeds), <[PathBuf; 0]>::default(), "{name}");
    }
}

#[test]
fn no_torture_message_breaks_a_target() {
    let messages = [files("tests/torture/rfc4475"), files("tests/torture/rfc5118")].concat();
    for (name, target) in fuzz::TARGETS {
        assert_eq!(failures(*target, &messages), <[PathBuf; 0]>::default(), "{name}");
    }
}

#[test]
fn no_prefix_of_a_torture_message_breaks_a_target() {
    for path in [files("tests/torture/rfc4475"), files("tests/torture/rfc5118")].concat() {
        let message = fs::read(&path).unwrap();
        for (name, target) in fuzz::TARGETS {
            for length in 0..message.len().min(700) {
                let outcome = catch_unwind(|| target(&message[..length]));
                assert!(outcome.is_ok(), "{name}: {} bytes of {}", length, path.display());
            }
        }
    }
}

#[test]
fn every_target_has_a_fuzzer_and_a_folder_of_seeds() {
    let targets: BTreeSet<String> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz/fuzz_targets"), targets);
    assert_eq!(names("fuzz/corpus"), targets);
}
