//! Improvements in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::duplicates::listed;
use crate::effects::Effective;
use crate::error::Error;
use crate::listing::{NullableCondition, coalesce, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::improvements;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{actions, measurements, schedule, settings, votes};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::analysis::effect::{Effect, Windows};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{IndicatorId, MemberId, OrganisationId};
use ratchet_domain::improvements::{Facts, Figures, Improvement, Measure, Size, Stage, StageName};
use ratchet_domain::nonconformities::Source;
use strum::VariantArray;
use uuid::Uuid;

record_table!(Improvement, improvements {
    title: String,
    source: String,
    proposer_id: Option<KeyValue>,
    owner_id: Option<KeyValue>,
    indicator_id: Option<KeyValue>,
    due_on: Option<String>,
    effort: Option<String>,
    value: Option<String>,
    stage: String,
    description: String,
    also_reported_by: String,
});

impl Columns {
    fn of(record: &Improvement) -> Result<Self, Error> {
        let key = |member: MemberId| KeyValue(member.0);
        Ok(Self {
            title: record.title.clone(),
            source: word(record.source),
            proposer_id: record.proposer.map(key),
            owner_id: record.owner.map(key),
            indicator_id: record.measure.as_ref().and_then(Measure::indicator).map(|target| KeyValue(target.id.0)),
            due_on: due_on(record),
            effort: record.effort.map(word),
            value: record.value.map(word),
            stage: word(record.stage.name()),
            description: body_of(record)?,
            also_reported_by: listed(&record.also_reported_by),
        })
    }

    fn into_record(self, head: Head) -> Result<Improvement, String> {
        with_head(head, &self.description)
    }
}

fn due_on(improvement: &Improvement) -> Option<String> {
    improvement.plan.as_ref().map(|plan| plan.due_on.to_string())
}

/// What a list of improvements can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// From one of these sources.
    pub source: Option<Vec<Source>>,
    /// Of one of these efforts.
    pub effort: Option<Vec<Size>>,
    /// Of one of these values.
    pub value: Option<Vec<Size>>,
    /// Proposed by this member.
    pub proposer: Option<MemberId>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Measured by the indicator of this id.
    pub indicator: Option<Uuid>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Improvement, improvements, Filter, narrowed, own, {
    "created_at": instant = improvements::created_at => |improvement| improvement.head.created_at;
    "updated_at": instant = improvements::updated_at => |improvement| improvement.head.updated_at;
    "reference": text = improvements::reference => |improvement| improvement.head.reference.to_string();
    "title": text = improvements::title => |improvement| improvement.title.clone();
    "due_on": text = coalesce(improvements::due_on, "9999-12-31") => |improvement| due_on(improvement).unwrap_or_else(|| "9999-12-31".to_owned());
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    use improvements as i;
    let Filter { stage, source, effort, value, proposer, owner, indicator, due_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(i::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(sources) = source {
        query = query.filter(i::source.eq_any(sources.iter().map(|source| <&str>::from(*source))));
    }
    if let Some(efforts) = effort {
        query = query.filter(i::effort.eq_any(efforts.iter().map(|effort| <&str>::from(*effort))));
    }
    if let Some(values) = value {
        query = query.filter(i::value.eq_any(values.iter().map(|value| <&str>::from(*value))));
    }
    if let Some(proposer) = proposer {
        query = query.filter(i::proposer_id.eq(KeyValue(proposer.0)));
    }
    if let Some(owner) = owner {
        query = query.filter(i::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(indicator) = indicator {
        query = query.filter(i::indicator_id.eq(KeyValue(*indicator)));
    }
    if let Some(day) = due_before {
        query = query.filter(i::due_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(i::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_visible`] says of whoever sees only its own: that, and what is in the suggestion box.
fn own(&Own { member, .. }: &Own) -> NullableCondition<improvements::table> {
    use improvements as i;
    let me = KeyValue(member.0);
    let mine = i::owner_id.eq(me).or(i::proposer_id.eq(me)).or(i::created_by.eq(me));
    let mine = mine.or(i::also_reported_by.like(format!("%{member}%")).nullable());
    Box::new(mine.or(i::stage.eq(<&str>::from(StageName::Proposed)).nullable()))
}

impl Guarded for Improvement {
    fn give_way(&self, to: &Self, tx: &mut Tx<'_>) -> Result<(), Error> {
        votes::hand_over(self, to, tx)
    }

    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let organisation = self.head.organisation;
        let rules = settings::rules(organisation, connection)?;
        let votes = if self.is_open_to_all() {
            votes::counts(organisation, &[self.id()], connection)?.values().sum()
        } else {
            0
        };
        let work = actions::tally(organisation, (self.head.id, 0), |_| true, connection)?;
        Ok(Facts {
            votes,
            open_actions: work.open,
            workers: work.workers,
            figures: figures(self, connection)?,
            today: rules.today(now),
            separation: rules.separation,
        })
    }

    /// The day has passed by which its stage was to be left.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

impl Effective for Improvement {
    fn frozen(&self) -> Option<&Effect> {
        self.frozen_effect()
    }

    /// Since it is in place, against the time before.
    fn compared(
        &self,
        now: DateTime<Utc>,
        _: &mut AnyConnection,
    ) -> Result<Option<(Vec<IndicatorId>, Windows)>, Error> {
        Ok(self.measured_over(now).map(|(indicator, windows)| (vec![indicator], windows)))
    }
}

/// What the agreed indicator said since the improvement is in place; asked only while that is to be judged.
fn figures(improvement: &Improvement, connection: &mut AnyConnection) -> Result<Option<Figures>, Error> {
    let (Some(Measure::Indicator { indicator, .. }), Stage::Measuring { implementation }) =
        (&improvement.measure, &improvement.stage)
    else {
        return Ok(None);
    };
    let measured = measurements::since(improvement.head.organisation, *indicator, implementation.at, connection)?;
    Ok(Figures::of(&measured))
}

/// Improvements that are open, and those that were written at or after this moment. What was proposed by mistake or repeats
/// another is none.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn since(
    organisation: OrganisationId,
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Improvement>, Error> {
    let open = StageName::VARIANTS.iter().filter(|stage| stage.is_open()).map(|stage| <&str>::from(*stage));
    let open = improvements::stage.eq_any(open);
    let none = [StageName::Void, StageName::Duplicate].map(<&str>::from);
    let rows: Vec<Row> = improvements::table
        .filter(improvements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(improvements::stage.ne_all(none))
        .filter(open.or(improvements::updated_at.ge(InstantValue(since))))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(improvement, _)| improvement)).collect()
}
