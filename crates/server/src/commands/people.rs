//! Organisations and logins, made from the command line: there is no operator over HTTP.

use super::database::open_migrated;
use crate::settings::{Fault, Settings};
use crate::source::source;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::{Actor, Identity, Role};
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, OrganisationId};
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_domain::text;
use ratchet_http::app::Source;
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use ratchet_persistence::tx::Context;
use ratchet_persistence::{accounts, organisations, sessions};
use std::process::ExitCode;

/// A password that nobody has to invent.
pub(crate) fn new_password() -> String {
    hex::encode(rand::random::<[u8; 12]>())
}

/// How long one is good that was printed, where others may read it: in a log, in the history of a terminal.
const PRINTED_PASSWORD: TimeDelta = TimeDelta::hours(24);

/// What is said beside one, and not among the lines that programs read.
pub(crate) const CHANGE_IT: &str = "opens nothing after 24 hours: choose another with POST /v1/auth/password";

/// Who writes when no member does.
pub(crate) fn context(organisation: OrganisationId, worker: &'static str, source: &Source) -> Context {
    let Source { now, id, random } = source.clone();
    Context {
        actor: Actor { organisation, identity: Identity::System { worker } },
        now: Box::new(move || {
            let now = now();
            chrono::DurationRound::duration_trunc(now, chrono::TimeDelta::microseconds(1)).unwrap_or(now)
        }),
        request: None,
        dry_run: false,
        next_id: Box::new(move || id()),
        next_salt: Box::new(move || {
            let mut salt = [0; 16];
            salt.copy_from_slice(&random()[..16]);
            salt
        }),
    }
}

/// Who takes an anonymous report into the register: nobody, at a full hour, under ids that say nothing of a time.
pub(crate) fn anonymous(organisation: OrganisationId, hour: DateTime<Utc>, source: &Source) -> Context {
    let random = source.random.clone();
    Context {
        actor: Actor { organisation, identity: Identity::Anonymous },
        now: Box::new(move || hour),
        next_id: Box::new(move || {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&random()[..16]);
            uuid::Builder::from_random_bytes(bytes).into_uuid()
        }),
        ..context(organisation, "reports", source)
    }
}

/// Makes an organisation with its first admin; the admin's new password, unless the login existed already.
pub(crate) async fn found(
    store: &Store,
    source: &Source,
    name: &str,
    email: &str,
    roles: &'static [Role],
) -> Result<(OrganisationId, String), Fault> {
    let email = text::email("/admin_email", email).map_err(|fault| fault.detail)?;
    let name = text::title("/name", name).map_err(|fault| format!("name: {}", fault.detail))?;
    let password = new_password();
    let hash = ratchet_http::hash_password(&password)?;
    let organisation = OrganisationId((source.id)());
    let founded = store.write(context(organisation, "setup", source), move |tx| {
        let now = tx.now();
        organisations::found(&name, tx)?;
        let account = AccountId(tx.next_id());
        accounts::insert(account, organisation, (&email, &hash), now, tx.connection())?;
        accounts::limit_password(account, now + PRINTED_PASSWORD, tx.connection())?;
        let birth = tx.birth(Member::PREFIX)?;
        let draft = MemberDraft { account, name: email.clone(), unit: None, roles: roles.to_vec() };
        let change = Member::enrol(draft, &tx.actor().clone(), birth)?;
        tx.save(change)?;
        Ok::<_, Error>(())
    });
    founded.await.map_err(|error| error.to_string())?;
    Ok((organisation, password))
}

fn block_on<T>(future: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(future)
}

pub(crate) fn create_organisation(settings: &Settings, name: &str, admin_email: &str) -> Result<ExitCode, Fault> {
    let opened = open_migrated(settings)?;
    block_on(async {
        let store = Store::open(&opened.address, 1).map_err(|error| error.to_string())?;
        let (id, password) = found(&store, &source(), name, admin_email, &[Role::Admin]).await?;
        println!("organisation {id}\nadmin        {admin_email}\npassword     {password}");
        eprintln!("The password {CHANGE_IT}.");
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn reset_password(
    settings: &Settings,
    email: &str,
    organisation: Option<uuid::Uuid>,
) -> Result<ExitCode, Fault> {
    let mut opened = open_migrated(settings)?;
    let email = text::email("/email", email).map_err(|fault| fault.detail)?;
    let mut accounts = accounts::find(&email, &mut opened.connection).map_err(|error| error.to_string())?;
    accounts.retain(|(_, theirs)| organisation.is_none_or(|named| theirs.0 == named));
    let account = match accounts.as_slice() {
        [] => return Err(format!("{email} has no login")),
        [(account, _)] => *account,
        several => {
            let names = several.iter().map(|(_, organisation)| organisation.to_string()).collect::<Vec<_>>().join(", ");
            return Err(format!("{email} has a login in several organisations, name one by --organisation: {names}"));
        }
    };
    let password = new_password();
    let hash = ratchet_http::hash_password(&password)?;
    let now = (source().now)();
    accounts::change_password(account, &hash, &mut opened.connection)
        .and_then(|()| accounts::limit_password(account, now + PRINTED_PASSWORD, &mut opened.connection))
        .and_then(|()| sessions::end_all(account, now, &mut opened.connection))
        .map_err(|error| error.to_string())?;
    println!("password {password}");
    eprintln!("The password {CHANGE_IT}.");
    Ok(ExitCode::SUCCESS)
}
