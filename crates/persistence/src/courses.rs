//! Courses in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::effects::Effective;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::courses;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{schedule, settings, training_assignments};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::analysis::effect::{Effect, Windows};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::courses::{Course, Facts, StageName};
use ratchet_domain::id::{IndicatorId, MemberId, OrganisationId};

record_table!(Course, courses {
    title: String,
    owner_id: Option<KeyValue>,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &Course) -> Result<Self, Error> {
        Ok(Self {
            title: record.title.clone(),
            owner_id: record.owner.map(|member| KeyValue(member.0)),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Course, String> {
        with_head(head, &self.description)
    }
}

/// What a list of courses can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Course, courses, Filter, narrowed, own, {
    "created_at": instant = courses::created_at => |course| course.head.created_at;
    "updated_at": instant = courses::updated_at => |course| course.head.updated_at;
    "reference": text = courses::reference => |course| course.head.reference.to_string();
    "title": text = courses::title => |course| course.title.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, owner, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(courses::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(owner) = owner {
        query = query.filter(courses::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(at) = updated_since {
        query = query.filter(courses::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<courses::table> {
    let me = KeyValue(member.0);
    Box::new(courses::owner_id.eq(me).or(courses::created_by.eq(me)))
}

impl Guarded for Course {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let rules = settings::rules(self.head.organisation, connection)?;
        Ok(Facts { today: rules.today(now), separation: rules.separation })
    }

    /// Its audience is another one, or the day has passed on which its effect could be judged.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        training_assignments::follow_course(&self, tx)?;
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

impl Effective for Course {
    fn frozen(&self) -> Option<&Effect> {
        self.frozen_effect()
    }

    /// Since half of those had completed it who have by now, against the time before anybody had.
    fn compared(
        &self,
        now: DateTime<Utc>,
        connection: &mut AnyConnection,
    ) -> Result<Option<(Vec<IndicatorId>, Windows)>, Error> {
        if self.indicators.is_empty() {
            return Ok(None);
        }
        let taken = training_assignments::completions(self.head.organisation, self.id(), connection)?;
        Ok(self.windows(&taken, now).map(|windows| (self.indicators.clone(), windows)))
    }

    fn shows_effect_to(&self, by: &Actor) -> bool {
        self.is_overseen_by(by)
    }
}

/// The courses to which people are assigned now.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn published(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Course>, Error> {
    let rows: Vec<Row> = courses::table
        .filter(courses::organisation_id.eq(KeyValue(organisation.0)))
        .filter(courses::stage.eq(<&str>::from(StageName::Published)))
        .order(courses::id)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(course, _)| course)).collect()
}
