//! `siphon run`: serve until told to stop.

use std::io::{Write, stderr};
use std::path::Path;
use std::process::ExitCode;

use siphon_server::signals::{self, Order};
use siphon_server::{Config, ConfigError, Server, check, logging};

/// Serves the configuration; the exit code is 2 when it has mistakes and 1 when the machine refuses something.
pub(crate) fn run(path: Option<&Path>) -> ExitCode {
    let (config, warnings) = match check::read(path) {
        Ok(read) => read,
        Err(error) => return mistakes(path, &error),
    };
    if let Err(error) = logging::start(&config.log) {
        return failure(&error);
    }
    for warning in warnings {
        tracing::warn!("{}: {warning}", check::name(path));
    }
    match serve(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(error.as_ref()),
    }
}

fn serve(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start(config)?;
    let (stop, reload) = (server.stopper(), server.reload_handle());
    signals::listen(move |order| match order {
        Order::Stop => stop(),
        Order::Reload => reload(),
    })?;
    server.run();
    Ok(())
}

fn mistakes(path: Option<&Path>, error: &ConfigError) -> ExitCode {
    check::write_mistakes(&mut stderr(), path, error);
    ExitCode::from(2)
}

fn failure(error: &dyn std::error::Error) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(stderr(), "siphon: {error}");
    ExitCode::FAILURE
}
