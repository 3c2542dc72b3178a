//! What somebody is named for on records that are not over. When a member leaves, it is handed to another: by each
//! record's own command, so that its own rules hold.

use crate::access::{Actor, Role};
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::refusal::{Reason, Refusal};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Records that one call hands over, at most.
pub const RECORDS: usize = 100;

/// As what somebody is named.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ResponsibilityPart))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// Who is accountable for it.
    Owner,
    /// Who does it.
    Assignee,
    /// Who measures.
    Collector,
    /// Who analyses what was measured.
    Analyst,
    /// Who writes it.
    Author,
    /// Who chairs it.
    Chair,
    /// Who leads the audit.
    LeadAuditor,
    /// Who audits.
    Auditor,
}

/// Somebody is named for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Responsibility {
    /// As what.
    pub part: Part,
    /// Who.
    pub member: MemberId,
}

impl Responsibility {
    /// Of whoever is named, if anybody is.
    pub(crate) fn of(part: Part, member: impl Into<Option<MemberId>>) -> impl Iterator<Item = Self> {
        member.into().into_iter().map(move |member| Self { part, member })
    }

    /// The accountable member's alone.
    pub(crate) fn of_owner(member: impl Into<Option<MemberId>>) -> Vec<Self> {
        Self::of(Part::Owner, member).collect()
    }
}

/// What a member who has left was named for goes to another. That the other is an active member is the caller's to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// Who has left.
    pub from: MemberId,
    /// Who takes it over.
    pub to: MemberId,
    /// The roles that this one holds.
    pub roles: Vec<Role>,
    /// Kept in the journal of every record.
    pub reason: String,
}

impl HandOver {
    /// Who is named now, when it was the one who has left.
    pub(crate) fn instead_of(&self, named: Option<MemberId>) -> Option<MemberId> {
        (named == Some(self.from)).then_some(self.to)
    }

    /// Hands one record over, by its own rules.
    ///
    /// # Errors
    /// Why it stays where it is: who asks may not, its state does not let it, or it was judged by whoever would take it.
    pub fn apply<T: Lifecycle>(
        &self,
        record: T,
        facts: &T::Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<T>, Refusal> {
        if record.responsibilities().iter().all(|responsibility| responsibility.member != self.from) {
            return Err(nothing_to_hand_over());
        }
        Ok(record.hand_over(self, facts, by, at)?.because(self.reason.clone()))
    }
}

/// The record names nobody who could be replaced.
pub(crate) fn nothing_to_hand_over() -> Refusal {
    Refusal::state("nothing_to_hand_over", "the member is not named on it for anything that is not over")
}

/// Whoever has judged it does not come to answer for it.
pub(crate) fn unless_judged_by(judge: Option<MemberId>, to: MemberId, detail: &'static str) -> Result<(), Refusal> {
    if judge == Some(to) { Err(Refusal::state("separation_of_duties", detail)) } else { Ok(()) }
}

/// Why a record stays where it is, as a list shows it.
#[must_use]
pub fn reasons(refusal: Refusal) -> Vec<Reason> {
    match refusal {
        Refusal::Forbidden => vec![Reason::new("forbidden", "no role of this caller allows it")],
        Refusal::State(reasons) => reasons,
        Refusal::Invalid(faults) => {
            let told = |fault: crate::refusal::Fault| Reason {
                code: fault.code,
                detail: format!("{}: {}", fault.pointer, fault.detail),
            };
            faults.into_iter().map(told).collect()
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::access::Role;
    use crate::change::Record;
    use crate::fixtures::{at, member, person};
    use crate::{change_templates, improvements, indicators, policies};
    use std::collections::BTreeSet;
    use strum::VariantArray;

    fn hand(from: u128, to: u128) -> HandOver {
        HandOver { from: member(from), to: member(to), roles: vec![Role::Member], reason: "Left".into() }
    }

    /// Whatever its stage: whom it names is replaced wherever named, and where it names nobody it stays.
    pub(crate) fn is_handed_over_whole<T: Lifecycle>(record: T, facts: &T::Facts, by: &Actor) {
        let parts = |record: &T, who| {
            let named = record.responsibilities().into_iter().filter(|named| named.member == who);
            named.map(|named| named.part).collect::<BTreeSet<_>>()
        };
        let (stage, named) = (record.stage_name(), record.responsibilities().first().copied());
        let from = named.map_or(member(1), |named| named.member);
        let hand = HandOver { from, to: member(77), roles: Role::VARIANTS.to_vec(), reason: "Left".into() };
        let before = parts(&record, from);
        let outcome = hand.apply(record, facts, by, at()).map(Change::into_after);
        assert_eq!(outcome.is_ok(), named.is_some(), "{} {stage}: {:?}", T::KIND, outcome.as_ref().err());
        let Ok(after) = outcome else { return };
        assert_eq!(parts(&after, member(77)), before, "{} {stage}", T::KIND);
        assert!(parts(&after, from).is_empty(), "{} {stage}", T::KIND);
    }

    fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
        match outcome.unwrap_err() {
            Refusal::State(reasons) => reasons[0].code.clone(),
            refusal @ (Refusal::Forbidden | Refusal::Invalid(_)) => format!("{refusal:?}"),
        }
    }

    #[test]
    fn whoever_is_named_is_replaced_wherever_named_and_the_reason_is_kept() {
        let by = person(1, &[Role::IsmsManager]);
        let facts = indicators::Facts { today: at().date_naive(), ..Default::default() };
        let mut indicator = indicators::tests::active(indicators::tests::draft());
        // Owner 5, collector 6, analyst 7.
        let change = hand(6, 9).apply(indicator.clone(), &facts, &by, at()).unwrap();
        assert_eq!((change.verb(), change.reason()), ("amended", Some("Left")));
        let after = change.into_after();
        assert_eq!((after.owner, after.collector, after.analyst), (Some(member(5)), Some(member(9)), Some(member(7))));
        indicator.analyst = indicator.owner;
        let after = hand(5, 9).apply(indicator, &facts, &by, at()).unwrap().into_after();
        assert_eq!((after.owner, after.collector, after.analyst), (Some(member(9)), Some(member(6)), Some(member(9))));
        let parts: Vec<_> = after.responsibilities().into_iter().map(|named| (named.part, named.member)).collect();
        assert_eq!(
            parts,
            [(Part::Owner, member(9)), (Part::Collector, member(6)), (Part::Analyst, member(9))],
            "each as what"
        );
    }

    #[test]
    fn what_names_nobody_else_or_is_over_stays() {
        let by = person(1, &[Role::IsmsManager]);
        let indicator = indicators::tests::active(indicators::tests::draft());
        let facts = indicators::Facts { today: at().date_naive(), ..Default::default() };
        assert_eq!(code(hand(8, 9).apply(indicator.clone(), &facts, &by, at())), "nothing_to_hand_over");
        let retired = indicator.retire("replaced".into(), &facts, &by, at()).unwrap().into_after();
        assert_eq!(retired.responsibilities(), []);
        assert_eq!(code(hand(5, 9).apply(retired, &facts, &by, at())), "nothing_to_hand_over");
        let template = change_templates::tests::approved();
        let facts = change_templates::Facts::default();
        assert_eq!(code(hand(1, 9).apply(template, &facts, &by, at())), "nothing_to_hand_over");
        assert_eq!(improvements::tests::declined().responsibilities(), []);
    }

    #[test]
    fn each_record_asks_for_its_own_right() {
        let management = person(2, &[Role::Management]);
        let policy = policies::tests::published(policies::tests::draft());
        let owner = policy.owner;
        let hand = HandOver { from: owner, ..hand(0, 4) };
        let facts = policies::Facts::default();
        assert_eq!(hand.apply(policy.clone(), &facts, &management, at()), Err(Refusal::Forbidden));
        assert_eq!(reasons(Refusal::Forbidden)[0].code, "forbidden");
        let manager = person(1, &[Role::IsmsManager]);
        assert_eq!(hand.apply(policy, &facts, &manager, at()).unwrap().after().owner, member(4));
    }
}
