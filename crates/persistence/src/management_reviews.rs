//! Management reviews in their table, and what they write beside themselves: frozen inputs, the actions of decisions, the
//! review after this one.

mod inputs;
mod snapshots;

pub use snapshots::snapshot;
pub(crate) use snapshots::snapshots;

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::management_reviews;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::actions::Action;
use ratchet_domain::change::{Change, Head, Record};
use ratchet_domain::id::{ManagementReviewId, MemberId, OrganisationId};
use ratchet_domain::management_reviews::{
    Approve, Approved, Births, Decide, Decided, Facts, ManagementReview, Prepared, Raised, StageName, Statements,
};
use uuid::Uuid;

record_table!(
    ManagementReview,
    management_reviews { title: String, scheduled_on: String, chair_id: KeyValue, stage: String, description: String }
);

impl Columns {
    fn of(record: &ManagementReview) -> Result<Self, Error> {
        Ok(Self {
            title: record.title.clone(),
            scheduled_on: record.scheduled_on.to_string(),
            chair_id: KeyValue(record.chair.0),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<ManagementReview, String> {
        with_head(head, &self.description)
    }
}

/// What a list of reviews can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Chaired by this member.
    pub chair: Option<MemberId>,
    /// Planned for a day before this one.
    pub scheduled_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(ManagementReview, management_reviews, Filter, narrowed, own, {
    "created_at": instant = management_reviews::created_at => |review| review.head.created_at;
    "updated_at": instant = management_reviews::updated_at => |review| review.head.updated_at;
    "reference": text = management_reviews::reference => |review| review.head.reference.to_string();
    "title": text = management_reviews::title => |review| review.title.clone();
    "scheduled_on": text = management_reviews::scheduled_on => |review| review.scheduled_on.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, chair, scheduled_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(management_reviews::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(chair) = chair {
        query = query.filter(management_reviews::chair_id.eq(KeyValue(chair.0)));
    }
    if let Some(day) = scheduled_before {
        query = query.filter(management_reviews::scheduled_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(management_reviews::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What is chaired or was scheduled. Who is invited sees a review by its address, not in lists.
fn own(&Own { member, .. }: &Own) -> NullableCondition<management_reviews::table> {
    let me = KeyValue(member.0);
    Box::new(management_reviews::chair_id.eq(me).nullable().or(management_reviews::created_by.eq(me)))
}

impl Guarded for ManagementReview {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        facts(self.head.organisation, Some(self.head.id), now, connection)
    }

    /// Its date has passed and it was not held.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

/// What the guards of a review must know: `but` is that review itself, where there is one.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn facts(
    organisation: OrganisationId,
    but: Option<Uuid>,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Facts, Error> {
    let rules = settings::rules(organisation, connection)?;
    let upcoming = [StageName::Scheduled, StageName::Prepared].map(<&str>::from);
    let others = management_reviews::table
        .filter(management_reviews::organisation_id.eq(KeyValue(organisation.0)))
        .filter(management_reviews::stage.eq_any(upcoming))
        .filter(management_reviews::id.ne(KeyValue(but.unwrap_or_default())));
    let has_upcoming = diesel::select(diesel::dsl::exists(others)).get_result(connection)?;
    Ok(Facts { today: rules.today(now), rules: rules.reviews, has_upcoming })
}

/// When each review's minutes were approved.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn approvals(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<(ManagementReviewId, DateTime<Utc>)>, Error> {
    let rows: Vec<Row> = management_reviews::table
        .filter(management_reviews::organisation_id.eq(KeyValue(organisation.0)))
        .filter(management_reviews::stage.eq(<&str>::from(StageName::Approved)))
        .select(Row::as_select())
        .load(connection)?;
    let approval = |row: Row| {
        let (review, _) = row.into_record()?;
        Ok(review.approval().map(|approval| (review.id(), approval.at)))
    };
    let approved: Vec<Option<_>> = rows.into_iter().map(approval).collect::<Result<_, Error>>()?;
    Ok(approved.into_iter().flatten().collect())
}

/// Freezes the inputs: what live data says now, and what people say. The snapshot is kept beside the review.
///
/// # Errors
/// The database's, or the rule's refusal.
pub fn prepare(
    review: ManagementReview,
    statements: Statements,
    facts: &Facts,
    tx: &mut Tx<'_>,
) -> Result<Change<ManagementReview>, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let collected = inputs::collect(by.organisation, review.period, now, tx.connection())?;
    let Prepared { review, snapshot } = review.prepare(statements, collected, facts, &by, now)?;
    snapshots::keep(review.after(), &snapshot, tx.connection())?;
    Ok(review)
}

/// Records a decision and stores what it makes.
///
/// # Errors
/// The database's, or the rule's refusal.
pub fn decide(
    review: ManagementReview,
    input: Decide,
    facts: &Facts,
    tx: &mut Tx<'_>,
) -> Result<Change<ManagementReview>, Error> {
    let (by, action) = (tx.actor().clone(), tx.birth(Action::PREFIX)?);
    let raised = input.raises.map(|raises| tx.birth(raises.kind())).transpose()?;
    let Decided { review, action, raised } = review.decide(input, facts, &by, Births { action, raised })?;
    tx.save(action)?;
    match raised {
        Some(Raised::Improvement(improvement)) => drop(tx.save(*improvement)?),
        Some(Raised::Change(change)) => drop(tx.save(*change)?),
        None => {}
    }
    Ok(review)
}

/// Approves the minutes and stores the next review, unless one is scheduled: two that are approved at once do not
/// schedule two.
///
/// # Errors
/// The database's, or the rule's refusal.
pub fn approve(review: ManagementReview, input: Approve, tx: &mut Tx<'_>) -> Result<Change<ManagementReview>, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    tx.enter(by.organisation.0)?;
    let facts = facts(by.organisation, Some(review.head.id), now, tx.connection())?;
    let birth = if facts.has_upcoming { None } else { Some(tx.birth(ManagementReview::PREFIX)?) };
    let Approved { review, next } = review.approve(input, &facts, &by, (birth, now))?;
    if let Some(next) = next {
        tx.save(next)?;
    }
    Ok(review)
}
