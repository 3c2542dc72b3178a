//! Risks in their table.

use crate::actions;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, coalesce, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::risks;
use crate::settings;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::risks::{Facts, Risk, StageName, TreatmentOption};
use std::collections::BTreeSet;

record_table!(Risk, risks {
    title: String,
    external_reference: Option<String>,
    owner_id: Option<KeyValue>,
    level: i64,
    treatment: Option<String>,
    review_on: Option<String>,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &Risk) -> Result<Self, Error> {
        Ok(Self {
            title: record.title.clone(),
            external_reference: record.external_reference.clone(),
            owner_id: record.owner.map(|member| KeyValue(member.0)),
            level: record.level().unwrap_or(0),
            treatment: record.treatment.as_ref().map(|treatment| word(treatment.option)),
            review_on: record.review_on.map(|day| day.to_string()),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Risk, String> {
        with_head(head, &self.description)
    }
}

/// What a list of risks can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Treated in one of these ways.
    pub treatment: Option<Vec<TreatmentOption>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// What another tool calls it.
    pub external_reference: Option<String>,
    /// Of this level or a graver one.
    pub level_from: Option<i64>,
    /// To be looked at again before this day.
    pub review_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Risk, risks, Filter, narrowed, own, {
    "created_at": instant = risks::created_at => |risk| risk.head.created_at;
    "updated_at": instant = risks::updated_at => |risk| risk.head.updated_at;
    "reference": text = risks::reference => |risk| risk.head.reference.to_string();
    "title": text = risks::title => |risk| risk.title.clone();
    "level": number = risks::level => |risk| risk.level().unwrap_or(0);
    "review_on": text = coalesce(risks::review_on, "9999-12-31") => |risk| risk.review_on.map_or("9999-12-31".to_owned(), |day| day.to_string());
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    use risks as r;
    let Filter { stage, treatment, owner, external_reference, level_from, review_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(r::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(options) = treatment {
        query = query.filter(r::treatment.eq_any(options.iter().map(|option| <&str>::from(*option))));
    }
    if let Some(owner) = owner {
        query = query.filter(r::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(reference) = external_reference {
        query = query.filter(r::external_reference.eq(reference));
    }
    if let Some(level) = level_from {
        query = query.filter(r::level.ge(*level));
    }
    if let Some(day) = review_before {
        query = query.filter(r::review_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(r::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<risks::table> {
    Box::new(risks::owner_id.eq(KeyValue(member.0)))
}

impl Guarded for Risk {
    const ONCE_BY: &'static str = "external_reference";

    fn twin(&self, connection: &mut AnyConnection) -> Result<Option<String>, Error> {
        let found = risks::table
            .filter(risks::organisation_id.eq(KeyValue(self.head.organisation.0)))
            .filter(risks::external_reference.eq(&self.external_reference))
            .select(risks::reference)
            .get_result(connection)
            .optional()?;
        Ok(found)
    }

    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let today = settings::rules(self.head.organisation, connection)?.today(now);
        Ok(Facts { open_actions: actions::open_of(self.head.organisation, self.head.id, connection)?, today })
    }

    /// Its acceptance is over, it should have been looked at again, or both: who is woken once is not woken again for
    /// the other.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (by, now) = (tx.actor().clone(), tx.now());
        let today = settings::rules(by.organisation, tx.connection())?.today(now);
        let mut risk = self;
        if risk.is_acceptance_over(today) {
            risk = tx.save(risk.end_acceptance(today, &by, now)?)?.0;
        }
        if risk.is_review_overdue(today) {
            tx.save(risk.fall_due(today, &by, now)?)?;
        }
        Ok(())
    }
}

/// Which of these external references risks have already, however they came by them.
///
/// # Errors
/// The database's.
pub fn taken(
    organisation: OrganisationId,
    references: &[&str],
    connection: &mut AnyConnection,
) -> Result<BTreeSet<String>, Error> {
    let found: Vec<Option<String>> = risks::table
        .filter(risks::organisation_id.eq(KeyValue(organisation.0)))
        .filter(risks::external_reference.eq_any(references.iter().copied()))
        .select(risks::external_reference)
        .load(connection)?;
    Ok(found.into_iter().flatten().collect())
}

/// Risks that are not retired, and those that were written at or after this moment. One that was registered by mistake is
/// none.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn since(
    organisation: OrganisationId,
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Risk>, Error> {
    let open = risks::stage.ne(<&str>::from(StageName::Retired));
    let rows: Vec<Row> = risks::table
        .filter(risks::organisation_id.eq(KeyValue(organisation.0)))
        .filter(risks::stage.ne(<&str>::from(StageName::Void)))
        .filter(open.or(risks::updated_at.ge(InstantValue(since))))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(risk, _)| risk)).collect()
}
