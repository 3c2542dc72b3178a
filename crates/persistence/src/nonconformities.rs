//! Nonconformities in their table.

pub mod similar;

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::duplicates::listed;
use crate::effects::Effective;
use crate::error::Error;
use crate::imports::{self, ended_before};
use crate::listing::{NullableCondition, coalesce, listing};
use crate::row::{from_json, parse, record_table, to_json, word};
use crate::schema::nonconformities;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{actions, schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::actions::Kind;
use ratchet_domain::analysis::effect::{Effect, Windows};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{IndicatorId, MemberId, OrganisationId};
use ratchet_domain::imports::Migrated;
use ratchet_domain::management_reviews::inputs::CaseFigure;
use ratchet_domain::nonconformities::{Attempt, Containment, Facts, Grade, Nonconformity, Source, Stage, StageName};
use ratchet_domain::reference::{Prefix, Target};
use ratchet_domain::separation::SeparationException;
use serde::{Deserialize, Serialize};

record_table!(Nonconformity, nonconformities {
    title: String,
    statement: String,
    objective_evidence: String,
    source: String,
    requirement: Option<String>,
    grade: Option<String>,
    owner_id: Option<KeyValue>,
    due_on: Option<String>,
    recurrences: i64,
    stage: String,
    stage_facts: String,
    also_reported_by: String,
});

/// What no query asks for, in one column.
#[derive(Serialize, Deserialize)]
struct StageFacts {
    stage: Stage,
    #[serde(default)]
    origin: Option<Target>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    indicators: Vec<IndicatorId>,
    containment: Option<Containment>,
    attempts: Vec<Attempt>,
    #[serde(default)]
    exceptions: Vec<SeparationException>,
    #[serde(default)]
    former_owners: Vec<MemberId>,
    #[serde(default)]
    fell_due_on: Option<NaiveDate>,
    #[serde(default)]
    check_fell_due_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    migrated: Option<Migrated>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also_reported_by: Vec<MemberId>,
}

impl Columns {
    fn of(record: &Nonconformity) -> Result<Self, Error> {
        let Nonconformity {
            head: _,
            title,
            statement,
            objective_evidence,
            source,
            origin,
            requirement,
            indicators,
            grade,
            owner,
            former_owners,
            due_on,
            fell_due_on,
            check_fell_due_on,
            containment,
            attempts,
            recurrences,
            exceptions,
            migrated,
            also_reported_by,
            stage,
        } = record.clone();
        Ok(Self {
            title,
            statement,
            objective_evidence,
            source: word(source),
            requirement,
            grade: grade.map(word),
            owner_id: owner.map(|member| KeyValue(member.0)),
            due_on: due_on.map(|day| day.to_string()),
            recurrences,
            stage: word(stage.name()),
            also_reported_by: listed(&also_reported_by),
            stage_facts: to_json(&StageFacts {
                stage,
                origin,
                indicators,
                containment,
                attempts,
                exceptions,
                former_owners,
                fell_due_on,
                check_fell_due_on,
                migrated,
                also_reported_by,
            })?,
        })
    }

    fn into_record(self, head: Head) -> Result<Nonconformity, String> {
        let StageFacts {
            stage,
            origin,
            indicators,
            containment,
            attempts,
            exceptions,
            former_owners,
            fell_due_on,
            check_fell_due_on,
            migrated,
            also_reported_by,
        } = from_json(&self.stage_facts)?;
        if word(stage.name()) != self.stage {
            return Err(format!("the column says {}, its facts say {:?}", self.stage, stage.name()));
        }
        Ok(Nonconformity {
            head,
            title: self.title,
            statement: self.statement,
            objective_evidence: self.objective_evidence,
            source: parse(&self.source)?,
            origin,
            requirement: self.requirement,
            indicators,
            grade: self.grade.as_deref().map(parse).transpose()?,
            owner: self.owner_id.map(|member| MemberId(member.0)),
            former_owners,
            due_on: self.due_on.as_deref().map(parse).transpose()?,
            fell_due_on,
            check_fell_due_on,
            containment,
            attempts,
            recurrences: self.recurrences,
            exceptions,
            migrated,
            also_reported_by,
            stage,
        })
    }
}

/// What a list of nonconformities can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Noticed in one of these ways.
    pub source: Option<Vec<Source>>,
    /// Of this grade.
    pub grade: Option<Vec<Grade>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// About this clause or control.
    pub requirement: Option<String>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Nonconformity, nonconformities, Filter, narrowed, own, {
    "created_at": instant = nonconformities::created_at => |case| case.head.created_at;
    "updated_at": instant = nonconformities::updated_at => |case| case.head.updated_at;
    "reference": text = nonconformities::reference => |case| case.head.reference.to_string();
    "title": text = nonconformities::title => |case| case.title.clone();
    "due_on": text = coalesce(nonconformities::due_on, "9999-12-31") => |case| case.due_on.map_or("9999-12-31".to_owned(), |day| day.to_string());
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    use nonconformities as nc;
    let Filter { stage, source, grade, owner, requirement, due_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(nc::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(sources) = source {
        query = query.filter(nc::source.eq_any(sources.iter().map(|source| <&str>::from(*source))));
    }
    if let Some(grades) = grade {
        query = query.filter(nc::grade.eq_any(grades.iter().map(|grade| <&str>::from(*grade))));
    }
    if let Some(owner) = owner {
        query = query.filter(nc::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(requirement) = requirement {
        query = query.filter(nc::requirement.eq(requirement));
    }
    if let Some(day) = due_before {
        query = query.filter(nc::due_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(nc::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<nonconformities::table> {
    let me = KeyValue(member.0);
    let mine = nonconformities::owner_id.eq(me).or(nonconformities::created_by.eq(me));
    Box::new(mine.or(nonconformities::also_reported_by.like(format!("%{member}%")).nullable()))
}

impl Guarded for Nonconformity {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let rules = settings::rules(self.head.organisation, connection)?;
        // What takes causes away; a correction does not [10.2 c].
        let counted = |kind| matches!(kind, Kind::Corrective | Kind::Preventive);
        let attempt = (self.head.id, self.attempt());
        let work = actions::tally(self.head.organisation, attempt, counted, connection)?;
        Ok(Facts {
            actions: work.actions,
            open_actions: work.open,
            open_work: work.undone,
            workers: work.workers,
            today: rules.today(now),
            separation: rules.separation,
        })
    }

    /// Its due date has passed, or the day on which its effect could be judged.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

impl Effective for Nonconformity {
    fn frozen(&self) -> Option<&Effect> {
        self.verdict()?.effect.as_ref()
    }

    /// Before its cause was known, and since what was to be done about it is, while its effect is awaited.
    fn compared(
        &self,
        now: DateTime<Utc>,
        _: &mut AnyConnection,
    ) -> Result<Option<(Vec<IndicatorId>, Windows)>, Error> {
        Ok(self.windows(now).map(|windows| (self.indicators.clone(), windows)))
    }
}

/// Cases as figures need them: those that are open, and those that ended here at or after `since`. What was brought in
/// from another register came in when that says; what was raised by mistake or repeats another is none.
pub(crate) fn figures(
    organisation: OrganisationId,
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<CaseFigure>, Error> {
    use nonconformities as nc;
    type Found = (
        (KeyValue, String, String, String, Option<String>),
        (String, Option<String>, Option<String>, i64),
        (InstantValue, InstantValue),
    );
    let raised = imports::raised(organisation, Prefix::Nonconformity, connection)?;
    let over = [StageName::Rejected, StageName::Closed].map(<&str>::from);
    let none = [StageName::Void, StageName::Duplicate].map(<&str>::from);
    let found: Vec<Found> = nc::table
        .filter(nc::organisation_id.eq(KeyValue(organisation.0)))
        .filter(nc::stage.ne_all(none))
        .filter(nc::stage.ne_all(over).or(nc::updated_at.ge(InstantValue(since))))
        .filter(nc::id.ne_all(ended_before!(organisation)))
        .select((
            (nc::id, nc::reference, nc::title, nc::source, nc::requirement),
            (nc::stage, nc::grade, nc::due_on, nc::recurrences),
            (nc::created_at, nc::updated_at),
        ))
        .load(connection)?;
    let read = |((id, reference, title, source, requirement), stands, (created_at, updated_at)): Found| {
        let corrupt = |fault| Error::Corrupt { table: "nonconformities", row: id.0, fault };
        let (stage, grade, due_on, recurrences) = stands;
        Ok(CaseFigure {
            reference: parse(&reference).map_err(corrupt)?,
            title,
            source: parse(&source).map_err(corrupt)?,
            requirement,
            stage: parse(&stage).map_err(corrupt)?,
            grade: grade.as_deref().map(parse).transpose().map_err(corrupt)?,
            due_on: due_on.as_deref().map(parse).transpose().map_err(corrupt)?,
            recurrences,
            created_at: raised.get(&id.0).copied().unwrap_or(created_at.0),
            updated_at: updated_at.0,
        })
    };
    found.into_iter().map(read).collect()
}
