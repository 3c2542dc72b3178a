//! What the seventh step's checks count: training, competence, acknowledgements, communication, reports, suggestions.

use super::management_reviews::settings_of;
use super::{Moment, NAMED, Waiting, found, named, overdue, proven};
use crate::acknowledgements::coverage;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{communication_plans, competences, courses, employee_reports, improvements, training_assignments};
use diesel::prelude::*;
use ratchet_domain::acknowledgements::{Coverage, Overall};
use ratchet_domain::communication_plans::StageName as PlanStage;
use ratchet_domain::competences::StageName as CompetenceStage;
use ratchet_domain::courses::StageName as CourseStage;
use ratchet_domain::employee_reports::StageName as ReportStage;
use ratchet_domain::improvements::StageName as ImprovementStage;
use ratchet_domain::readiness::{Found, InvolvementCheck, Tally};
use ratchet_domain::reference::Prefix;
use ratchet_domain::training_assignments::StageName as TrainingStage;

pub(super) fn tally(check: InvolvementCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        InvolvementCheck::CoursesOffered => {
            let published = courses::stage.eq(<&str>::from(CourseStage::Published));
            Ok(proven(found!(at, c, Course in courses, published)))
        }
        InvolvementCheck::TrainingInTime => {
            let completed = training_assignments::stage.eq(<&str>::from(TrainingStage::Completed));
            Ok(Tally {
                proof: found!(at, c, TrainingAssignment in training_assignments, completed),
                offending: overdue(at, Prefix::TrainingAssignment, Waiting::Member, &[], c)?,
            })
        }
        InvolvementCheck::CompetencesHeld => competences_held(at, c),
        InvolvementCheck::PoliciesAcknowledged => policies_acknowledged(at, c),
        InvolvementCheck::CommunicationPlanned => communication_planned(at, c),
        InvolvementCheck::ReportsFiled => {
            let filed = [
                ReportStage::Received,
                ReportStage::Triaged,
                ReportStage::Converted,
                ReportStage::Declined,
                ReportStage::Duplicate,
            ];
            Ok(proven(reports_in(&filed, at, c)?))
        }
        InvolvementCheck::ReportsAnswered => reports_answered(at, c),
        InvolvementCheck::ReportLinkOpen => {
            let settings = if at.rules.report_link.is_some() { settings_of(at, c)? } else { Vec::new() };
            Ok(proven(named(Prefix::Settings, i64::from(!settings.is_empty()), settings)))
        }
        InvolvementCheck::SuggestionsDecided => suggestions_decided(at, c),
    }
}

fn competences_held(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stage = competences::stage.eq(<&str>::from(CompetenceStage::Required));
    Ok(Tally {
        proof: found!(at, c, Competence in competences, stage, competences::gaps.eq(0)),
        offending: found!(at, c, Competence in competences, stage, competences::gaps.gt(0)),
    })
}

/// Acknowledgements are counted, and the policies named to which they belong.
fn policies_acknowledged(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let covered = coverage(at.organisation, &at.rules, at.now, c)?;
    let overall = Overall::of(&covered);
    let of = |count: usize, is_meant: fn(&Coverage) -> bool| {
        let policies = covered.iter().filter(|coverage| is_meant(coverage)).map(|coverage| KeyValue(coverage.policy.0));
        let first = policies.take(usize::try_from(NAMED).unwrap_or_default()).collect();
        named(Prefix::Policy, i64::try_from(count).unwrap_or(i64::MAX), first)
    };
    Ok(Tally {
        proof: of(overall.acknowledged, |coverage| coverage.acknowledged > 0),
        offending: of(overall.overdue, |coverage| coverage.overdue() > 0),
    })
}

fn communication_planned(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    use communication_plans as plans;
    let stage = plans::stage.eq(<&str>::from(PlanStage::InForce));
    let in_time = plans::next_on.is_null().or(plans::next_on.ge(&at.today).assume_not_null());
    Ok(Tally {
        proof: found!(at, c, CommunicationPlan in plans, stage, in_time),
        offending: found!(at, c, CommunicationPlan in plans, stage, plans::next_on.lt(&at.today)),
    })
}

fn reports_in(stages: &[ReportStage], at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    let stages: Vec<&str> = stages.iter().copied().map(<&str>::from).collect();
    Ok(found!(at, c, EmployeeReport in employee_reports, employee_reports::stage.eq_any(stages.clone())))
}

fn reports_answered(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let waiting = [ReportStage::Received, ReportStage::Triaged].map(<&str>::from);
    let (stage, since) = (employee_reports::stage, employee_reports::created_at);
    Ok(Tally {
        proof: reports_in(&[ReportStage::Converted, ReportStage::Declined, ReportStage::Duplicate], at, c)?,
        offending: found!(
            at, c, EmployeeReport in employee_reports, stage.eq_any(waiting), since.lt(at.patience())
        ),
    })
}

fn suggestions_decided(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let decided = [
        ImprovementStage::Declined,
        ImprovementStage::Accepted,
        ImprovementStage::Planned,
        ImprovementStage::InProgress,
        ImprovementStage::Measuring,
        ImprovementStage::Realised,
        ImprovementStage::NotRealised,
    ];
    let decided = decided.map(<&str>::from);
    let proposed = improvements::stage.eq(<&str>::from(ImprovementStage::Proposed));
    let (stage, since) = (improvements::stage, improvements::created_at);
    Ok(Tally {
        proof: found!(
            at, c, Improvement in improvements, stage.eq_any(decided).or(proposed.and(since.ge(at.patience())))
        ),
        offending: found!(at, c, Improvement in improvements, proposed, since.lt(at.patience())),
    })
}
