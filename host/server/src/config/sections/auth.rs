//! `auth`: Who may authenticate, and how nonces are made.

use std::collections::BTreeMap;
use std::time::Duration;

use siphon_core::auth::Algorithm;

use crate::config::reader::Section;

/// `auth`.
#[derive(Clone, Debug)]
pub struct AuthSection {
    /// The realm of challenges for which the script names none.
    pub realm: String,
    /// The algorithms of challenges, in their order; nothing else is accepted.
    pub algorithms: Vec<Algorithm>,
    /// Passwords by user name.
    pub users: BTreeMap<String, String>,
    /// What nonces are signed with; `None`: a secret of this process.
    pub nonce_secret: Option<String>,
    /// How long a nonce may be used.
    pub nonce_ttl: Duration,
    /// Nonces whose counters are remembered against replay.
    pub max_nonces: usize,
}

impl AuthSection {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        section.choice("backend", (), &[("static", ())]);
        let users = section.names("users");
        let read = Self {
            realm: section.text("realm").unwrap_or_else(|| "localhost".to_owned()),
            algorithms: algorithms(&mut section),
            users: users.into_iter().filter_map(|(name, node)| Some((name, node.text()?))).collect(),
            nonce_secret: section.text("nonce_secret").filter(|secret| !secret.is_empty()),
            nonce_ttl: section.seconds("nonce_ttl_secs", Duration::from_secs(3600)),
            max_nonces: section.number("max_nonces", 100_000, 1..=100_000_000),
        };
        section.not_yet(&["http", "aka_credentials", "diameter"]);
        section.finish();
        read
    }
}

/// `auth.algorithms`: one of each, all of them by default.
fn algorithms(section: &mut Section<'_>) -> Vec<Algorithm> {
    let mut algorithms = Vec::new();
    for node in section.list("algorithms") {
        match node.text().map(|name| Algorithm::parse(name.as_bytes())) {
            Some(Some(algorithm)) if !algorithms.contains(&algorithm) => algorithms.push(algorithm),
            Some(Some(_)) => node.error("it stands there already"),
            Some(None) => {
                node.error(format_args!("one of {} is wanted here", Algorithm::ALL.map(Algorithm::name).join(", ")))
            }
            None => {}
        }
    }
    if algorithms.is_empty() { Algorithm::ALL.to_vec() } else { algorithms }
}
