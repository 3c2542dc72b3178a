//! Impartiality [9.2.2]: nobody checks what they answer for or answered for within twelve months, nor what they have
//! declared to keep away from. Another auditor takes it.

use super::{Audit, Facts, Item, Party};
use crate::access::Actor;
use crate::catalogue;
use crate::id::MemberId;
use crate::refusal::{Faults, Reason};
use crate::separation::{Duty, Rule, SeparationException};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Somebody who answers for something that an item is about, or did within twelve months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Who.
    pub member: MemberId,
    /// The record that is or was owned.
    pub record: Uuid,
    /// The clause or control that is answered for by way of it; `None` for the record itself.
    pub requirement: Option<String>,
}

/// Why one of the team does not check an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Which item.
    pub item: i64,
    /// Who.
    pub auditor: Party,
    /// Why.
    pub reason: Reason,
}

const BREACH: &str = "who owns, or owned within twelve months, what an item is about does not check it";

impl Item {
    /// Whether it is about the record itself.
    fn is_about(&self, record: Uuid) -> bool {
        self.process.is_some_and(|process| process.0 == record) || self.records.iter().any(|about| about.id.0 == record)
    }

    /// Whether owning that means answering for what the item is about.
    fn concerns(&self, owner: &Owner) -> bool {
        match (&owner.requirement, &self.requirement) {
            (None, _) => self.is_about(owner.record),
            (Some(theirs), Some(own)) => catalogue::covers(theirs, own) || catalogue::covers(own, theirs),
            (Some(_), None) => false,
        }
    }
}

impl Audit {
    /// The records, and the clauses and controls, whose owners its guards must know; nothing where they need not.
    #[must_use]
    pub fn subjects(&self) -> (Vec<Uuid>, Vec<&'static str>) {
        if !self.kind.is_own() || !self.is_under_way() {
            return (Vec::new(), Vec::new());
        }
        let records = |item: &Item| {
            let named: Vec<Uuid> = item.records.iter().map(|about| about.id.0).collect();
            item.process.map(|process| process.0).into_iter().chain(named)
        };
        let mut about: Vec<Uuid> = self.items.iter().flat_map(records).collect();
        about.sort_unstable();
        about.dedup();
        let numbers = self.items.iter().filter_map(|item| item.requirement.as_deref());
        let mut requirements: Vec<&str> = numbers.flat_map(catalogue::related).collect();
        requirements.sort_unstable();
        requirements.dedup();
        (about, requirements)
    }

    /// How this member would break the rule by checking the item.
    fn breach(item: &Item, facts: &Facts, member: MemberId) -> Option<&'static str> {
        let owns = |owner: &Owner| owner.member == member && item.concerns(owner);
        facts.owners.iter().any(owns).then_some(BREACH)
    }

    /// What keeps one of the team from an item by their own word.
    fn declared(&self, item: &Item, party: &Party) -> Option<Reason> {
        let auditor = self.team.iter().find(|auditor| auditor.party == *party)?;
        let Some(declaration) = &auditor.declaration else {
            let detail = "an auditor first declares what stands between them and an impartial look [9.2.2]";
            return Some(Reason::new("not_declared", detail));
        };
        let keeps_from = |number: &str| {
            let related = |own: &String| catalogue::covers(own, number) || catalogue::covers(number, own);
            declaration.requirements.iter().any(related)
        };
        let conflicts = item.requirement.as_deref().is_some_and(keeps_from)
            || item.process.is_some_and(|process| declaration.processes.contains(&process));
        conflicts.then(|| Reason::new("declared_conflict", "the auditor has declared to keep away from this"))
    }

    /// What speaks against this auditor checking the item, and against this member writing it down.
    pub(super) fn unless_impartial(
        &self,
        item: &Item,
        party: &Party,
        by: &Actor,
        facts: &Facts,
        exception: Option<&str>,
    ) -> Vec<Reason> {
        if !self.kind.is_own() {
            return Vec::new();
        }
        let breach = by.breach(|me| Self::breach(item, facts, me));
        let duty = Duty { rule: Rule::AuditItemChecker, breach };
        let objection = facts.separation.objection(&duty, exception, facts.today);
        self.declared(item, party).into_iter().chain(objection).collect()
    }

    /// What is kept of an exception, after [`Self::unless_impartial`] let the caller pass.
    pub(super) fn exception(
        &self,
        item: &Item,
        facts: &Facts,
        (me, by, at): (MemberId, &Actor, DateTime<Utc>),
        reason: Option<String>,
        faults: &mut Faults,
    ) -> Option<SeparationException> {
        let breach = if self.kind.is_own() { by.breach(|me| Self::breach(item, facts, me)) } else { None };
        facts.separation.exception(&Duty { rule: Rule::AuditItemChecker, breach }, reason, (me, at), faults)
    }

    /// Whether the caller could check any item at all.
    pub(super) fn unless_somebody_can(&self, by: &Actor, facts: &Facts, exception: Option<&str>) -> Vec<Reason> {
        let Some(me) = by.member() else {
            return vec![Reason::new("person_needed", "items are checked by people")];
        };
        if !self.kind.is_own() {
            return Vec::new();
        }
        let has_outsiders = self.team.iter().any(|auditor| auditor.member().is_none());
        if self.auditor(me).is_none() && !has_outsiders {
            return vec![super::team::not_of_the_team()];
        }
        let bars = |item: &Item| by.breach(|me| Self::breach(item, facts, me)).is_some();
        let all = !self.items.is_empty() && self.items.iter().all(bars);
        let duty = Duty { rule: Rule::AuditItemChecker, breach: all.then_some(BREACH) };
        facts.separation.objection(&duty, exception, facts.today).into_iter().collect()
    }

    /// Which items each of the team does not check, and why: so that the work can be shared out beforehand.
    #[must_use]
    pub fn bars(&self, facts: &Facts) -> Vec<Bar> {
        if !self.kind.is_own() {
            return Vec::new();
        }
        let pairs = self.items.iter().flat_map(|item| self.team.iter().map(move |auditor| (item, auditor)));
        let bar = |(item, auditor): (&Item, &super::Auditor)| {
            let breach = auditor.member().and_then(|member| Self::breach(item, facts, member));
            let owned = breach.map(|breach| Reason::new("separation_of_duties", breach));
            let reason = owned.or_else(|| self.declared(item, &auditor.party))?;
            Some(Bar { item: item.number, auditor: auditor.party.clone(), reason })
        };
        pairs.filter_map(bar).collect()
    }
}
