//! What `siphon check` looks at, and how mistakes are written: the configuration, then the script, without serving.

use std::io::Write;
use std::path::Path;

use crate::config::{Config, ConfigError, DEFAULT, Problem, Severity};
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

/// Everything that is wrong with a configuration and with the script that it names, a line (or a traceback) each;
/// whether any of it keeps the server from starting.
///
/// # Errors
/// When the configuration file cannot be read.
pub fn everything(path: Option<&Path>) -> Result<(Vec<String>, bool), ConfigError> {
    let (config, problems) = match path {
        Some(path) => Config::examine_file(path)?,
        None => Config::examine(DEFAULT, |name| std::env::var(name).ok()),
    };
    let name = name(path);
    let mut is_fatal = problems.iter().any(|problem| problem.severity == Severity::Error);
    let mut lines: Vec<_> = problems.iter().map(|problem| format!("{name}: {problem}")).collect();
    if let Some(config) = config {
        match wiring::load_aside(&config) {
            Ok(generation) => {
                let handlers = generation.handlers.len();
                lines.push(format!("{name}: the script loads and has {handlers} handlers"));
            }
            Err(error) => {
                is_fatal = true;
                lines.push(error.to_string());
            }
        }
    }
    Ok((lines, is_fatal))
}
