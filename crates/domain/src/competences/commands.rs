//! The verbs: each asks its guard, checks its input and names what follows.

use super::{Competence, Holder, Stage, Standing, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// A role has at most so many holders; what everybody must know is a course.
pub const HOLDERS: usize = 100;

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// The role that requires it.
    pub role: Option<String>,
    /// What it requires.
    pub requirement: Option<String>,
}

/// What `assess` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assess {
    /// Who holds the role; that the member exists is the caller's to check.
    pub member: MemberId,
    /// Whether that member has what it requires.
    pub standing: Standing,
}

impl Standing {
    /// Keeps every fault of what it says. A gap is to be closed on a day to come.
    fn check(&self, today: NaiveDate, faults: &mut Faults) {
        match self {
            Self::Held { basis: _, evidence } => {
                faults.keep(text::title("/standing/evidence", evidence));
            }
            Self::Gap { missing, measure, due_on } => {
                faults.keep(text::title("/standing/missing", missing));
                faults.keep(text::title("/standing/measure", measure));
                faults.keep(text::day_to_come("/standing/due_on", *due_on, today));
            }
        }
    }
}

impl Competence {
    /// Changes plain fields.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { role, requirement } = input;
        let mut after = self.clone();
        after.role = role.unwrap_or(after.role);
        after.requirement = requirement.unwrap_or(after.requirement);
        after.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Judges how a holder of the role stands; said again, it replaces what was said before. `today` is the
    /// organisation's.
    ///
    /// # Errors
    /// The guard's refusal, a judgement of oneself, or every fault of the input.
    pub fn assess(
        self,
        input: Assess,
        today: NaiveDate,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Assess, &(), by)?;
        let Assess { member, standing } = input;
        let is_free = by.persons().all(|judge| judge != member);
        let Some(judge) = by.member().filter(|_| is_free) else {
            return Err(Refusal::state("separation_of_duties", "nobody judges their own competence"));
        };
        let mut after = self.clone();
        let known = after.holders.iter_mut().find(|holder| holder.member == member);
        let mut faults = Faults::default();
        standing.check(today, &mut faults);
        if known.is_none() && self.holders.len() >= HOLDERS {
            let detail = format!("a role has at most {HOLDERS} holders: what everybody must know is a course");
            faults.push(Fault::new("/member_id", "length", detail));
        }
        faults.refuse()?;
        let judged = Holder { member, standing, at, by: judge, fell_due_on: None };
        match known {
            Some(holder) => *holder = judged,
            None => after.holders.push(judged),
        }
        Ok(Change::of(self, after, "assessed", at))
    }

    /// Notes that the day has passed by which gaps were to be closed: of all of them whose day it was.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; no gap is overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let mut after = self.clone();
        for holder in &mut after.holders {
            if let Some(due) = holder.due().filter(|due| due.is_to_note(today)) {
                holder.fell_due_on = Some(due.on);
            }
        }
        Ok(Change::of(self, after, "gap_fell_due", at))
    }

    /// A member does not hold the role any more.
    ///
    /// # Errors
    /// The guard's refusal, a member who does not hold it, or a blank reason.
    pub fn release(
        self,
        member: MemberId,
        reason: String,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Release, &(), by)?;
        let mut faults = Faults::default();
        if !self.holders.iter().any(|holder| holder.member == member) {
            faults.push(Fault::new("/member_id", "unknown_member", "must hold the role"));
        }
        faults.keep(text::narrative("/reason", &reason));
        faults.refuse()?;
        let mut after = self.clone();
        after.holders.retain(|holder| holder.member != member);
        Ok(Change::of(self, after, "released", at).because(reason))
    }

    /// It is not required any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, &(), by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Retired { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }
}
