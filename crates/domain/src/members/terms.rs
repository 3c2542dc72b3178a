//! Roles that end, and an auditor who is engaged for some audits: what the role gives is asked at every call.

use super::Member;
use crate::access::{Actor, Role, is_the_program};
use crate::audience::some_once;
use crate::change::Change;
use crate::id::AuditId;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Audits for which an auditor is engaged, at most.
pub const AUDITS: usize = 50;

/// Until when a role is held, and how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Which role.
    pub role: Role,
    /// The last day on which it gives anything, in the organisation's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Of an outsourced auditor: from where, and for what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement: Option<Engagement>,
}

/// For what an outsourced auditor is engaged. Beside these audits the role gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// For whom the auditor works.
    pub firm: String,
    /// The audits.
    pub audits: Vec<AuditId>,
}

impl Term {
    pub(super) fn has_ended(&self, today: NaiveDate) -> bool {
        self.until.is_some_and(|last| last < today)
    }
}

/// Keeps every fault of the terms of these roles.
pub(super) fn check(terms: &[Term], roles: &[Role], today: NaiveDate, faults: &mut Faults) {
    for (index, term) in terms.iter().enumerate() {
        let at = |member: &str| format!("/terms/{index}{member}");
        let Term { role, until, engagement } = term;
        if !roles.contains(role) {
            faults.push(Fault::new(at("/role"), "not_held", "must be one of the roles"));
        }
        if terms.iter().take(index).any(|earlier| earlier.role == *role) {
            faults.push(Fault::new(at("/role"), "duplicate", "must be named once"));
        }
        if until.is_none() && engagement.is_none() {
            faults.push(Fault::new(at(""), "empty", "must say until when it is held, or for which audits"));
        }
        if let Some(last) = until {
            faults.keep(text::day_to_come(&at("/until"), *last, today));
        }
        let Some(Engagement { firm, audits }) = engagement else { continue };
        if *role != Role::Auditor {
            faults.push(Fault::new(at("/firm"), "not_expected", "is said of auditors alone"));
        }
        faults.keep(text::title(&at("/firm"), firm));
        some_once(&at("/audit_ids"), audits, AUDITS, faults);
    }
}

/// Which of the roles give anything on this day.
#[must_use]
pub fn held_on(roles: &[Role], terms: &[Term], today: NaiveDate) -> Vec<Role> {
    let ended = |role: &Role| terms.iter().any(|term| term.role == *role && term.has_ended(today));
    roles.iter().copied().filter(|role| !ended(role)).collect()
}

/// The roles by which an audience counts somebody on this day: an auditor who is engaged for some audits is asked nothing as
/// such.
#[must_use]
pub fn asked_on(roles: &[Role], terms: &[Term], today: NaiveDate) -> Vec<Role> {
    let is_engaged = engagement_of(terms).is_some();
    held_on(roles, terms, today).into_iter().filter(|role| *role != Role::Auditor || !is_engaged).collect()
}

/// The audits to which the role `auditor` is limited; `None` where it is not.
#[must_use]
pub fn engagement_of(terms: &[Term]) -> Option<Vec<AuditId>> {
    let term = terms.iter().find(|term| term.role == Role::Auditor)?;
    term.engagement.as_ref().map(|engagement| engagement.audits.clone())
}

impl Member {
    /// The roles that give anything on this day.
    #[must_use]
    pub fn roles_on(&self, today: NaiveDate) -> Vec<Role> {
        held_on(&self.roles, &self.terms, today)
    }

    /// The roles by which an audience counts the member on this day.
    #[must_use]
    pub fn asked_on(&self, today: NaiveDate) -> Vec<Role> {
        asked_on(&self.roles, &self.terms, today)
    }

    /// Whether the member is an admin without an end.
    pub(super) fn is_lasting_admin(&self) -> bool {
        let ends = |term: &Term| term.role == Role::Admin && term.until.is_some();
        self.roles.contains(&Role::Admin) && !self.terms.iter().any(ends)
    }

    /// The first day on which a role of the member gives nothing any more.
    #[must_use]
    pub fn lapses_on(&self) -> Option<NaiveDate> {
        let held = self.terms.iter().filter(|term| self.roles.contains(&term.role));
        held.filter_map(|term| term.until?.succ_opt()).min()
    }

    /// Notes which roles have ended: they gave nothing since, and are not held from now on. Their terms stay: an identity
    /// provider that says such a role again does not give it back.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; no role has ended.
    pub fn lapse(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        let is_over = |term: &&Term| self.roles.contains(&term.role) && term.has_ended(today);
        let ended: Vec<Term> = self.terms.iter().filter(is_over).cloned().collect();
        if ended.is_empty() {
            return Err(Refusal::state("not_ended", "none of the roles has ended"));
        }
        let told = ended.iter().filter_map(|term| {
            let role: &str = term.role.into();
            term.until.map(|last| format!("{role} until {last}"))
        });
        let reason = told.collect::<Vec<_>>().join(", ");
        let after = Self { roles: self.roles_on(today), ..self.clone() };
        Ok(Change::of(self, after, "roles_lapsed", at).because(reason))
    }
}
