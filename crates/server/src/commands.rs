//! What the program can be told to do.

mod backup;
mod database;
mod demo;
mod journal;
mod keys;
pub(crate) mod people;
mod serve;

use crate::settings::{Fault, Settings};
use clap::{Args, Subcommand};
use ratchet_domain::journal::checkpoint::VerifierKey;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API; the first start makes an organisation and prints how to log in
    Serve,
    /// Serve a sample organisation, Harbour Robotics, with two years of believable work; in a temporary directory that
    /// is removed at the end, unless --data-dir or --database-url say where
    Demo,
    /// Bring the database to this version's schema
    Migrate,
    /// Copy database and files of evidence into a new directory, also while a server is running; without the keys
    Backup {
        /// A directory that does not exist yet
        target: std::path::PathBuf,
    },
    /// Put a backup into an empty data directory or an empty PostgreSQL database, and verify it; the file `keys` must
    /// be in the data directory already
    Restore {
        /// The directory that `backup` has made
        source: std::path::PathBuf,
    },
    /// Print the contract (OpenAPI 3.1)
    Openapi,
    /// Print what events there are (AsyncAPI 3)
    Asyncapi,
    /// Organisations of this instance
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Logins of this instance
    #[command(subcommand)]
    User(UserCommand),
    /// The journal of this instance
    #[command(subcommand)]
    Journal(JournalCommand),
    /// The keys of this instance
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Ask a running server whether it is ready; for health checks of containers
    Health,
}

/// Organisations of this instance.
#[derive(Debug, Subcommand)]
pub(crate) enum OrganisationCommand {
    /// Make an organisation with its first admin, and print how to log in
    Create(CreateOrganisation),
}

/// What a new organisation needs.
#[derive(Debug, Args)]
pub(crate) struct CreateOrganisation {
    /// What it is called
    #[arg(long)]
    name: String,
    /// The first admin's e-mail address
    #[arg(long)]
    admin_email: String,
}

/// The journal of this instance.
#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Recompute everything the journal claims; exit code 0 only when all is as it was written
    Verify(VerifyJournal),
    /// Sign checkpoints with a new key from now on, and with the former one beside it; stop every server first
    RotateKey,
    /// End the time in which two keys sign: forget the private half of the former one; stop every server first
    RetireKey,
    /// Go on with a new key where the former one is lost: its public half, as it was given out, says which it was; stop
    /// every server first
    ReplaceLostKey {
        /// `name+hash+key`, as `/v1/journal/checkpoint` told it
        #[arg(long)]
        verifier_key: VerifierKey,
    },
}

/// The keys of this instance.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Sign access tokens with a new key once the servers are started again; those that are out count until they expire
    RotateToken {
        /// The key so far may be in wrong hands: nothing that it signed counts any more, and clients refresh at once
        #[arg(long)]
        at_once: bool,
    },
}

/// What is to be verified.
#[derive(Debug, Args)]
pub(crate) struct VerifyJournal {
    /// One organisation, by id; all without it
    #[arg(long)]
    organisation: Option<uuid::Uuid>,
    /// The rows of records, too: each must be what its newest entry bound
    #[arg(long)]
    state: bool,
    /// The files of evidence, too: each must be what was received
    #[arg(long)]
    evidence: bool,
    /// A file with a checkpoint that was kept outside: the journal must still contain what it says
    #[arg(long, value_name = "FILE")]
    against: Option<std::path::PathBuf>,
}

/// Logins of this instance.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Give a login a new password, print it, and end its sessions
    ResetPassword {
        /// The login's e-mail address
        #[arg(long)]
        email: String,
        /// The organisation's id, where the address has a login in several
        #[arg(long)]
        organisation: Option<uuid::Uuid>,
    },
}

/// Writes it to whoever reads; who stops reading (`| head`) has read enough.
fn tell(text: &str) -> Result<ExitCode, Fault> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

fn tell_whole(document: &serde_json::Value) -> Result<ExitCode, Fault> {
    tell(&serde_json::to_string_pretty(document).map_err(|error| error.to_string())?)
}

/// Does it.
pub(crate) fn run(command: Command, settings: &Settings) -> Result<ExitCode, Fault> {
    match command {
        Command::Serve => serve::serve(settings),
        Command::Demo => demo::demo(settings),
        Command::Migrate => database::migrate(settings),
        Command::Backup { target } => backup::backup(settings, &target),
        Command::Restore { source } => backup::restore(settings, &source),
        Command::Openapi => tell_whole(&ratchet_http::document()),
        Command::Asyncapi => tell_whole(&ratchet_http::events()),
        Command::Organisation(OrganisationCommand::Create(CreateOrganisation { name, admin_email })) => {
            people::create_organisation(settings, &name, &admin_email)
        }
        Command::User(UserCommand::ResetPassword { email, organisation }) => {
            people::reset_password(settings, &email, organisation)
        }
        Command::Journal(JournalCommand::Verify(scope)) => journal::verify(settings, scope),
        Command::Keys(KeysCommand::RotateToken { at_once }) => keys::rotate_token(settings, at_once),
        Command::Journal(JournalCommand::RotateKey) => journal::rotate_key(settings),
        Command::Journal(JournalCommand::RetireKey) => journal::retire_key(settings),
        Command::Journal(JournalCommand::ReplaceLostKey { verifier_key }) => {
            journal::replace_lost_key(settings, &verifier_key)
        }
        Command::Health => serve::health(settings),
    }
}
