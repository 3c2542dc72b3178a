//! Finding orphans: a few statements for each kind, however many records there are.

use crate::applicabilities::statement;
use crate::audits;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::readiness::{Moment, found, named};
use crate::schema::{
    actions, applicabilities, evidence, findings, incidents, indicators, members, nonconformities, objectives,
    policies, processes, risks, signals, weaknesses,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::actions::{Kind as ActionKind, StageName as ActionStage};
use ratchet_domain::annotations::StageName as AnnotationStage;
use ratchet_domain::applicabilities::{Applicability, StageName as ApplicabilityStage, Status};
use ratchet_domain::audit_programmes::{never_audited, window};
use ratchet_domain::change::Record;
use ratchet_domain::findings::{Grade, StageName as FindingStage};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::incidents::StageName as IncidentStage;
use ratchet_domain::indicators::StageName as IndicatorStage;
use ratchet_domain::nonconformities::StageName as CaseStage;
use ratchet_domain::objectives::StageName as ObjectiveStage;
use ratchet_domain::orphans::Orphan;
use ratchet_domain::policies::StageName as PolicyStage;
use ratchet_domain::processes::StageName as ProcessStage;
use ratchet_domain::readiness::Found;
use ratchet_domain::reference::Prefix;
use ratchet_domain::risks::StageName as RiskStage;
use ratchet_domain::signals::{Kind as SignalKind, StageName as SignalStage};
use ratchet_domain::weaknesses::StageName as WeaknessStage;
use strum::VariantArray;

/// How the body of an indicator says that nobody analyses it. In a text the quotation marks would be escaped.
const NO_ANALYST: &str = "%\"analyst\":null%";

/// How many orphans of each kind there are, and the newest of them, at most so many.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn find(
    organisation: OrganisationId,
    limit: i64,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<(Orphan, Found)>, Error> {
    let moment = Moment::of(organisation, now, limit, connection)?;
    let left = left(&moment, connection)?;
    let found = |orphan: &Orphan| Ok((*orphan, of_kind(*orphan, &left, &moment, connection)?));
    Orphan::VARIANTS.iter().map(found).collect()
}

/// Members who have left.
fn left(at: &Moment, c: &mut AnyConnection) -> Result<Vec<KeyValue>, Error> {
    let of_ours = members::table.filter(members::organisation_id.eq(at.key()));
    Ok(of_ours.filter(members::active.eq(false)).select(members::id).load(c)?)
}

/// Nobody, or somebody who has left.
macro_rules! unowned {
    ($table:ident, $left:expr) => {
        $table::owner_id.is_null().or($table::owner_id.eq_any($left.to_vec()))
    };
}

fn of_kind(orphan: Orphan, left: &[KeyValue], at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    match orphan {
        Orphan::ObjectiveWithoutIndicator => {
            let stage = || objectives::stage.eq_any(pursued());
            Ok(found!(at, c, Objective in objectives, stage(), objectives::indicator_id.is_null()))
        }
        Orphan::ObjectiveWithoutOwner => {
            let stage = || objectives::stage.eq_any(pursued());
            Ok(found!(at, c, Objective in objectives, stage(), objectives::owner_id.eq_any(left.to_vec())))
        }
        Orphan::PolicyWithoutOwner => {
            let stage = policies::stage.eq(<&str>::from(PolicyStage::Published));
            Ok(found!(at, c, Policy in policies, stage, policies::owner_id.eq_any(left.to_vec())))
        }
        Orphan::IndicatorWithoutAnalyst => {
            let stage = || indicators::stage.eq_any([IndicatorStage::Draft, IndicatorStage::Active].map(<&str>::from));
            // The drafts that are built in nobody has asked for; to be active they need an analyst.
            let asked_for = indicators::built_in.is_null();
            Ok(found!(at, c, Indicator in indicators, stage(), asked_for, indicators::description.like(NO_ANALYST)))
        }
        Orphan::IndicatorWithoutOwner => {
            let stage = indicators::stage.eq(<&str>::from(IndicatorStage::Active));
            Ok(found!(at, c, Indicator in indicators, stage, unowned!(indicators, left)))
        }
        Orphan::SignalWithoutCase => {
            let loose = [SignalStage::Raised, SignalStage::Acknowledged].map(<&str>::from);
            let critical = signals::kind.eq(<&str>::from(SignalKind::Critical));
            Ok(found!(at, c, Signal in signals, signals::stage.eq_any(loose), critical))
        }
        Orphan::ProcessWithoutOwner => {
            let stage = processes::stage.eq(<&str>::from(ProcessStage::Active));
            Ok(found!(at, c, Process in processes, stage, processes::owner_id.eq_any(left.to_vec())))
        }
        Orphan::ControlWithoutOwner => {
            Ok(found!(at, c, Applicability in applicabilities, needed(), unowned!(applicabilities, left)))
        }
        Orphan::ControlWithoutEvidence => without_evidence(at, c),
        Orphan::ControlNeverAudited => controls_never_audited(at, c),
        Orphan::FindingWithoutNonconformity => {
            let graded = findings::grade.eq_any([Grade::Minor, Grade::Major].map(<&str>::from));
            let stage = findings::stage.eq(<&str>::from(FindingStage::Issued));
            Ok(found!(at, c, Finding in findings, stage, graded.clone()))
        }
        Orphan::RiskWithoutOwner => {
            let stage = || risks::stage.ne_all([RiskStage::Retired, RiskStage::Void].map(<&str>::from));
            Ok(found!(at, c, Risk in risks, stage(), unowned!(risks, left)))
        }
        Orphan::NonconformityWithoutCause => {
            let stage = nonconformities::stage.eq(<&str>::from(CaseStage::Confirmed));
            Ok(found!(at, c, Nonconformity in nonconformities, stage))
        }
        Orphan::NonconformityWithoutAction => without_action(at, c),
        Orphan::IncidentWithoutOwner => {
            let going = [IncidentStage::Triaged, IncidentStage::Contained, IncidentStage::Resolved];
            let going = || incidents::stage.eq_any(going.map(<&str>::from));
            Ok(found!(at, c, Incident in incidents, going(), unowned!(incidents, left)))
        }
        Orphan::WeaknessWithoutOwner => {
            let going = [WeaknessStage::Assessed, WeaknessStage::Treating].map(<&str>::from);
            Ok(found!(at, c, Weakness in weaknesses, weaknesses::stage.eq_any(going), unowned!(weaknesses, left)))
        }
        Orphan::DecisionWithoutAction => {
            let cancelled = actions::stage.eq(<&str>::from(ActionStage::Cancelled));
            let decided = actions::kind.eq(<&str>::from(ActionKind::ReviewOutput));
            Ok(found!(at, c, Action in actions, cancelled, decided))
        }
    }
}

fn pursued() -> [&'static str; 2] {
    [ObjectiveStage::Active, ObjectiveStage::Revising].map(<&str>::from)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn needed() -> _ {
    let applicable: &'static str = ApplicabilityStage::Applicable.into();
    applicabilities::stage.eq(applicable)
}

/// Evidence of controls alone is looked through, and actions of nonconformities: what hangs loose is what it is not about.
fn without_evidence(at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    let implemented = applicabilities::status.eq(<&str>::from(Status::Implemented));
    let shown = || {
        evidence::table
            .filter(evidence::organisation_id.eq(at.key()))
            .filter(evidence::target_kind.eq(Applicability::KIND))
            .filter(evidence::stage.eq(<&str>::from(AnnotationStage::Attached)))
            .select(evidence::target_id)
    };
    Ok(found!(
        at, c, Applicability in applicabilities, needed(), implemented, applicabilities::id.ne_all(shown())
    ))
}

fn without_action(at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    let planned = nonconformities::stage.eq(<&str>::from(CaseStage::Planned));
    let treated = || {
        actions::table
            .filter(actions::organisation_id.eq(at.key()))
            .filter(actions::parent_kind.eq(Prefix::Nonconformity.kind()))
            .filter(actions::stage.ne(<&str>::from(ActionStage::Cancelled)))
            .select(actions::parent_id)
    };
    Ok(found!(at, c, Nonconformity in nonconformities, planned, nonconformities::id.ne_all(treated())))
}

/// The window is the one that audit programmes look at, ending today.
fn controls_never_audited(at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    let audits = audits::ending_between(at.organisation(), window(at.day()), c)?;
    let statement = statement(at.organisation(), c)?;
    let never = never_audited(&statement, &audits);
    let count = i64::try_from(never.len()).unwrap_or(i64::MAX);
    let first = never.into_iter().map(|control| KeyValue(control.head.id));
    let first = first.take(usize::try_from(at.limit()).unwrap_or_default()).collect();
    Ok(named(Prefix::Applicability, count, first))
}
