//! What follows by itself when a course is published, changed or retired, when a member joins, changes roles or leaves, and
//! when a result holds no more. It is done by the schedule worker, a step at a time, never in somebody's request.

use super::{counted_members, counting_of_member, facts_of, pending_of_course};
use crate::error::Error;
use crate::table::Table;
use crate::tx::Tx;
use crate::{courses, members, schedule, settings};
use chrono::NaiveDate;
use ratchet_domain::access::{Permission, Role};
use ratchet_domain::change::Record;
use ratchet_domain::courses::Course;
use ratchet_domain::id::MemberId;
use ratchet_domain::members::Member;
use ratchet_domain::reference::Locator;
use ratchet_domain::training_assignments::TrainingAssignment;
use std::collections::{HashMap, HashSet};

/// Assignments that one step makes or ends.
const STEP: usize = 100;

const RETIRED: &str = "The course is retired";
const LEFT: &str = "The member has left";
const OUTSIDE: &str = "The member does not belong to the course's audience any more";

/// Assigns who belongs to a course's audience now, and ends what is open of who does not.
pub(crate) fn follow_course(course: &Course, tx: &mut Tx<'_>) -> Result<(), Error> {
    let organisation = course.head.organisation;
    let today = today(tx)?;
    let people = members::asked(organisation, today, tx.connection())?;
    let active: HashMap<MemberId, &Vec<Role>> = people.iter().map(|(member, roles)| (*member, roles)).collect();
    let mut left = STEP;
    for assignment in pending_of_course(organisation, course.id(), tx.connection())? {
        let Some(why) = why_void(&assignment, course, active.get(&assignment.member).copied()) else { continue };
        if left == 0 {
            return schedule::go_on(course, tx);
        }
        left -= 1;
        end(assignment, why, course, today, tx)?;
    }
    if !course.is_published() {
        return Ok(());
    }
    let counted: HashSet<MemberId> = counted_members(organisation, course.id(), tx.connection())?.into_iter().collect();
    let asked = people.iter().filter(|(member, roles)| !counted.contains(member) && asks(course, *member, roles));
    for (member, _) in asked {
        if left == 0 {
            return schedule::go_on(course, tx);
        }
        left -= 1;
        assign(course, *member, today, tx)?;
    }
    Ok(())
}

/// Assigns a member to every course that asks for the member now, and ends what is open of courses that do not.
pub(crate) fn follow_member(member: &Member, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, id) = (member.head.organisation, MemberId(member.head.id));
    let counting = counting_of_member(organisation, id, tx.connection())?;
    let published = courses::published(organisation, tx.connection())?;
    if counting.is_empty() && published.is_empty() {
        return Ok(());
    }
    let today = today(tx)?;
    let held = member.asked_on(today);
    let roles = member.active.then_some(&held);
    let known: HashSet<_> = counting.iter().map(|assignment| assignment.course).collect();
    for assignment in counting.into_iter().filter(TrainingAssignment::is_pending) {
        let course = published.iter().find(|course| course.id() == assignment.course);
        // What a retired course leaves open ends with the course.
        let Some(course) = course else { continue };
        if let Some(why) = why_void(&assignment, course, roles) {
            end(assignment, why, course, today, tx)?;
        }
    }
    let Some(roles) = roles else { return Ok(()) };
    for course in published.iter().filter(|course| !known.contains(&course.id()) && asks(course, id, roles)) {
        assign(course, id, today, tx)?;
    }
    Ok(())
}

/// Whoever is still asked takes the course again when a result has expired.
pub(super) fn renew(expired: &TrainingAssignment, tx: &mut Tx<'_>) -> Result<(), Error> {
    let organisation = expired.head.organisation;
    let course = Course::find(organisation, Locator::Id(expired.course.0), tx.connection())?;
    let member = Member::find(organisation, Locator::Id(expired.member.0), tx.connection())?;
    let (Some((course, _)), Some((member, _))) = (course, member) else { return Ok(()) };
    let today = today(tx)?;
    let asked = !expired.by_rule || asks(&course, expired.member, &member.asked_on(today));
    if !course.is_published() || !member.active || !asked {
        return Ok(());
    }
    assign(&course, expired.member, today, tx)
}

fn today(tx: &mut Tx<'_>) -> Result<NaiveDate, Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    Ok(settings::rules(organisation, tx.connection())?.today(now))
}

/// Whether a course asks for a member with these roles.
fn asks(course: &Course, member: MemberId, roles: &[Role]) -> bool {
    course.audience.includes(member, roles, Permission::RecordTraining)
}

/// Why an open assignment ends; `roles` are those of a member who is still there.
fn why_void(assignment: &TrainingAssignment, course: &Course, roles: Option<&Vec<Role>>) -> Option<&'static str> {
    let Some(roles) = roles else { return Some(LEFT) };
    if !course.is_published() {
        return Some(RETIRED);
    }
    (assignment.by_rule && !asks(course, assignment.member, roles)).then_some(OUTSIDE)
}

fn assign(course: &Course, member: MemberId, today: NaiveDate, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, birth) = (tx.actor().clone(), tx.birth(TrainingAssignment::PREFIX)?);
    tx.save(TrainingAssignment::assign_by_rule(course, member, today, &by, birth)?)?;
    Ok(())
}

fn end(
    assignment: TrainingAssignment,
    why: &'static str,
    course: &Course,
    today: NaiveDate,
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    tx.save(assignment.void(why.to_owned(), &facts_of(course, today), &by, now)?)?;
    Ok(())
}
