//! The log: lines for people or JSON objects, to standard error or a file. What is worth a line is decided elsewhere.

use std::fs::OpenOptions;
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{LogFormat, LogSection};

/// The log cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file cannot be appended to.
    #[error("log.file {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The process logs already.
    #[error("the log was set up before: {0}")]
    Twice(#[from] TryInitError),
}

/// Sets the process's log up. Call it once.
///
/// # Errors
/// When the file cannot be opened or a log was set up before.
pub fn start(section: &LogSection) -> Result<(), LogError> {
    let writer = match &section.file {
        None => BoxMakeWriter::new(std::io::stderr),
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| LogError::File { path: path.display().to_string(), error })?;
            BoxMakeWriter::new(Mutex::new(file))
        }
    };
    let levels = Targets::new().with_default(LevelFilter::from_level(section.level));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let registry = tracing_subscriber::registry().with(levels);
    match section.format {
        LogFormat::Pretty => registry.with(lines).try_init()?,
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init()?,
    }
    Ok(())
}
