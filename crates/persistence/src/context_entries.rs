//! Context entries in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, coalesce, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::context_entries;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::context_entries::{ContextEntry, Facts, Kind, StageName};
use ratchet_domain::id::{MemberId, OrganisationId};

record_table!(ContextEntry, context_entries {
    kind: String,
    title: String,
    owner_id: Option<KeyValue>,
    review_due_on: Option<String>,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &ContextEntry) -> Result<Self, Error> {
        Ok(Self {
            kind: word(record.matter.kind()),
            title: record.title.clone(),
            owner_id: record.owner.map(|member| KeyValue(member.0)),
            review_due_on: record.review_due_on.map(|day| day.to_string()),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<ContextEntry, String> {
        with_head(head, &self.description)
    }
}

/// What a list of context entries can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<Kind>>,
    /// Watched by this member.
    pub owner: Option<MemberId>,
    /// To be reviewed before this day.
    pub review_due_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(ContextEntry, context_entries, Filter, narrowed, own, {
    "created_at": instant = context_entries::created_at => |entry| entry.head.created_at;
    "updated_at": instant = context_entries::updated_at => |entry| entry.head.updated_at;
    "reference": text = context_entries::reference => |entry| entry.head.reference.to_string();
    "title": text = context_entries::title => |entry| entry.title.clone();
    "review_due_on": text = coalesce(context_entries::review_due_on, "9999-12-31") => |entry| entry.review_due_on.map_or("9999-12-31".to_owned(), |day| day.to_string());
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, kind, owner, review_due_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(context_entries::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(kinds) = kind {
        query = query.filter(context_entries::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))));
    }
    if let Some(owner) = owner {
        query = query.filter(context_entries::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(day) = review_due_before {
        query = query.filter(context_entries::review_due_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(context_entries::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<context_entries::table> {
    let me = KeyValue(member.0);
    Box::new(context_entries::owner_id.eq(me).or(context_entries::created_by.eq(me)))
}

impl Guarded for ContextEntry {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        facts(self.head.organisation, now, connection)
    }

    /// The day of its review has passed.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

/// What the guards of an organisation's context must know.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn facts(organisation: OrganisationId, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
    let today = settings::rules(organisation, connection)?.today(now);
    let decided = context_entries::table
        .filter(context_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(context_entries::kind.eq(<&str>::from(Kind::ClimateChange)))
        .filter(context_entries::stage.eq(<&str>::from(StageName::Current)));
    let has_climate_decision = diesel::select(diesel::dsl::exists(decided)).get_result(connection)?;
    Ok(Facts { today, has_climate_decision })
}

/// Entries of these kinds that are current, or were written at or after `since`.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn since(
    organisation: OrganisationId,
    kinds: &[Kind],
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<ContextEntry>, Error> {
    let current = context_entries::stage.eq(<&str>::from(StageName::Current));
    let rows: Vec<Row> = context_entries::table
        .filter(context_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(context_entries::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))))
        .filter(current.or(context_entries::updated_at.ge(InstantValue(since))))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(entry, _)| entry)).collect()
}
