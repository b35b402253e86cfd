//! `log`: What is logged, and where to.

use std::path::PathBuf;

use crate::config::reader::Section;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// `log`.
#[derive(Clone, Debug)]
pub struct LogSection {
    /// The least severe level that is written.
    pub level: tracing::Level,
    /// How lines look.
    pub format: LogFormat,
    /// The file to append to; `None`: standard error.
    pub file: Option<PathBuf>,
}

impl LogSection {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        use tracing::Level;
        let levels = [("debug", Level::DEBUG), ("info", Level::INFO), ("warn", Level::WARN), ("error", Level::ERROR)];
        let read = Self {
            level: section.choice("level", Level::INFO, &levels),
            format: section.choice(
                "format",
                LogFormat::Pretty,
                &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
            ),
            file: section.text("file").map(PathBuf::from),
        };
        section.finish();
        read
    }
}
