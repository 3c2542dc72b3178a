//! Changes in their table.

use crate::actions;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::effects::Effective;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::measurements;
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::{changes, record_edges};
use crate::settings;
use crate::table::{Guarded, Own, Table};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::analysis::effect::{Effect, Windows};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::change_templates::ChangeTemplate;
use ratchet_domain::changes::{EMERGENCY_DAYS, Facts, Kind, Level, PlannedChange, Stage, StageName, Verdict};
use ratchet_domain::id::{ChangeId, IndicatorId, MemberId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::phases::{Phase, phases};
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::reference::Locator;

/// Phases of a chart, at most.
const PHASES: i64 = 500;

record_table!(PlannedChange, changes {
    title: String,
    kind: String,
    impact: Option<String>,
    owner_id: KeyValue,
    verdict: Option<String>,
    phase_from: Option<InstantValue>,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &PlannedChange) -> Result<Self, Error> {
        Ok(Self {
            title: record.title.clone(),
            kind: word(record.kind),
            impact: record.assessed.as_ref().map(|assessed| word(assessed.assessment.impact.highest())),
            owner_id: KeyValue(record.owner.0),
            verdict: record.outcome().map(|outcome| word(outcome.verdict)),
            phase_from: record.begins_phase_at().map(InstantValue),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<PlannedChange, String> {
        with_head(head, &self.description)
    }
}

/// What a list of changes can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<Kind>>,
    /// Whose strongest impact is one of these.
    pub impact: Option<Vec<Level>>,
    /// Judged so.
    pub verdict: Option<Vec<Verdict>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(PlannedChange, changes, Filter, narrowed, own, {
    "created_at": instant = changes::created_at => |change| change.head.created_at;
    "updated_at": instant = changes::updated_at => |change| change.head.updated_at;
    "reference": text = changes::reference => |change| change.head.reference.to_string();
    "title": text = changes::title => |change| change.title.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, kind, impact, verdict, owner, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(changes::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(kinds) = kind {
        query = query.filter(changes::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))));
    }
    if let Some(levels) = impact {
        query = query.filter(changes::impact.eq_any(levels.iter().map(|level| <&str>::from(*level))));
    }
    if let Some(verdicts) = verdict {
        query = query.filter(changes::verdict.eq_any(verdicts.iter().map(|verdict| <&str>::from(*verdict))));
    }
    if let Some(owner) = owner {
        query = query.filter(changes::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(at) = updated_since {
        query = query.filter(changes::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<changes::table> {
    let me = KeyValue(member.0);
    Box::new(changes::owner_id.eq(me).nullable().or(changes::created_by.eq(me)))
}

impl Guarded for PlannedChange {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let organisation = self.head.organisation;
        let rules = settings::rules(organisation, connection)?;
        let work = actions::tally(organisation, (self.head.id, 0), |_| true, connection)?;
        let today = rules.today(now);
        // Only a draft asks whether its template still holds.
        let template = self.template.as_ref().filter(|_| self.stage == Stage::Draft);
        let template = match template {
            Some(used) => ChangeTemplate::find(organisation, Locator::Id(used.id.0), connection)?,
            None => None,
        };
        Ok(Facts {
            now,
            today,
            approve_by: rules.calendar.working_day_after(today, EMERGENCY_DAYS),
            open_tasks: work.open,
            workers: work.workers,
            template: template.and_then(|(template, _)| template.approval().cloned()),
            separation: rules.separation,
        })
    }

    /// Nobody has approved an emergency in time.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (by, now) = (tx.actor().clone(), tx.now());
        let rules = settings::rules(by.organisation, tx.connection())?;
        let wanted = rules.unapproved_emergency_is_nonconformity;
        let case = if wanted { Some(tx.birth(Nonconformity::PREFIX)?) } else { None };
        let missed = self.miss_approval(rules.today(now), case, &by, now)?;
        if let Some(case) = missed.case {
            tx.save(case)?;
        }
        tx.save(missed.change)?;
        Ok(())
    }
}

impl Effective for PlannedChange {
    fn frozen(&self) -> Option<&Effect> {
        self.outcome().map(|outcome| &outcome.effect)
    }

    /// In the windows that its assessment says; nothing until it is made.
    fn compared(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<Option<(Vec<IndicatorId>, Windows)>, Error> {
        Ok(self.windows().map(|windows| (self.indicators.clone(), windows)))
    }
}

/// The phases of an indicator's chart, oldest first: from its first measurement on, and from each of the newest 500 changes
/// that name it.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn phases_of(
    organisation: OrganisationId,
    indicator: &Indicator,
    connection: &mut AnyConnection,
) -> Result<Vec<Phase>, Error> {
    // What a change says itself, not what was linked by hand.
    let concerning = record_edges::table
        .filter(record_edges::organisation_id.eq(KeyValue(organisation.0)))
        .filter(record_edges::to_id.eq(KeyValue(indicator.head.id)))
        .filter(record_edges::from_kind.eq(PlannedChange::KIND))
        .filter(record_edges::record_id.eq(record_edges::from_id))
        .select(record_edges::record_id);
    let found: Vec<(KeyValue, Option<InstantValue>)> = changes::table
        .filter(changes::organisation_id.eq(KeyValue(organisation.0)))
        .filter(changes::id.eq_any(concerning))
        .filter(changes::phase_from.is_not_null())
        .order((changes::phase_from.desc(), changes::id.desc()))
        .limit(PHASES)
        .select((changes::id, changes::phase_from))
        .load(connection)?;
    let made = found.into_iter().filter_map(|(id, from)| Some((from?.0, ChangeId(id.0))));
    let made: Vec<(DateTime<Utc>, ChangeId)> = made.collect();
    let first = measurements::first_at(organisation, indicator.id(), connection)?;
    Ok(phases(first, &made, &indicator.declared_phases))
}
