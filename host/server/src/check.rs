//! What `siphon check` looks at, and how mistakes are written: the configuration, then the script, without serving.

use std::io::Write;
use std::path::Path;

use crate::config::{Config, ConfigError, DEFAULT, Problem};
use crate::wiring;

/// Reads a file, or the configuration that is served without one. Also gives its warnings.
///
/// # Errors
/// When the file cannot be read or has mistakes.
pub fn read(path: Option<&Path>) -> Result<(Config, Vec<Problem>), ConfigError> {
    match path {
        Some(path) => Config::from_file(path),
        None => Config::from_text(DEFAULT, |name| std::env::var(name).ok()),
    }
}

/// What to call the configuration in messages.
#[must_use]
pub fn name(path: Option<&Path>) -> String {
    path.map_or_else(|| "the default configuration".to_owned(), |path| path.display().to_string())
}

/// Writes every mistake, a line each.
pub fn write_mistakes(out: &mut impl Write, path: Option<&Path>, error: &ConfigError) {
    let name = name(path);
    let lines = match error {
        ConfigError::Mistakes(problems) => problems.iter().map(|problem| format!("{name}: {problem}")).collect(),
        other => vec![format!("siphon: {other}")],
    };
    for line in lines {
        // A closed pipe wants no more lines.
        let _ = writeln!(out, "{line}");
    }
}

/// Loads the script aside; the number of its handlers.
///
/// # Errors
/// What is wrong with the script, with file and line, or with a value that only the machine can judge.
pub fn script(config: &Config) -> Result<usize, String> {
    wiring::load_aside(config).map(|generation| generation.handlers.len()).map_err(|error| error.to_string())
}
