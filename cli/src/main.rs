//! The `siphon` command: a file per verb.
#![forbid(unsafe_code)]

mod check;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A SIP server scripted in Python.
#[derive(Parser)]
#[command(name = "siphon", version, about)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve until SIGTERM or SIGINT; SIGHUP loads the script again.
    Run(ConfigArgument),
    /// Say every mistake of the configuration and the script, without serving.
    Check(ConfigArgument),
}

/// Which configuration.
#[derive(clap::Args)]
struct ConfigArgument {
    /// The configuration; without it a residential proxy on 127.0.0.1:5060 is served.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    match Arguments::parse().verb {
        Verb::Run(argument) => run::run(argument.config.as_deref()),
        Verb::Check(argument) => check::check(argument.config.as_deref()),
    }
}
