//! What the built-in indicators are figures of, counted in a fixed number of statements. Whatever is a matter of time is
//! counted from the journal, out of an index and until the day began; what is a matter of state as it is found, which is a
//! moment after the day began unless the program was away.

use crate::acknowledgements::coverage;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::cycles::{closings, counts, entries_of};
use crate::error::Error;
use crate::row::word;
use crate::schema::{
    actions, employee_reports, incidents, journal_entries, members, nonconformities, record_edges, training_assignments,
};
use crate::table::{Listed, Order, Scope, Table};
use crate::{actions as all_actions, audit_programmes, audits, imports, management_reviews, recurrences, settings};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use ratchet_domain::acknowledgements::Overall;
use ratchet_domain::audit_programmes::{AuditProgramme, StageName as ProgrammeStage};
use ratchet_domain::cycles::{CASE_CLOSED, Closing};
use ratchet_domain::id::{AuditProgrammeId, OrganisationId};
use ratchet_domain::incidents::{Incident, StageName as IncidentStage};
use ratchet_domain::indicators::built_in::{
    ACTION_VERIFIED, COMPLETION_REJECTED, IMPROVEMENT_REALISED, INCIDENT_CONTAINED, QUARTER_DAYS, REPORT_ENDED,
    REPORT_FILED, Share, Summary, YEAR_DAYS,
};
use ratchet_domain::links::Relation;
use ratchet_domain::nonconformities::StageName as CaseStage;
use ratchet_domain::reference::Prefix;
use ratchet_domain::training_assignments::StageName as TrainingStage;
use strum::VariantArray;

/// Reports and incidents of which times are taken, at most: the newest.
const TIMES: i64 = 20_000;
/// The same of incidents, which are read whole.
const INCIDENTS: i64 = 2_000;
/// Programmes that run on one day, at most.
const PROGRAMMES: i64 = 100;

/// Of whom it is asked, and from when until when.
#[derive(Clone, Copy)]
struct Asked {
    organisation: OrganisationId,
    day: NaiveDate,
    /// As the day begins.
    until: DateTime<Utc>,
}

type Span = (DateTime<Utc>, DateTime<Utc>);

impl Asked {
    fn key(self) -> KeyValue {
        KeyValue(self.organisation.0)
    }

    fn last(self, days: u64) -> Span {
        (self.until.checked_sub_days(Days::new(days)).unwrap_or(self.until), self.until)
    }
}

/// What there is to count as a day begins.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(super) fn of(organisation: OrganisationId, day: NaiveDate, c: &mut AnyConnection) -> Result<Summary, Error> {
    let rules = settings::rules(organisation, c)?;
    let asked = Asked { organisation, day, until: rules.start_of(day) };
    let quarter = asked.last(QUARTER_DAYS);
    let words = vec![ACTION_VERIFIED, COMPLETION_REJECTED, REPORT_FILED, IMPROVEMENT_REALISED];
    let said = counts(organisation, quarter, words, c)?;
    let often = |word: &str| said.get(word).copied().unwrap_or_default();
    let verified = often(ACTION_VERIFIED);
    let acknowledged = Overall::of(&coverage(organisation, &rules, asked.until, c)?);
    let raised = imports::raised(organisation, Prefix::Nonconformity, c)?;
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let reviewed = management_reviews::approvals(organisation, c)?.into_iter().map(|(_, at)| at);
    Ok(Summary {
        open_nonconformities: open_nonconformities(asked, c)?,
        closings: closings(organisation, quarter, &raised, c)?
            .iter()
            .map(|Closing { opened, closed }| *closed - *opened)
            .collect(),
        overdue_actions: overdue_actions(asked, c)?,
        verified: Share {
            part: verified - discredited(asked, quarter, c)?,
            whole: verified + often(COMPLETION_REJECTED),
        },
        recurred: recurred(asked, c)?,
        audits: audits_done(asked, c)?,
        acknowledgements: Share { part: whole(acknowledged.acknowledged), whole: whole(acknowledged.asked) },
        training: training(asked, c)?,
        reports: often(REPORT_FILED),
        members: active_members(asked, c)?,
        answers: answers(asked, quarter, c)?,
        improvements_realised: often(IMPROVEMENT_REALISED),
        containments: containments(asked, quarter, c)?,
        since_review: reviewed.filter(|at| *at < asked.until).max().map(|at| asked.until - at),
    })
}

fn open_nonconformities(asked: Asked, c: &mut AnyConnection) -> Result<i64, Error> {
    // Named one by one, an index leads to each.
    let stages = CaseStage::VARIANTS.iter().filter(|stage| stage.is_open()).copied().map(<&str>::from);
    let open = nonconformities::table
        .filter(nonconformities::organisation_id.eq(asked.key()))
        .filter(nonconformities::stage.eq_any(stages));
    Ok(open.count().get_result(c)?)
}

fn overdue_actions(asked: Asked, c: &mut AnyConnection) -> Result<i64, Error> {
    let overdue = actions::table
        .filter(actions::organisation_id.eq(asked.key()))
        .filter(actions::stage.eq_any(all_actions::UNDONE))
        .filter(actions::due_on.lt(asked.day.to_string()));
    Ok(overdue.count().get_result(c)?)
}

/// Of those that were closed in the year: those that came again, as they say themselves or as another is linked to them.
fn recurred(asked: Asked, c: &mut AnyConnection) -> Result<Share, Error> {
    let (from, until) = asked.last(YEAR_DAYS);
    let closed = || {
        let closed = journal_entries::table
            .filter(entries_of!(asked.organisation, from, until))
            .filter(journal_entries::action.eq(CASE_CLOSED))
            .select(journal_entries::object_id);
        nonconformities::table
            .filter(nonconformities::organisation_id.eq(asked.key()))
            .filter(nonconformities::id.eq_any(closed))
    };
    // What was raised by mistake says nothing of others either; a duplicate's links are those of the case that it repeats.
    let newer = diesel::alias!(nonconformities as newer);
    let mistaken = newer
        .filter(newer.field(nonconformities::organisation_id).eq(asked.key()))
        .filter(newer.field(nonconformities::stage).eq(word(CaseStage::Void)))
        .select(newer.field(nonconformities::id));
    let once_more = record_edges::table
        .filter(record_edges::organisation_id.eq(asked.key()))
        .filter(record_edges::to_id.eq(nonconformities::id))
        .filter(record_edges::relation.eq(word(Relation::RecurrenceOf)))
        .filter(record_edges::from_id.ne_all(mistaken));
    let again = nonconformities::recurrences.gt(0).or(exists(once_more));
    Ok(Share { part: closed().filter(again).count().get_result(c)?, whole: closed().count().get_result(c)? })
}

/// How often actions were verified whose verdict does not hold, because what they were to remove the cause of came again.
fn discredited(asked: Asked, (from, until): Span, c: &mut AnyConnection) -> Result<i64, Error> {
    let cases = recurrences::all(asked.organisation, c)?;
    let under = recurrences::actions_under(asked.organisation, &cases, c)?;
    let verified = journal_entries::table
        .filter(entries_of!(asked.organisation, from, until))
        .filter(journal_entries::action.eq(ACTION_VERIFIED))
        .filter(journal_entries::object_id.eq_any(under.iter().map(|action| KeyValue(action.head.id))));
    Ok(verified.count().get_result(c)?)
}

fn audits_done(asked: Asked, c: &mut AnyConnection) -> Result<Share, Error> {
    let Asked { organisation, day, .. } = asked;
    let filter = audit_programmes::Filter {
        stage: Some(vec![ProgrammeStage::Approved]),
        on: Some(day),
        ..audit_programmes::Filter::default()
    };
    let scope = Scope::whole(organisation, filter);
    let programmes = AuditProgramme::page(&scope, &Order::default(), PROGRAMMES, c)?;
    let ids: Vec<AuditProgrammeId> = programmes.iter().map(AuditProgramme::id).collect();
    let reported = audits::reported_of(organisation, &ids, c)?;
    let shares = programmes.iter().map(|programme| programme.completion(&reported, day));
    Ok(shares
        .fold(Share::default(), |sum, Share { part, whole }| Share { part: sum.part + part, whole: sum.whole + whole }))
}

fn training(asked: Asked, c: &mut AnyConnection) -> Result<Share, Error> {
    use training_assignments as training;
    let counting = [TrainingStage::Assigned, TrainingStage::Completed, TrainingStage::Failed].map(<&str>::from);
    let counted: Vec<(String, i64)> = training::table
        .filter(training::organisation_id.eq(asked.key()))
        .filter(training::stage.eq_any(counting))
        .group_by(training::stage)
        .select((training::stage, count_star()))
        .load(c)?;
    let completed = word(TrainingStage::Completed);
    let of = |stage: &str| counted.iter().filter(|(name, _)| name == stage).map(|(_, count)| count).sum();
    Ok(Share { part: of(&completed), whole: counted.iter().map(|(_, count)| count).sum() })
}

fn active_members(asked: Asked, c: &mut AnyConnection) -> Result<i64, Error> {
    let active = members::table.filter(members::organisation_id.eq(asked.key())).filter(members::active.eq(true));
    Ok(active.count().get_result(c)?)
}

/// How long each reporter waited.
fn answers(asked: Asked, (from, until): Span, c: &mut AnyConnection) -> Result<Vec<TimeDelta>, Error> {
    let ended: Vec<(InstantValue, InstantValue)> = journal_entries::table
        .inner_join(employee_reports::table.on(employee_reports::id.eq(journal_entries::object_id)))
        .filter(entries_of!(asked.organisation, from, until))
        .filter(journal_entries::action.eq_any(REPORT_ENDED))
        .order(journal_entries::recorded_at.desc())
        .limit(TIMES)
        .select((employee_reports::created_at, journal_entries::recorded_at))
        .load(c)?;
    Ok(ended.into_iter().map(|(filed, ended)| ended.0 - filed.0).collect())
}

/// How long each incident spread. That it does not any more may be said later than it was so.
fn containments(asked: Asked, (from, until): Span, c: &mut AnyConnection) -> Result<Vec<TimeDelta>, Error> {
    let contained: Vec<KeyValue> = journal_entries::table
        .inner_join(incidents::table.on(incidents::id.eq(journal_entries::object_id)))
        .filter(entries_of!(asked.organisation, from, until))
        .filter(journal_entries::action.eq(INCIDENT_CONTAINED))
        .filter(incidents::stage.ne_all([IncidentStage::Void, IncidentStage::Duplicate].map(<&str>::from)))
        .order(journal_entries::recorded_at.desc())
        .limit(INCIDENTS)
        .select(incidents::id)
        .load(c)?;
    let ids: Vec<_> = contained.into_iter().map(|id| id.0).collect();
    let spread = |incident: Incident| Some(incident.containment()?.contained_at - incident.detected_at);
    Ok(Incident::many(asked.organisation, &ids, c)?.into_iter().filter_map(spread).collect())
}
