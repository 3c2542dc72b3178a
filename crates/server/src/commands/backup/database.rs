//! The database of a backup: a copy by SQLite itself, or by PostgreSQL's own tools.

use super::at;
use crate::settings::Fault;
use ratchet_persistence::connection::{Address, AnyConnection};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the copy is called.
pub(super) fn name(address: &Address) -> &'static str {
    match address {
        Address::Sqlite(_) => "ratchet.db",
        Address::Postgres(_) => "ratchet.dump",
    }
}

/// Copies a consistent state of the database, whoever writes meanwhile.
pub(super) fn copy(address: &Address, connection: &mut AnyConnection, to: &Path) -> Result<(), Fault> {
    match address {
        Address::Sqlite(_) => connection.copy_into(to).map_err(at(to)),
        Address::Postgres(url) => run(tool("pg_dump", url)?.args(["--format=custom", "--no-owner", "--file"]).arg(to)),
    }
}

/// Puts a copy into an empty PostgreSQL database, all or nothing.
pub(super) fn load(url: &str, from: &Path) -> Result<(), Fault> {
    let mut tool = tool("pg_restore", url)?;
    run(tool.args(["--single-transaction", "--exit-on-error", "--no-owner"]).arg(from))
}

/// A program of PostgreSQL's. The password is passed by the environment: anybody can read a command line.
fn tool(name: &str, url: &str) -> Result<Command, Fault> {
    let program = program(name).ok_or_else(|| format!("{name} is missing: install PostgreSQL's client programs"))?;
    let (url, password) = without_password(url);
    let mut command = Command::new(program);
    command.arg(format!("--dbname={url}"));
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

fn program(name: &str) -> Option<PathBuf> {
    let found = |directory: PathBuf| Some(directory.join(name)).filter(|path| path.is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(path) = std::env::split_paths(&path).find_map(found) {
        return Some(path);
    }
    // Debian keeps those of each version apart.
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    versions.into_iter().rev().find_map(found)
}

/// `postgres://user:password@host/name` as `postgres://user@host/name` and the password.
fn without_password(url: &str) -> (String, Option<String>) {
    let parts = || {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, _) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user_info, _) = authority.rsplit_once('@')?;
        let (user, password) = user_info.split_once(':')?;
        let password = percent_encoding::percent_decode_str(password).decode_utf8().ok()?;
        Some((format!("{scheme}://{user}{}", &rest[user_info.len()..]), password.into_owned()))
    };
    parts().map_or_else(|| (url.to_owned(), None), |(url, password)| (url, Some(password)))
}

fn run(command: &mut Command) -> Result<(), Fault> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_on_a_command_line() {
        for (url, plain, password) in [
            ("postgres://u:p%40ss@h:5/d?x=y", "postgres://u@h:5/d?x=y", Some("p@ss")),
            ("postgres://u@h/d", "postgres://u@h/d", None),
            ("postgresql://h", "postgresql://h", None),
            ("postgres://u:a:b@[::1]:5/d", "postgres://u@[::1]:5/d", Some("a:b")),
        ] {
            assert_eq!(without_password(url), (plain.to_owned(), password.map(str::to_owned)), "{url}");
        }
    }
}
