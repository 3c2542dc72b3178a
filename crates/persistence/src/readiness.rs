//! Gathering what the checklist asks: for each check a few statements, however many records there are. Counts come from
//! indexes; of each side the newest few are named.

mod changes;
mod correction;
mod days;
mod internal_audits;
mod involvement;
mod management_reviews;
mod monitoring;
mod policies;

pub use days::{catch_up, keep_today, newest, scores};

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, Backend};
use crate::error::Error;
use crate::imports;
use crate::row::word;
use crate::schema::work_items;
use crate::settings;
use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Permission;
use ratchet_domain::id::{OrganisationId, RecordId};
use ratchet_domain::readiness::{Check, FIRST, Found, PATIENCE_DAYS, Readiness, TRIAGE_DAYS, Tally};
use ratchet_domain::reference::{Prefix, Target};
use ratchet_domain::settings::Rules;

/// Of whom it is asked, and when.
pub(crate) struct Moment {
    organisation: OrganisationId,
    rules: Rules,
    now: DateTime<Utc>,
    /// The organisation's day.
    today: String,
    /// How many of what is found are named.
    named: i64,
    /// Whether anything was brought in from another register.
    has_history: bool,
}

impl Moment {
    pub(crate) fn of(
        organisation: OrganisationId,
        now: DateTime<Utc>,
        named: i64,
        connection: &mut AnyConnection,
    ) -> Result<Self, Error> {
        let rules = settings::rules(organisation, connection)?;
        let today = rules.today(now).to_string();
        let has_history = imports::any(organisation, connection)?;
        Ok(Self { organisation, rules, now, today, named, has_history })
    }

    pub(crate) fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// The organisation's day.
    pub(crate) fn day(&self) -> NaiveDate {
        self.rules.today(self.now)
    }

    pub(crate) fn has_history(&self) -> bool {
        self.has_history
    }

    pub(crate) fn limit(&self) -> i64 {
        self.named
    }

    pub(crate) fn key(&self) -> KeyValue {
        KeyValue(self.organisation.0)
    }

    fn ago(&self, days: u64) -> InstantValue {
        InstantValue(self.now.checked_sub_days(Days::new(days)).unwrap_or(self.now))
    }

    /// What waits since before this has waited too long.
    fn patience(&self) -> InstantValue {
        self.ago(PATIENCE_DAYS)
    }

    /// The same of incidents that wait for their triage.
    fn triage(&self) -> InstantValue {
        self.ago(TRIAGE_DAYS)
    }
}

/// How many of an organisation's rows were brought in from another register; of most kinds none can be.
macro_rules! brought_in {
    (Nonconformity, $($rest:tt)+) => { $crate::readiness::brought_in!(@ $($rest)+) };
    (Action, $($rest:tt)+) => { $crate::readiness::brought_in!(@ $($rest)+) };
    (Improvement, $($rest:tt)+) => { $crate::readiness::brought_in!(@ $($rest)+) };
    (Incident, $($rest:tt)+) => { $crate::readiness::brought_in!(@ $($rest)+) };
    (Risk, $($rest:tt)+) => { $crate::readiness::brought_in!(@ $($rest)+) };
    (@ $moment:expr, $connection:expr, $rows:expr, $table:ident) => {
        if $moment.has_history() {
            let theirs = $crate::imports::brought_in!($moment.organisation());
            $rows.filter($table::id.eq_any(theirs)).count().get_result($connection)?
        } else {
            0
        }
    };
    ($other:ident, $moment:expr, $connection:expr, $rows:expr, $table:ident) => { 0_i64 };
}
pub(crate) use brought_in;

/// Counts an organisation's rows for which all conditions hold, and names the newest.
macro_rules! found {
    ($moment:expr, $connection:expr, $kind:ident in $table:ident $(, $condition:expr)+ $(,)?) => {{
        let rows = || {
            $table::table
                .filter($table::organisation_id.eq($moment.key()))
                $(.filter($condition))+
                .into_boxed::<$crate::connection::Backend>()
        };
        let count: i64 = rows().count().get_result($connection)?;
        let first: Vec<$crate::column::KeyValue> = if count == 0 {
            Vec::new()
        } else {
            rows().order($table::id.desc()).limit($moment.limit()).select($table::id).load($connection)?
        };
        let migrated: i64 = $crate::readiness::brought_in!($kind, $moment, $connection, rows(), $table);
        let found = $crate::readiness::named(ratchet_domain::reference::Prefix::$kind, count, first);
        ratchet_domain::readiness::Found { migrated, ..found }
    }};
}
pub(crate) use found;

/// [`FIRST`], for a statement.
const NAMED: i64 = FIRST as i64;

pub(crate) fn named(kind: Prefix, count: i64, first: Vec<KeyValue>) -> Found {
    Found { count, migrated: 0, first: first.into_iter().map(|id| Target { kind, id: RecordId(id.0) }).collect() }
}

/// Nothing can offend.
fn proven(proof: Found) -> Tally {
    Tally { proof, offending: Found::default() }
}

/// For whom something waits.
#[derive(Clone, Copy)]
enum Waiting {
    /// For the member whose it is: the first that its record waits for.
    Member,
    /// For whoever may do this.
    Whoever(Permission),
}

/// Records of one kind that wait for somebody since before today; of these states only, unless there are none.
fn overdue(
    moment: &Moment,
    kind: Prefix,
    waiting: Waiting,
    states: &[&'static str],
    connection: &mut AnyConnection,
) -> Result<Found, Error> {
    let rows = || {
        let mut rows = work_items::table
            .filter(work_items::organisation_id.eq(moment.key()))
            .filter(work_items::kind.eq(kind.kind()))
            .filter(work_items::due_on.lt(&moment.today))
            .into_boxed::<Backend>();
        rows = match waiting {
            Waiting::Member => rows.filter(work_items::member_id.is_not_null()).filter(work_items::number.eq(0)),
            Waiting::Whoever(permission) => rows.filter(work_items::permission.eq(word(permission))),
        };
        if states.is_empty() { rows } else { rows.filter(work_items::state.eq_any(states.iter().copied())) }
    };
    let count: i64 = rows().count().get_result(connection)?;
    let first = rows().order(work_items::record_id.desc()).limit(moment.limit()).select(work_items::record_id);
    let first: Vec<KeyValue> = if count == 0 { Vec::new() } else { first.load(connection)? };
    Ok(named(kind, count, first))
}

fn tally(check: Check, moment: &Moment, connection: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        Check::Policy(check) => policies::tally(check, moment, connection),
        Check::Monitoring(check) => monitoring::tally(check, moment, connection),
        Check::Audit(check) => internal_audits::tally(check, moment, connection),
        Check::Review(check) => management_reviews::tally(check, moment, connection),
        Check::Correction(check) => correction::tally(check, moment, connection),
        Check::Change(check) => changes::tally(check, moment, connection),
        Check::Involvement(check) => involvement::tally(check, moment, connection),
    }
}

/// How ready an organisation is now.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn now(
    organisation: OrganisationId,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Readiness, Error> {
    let moment = Moment::of(organisation, now, NAMED, connection)?;
    let tallies = Check::all().into_iter().map(|check| Ok((check, tally(check, &moment, connection)?)));
    Ok(Readiness::of(tallies.collect::<Result<Vec<_>, Error>>()?))
}
