//! What the third step's checks count: processes, controls, auditors, programmes, audits and findings.

use super::management_reviews::appointed;
use super::{Moment, found, named, proven};
use crate::audit_programmes::coverage;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{applicabilities, audit_programmes, audits, findings, processes};
use crate::table::Table;
use chrono::{Days, Months};
use diesel::prelude::*;
use ratchet_domain::access::Role;
use ratchet_domain::applicabilities::StageName as ApplicabilityStage;
use ratchet_domain::audit_programmes::{AuditProgramme, StageName as ProgrammeStage};
use ratchet_domain::audits::{Kind, StageName as AuditStage};
use ratchet_domain::findings::{Grade, StageName as FindingStage};
use ratchet_domain::processes::StageName as ProcessStage;
use ratchet_domain::readiness::{AuditCheck, PATIENCE_DAYS, Tally};
use ratchet_domain::reference::Prefix;

pub(super) fn tally(check: AuditCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        AuditCheck::ProcessesRegistered => {
            let active = processes::stage.eq(<&str>::from(ProcessStage::Active));
            Ok(proven(found!(at, c, Process in processes, active)))
        }
        AuditCheck::ControlsOwned => owned(at, c),
        AuditCheck::AuditorsAppointed => appointed(Role::Auditor, at, c),
        AuditCheck::ProgrammeApproved => approved(at, c),
        AuditCheck::ProgrammeCoversEverything => covering(at, c),
        AuditCheck::AuditedWithinYear => within_year(at, c),
        AuditCheck::AuditsStarted => started(at, c),
        AuditCheck::AuditsReported => reported(at, c),
        AuditCheck::FindingsRaised => raised(at, c),
        AuditCheck::AuditsClosed => closed(at, c),
        AuditCheck::ProgrammesClosed => programmes_closed(at, c),
    }
}

fn owned(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stage = applicabilities::stage.eq(<&str>::from(ApplicabilityStage::Applicable));
    let owner = applicabilities::owner_id;
    Ok(Tally {
        proof: found!(at, c, Applicability in applicabilities, stage, owner.is_not_null()),
        offending: found!(at, c, Applicability in applicabilities, stage, owner.is_null()),
    })
}

/// A draft that was to be in force offends.
fn approved(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let [draft, approved] = [ProgrammeStage::Draft, ProgrammeStage::Approved].map(<&str>::from);
    let (stage, starts_on, ends_on) = (audit_programmes::stage, audit_programmes::starts_on, audit_programmes::ends_on);
    let current = || starts_on.le(&at.today).and(ends_on.ge(&at.today));
    Ok(Tally {
        proof: found!(at, c, AuditProgramme in audit_programmes, stage.eq(approved), current()),
        offending: found!(at, c, AuditProgramme in audit_programmes, stage.eq(draft), current()),
    })
}

/// Programmes in force, by whether their three years leave something out.
fn covering(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let current: Vec<KeyValue> = audit_programmes::table
        .filter(audit_programmes::organisation_id.eq(at.key()))
        .filter(audit_programmes::stage.eq(<&str>::from(ProgrammeStage::Approved)))
        .filter(audit_programmes::starts_on.le(&at.today))
        .filter(audit_programmes::ends_on.ge(&at.today))
        .order(audit_programmes::id.desc())
        .limit(super::NAMED)
        .select(audit_programmes::id)
        .load(c)?;
    let ids: Vec<_> = current.iter().map(|id| id.0).collect();
    let (mut proof, mut offending) = (Vec::new(), Vec::new());
    for programme in AuditProgramme::many(at.organisation, &ids, c)? {
        let side = if coverage(&programme, c)?.totals.never == 0 { &mut proof } else { &mut offending };
        side.push(KeyValue(programme.head.id));
    }
    let told = |ids: Vec<KeyValue>| named(Prefix::AuditProgramme, i64::try_from(ids.len()).unwrap_or(i64::MAX), ids);
    Ok(Tally { proof: told(proof), offending: told(offending) })
}

/// Stages of audits whose report is there.
fn with_report() -> [&'static str; 2] {
    [AuditStage::Reported, AuditStage::Closed].map(<&str>::from)
}

fn within_year(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let today = at.rules.today(at.now);
    let since = today.checked_sub_months(Months::new(12)).unwrap_or(today).to_string();
    let internal = audits::kind.eq(<&str>::from(Kind::Internal));
    Ok(proven(
        found!(at, c, Audit in audits, audits::stage.eq_any(with_report()), internal, audits::ends_on.ge(&since)),
    ))
}

fn started(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let past = [AuditStage::InProgress, AuditStage::Reported, AuditStage::Closed].map(<&str>::from);
    let planned = audits::stage.eq(<&str>::from(AuditStage::Planned));
    Ok(Tally {
        proof: found!(at, c, Audit in audits, audits::stage.eq_any(past)),
        offending: found!(at, c, Audit in audits, planned, audits::starts_on.lt(&at.today)),
    })
}

fn reported(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let today = at.rules.today(at.now);
    let since = today.checked_sub_days(Days::new(PATIENCE_DAYS)).unwrap_or(today).to_string();
    let under_way = audits::stage.eq(<&str>::from(AuditStage::InProgress));
    Ok(Tally {
        proof: found!(at, c, Audit in audits, audits::stage.eq_any(with_report())),
        offending: found!(at, c, Audit in audits, under_way, audits::ends_on.lt(&since)),
    })
}

fn raised(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let [issued, raised] = [FindingStage::Issued, FindingStage::Raised].map(<&str>::from);
    let grave = || findings::grade.eq_any([Grade::Minor, Grade::Major].map(<&str>::from));
    Ok(Tally {
        proof: found!(at, c, Finding in findings, findings::stage.eq(raised), grave()),
        offending: found!(at, c, Finding in findings, findings::stage.eq(issued), grave()),
    })
}

/// One that was reported lately is as good as closed: what it found takes its time.
fn closed(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let [reported, closed] = [AuditStage::Reported, AuditStage::Closed].map(<&str>::from);
    let (stage, since) = (audits::stage, audits::updated_at);
    Ok(Tally {
        proof: found!(at, c, Audit in audits, stage.eq(closed).or(stage.eq(reported).and(since.ge(at.patience())))),
        offending: found!(at, c, Audit in audits, stage.eq(reported), since.lt(at.patience())),
    })
}

fn programmes_closed(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let [approved, closed] = [ProgrammeStage::Approved, ProgrammeStage::Closed].map(<&str>::from);
    let (stage, over) = (audit_programmes::stage, audit_programmes::ends_on);
    Ok(Tally {
        proof: found!(at, c, AuditProgramme in audit_programmes, stage.eq(closed)),
        offending: found!(at, c, AuditProgramme in audit_programmes, stage.eq(approved), over.lt(&at.today)),
    })
}
