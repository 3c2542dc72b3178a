//! What the third step's checks count: processes, controls and auditors.

use super::management_reviews::appointed;
use super::{Moment, found, proven};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{applicabilities, processes};
use diesel::prelude::*;
use ratchet_domain::access::Role;
use ratchet_domain::applicabilities::StageName as ApplicabilityStage;
use ratchet_domain::processes::StageName as ProcessStage;
use ratchet_domain::readiness::{AuditCheck, Tally};

pub(super) fn tally(check: AuditCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        AuditCheck::ProcessesRegistered => {
            let active = processes::stage.eq(<&str>::from(ProcessStage::Active));
            Ok(proven(found!(at, c, Process in processes, active)))
        }
        AuditCheck::ControlsOwned => owned(at, c),
        AuditCheck::AuditorsAppointed => appointed(Role::Auditor, at, c),
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
