//! What the fourth step's checks count: who is charged with what, reviews and what they decided.

use super::{Moment, NAMED, found, named, proven};
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{actions, management_reviews, settings};
use crate::table::Table;
use crate::{members, separation};
use chrono::{DateTime, Months, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Role;
use ratchet_domain::actions::{Kind, StageName as ActionStage};
use ratchet_domain::management_reviews::{ManagementReview, StageName as ReviewStage};
use ratchet_domain::readiness::{Found, ReviewCheck, Tally};
use ratchet_domain::reference::{Locator, Prefix};

pub(super) fn tally(check: ReviewCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        ReviewCheck::TopManagement => appointed(Role::Management, at, c),
        ReviewCheck::IsmsManager => appointed(Role::IsmsManager, at, c),
        ReviewCheck::SeparationEnforced => enforced(at, c),
        ReviewCheck::ExceptionsReviewed => exceptions(at, c),
        ReviewCheck::ReviewScheduled => scheduled(at, c),
        ReviewCheck::ReviewInTime => in_time(at, c),
        ReviewCheck::ReviewsApproved => approved(at, c),
        ReviewCheck::DecisionsCarriedOut => actions_of(Kind::ReviewOutput, at, c),
    }
}

/// Active members who hold a role.
pub(super) fn appointed(role: Role, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let mut holders: Vec<KeyValue> = members::with_roles(at.organisation, at.rules.today(at.now), c)?
        .into_iter()
        .filter(|(_, roles)| roles.contains(&role))
        .map(|(member, _)| KeyValue(member.0))
        .collect();
    holders.reverse();
    let count = i64::try_from(holders.len()).unwrap_or(i64::MAX);
    holders.truncate(usize::try_from(NAMED).unwrap_or_default());
    Ok(proven(named(Prefix::Member, count, holders)))
}

/// The organisation's settings.
pub(super) fn settings_of(at: &Moment, c: &mut AnyConnection) -> Result<Vec<KeyValue>, Error> {
    Ok(settings::table.filter(settings::organisation_id.eq(at.key())).select(settings::id).load(c)?)
}

/// Every rule that is relaxed today offends.
fn enforced(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let settings = settings_of(at, c)?;
    let today = at.rules.today(at.now);
    let relaxed = at.rules.separation.relaxations().iter().filter(|relaxation| relaxation.until >= today).count();
    let relaxed = i64::try_from(relaxed).unwrap_or(i64::MAX);
    Ok(if relaxed > 0 {
        Tally { proof: Found::default(), offending: named(Prefix::Settings, relaxed, settings) }
    } else {
        proven(named(Prefix::Settings, i64::from(!settings.is_empty()), settings))
    })
}

/// Exceptions up to the last day at which an approved review has looked prove it, later ones offend.
fn exceptions(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let (organisation, limit) = (at.organisation, at.limit());
    Ok(match looked_at_until(at, c)? {
        Some(seen) => Tally {
            proof: separation::found(organisation, &(None, Some(seen)), limit, c)?,
            offending: separation::found(organisation, &(Some(seen), None), limit, c)?,
        },
        None => Tally { proof: Found::default(), offending: separation::found(organisation, &(None, None), limit, c)? },
    })
}

/// The end of the time that approved reviews have looked at; none where there is no such review.
fn looked_at_until(at: &Moment, c: &mut AnyConnection) -> Result<Option<DateTime<Utc>>, Error> {
    let newest: Vec<KeyValue> = management_reviews::table
        .filter(management_reviews::organisation_id.eq(at.key()))
        .filter(management_reviews::stage.eq(<&str>::from(ReviewStage::Approved)))
        .order((management_reviews::scheduled_on.desc(), management_reviews::id.desc()))
        .limit(1)
        .select(management_reviews::id)
        .load(c)?;
    let Some(newest) = newest.first() else { return Ok(None) };
    let found = ManagementReview::find(at.organisation, Locator::Id(newest.0), c)?;
    // What came in later that day, or after the inputs were frozen, the review has not seen.
    let seen = found.and_then(|(review, _)| review.snapshots.last().cloned()).map(|seal| {
        let ended = at.rules.start_of(seal.period.until.succ_opt().unwrap_or(NaiveDate::MAX));
        ended.min(seal.taken_at)
    });
    Ok(seen)
}

fn scheduled(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let upcoming = [ReviewStage::Scheduled, ReviewStage::Prepared].map(<&str>::from);
    let stage = || management_reviews::stage.eq_any(upcoming);
    let on = management_reviews::scheduled_on;
    Ok(Tally {
        proof: found!(at, c, ManagementReview in management_reviews, stage(), on.ge(&at.today)),
        offending: found!(at, c, ManagementReview in management_reviews, stage(), on.lt(&at.today)),
    })
}

fn in_time(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let today = at.rules.today(at.now);
    let interval = Months::new(at.rules.reviews.interval_months);
    let since = today.checked_sub_months(interval).unwrap_or(today).to_string();
    let approved = management_reviews::stage.eq(<&str>::from(ReviewStage::Approved));
    let on = management_reviews::scheduled_on;
    Ok(proven(found!(at, c, ManagementReview in management_reviews, approved, on.ge(&since))))
}

fn approved(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let [approved, held] = [ReviewStage::Approved, ReviewStage::Held].map(<&str>::from);
    Ok(Tally {
        proof: found!(at, c, ManagementReview in management_reviews, management_reviews::stage.eq(approved)),
        offending: found!(at, c, ManagementReview in management_reviews, management_reviews::stage.eq(held)),
    })
}

/// Actions of one kind: those that are done, and those that are overdue.
pub(super) fn actions_of(kind: Kind, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let kind = actions::kind.eq(<&str>::from(kind));
    let done = [ActionStage::Done, ActionStage::Verified].map(<&str>::from);
    let open = [ActionStage::Open, ActionStage::InProgress, ActionStage::Blocked].map(<&str>::from);
    Ok(Tally {
        proof: found!(at, c, Action in actions, actions::stage.eq_any(done), kind),
        offending: found!(
            at, c, Action in actions, actions::stage.eq_any(open), kind, actions::due_on.lt(&at.today)
        ),
    })
}
