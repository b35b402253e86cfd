//! `siphon check`: every mistake of the configuration and the script at once.

use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use siphon_server::check;

/// Prints what is wrong; the exit code is 0 when nothing is (warnings aside) and 2 otherwise.
pub(crate) fn check(path: Option<&Path>) -> ExitCode {
    let mut out = stdout();
    match check::everything(path) {
        Ok((lines, is_fatal)) => {
            for line in lines {
                // A closed pipe wants no more lines.
                let _ = writeln!(out, "{line}");
            }
            if is_fatal { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            check::write_mistakes(&mut out, path, &error);
            ExitCode::from(2)
        }
    }
}
