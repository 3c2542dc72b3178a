//! What the first step's checks count: policies, context, risks, controls, objectives.

use super::{Moment, found, proven};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{applicabilities, context_entries, objectives, policies, risks};
use diesel::prelude::*;
use ratchet_domain::applicabilities::{StageName as ApplicabilityStage, Status};
use ratchet_domain::context_entries::{Kind, StageName as ContextStage};
use ratchet_domain::objectives::StageName as ObjectiveStage;
use ratchet_domain::policies::StageName as PolicyStage;
use ratchet_domain::readiness::{Found, PolicyCheck, Tally};
use ratchet_domain::risks::StageName as RiskStage;

pub(super) fn tally(check: PolicyCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        PolicyCheck::TopLevelPolicy => in_force(true, at, c),
        PolicyCheck::TopicPolicies => in_force(false, at, c),
        PolicyCheck::PoliciesReviewed => policies_reviewed(at, c),
        PolicyCheck::Issues => context(&[Kind::ExternalIssue, Kind::InternalIssue], at, c),
        PolicyCheck::ClimateChange => context(&[Kind::ClimateChange], at, c),
        PolicyCheck::InterestedParties => context(&[Kind::InterestedParty], at, c),
        PolicyCheck::ContextReviewed => context_reviewed(at, c),
        PolicyCheck::RisksAssessed => Ok(Tally {
            proof: risks_in(&[RiskStage::Assessed, RiskStage::Treated, RiskStage::Accepted], at, c)?,
            offending: risks_in(&[RiskStage::Identified], at, c)?,
        }),
        PolicyCheck::RisksTreated => Ok(Tally {
            proof: risks_in(&[RiskStage::Treated, RiskStage::Accepted], at, c)?,
            offending: risks_in(&[RiskStage::Assessed], at, c)?,
        }),
        PolicyCheck::RisksReviewed => risks_reviewed(at, c),
        PolicyCheck::ControlsDecided => {
            let stages = [ApplicabilityStage::Applicable, ApplicabilityStage::Excluded].map(<&str>::from);
            Ok(proven(found!(at, c, Applicability in applicabilities, applicabilities::stage.eq_any(stages))))
        }
        PolicyCheck::ControlsImplemented => controls_implemented(at, c),
        PolicyCheck::ObjectivesSet => objectives_set(at, c),
        PolicyCheck::ObjectivesMeasured => objectives_measured(at, c),
        PolicyCheck::ObjectivesJudged => objectives_judged(at, c),
    }
}

fn in_force(top_level: bool, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let published = <&str>::from(PolicyStage::Published);
    let stage = policies::stage.eq(published);
    Ok(proven(found!(at, c, Policy in policies, stage, policies::top_level.eq(top_level))))
}

fn policies_reviewed(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let published = <&str>::from(PolicyStage::Published);
    let stage = policies::stage.eq(published);
    let in_time = policies::next_review_on.is_null().or(policies::next_review_on.ge(&at.today).assume_not_null());
    Ok(Tally {
        proof: found!(at, c, Policy in policies, stage, in_time),
        offending: found!(at, c, Policy in policies, stage, policies::next_review_on.lt(&at.today)),
    })
}

fn context(kinds: &[Kind], at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let current = <&str>::from(ContextStage::Current);
    let kinds: Vec<&str> = kinds.iter().copied().map(<&str>::from).collect();
    let kind = || context_entries::kind.eq_any(kinds.clone());
    Ok(proven(found!(at, c, ContextEntry in context_entries, context_entries::stage.eq(current), kind())))
}

fn context_reviewed(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stage = context_entries::stage.eq(<&str>::from(ContextStage::Current));
    let due_on = context_entries::review_due_on;
    Ok(Tally {
        proof: found!(at, c, ContextEntry in context_entries, stage, due_on.ge(&at.today)),
        offending: found!(at, c, ContextEntry in context_entries, stage, due_on.lt(&at.today)),
    })
}

fn risks_in(stages: &[RiskStage], at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    let stages: Vec<&str> = stages.iter().copied().map(<&str>::from).collect();
    Ok(found!(at, c, Risk in risks, risks::stage.eq_any(stages.clone())))
}

fn risks_reviewed(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stages = [RiskStage::Assessed, RiskStage::Treated, RiskStage::Accepted].map(<&str>::from);
    let in_time = risks::review_on.is_null().or(risks::review_on.ge(&at.today).assume_not_null());
    Ok(Tally {
        proof: found!(at, c, Risk in risks, risks::stage.eq_any(stages), in_time),
        offending: found!(at, c, Risk in risks, risks::stage.eq_any(stages), risks::review_on.lt(&at.today)),
    })
}

fn controls_implemented(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stage = applicabilities::stage.eq(<&str>::from(ApplicabilityStage::Applicable));
    let implemented = <&str>::from(Status::Implemented);
    let status = applicabilities::status;
    Ok(Tally {
        proof: found!(at, c, Applicability in applicabilities, stage, status.eq(implemented)),
        offending: found!(at, c, Applicability in applicabilities, stage, status.ne(implemented)),
    })
}

/// In force, whether or not a revision is proposed.
fn holding() -> [&'static str; 2] {
    [ObjectiveStage::Active, ObjectiveStage::Revising].map(<&str>::from)
}

fn objectives_set(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let draft = <&str>::from(ObjectiveStage::Draft);
    Ok(Tally {
        proof: found!(at, c, Objective in objectives, objectives::stage.eq_any(holding())),
        offending: found!(at, c, Objective in objectives, objectives::stage.eq(draft)),
    })
}

fn objectives_measured(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stage = || objectives::stage.eq_any(holding());
    let indicator = objectives::indicator_id;
    Ok(Tally {
        proof: found!(at, c, Objective in objectives, stage(), indicator.is_not_null()),
        offending: found!(at, c, Objective in objectives, stage(), indicator.is_null()),
    })
}

fn objectives_judged(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let judged = [ObjectiveStage::Achieved, ObjectiveStage::Missed, ObjectiveStage::Abandoned].map(<&str>::from);
    let in_time = objectives::stage.eq_any(holding()).and(objectives::due_on.ge(&at.today).assume_not_null());
    Ok(Tally {
        proof: found!(at, c, Objective in objectives, objectives::stage.eq_any(judged).or(in_time.clone())),
        offending: found!(
            at, c, Objective in objectives,
            objectives::stage.eq_any(holding()), objectives::due_on.lt(&at.today),
        ),
    })
}
