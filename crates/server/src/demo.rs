//! Harbour Robotics, a sample organisation: 42 people and two years of their work, told step by step through the commands
//! that the API itself uses. What is shown is what the rules allow.
//!
//! Two turns from management review to management review lie behind it, told in [`history`]; what is under way today began in
//! the last ten weeks.

mod auditing;
mod audits;
mod cases;
mod changes;
mod context;
mod controls;
mod first_year;
mod gate;
mod history;
mod improvements;
mod incidents;
mod involvement;
mod logins;
mod mistakes;
mod monitoring;
mod objectives;
mod people;
mod policies;
mod progress;
mod restricted;
mod reviews;
mod second_year;
mod staff;
mod treatment;

pub(crate) use gate::follow_up_code;
pub(crate) use people::{PASSWORD, PEOPLE};

use crate::commands::people::{anonymous, context};
use crate::settings::Fault;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, TimeZone, Utc};
use ratchet_domain::access::{Actor, Identity, Role, Standing};
use ratchet_domain::change::Change;
use ratchet_domain::evidence::File;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::report_intakes::hour_of;
use ratchet_http::app::Source;
use ratchet_persistence::error::Error;
use ratchet_persistence::files::{Content, Files};
use ratchet_persistence::store::Store;
use ratchet_persistence::table::Guarded;
use ratchet_persistence::tx::{Context, Tx};
use std::collections::HashMap;
use uuid::Uuid;

/// Steps that are committed together: one by one they would take minutes.
const TOGETHER: usize = 200;

/// Who a step is done by: a member, or the program itself.
pub(crate) type Who = &'static str;
/// The program.
pub(crate) const WORKER: Who = "";
/// Somebody without a name.
pub(crate) const NOBODY: Who = "nobody";

/// What the steps so far have made, by the names the story gives them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(HashMap<&'static str, Uuid>);

impl Names {
    fn get(&self, name: &'static str) -> Result<Uuid, Error> {
        self.0.get(name).copied().ok_or(Error::NotFound)
    }

    fn member(&self, name: Who) -> Result<MemberId, Error> {
        self.get(name).map(MemberId)
    }

    fn call(&mut self, name: &'static str, id: Uuid) {
        self.0.insert(name, id);
    }
}

type Job = Box<dyn FnOnce(&mut Tx<'_>, &mut Names) -> Result<(), Error> + Send>;

/// The steps of the story, in any order; they are told in the order of their times.
pub(crate) struct Story {
    today: NaiveDate,
    files: Files,
    steps: Vec<(DateTime<Utc>, Who, Job)>,
}

impl Story {
    /// Where files of evidence lie.
    fn files(&self) -> Files {
        self.files.clone()
    }

    /// The morning of a day so many days ago.
    fn at(&self, days_ago: i64, hour: u32) -> DateTime<Utc> {
        let day = self.day(-days_ago);
        Utc.with_ymd_and_hms(day.year(), day.month(), day.day(), hour, 0, 0).single().unwrap_or_default()
    }

    /// The day so many days ahead, or ago.
    fn day(&self, ahead: i64) -> NaiveDate {
        self.today.checked_add_signed(TimeDelta::days(ahead)).unwrap_or(self.today)
    }

    /// Somebody does something, so many days ago.
    fn step(
        &mut self,
        (days_ago, hour): (i64, u32),
        who: Who,
        job: impl FnOnce(&mut Tx<'_>, &mut Names) -> Result<(), Error> + Send + 'static,
    ) {
        let at = self.at(days_ago, hour);
        self.steps.push((at, who, Box::new(job)));
    }

    /// A record becomes another version of itself.
    fn change<T: Guarded>(
        &mut self,
        when: (i64, u32),
        who: Who,
        name: &'static str,
        run: impl FnOnce(T, &T::Facts, &Actor, DateTime<Utc>) -> Result<Change<T>, Refusal> + Send + 'static,
    ) {
        self.step(when, who, move |tx, names| {
            let record: T = tx.get(Locator::Id(names.get(name)?))?;
            let facts = tx.facts(&record)?;
            let (by, at) = (tx.actor().clone(), tx.now());
            save(run(record, &facts, &by, at)?, tx)?;
            Ok(())
        });
    }
}

fn save<T: Guarded>(change: Change<T>, tx: &mut Tx<'_>) -> Result<Uuid, Error> {
    Ok(tx.save(change)?.0.head().id)
}

/// A text as a file of evidence.
fn store_text(files: &Files, text: &str, tx: &mut Tx<'_>) -> Result<File, Error> {
    let failed = |error: std::io::Error| Error::Unwritable(error.to_string());
    let mut incoming = files.receive(tx.next_id()).map_err(failed)?;
    incoming.take(text.as_bytes()).map_err(failed)?;
    let Content { sha256, size } = files.keep(tx.actor().organisation.0, incoming).map_err(failed)?;
    Ok(File {
        name: "report.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size,
        sha256,
        title: None,
        erased_by: None,
    })
}

/// Makes the organisation.
pub(crate) async fn tell(store: &Store, files: Files, source: &Source) -> Result<(), Fault> {
    let organisation = OrganisationId((source.id)());
    let hash = ratchet_http::hash_password(PASSWORD)?;
    let (mut names, leavers) = people::found(store, source, organisation, hash.clone()).await?;
    // It ends with a whole morning: before ten o'clock that is yesterday's.
    let today = ((source.now)() - TimeDelta::hours(10)).date_naive();
    let mut story = Story { today, files, steps: Vec::new() };
    let late = staff::late(&leavers)?;
    staff::add(&mut story, &hash, &late);
    context::add(&mut story);
    policies::add(&mut story);
    monitoring::add(&mut story);
    objectives::add(&mut story);
    treatment::add(&mut story);
    involvement::add(&mut story);
    gate::add(&mut story);
    controls::add(&mut story);
    audits::add(&mut story, &late);
    improvements::add(&mut story);
    changes::add(&mut story);
    reviews::add(&mut story);
    cases::add(&mut story);
    mistakes::add(&mut story);
    history::add(&mut story);
    restricted::add(&mut story);
    logins::add(&mut story);
    progress::add(&mut story);
    let mut steps = story.steps;
    steps.sort_by_key(|(at, _, _)| *at);
    let mut steps = steps.into_iter().peekable();
    while steps.peek().is_some() {
        let these: Vec<_> = steps.by_ref().take(TOGETHER).collect();
        let (mut known, source) = (names, source.clone());
        let told = store.write_together(move |together| {
            for (at, who, job) in these {
                let told = context_of(organisation, (at, who), &source, &known)
                    .and_then(|context| together.write(context, |tx| job(tx, &mut known)));
                told.map_err(|error| Untold(format!("{who} on {at}: {error:?}")))?;
            }
            Ok::<_, Untold>(known)
        });
        names = told.await.map_err(|Untold(why)| format!("the sample organisation: {why}"))?;
    }
    Ok(())
}

/// A step that the rules do not allow, or the database does not keep.
struct Untold(String);

impl From<Error> for Untold {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// Who does a step, and when.
fn context_of(
    organisation: OrganisationId,
    (at, who): (DateTime<Utc>, Who),
    source: &Source,
    names: &Names,
) -> Result<Context, Error> {
    let mut context = context(organisation, "evaluation", source);
    // What the story tells of this morning may lie ahead.
    let at = at.min((source.now)());
    context.now = Box::new(move || at);
    if who == NOBODY {
        context = anonymous(organisation, hour_of(at), source);
    } else if who != WORKER {
        let roles = PEOPLE.iter().find(|person| person.name == who).map_or(&[Role::Member][..], |person| person.roles);
        let identity =
            Identity::Member { id: names.member(who)?, roles: roles.to_vec(), standing: Standing::default() };
        context.actor = Actor { organisation, identity };
    }
    Ok(context)
}
