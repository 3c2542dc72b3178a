//! The program: settings, clock, randomness and keys are made here once and passed down.

mod commands;
mod demo;
mod keys;
mod mail;
mod settings;
mod source;
mod telemetry;
mod workers;

use clap::Parser;
use settings::{Flags, Settings};
use std::process::ExitCode;

/// The improvement lifecycle of an ISO/IEC 27001:2022 management system as a REST API.
///
/// Settings come from flags, then from the environment (`RATCHET_PORT=8080`), then from a TOML file (`--config`,
/// `port = 8080`), then from the defaults shown here.
#[derive(Debug, Parser)]
#[command(name = "ratchet", version, after_help = KEYS)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: commands::Command,
}

/// The one setting that is no flag: others would see it among the processes.
const KEYS: &str = "Keys: RATCHET_KEYS holds the instance's keys, for whoever wants no file `keys` in the data directory: the \
    same lines, `token`, `journal` and `secret` with 64 hexadecimal digits each, separated by semicolons. It is read \
    from the environment alone.";

fn main() -> ExitCode {
    let Cli { flags, command } = Cli::parse();
    let outcome = Settings::read(&flags).and_then(|settings| commands::run(command, &settings));
    match outcome {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("ratchet: {fault}");
            ExitCode::FAILURE
        }
    }
}
