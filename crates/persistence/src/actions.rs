//! Actions in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::effects::Effective;
use crate::error::Error;
use crate::imports::ended_before;
use crate::listing::{NullableCondition, listing};
use crate::row::{from_json, parse, record_table, to_json, word};
use crate::schema::actions;
use crate::table::{Guarded, Own, Table};
use crate::tx::Tx;
use crate::{schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::actions::{Action, Facts, Kind, Priority, Stage, StageName};
use ratchet_domain::analysis::effect::{Effect, Windows};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{IndicatorId, MemberId, OrganisationId, RecordId};
use ratchet_domain::imports::Migrated;
use ratchet_domain::management_reviews::inputs::ActionFigure;
use ratchet_domain::of_kind;
use ratchet_domain::reference::{Locator, Prefix, Target};
use ratchet_domain::separation::SeparationException;
use ratchet_domain::tickets::Ticket;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

record_table!(Action, actions {
    title: String,
    description: Option<String>,
    kind: String,
    parent_kind: String,
    parent_id: KeyValue,
    attempt: i64,
    assignee_id: KeyValue,
    due_on: String,
    priority: String,
    done_criteria: Option<String>,
    due_moves: i64,
    stage: String,
    stage_facts: String,
});

/// What no query asks for, in one column.
#[derive(Serialize, Deserialize)]
struct StageFacts {
    stage: Stage,
    #[serde(default)]
    fell_due_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    indicators: Vec<IndicatorId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_workers: Vec<MemberId>,
    exceptions: Vec<SeparationException>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    migrated: Option<Migrated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticket: Option<Ticket>,
}

impl Columns {
    fn of(record: &Action) -> Result<Self, Error> {
        let Action {
            head: _,
            title,
            description,
            kind,
            parent,
            attempt,
            assignee,
            due_on,
            priority,
            done_criteria,
            indicators,
            due_moves,
            fell_due_on,
            former_workers,
            exceptions,
            migrated,
            ticket,
            stage,
        } = record.clone();
        Ok(Self {
            title,
            description,
            kind: word(kind),
            parent_kind: parent.kind.kind().to_owned(),
            parent_id: KeyValue(parent.id.0),
            attempt,
            assignee_id: KeyValue(assignee.0),
            due_on: due_on.to_string(),
            priority: word(priority),
            done_criteria,
            due_moves,
            stage: word(stage.name()),
            stage_facts: to_json(&StageFacts {
                stage,
                fell_due_on,
                indicators,
                former_workers,
                exceptions,
                migrated,
                ticket,
            })?,
        })
    }

    fn into_record(self, head: Head) -> Result<Action, String> {
        let StageFacts { stage, fell_due_on, indicators, former_workers, exceptions, migrated, ticket } =
            from_json(&self.stage_facts)?;
        if word(stage.name()) != self.stage {
            return Err(format!("the column says {}, its facts say {:?}", self.stage, stage.name()));
        }
        let kind = Prefix::of_kind(&self.parent_kind).ok_or_else(|| format!("no kind {:?}", self.parent_kind))?;
        Ok(Action {
            head,
            title: self.title,
            description: self.description,
            kind: parse(&self.kind)?,
            parent: Target { kind, id: RecordId(self.parent_id.0) },
            attempt: self.attempt,
            assignee: MemberId(self.assignee_id.0),
            due_on: parse(&self.due_on)?,
            priority: parse(&self.priority)?,
            done_criteria: self.done_criteria,
            indicators,
            due_moves: self.due_moves,
            fell_due_on,
            former_workers,
            exceptions,
            migrated,
            ticket,
            stage,
        })
    }
}

/// What a list of actions can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<Kind>>,
    /// Of one of these priorities.
    pub priority: Option<Vec<Priority>>,
    /// Assigned to this member.
    pub assignee: Option<MemberId>,
    /// Serving this record.
    pub parent: Option<Uuid>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    /// Not done and due before this day.
    pub overdue_on: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Action, actions, Filter, narrowed, own, {
    "created_at": instant = actions::created_at => |action| action.head.created_at;
    "updated_at": instant = actions::updated_at => |action| action.head.updated_at;
    "reference": text = actions::reference => |action| action.head.reference.to_string();
    "title": text = actions::title => |action| action.title.clone();
    "due_on": text = actions::due_on => |action| action.due_on.to_string();
});

/// Stages in which there is still something to do.
pub(crate) const UNDONE: [&str; 3] = ["open", "in_progress", "blocked"];

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, kind, priority, assignee, parent, due_before, overdue_on, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(actions::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(kinds) = kind {
        query = query.filter(actions::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))));
    }
    if let Some(priorities) = priority {
        query = query.filter(actions::priority.eq_any(priorities.iter().map(|priority| <&str>::from(*priority))));
    }
    if let Some(assignee) = assignee {
        query = query.filter(actions::assignee_id.eq(KeyValue(assignee.0)));
    }
    if let Some(parent) = parent {
        query = query.filter(actions::parent_id.eq(KeyValue(*parent)));
    }
    if let Some(day) = due_before {
        query = query.filter(actions::due_on.lt(day.to_string()));
    }
    if let Some(today) = overdue_on {
        query = query.filter(actions::due_on.lt(today.to_string())).filter(actions::stage.eq_any(UNDONE));
    }
    if let Some(at) = updated_since {
        query = query.filter(actions::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<actions::table> {
    let me = KeyValue(member.0);
    Box::new(actions::assignee_id.eq(me).nullable().or(actions::created_by.eq(me)))
}

impl Guarded for Action {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let rules = settings::rules(self.head.organisation, connection)?;
        let parent_takes_actions =
            takes_actions(self.head.organisation, self.parent, connection)? == Some(self.attempt);
        Ok(Facts { today: rules.today(now), separation: rules.separation, parent_takes_actions })
    }

    /// A case is not taken to be done while an action of it begins anew.
    fn circle(&self) -> Uuid {
        self.parent.id.0
    }

    /// Its due date has passed.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

impl Effective for Action {
    fn frozen(&self) -> Option<&Effect> {
        match &self.stage {
            Stage::Verified { verification, .. } => verification.effect.as_ref(),
            Stage::Open
            | Stage::InProgress
            | Stage::Blocked { .. }
            | Stage::Done { .. }
            | Stage::Cancelled { .. }
            | Stage::EndedBefore => None,
        }
    }

    /// Before it was planned, and since it was done.
    fn compared(
        &self,
        now: DateTime<Utc>,
        _: &mut AnyConnection,
    ) -> Result<Option<(Vec<IndicatorId>, Windows)>, Error> {
        Ok(self.windows(now).map(|windows| (self.indicators.clone(), windows)))
    }
}

/// Which actions figures are about.
pub(crate) enum About<'a> {
    /// Those that serve records of this kind.
    ParentsOf(Prefix),
    /// Those of these kinds.
    Kinds(&'a [Kind]),
}

/// Actions as figures need them: those that are not over, and those that ended here at or after `since`.
pub(crate) fn figures(
    organisation: OrganisationId,
    about: &About<'_>,
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<ActionFigure>, Error> {
    let over = [StageName::Verified, StageName::Cancelled].map(<&str>::from);
    let mut query = actions::table
        .filter(actions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(actions::stage.ne_all(over).or(actions::updated_at.ge(InstantValue(since))))
        .filter(actions::id.ne_all(ended_before!(organisation)))
        .into_boxed();
    query = match about {
        About::ParentsOf(kind) => query.filter(actions::parent_kind.eq(kind.kind())),
        About::Kinds(kinds) => query.filter(actions::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind)))),
    };
    type Found = (KeyValue, String, String, KeyValue, KeyValue, String, (String, String), InstantValue);
    let found: Vec<Found> = query
        .select((
            actions::id,
            actions::reference,
            actions::title,
            actions::parent_id,
            actions::assignee_id,
            actions::due_on,
            (actions::stage, actions::stage_facts),
            actions::updated_at,
        ))
        .load(connection)?;
    let read = |(id, reference, title, parent, assignee, due_on, (stage, facts), updated_at): Found| {
        let corrupt = |fault| Error::Corrupt { table: "actions", row: id.0, fault };
        let facts: StageFacts = from_json(&facts).map_err(corrupt)?;
        Ok(ActionFigure {
            reference: parse(&reference).map_err(corrupt)?,
            title,
            parent: RecordId(parent.0),
            assignee: MemberId(assignee.0),
            due_on: parse(&due_on).map_err(corrupt)?,
            stage: parse(&stage).map_err(corrupt)?,
            completed_at: facts.stage.completion().map(|completion| completion.at),
            updated_at: updated_at.0,
        })
    };
    found.into_iter().map(read).collect()
}

/// The verified actions of these records.
pub(crate) fn verified_under(
    organisation: OrganisationId,
    parents: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<Vec<Action>, Error> {
    let rows: Vec<Row> = actions::table
        .filter(actions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(actions::parent_id.eq_any(parents.iter().copied().map(KeyValue)))
        .filter(actions::stage.eq(<&str>::from(StageName::Verified)))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(action, _)| action)).collect()
}

/// The actions of these records, in whatever state, by reference.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn under(
    organisation: OrganisationId,
    parents: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<Vec<Action>, Error> {
    let rows: Vec<Row> = actions::table
        .filter(actions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(actions::parent_id.eq_any(parents.iter().copied().map(KeyValue)))
        .order(actions::reference)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(action, _)| action)).collect()
}

/// Which of a record's attempts takes actions now, if any.
fn takes_actions(
    organisation: OrganisationId,
    record: Target,
    connection: &mut AnyConnection,
) -> Result<Option<i64>, Error> {
    of_kind!(record.kind, T => {
        let found = T::find(organisation, Locator::Id(record.id.0), connection)?;
        Ok(found.and_then(|(parent, _)| parent.takes_actions()))
    })
}

/// How many actions of a record that knows no attempts are neither done nor cancelled.
pub(crate) fn open_of(
    organisation: OrganisationId,
    parent: Uuid,
    connection: &mut AnyConnection,
) -> Result<i64, Error> {
    Ok(tally(organisation, (parent, 0), |_| true, connection)?.open)
}

/// The actions of one attempt of a record, as its guards need them; cancelled ones count in nothing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many there are.
    pub actions: i64,
    /// How many of them are neither done nor verified.
    pub open: i64,
    /// How many of whatever kind are neither done nor verified.
    pub undone: i64,
    /// Whoever has a part in any of them, of whatever kind.
    pub workers: Vec<MemberId>,
}

/// The actions of one attempt of a record, in one statement; `kinds` says which are counted.
pub(crate) fn tally(
    organisation: OrganisationId,
    (parent, attempt): (Uuid, i64),
    kinds: impl Fn(Kind) -> bool,
    connection: &mut AnyConnection,
) -> Result<Tally, Error> {
    let counted = actions::table
        .filter(actions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(actions::parent_id.eq(KeyValue(parent)))
        .filter(actions::attempt.eq(attempt))
        .filter(actions::stage.ne(<&str>::from(StageName::Cancelled)));
    let rows: Vec<Row> = on_connection!(connection, |c| counted.select(Row::as_select()).load(c))?;
    let mut tally = Tally::default();
    for row in rows {
        let (action, _) = row.into_record()?;
        let (is_counted, is_undone) = (kinds(action.kind), UNDONE.contains(&<&str>::from(action.stage.name())));
        tally.actions += i64::from(is_counted);
        tally.open += i64::from(is_counted && is_undone);
        tally.undone += i64::from(is_undone);
        tally.workers.extend(action.workers());
    }
    tally.workers.sort_unstable();
    tally.workers.dedup();
    Ok(tally)
}
