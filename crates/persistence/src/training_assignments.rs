//! Training assignments in their table, and how they follow courses and members by themselves.

mod following;

pub(crate) use following::{follow_course, follow_member};

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, parse, record_table, with_head, word};
use crate::schema::{journal_entries, training_assignments};
use crate::settings;
use crate::table::{Guarded, Own, Table};
use crate::tx::Tx;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::courses::Course;
use ratchet_domain::id::{CourseId, MemberId, OrganisationId};
use ratchet_domain::reference::Locator;
use ratchet_domain::training_assignments::{Facts, Stage, StageName, TrainingAssignment};
use uuid::Uuid;

/// How the journal says that a course was passed.
const COMPLETED: &str = "training_assignment.completed";
/// Completions of a course that are looked at, at most.
const COMPLETIONS: i64 = 20_000;

record_table!(
    TrainingAssignment,
    training_assignments {
        course_id: KeyValue,
        member_id: KeyValue,
        due_on: String,
        stage: String,
        description: String,
    }
);

impl Columns {
    fn of(record: &TrainingAssignment) -> Result<Self, Error> {
        Ok(Self {
            course_id: KeyValue(record.course.0),
            member_id: KeyValue(record.member.0),
            due_on: record.due_on.to_string(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<TrainingAssignment, String> {
        with_head(head, &self.description)
    }
}

/// What a list of training assignments can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of this course.
    pub course: Option<Uuid>,
    /// Of this member.
    pub member: Option<MemberId>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    /// Not taken and due before this day.
    pub overdue_on: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(TrainingAssignment, training_assignments, Filter, narrowed, own, {
    "created_at": instant = training_assignments::created_at => |assignment| assignment.head.created_at;
    "updated_at": instant = training_assignments::updated_at => |assignment| assignment.head.updated_at;
    "reference": text = training_assignments::reference => |assignment| assignment.head.reference.to_string();
    "due_on": text = training_assignments::due_on => |assignment| assignment.due_on.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    use training_assignments as training;
    let Filter { stage, course, member, due_before, overdue_on, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(training::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(course) = course {
        query = query.filter(training::course_id.eq(KeyValue(*course)));
    }
    if let Some(member) = member {
        query = query.filter(training::member_id.eq(KeyValue(member.0)));
    }
    if let Some(day) = due_before {
        query = query.filter(training::due_on.lt(day.to_string()));
    }
    if let Some(today) = overdue_on {
        let assigned: &str = StageName::Assigned.into();
        query = query.filter(training::due_on.lt(today.to_string())).filter(training::stage.eq(assigned));
    }
    if let Some(at) = updated_since {
        query = query.filter(training::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<training_assignments::table> {
    Box::new(training_assignments::member_id.eq(KeyValue(member.0)).nullable())
}

impl Guarded for TrainingAssignment {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let today = settings::rules(self.head.organisation, connection)?.today(now);
        let course = Course::find(self.head.organisation, Locator::Id(self.course.0), connection)?;
        Ok(course.map_or_else(|| Facts { today, ..Facts::default() }, |(course, _)| facts_of(&course, today)))
    }

    /// Its due date has passed, or its result holds no more.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (by, now) = (tx.actor().clone(), tx.now());
        let facts = tx.facts(&self)?;
        match self.stage {
            Stage::Assigned => tx.save(self.fall_due(&facts, &by, now)?).map(drop),
            Stage::Completed { .. } => {
                let (expired, _) = tx.save(self.expire(&facts, &by, now)?)?;
                following::renew(&expired, tx)
            }
            Stage::Failed { .. } | Stage::Expired { .. } | Stage::Void { .. } => Ok(()),
        }
    }
}

/// What the guards of a course's assignments must know.
fn facts_of(course: &Course, today: NaiveDate) -> Facts {
    Facts {
        today,
        course_is_published: course.is_published(),
        pass_mark: course.pass_mark,
        validity_months: course.validity_months,
    }
}

/// Stages in which a member's assignment of a course counts: there is one at most.
const COUNTING: [StageName; 3] = [StageName::Assigned, StageName::Completed, StageName::Failed];

/// Whether a member has an assignment of a course that counts.
///
/// # Errors
/// The database's.
pub fn counts(
    organisation: OrganisationId,
    course: CourseId,
    member: MemberId,
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let counting = training_assignments::table
        .filter(training_assignments::organisation_id.eq(KeyValue(organisation.0)))
        .filter(training_assignments::course_id.eq(KeyValue(course.0)))
        .filter(training_assignments::member_id.eq(KeyValue(member.0)))
        .filter(training_assignments::stage.eq_any(COUNTING.map(<&str>::from)));
    Ok(diesel::select(diesel::dsl::exists(counting)).get_result(connection)?)
}

/// How far the people of a course have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Assignments in each stage, in the order of [`StageName`]'s variants.
    pub stages: [i64; 5],
    /// Assignments that should have been taken by now.
    pub overdue: i64,
}

/// Counts the assignments of a course.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn progress(
    organisation: OrganisationId,
    course: CourseId,
    today: NaiveDate,
    connection: &mut AnyConnection,
) -> Result<Progress, Error> {
    use training_assignments as training;
    let ours = || {
        training::table
            .filter(training::organisation_id.eq(KeyValue(organisation.0)))
            .filter(training::course_id.eq(KeyValue(course.0)))
    };
    let counted: Vec<(String, i64)> =
        ours().group_by(training::stage).select((training::stage, diesel::dsl::count_star())).load(connection)?;
    let mut progress = Progress::default();
    for (stage, count) in counted {
        let corrupt = |fault| Error::Corrupt { table: "training_assignments", row: course.0, fault };
        let name: StageName = parse(&stage).map_err(corrupt)?;
        let place = match name {
            StageName::Assigned => 0,
            StageName::Completed => 1,
            StageName::Failed => 2,
            StageName::Expired => 3,
            StageName::Void => 4,
        };
        progress.stages[place] = count;
    }
    let assigned: &str = StageName::Assigned.into();
    progress.overdue = ours()
        .filter(training::stage.eq(assigned))
        .filter(training::due_on.lt(today.to_string()))
        .count()
        .get_result(connection)?;
    Ok(progress)
}

/// When a course was completed, each time; the earliest [`COMPLETIONS`].
///
/// # Errors
/// The database's.
pub(crate) fn completions(
    organisation: OrganisationId,
    course: CourseId,
    connection: &mut AnyConnection,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let completed: Vec<InstantValue> = journal_entries::table
        .inner_join(training_assignments::table.on(training_assignments::id.eq(journal_entries::object_id)))
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::action.eq(COMPLETED))
        .filter(training_assignments::course_id.eq(KeyValue(course.0)))
        .order(journal_entries::recorded_at)
        .limit(COMPLETIONS)
        .select(journal_entries::recorded_at)
        .load(connection)?;
    Ok(completed.into_iter().map(|at| at.0).collect())
}

/// The members whose assignment of a course counts.
fn counted_members(
    organisation: OrganisationId,
    course: CourseId,
    connection: &mut AnyConnection,
) -> Result<Vec<MemberId>, Error> {
    let found: Vec<KeyValue> = training_assignments::table
        .filter(training_assignments::organisation_id.eq(KeyValue(organisation.0)))
        .filter(training_assignments::course_id.eq(KeyValue(course.0)))
        .filter(training_assignments::stage.eq_any(COUNTING.map(<&str>::from)))
        .select(training_assignments::member_id)
        .load(connection)?;
    Ok(found.into_iter().map(|id| MemberId(id.0)).collect())
}

/// The assignments of a course that are still to be taken or passed.
fn pending_of_course(
    organisation: OrganisationId,
    course: CourseId,
    connection: &mut AnyConnection,
) -> Result<Vec<TrainingAssignment>, Error> {
    let pending = [StageName::Assigned, StageName::Failed].map(<&str>::from);
    let rows: Vec<Row> = training_assignments::table
        .filter(training_assignments::organisation_id.eq(KeyValue(organisation.0)))
        .filter(training_assignments::course_id.eq(KeyValue(course.0)))
        .filter(training_assignments::stage.eq_any(pending))
        .order(training_assignments::id)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(assignment, _)| assignment)).collect()
}

/// A member's assignments that count.
fn counting_of_member(
    organisation: OrganisationId,
    member: MemberId,
    connection: &mut AnyConnection,
) -> Result<Vec<TrainingAssignment>, Error> {
    let rows: Vec<Row> = training_assignments::table
        .filter(training_assignments::organisation_id.eq(KeyValue(organisation.0)))
        .filter(training_assignments::member_id.eq(KeyValue(member.0)))
        .filter(training_assignments::stage.eq_any(COUNTING.map(<&str>::from)))
        .order(training_assignments::id)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(assignment, _)| assignment)).collect()
}
