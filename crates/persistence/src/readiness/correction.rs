//! What the fifth step's checks count: nonconformities, actions, incidents, weaknesses, improvements.

use super::{Moment, Waiting, found, overdue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::word;
use crate::schema::{actions, improvements, incidents, nonconformities, record_edges, weaknesses, work_items};
use diesel::prelude::*;
use ratchet_domain::access::Permission;
use ratchet_domain::actions::StageName as ActionStage;
use ratchet_domain::improvements::StageName as ImprovementStage;
use ratchet_domain::incidents::StageName as IncidentStage;
use ratchet_domain::links::Relation;
use ratchet_domain::nonconformities::StageName as CaseStage;
use ratchet_domain::readiness::{CorrectionCheck, Found, Tally};
use ratchet_domain::reference::Prefix;
use ratchet_domain::weaknesses::StageName as WeaknessStage;

pub(super) fn tally(check: CorrectionCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        CorrectionCheck::NonconformitiesRecorded => recorded(at, c),
        CorrectionCheck::CausesFound => stuck(CaseStage::Confirmed, at, c),
        CorrectionCheck::ActionsPlanned => stuck(CaseStage::Analysed, at, c),
        CorrectionCheck::NonconformitiesInTime => Ok(Tally {
            proof: cases_in(&[CaseStage::Verified, CaseStage::Closed], at, c)?,
            offending: overdue(at, Prefix::Nonconformity, Waiting::Member, &[], c)?,
        }),
        CorrectionCheck::EffectivenessVerified => Ok(Tally {
            proof: cases_in(&[CaseStage::Verified, CaseStage::Closed], at, c)?,
            offending: unverified(Prefix::Nonconformity, at, c)?,
        }),
        CorrectionCheck::NoRecurrence => recurrence(at, c),
        CorrectionCheck::ActionsInTime => actions_in_time(at, c),
        CorrectionCheck::ActionsVerified => actions_verified(at, c),
        CorrectionCheck::IncidentsTriaged => incidents_triaged(at, c),
        CorrectionCheck::IncidentsLearnedFrom => incidents_learned_from(at, c),
        CorrectionCheck::AuthoritiesNotified => authorities_notified(at, c),
        CorrectionCheck::WeaknessesTreated => weaknesses_treated(at, c),
        CorrectionCheck::ImprovementsJudged => improvements_judged(at, c),
    }
}

fn cases_in(stages: &[CaseStage], at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    let stages: Vec<&str> = stages.iter().copied().map(<&str>::from).collect();
    Ok(found!(at, c, Nonconformity in nonconformities, nonconformities::stage.eq_any(stages.clone())))
}

/// The way of a nonconformity, without those that were rejected or taken back.
const WAY: [CaseStage; 7] = [
    CaseStage::Reported,
    CaseStage::Confirmed,
    CaseStage::Analysed,
    CaseStage::Planned,
    CaseStage::Verifying,
    CaseStage::Verified,
    CaseStage::Closed,
];

/// Those that are past a stage, and those that are in it for too long.
fn stuck(stage: CaseStage, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let past: Vec<CaseStage> = WAY.into_iter().skip_while(|of| *of != stage).skip(1).collect();
    let here = nonconformities::stage.eq(<&str>::from(stage));
    let since = nonconformities::updated_at;
    Ok(Tally {
        proof: cases_in(&past, at, c)?,
        offending: found!(at, c, Nonconformity in nonconformities, here, since.lt(at.patience())),
    })
}

/// One that is decided on in time is as well recorded as one that is decided on.
fn recorded(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let here = nonconformities::stage.eq(<&str>::from(CaseStage::Reported));
    let past: Vec<&str> = WAY.into_iter().skip(1).map(<&str>::from).collect();
    let (stage, since) = (nonconformities::stage, nonconformities::updated_at);
    Ok(Tally {
        proof: found!(
            at, c, Nonconformity in nonconformities,
            stage.eq_any(past.clone()).or(here.and(since.ge(at.patience())))
        ),
        offending: found!(at, c, Nonconformity in nonconformities, here, since.lt(at.patience())),
    })
}

/// Records that wait for a verdict that is due.
fn unverified(kind: Prefix, at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    overdue(at, kind, Waiting::Whoever(Permission::VerifyEffectiveness), &[], c)
}

/// Those that are closed, and those that came again and are open: reopened as such, or linked as the recurrence of one that
/// had been judged. What is closed proves nothing while it has come again.
fn recurrence(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let open: Vec<&str> = WAY.into_iter().filter(|stage| *stage != CaseStage::Closed).map(<&str>::from).collect();
    let [judged, closed] = [CaseStage::Verified, CaseStage::Closed].map(<&str>::from);
    let stage = || nonconformities::stage.eq_any(open.clone());
    let other = diesel::alias!(nonconformities as other);
    let others = |stages: Vec<&'static str>| {
        other
            .filter(other.field(nonconformities::organisation_id).eq(at.key()))
            .filter(other.field(nonconformities::stage).eq_any(stages))
            .select(other.field(nonconformities::id))
    };
    let links = || {
        record_edges::table
            .filter(record_edges::organisation_id.eq(at.key()))
            .filter(record_edges::relation.eq(word(Relation::RecurrenceOf)))
    };
    let later =
        || links().filter(record_edges::to_id.eq_any(others(vec![judged, closed]))).select(record_edges::from_id);
    let again = || links().filter(record_edges::from_id.eq_any(others(open.clone()))).select(record_edges::to_id);
    let (id, recurrences) = (nonconformities::id, nonconformities::recurrences);
    Ok(Tally {
        proof: found!(
            at, c, Nonconformity in nonconformities, nonconformities::stage.eq(closed), id.ne_all(again())
        ),
        offending: found!(
            at, c, Nonconformity in nonconformities, stage(), recurrences.gt(0).or(id.eq_any(later()))
        ),
    })
}

fn actions_in_time(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let done = [ActionStage::Done, ActionStage::Verified].map(<&str>::from);
    Ok(Tally {
        proof: found!(at, c, Action in actions, actions::stage.eq_any(done)),
        offending: overdue(at, Prefix::Action, Waiting::Member, &[], c)?,
    })
}

fn actions_verified(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let [done, verified] = [ActionStage::Done, ActionStage::Verified].map(<&str>::from);
    Ok(Tally {
        proof: found!(at, c, Action in actions, actions::stage.eq(verified)),
        offending: found!(
            at, c, Action in actions, actions::stage.eq(done), actions::updated_at.lt(at.patience())
        ),
    })
}

fn incidents_triaged(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let decided = [
        IncidentStage::NotAnIncident,
        IncidentStage::Triaged,
        IncidentStage::Contained,
        IncidentStage::Resolved,
        IncidentStage::Reviewed,
        IncidentStage::Closed,
    ];
    let decided = decided.map(<&str>::from);
    let reported = incidents::stage.eq(<&str>::from(IncidentStage::Reported));
    Ok(Tally {
        proof: found!(at, c, Incident in incidents, incidents::stage.eq_any(decided)),
        offending: found!(at, c, Incident in incidents, reported, incidents::created_at.lt(at.triage())),
    })
}

fn incidents_learned_from(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let reviewed = [IncidentStage::Reviewed, IncidentStage::Closed].map(<&str>::from);
    let resolved = incidents::stage.eq(<&str>::from(IncidentStage::Resolved));
    Ok(Tally {
        proof: found!(at, c, Incident in incidents, incidents::stage.eq_any(reviewed)),
        offending: found!(at, c, Incident in incidents, resolved, incidents::updated_at.lt(at.patience())),
    })
}

/// A clock that has run out is work that is overdue.
fn authorities_notified(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let late = || {
        work_items::table
            .filter(work_items::organisation_id.eq(at.key()))
            .filter(work_items::kind.eq(Prefix::Incident.kind()))
            .filter(work_items::permission.eq(word(Permission::DecideIncident)))
            .filter(work_items::due_on.lt(&at.today))
            .select(work_items::record_id)
    };
    let none = [IncidentStage::Void, IncidentStage::Duplicate].map(<&str>::from);
    let personal = || incidents::personal_data.eq(true).and(incidents::stage.ne_all(none));
    Ok(Tally {
        proof: found!(at, c, Incident in incidents, personal(), incidents::id.ne_all(late())),
        offending: found!(at, c, Incident in incidents, personal(), incidents::id.eq_any(late())),
    })
}

fn weaknesses_treated(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let treated = [WeaknessStage::Treating, WeaknessStage::Accepted, WeaknessStage::Closed].map(<&str>::from);
    let waiting = [WeaknessStage::Reported, WeaknessStage::Assessed].map(<&str>::from);
    let (stage, since) = (weaknesses::stage, weaknesses::created_at);
    Ok(Tally {
        proof: found!(at, c, Weakness in weaknesses, stage.eq_any(treated)),
        offending: found!(at, c, Weakness in weaknesses, stage.eq_any(waiting), since.lt(at.patience())),
    })
}

fn improvements_judged(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let judged = [ImprovementStage::Realised, ImprovementStage::NotRealised].map(<&str>::from);
    Ok(Tally {
        proof: found!(at, c, Improvement in improvements, improvements::stage.eq_any(judged)),
        offending: unverified(Prefix::Improvement, at, c)?,
    })
}
