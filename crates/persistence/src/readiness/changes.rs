//! What the sixth step's checks count: changes and their tasks.

use super::management_reviews::actions_of;
use super::{Moment, Waiting, found, overdue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::word;
use crate::schema::{changes, work_items};
use diesel::prelude::*;
use ratchet_domain::access::Permission;
use ratchet_domain::actions::Kind as ActionKind;
use ratchet_domain::changes::{Kind, StageName, Verdict};
use ratchet_domain::readiness::{ChangeCheck, Found, Tally};
use ratchet_domain::reference::Prefix;

pub(super) fn tally(check: ChangeCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        ChangeCheck::ChangesPlanned => planned(at, c),
        ChangeCheck::ChangesInTime => {
            let working = [StageName::Scheduled, StageName::Implementing].map(<&str>::from);
            Ok(Tally {
                proof: changes_in(&[StageName::Monitoring, StageName::Reviewed, StageName::Closed], at, c)?,
                offending: overdue(at, Prefix::Change, Waiting::Member, &working, c)?,
            })
        }
        ChangeCheck::ChangeTasksDone => actions_of(ActionKind::ChangeTask, at, c),
        ChangeCheck::ChangesReviewed => Ok(Tally {
            proof: changes_in(&[StageName::Reviewed, StageName::Closed], at, c)?,
            offending: overdue(at, Prefix::Change, Waiting::Whoever(Permission::VerifyEffectiveness), &[], c)?,
        }),
        ChangeCheck::HarmfulChangesSettled => settled(at, c),
        ChangeCheck::EmergencyChangesApproved => emergencies(at, c),
    }
}

fn changes_in(stages: &[StageName], at: &Moment, c: &mut AnyConnection) -> Result<Found, Error> {
    let stages: Vec<&str> = stages.iter().copied().map(<&str>::from).collect();
    Ok(found!(at, c, Change in changes, changes::stage.eq_any(stages.clone())))
}

fn planned(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let decided = [
        StageName::Approved,
        StageName::Scheduled,
        StageName::Implementing,
        StageName::Monitoring,
        StageName::Reviewed,
        StageName::Closed,
        StageName::RolledBack,
    ];
    let waiting = [StageName::Submitted, StageName::Assessed].map(<&str>::from);
    let since = changes::updated_at;
    Ok(Tally {
        proof: changes_in(&decided, at, c)?,
        offending: found!(at, c, Change in changes, changes::stage.eq_any(waiting), since.lt(at.patience())),
    })
}

/// A harmful change is not closed without its nonconformity.
fn settled(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let over = [StageName::Closed, StageName::RolledBack].map(<&str>::from);
    let reviewed = changes::stage.eq(<&str>::from(StageName::Reviewed));
    let harmful = changes::verdict.eq(<&str>::from(Verdict::Harmful));
    Ok(Tally {
        proof: found!(at, c, Change in changes, changes::stage.eq_any(over), changes::verdict.is_not_null()),
        offending: found!(at, c, Change in changes, reviewed, harmful),
    })
}

/// An approval that did not come in time is work that is overdue.
fn emergencies(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let late = || {
        let approving = [Permission::DecideChange, Permission::ApproveHighImpactChange].map(word);
        let approval = work_items::permission.eq_any(approving.map(Some));
        work_items::table
            .filter(work_items::organisation_id.eq(at.key()))
            .filter(work_items::kind.eq(Prefix::Change.kind()))
            .filter(approval.or(work_items::number.gt(0).nullable()))
            .filter(work_items::due_on.lt(&at.today))
            .select(work_items::record_id)
    };
    let emergency = changes::kind.eq(<&str>::from(Kind::Emergency));
    Ok(Tally {
        proof: found!(at, c, Change in changes, emergency, changes::id.ne_all(late())),
        offending: found!(at, c, Change in changes, emergency, changes::id.eq_any(late())),
    })
}
