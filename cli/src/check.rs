//! `siphon check`: every mistake of the configuration and the script at once.

use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use siphon_server::check;

/// Prints what is wrong; the exit code is 0 when nothing is (warnings aside) and 2 otherwise.
pub(crate) fn check(path: Option<&Path>) -> ExitCode {
    let mut out = stdout();
    let (config, warnings) = match check::read(path) {
        Ok(read) => read,
        Err(error) => {
            check::write_mistakes(&mut out, path, &error);
            return ExitCode::from(2);
        }
    };
    let name = check::name(path);
    let mut write = |line: String| {
        // A closed pipe wants no more lines.
        let _ = writeln!(out, "{line}");
    };
    for warning in &warnings {
        write(format!("{name}: {warning}"));
    }
    match check::script(&config) {
        Ok(handlers) => {
            write(format!("{name}: fine; the script has {handlers} handlers"));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            write(problem);
            ExitCode::from(2)
        }
    }
}
