//! Logs: to standard error, readable or JSON.

use crate::settings::{Fault, LogFormat, Settings};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

pub(crate) fn start(settings: &Settings) -> Result<(), Fault> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| format!("settings: log: {error}"))?;
    let base = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match settings.log_format {
        LogFormat::Text => base.try_init(),
        LogFormat::Json => base.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| format!("logs: {error}"))
}
