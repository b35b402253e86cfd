//! The documents tell the truth: each Python block of theirs loads, each YAML file and example is accepted.
#![forbid(unsafe_code)]
// Test code: what goes wrong here shall end the test with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// What `siphon check` says of a configuration.
fn check(config: &Path) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_siphon")).arg("check").arg("-c").arg(config).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if output.status.success() { Ok(text) } else { Err(text) }
}

/// The files below a folder with that ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(files(&entry, ending));
        } else if entry.to_string_lossy().ends_with(ending) {
            found.push(entry);
        }
    }
    found
}

/// The blocks of a document that are fenced with that language.
fn blocks(document: &Path, language: &str) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_python_block_of_the_documents_loads() {
    let mut documents = files(&root().join("docs"), ".md");
    documents.push(root().join("README.md"));
    let mut count = 0;
    for document in documents {
        for block in blocks(&document, "python") {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("route.py"), &block).unwrap();
            let config = folder.path().join("siphon.yaml");
            fs::write(
                &config,
                "listen: { udp: [\"127.0.0.1:0\"] }\ndomain: { local: [a.example] }\nscript: { path: route.py }\n",
            )
            .unwrap();
            check(&config).unwrap_or_else(|said| panic!("{}:\n{block}\n{said}", document.display()));
            count += 1;
        }
    }
    assert!(count >= 4, "only {count} blocks were found");
}

#[test]
fn the_reference_configuration_and_every_example_have_no_mistakes() {
    let mut configs = files(&root().join("examples"), "siphon.yaml");
    configs.push(root().join("siphon.yaml"));
    assert!(configs.len() >= 2);
    for config in configs {
        let said = check(&config).unwrap_or_else(|said| panic!("{}:\n{said}", config.display()));
        assert!(!said.contains("warning"), "{}:\n{said}", config.display());
    }
}
