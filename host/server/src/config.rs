//! siphon.yaml: read whole, every mistake said at once. It is read once, at start; scripts are what reloads.

mod environment;
mod problem;
mod reader;
mod sections;

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, MarkedYaml};

pub use self::problem::{Problem, Severity};
pub use self::sections::{
    AuthSection, CacheSection, ConnectionsSection, Listen, Listeners, LogFormat, LogSection, PrometheusSection,
    RateLimit, RegistrarSection, Reload, ScriptSection, SecuritySection, ServerSection, TransactionSection,
};

use self::reader::{Node, Problems};
use siphon_sip::Host;

/// The configuration that runs when no file is named.
pub const DEFAULT: &str = include_str!("config/default.yaml");

/// Sections of the reference that do nothing here yet.
const NOT_YET: [&str; 26] = [
    "nat",
    "session_timer",
    "dialog",
    "subscribe_state",
    "media",
    "gateway",
    "b2bua",
    "lcr",
    "numbering",
    "number_policies",
    "cdr",
    "registrant",
    "admin",
    "tracing",
    "tls",
    "control",
    "memory",
    "diameter",
    "rf",
    "ro",
    "ipsec",
    "stir",
    "isc",
    "sbi",
    "srs",
    "lawful_intercept",
];

/// A whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `listen`.
    pub listen: Listeners,
    /// `domain.local`: the domains that this server is responsible for.
    pub local_domains: Vec<String>,
    /// `advertised_address`: what listeners without an `advertise` of their own tell peers.
    pub advertised_address: Option<Host>,
    /// `script`.
    pub script: ScriptSection,
    /// `registrar`.
    pub registrar: RegistrarSection,
    /// `auth`.
    pub auth: AuthSection,
    /// `security`.
    pub security: SecuritySection,
    /// `transaction`.
    pub transaction: TransactionSection,
    /// `connections`.
    pub connections: ConnectionsSection,
    /// `cache`.
    pub caches: Vec<CacheSection>,
    /// `server`.
    pub server: ServerSection,
    /// `log`.
    pub log: LogSection,
    /// `metrics.prometheus`.
    pub prometheus: PrometheusSection,
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file has mistakes: all of them, by line, warnings too.
    #[error("{} mistakes", .0.len())]
    Mistakes(Vec<Problem>),
}

impl Config {
    /// Reads a file; relative paths in it that exist beside it are taken from there. Also gives its warnings.
    ///
    /// # Errors
    /// When the file cannot be read or has mistakes.
    pub fn from_file(path: &Path) -> Result<(Self, Vec<Problem>), ConfigError> {
        let (config, problems) = Self::examine_file(path)?;
        accept(config, problems)
    }

    /// Reads a text, with `variable` as the environment.
    ///
    /// # Errors
    /// When the text has mistakes.
    pub fn from_text(
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Vec<Problem>), ConfigError> {
        let (config, problems) = Self::examine(text, variable);
        accept(config, problems)
    }

    /// Everything that is wrong with a file, and what could be read in spite of it: where a value is wrong stands its
    /// default.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn examine_file(path: &Path) -> Result<(Option<Self>, Vec<Problem>), ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        let (mut config, problems) = Self::examine(&text, |name| std::env::var(name).ok());
        let folder = path.parent().unwrap_or(Path::new("."));
        if let Some(Self { script, .. }) = &mut config {
            for path in script.path.iter_mut().chain(&mut script.include_paths) {
                let beside = folder.join(&*path);
                if path.is_relative() && beside.exists() {
                    *path = beside;
                }
            }
        }
        Ok((config, problems))
    }

    /// The same for a text, with `variable` as the environment.
    pub fn examine(text: &str, variable: impl Fn(&str) -> Option<String>) -> (Option<Self>, Vec<Problem>) {
        let text = environment::substitute(text, variable);
        let problems = Problems::default();
        let config = match MarkedYaml::load_from_str(&text) {
            Ok(documents) => documents.first().map(|document| Self::read(document, &problems)),
            Err(error) => {
                problems.error(Some(error.marker().line()), format!("not YAML: {}", error.info()));
                None
            }
        };
        if config.is_none() && problems.is_empty() {
            problems.error(None, "the file is empty; `listen` and `domain.local` are needed");
        }
        (config, problems.into_sorted())
    }

    fn read<'a>(document: &'a MarkedYaml<'a>, problems: &'a Problems) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut root = Node::new(document, String::new(), problems).section();
        let mut domain = root.section("domain");
        let local_domains: Vec<_> = domain.texts("local").iter().map(|name| name.to_ascii_lowercase()).collect();
        if local_domains.is_empty() {
            domain.error("`local`, the list of the domains that this server is responsible for, is missing or empty");
        }
        domain.finish();
        let config = Self {
            listen: Listeners::read(root.section("listen")),
            local_domains,
            advertised_address: root.node("advertised_address").and_then(|node| Some(sections::advertised(&node)?.0)),
            script: ScriptSection::read(root.section("script"), cores),
            registrar: RegistrarSection::read(root.section("registrar")),
            auth: AuthSection::read(root.section("auth")),
            security: SecuritySection::read(root.section("security")),
            transaction: TransactionSection::read(root.section("transaction")),
            connections: ConnectionsSection::read(root.section("connections")),
            caches: root.list("cache").iter().filter_map(CacheSection::read).collect(),
            server: ServerSection::read(root.section("server")),
            log: LogSection::read(root.section("log")),
            prometheus: PrometheusSection::read(root.section("metrics")),
        };
        // Free for scripts and add-ons: whatever stands under it is theirs.
        let _ = root.node("extensions");
        root.not_yet(&NOT_YET);
        root.finish();
        config
    }
}

/// What was read, unless there is an error among the problems.
fn accept(config: Option<Config>, problems: Vec<Problem>) -> Result<(Config, Vec<Problem>), ConfigError> {
    match config {
        Some(config) if problems.iter().all(|problem| problem.severity == Severity::Warning) => Ok((config, problems)),
        _ => Err(ConfigError::Mistakes(problems)),
    }
}

#[cfg(test)]
mod tests;
