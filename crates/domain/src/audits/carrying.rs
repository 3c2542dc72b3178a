//! What earlier audits left: findings to be looked at again, and items that nobody has checked. The next audit of the
//! same scope starts with them as items, so that nothing is forgotten between two audits.

use super::{Audit, CarriedFrom, Facts, Item, ItemDraft, Kind, Outcome, Stage, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle, Record};
use crate::findings::Finding;
use crate::id::FindingId;
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, Utc};

/// What earlier audits left, as far as no audit has taken it over.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// Findings of reported audits.
    pub findings: Vec<Finding>,
    /// Their audits, and those with items that were not checked.
    pub audits: Vec<Audit>,
}

/// An audit that has begun, and what it has taken over from where.
#[derive(Debug)]
pub struct Started {
    /// The audit.
    pub audit: Change<Audit>,
    /// Findings that it looks at again.
    pub findings: Vec<Change<Finding>>,
    /// Audits whose items it takes over.
    pub audits: Vec<Change<Audit>>,
}

impl Audit {
    /// Whether it looks again at what the earlier audit left. Outsiders' audits bring their own checklist.
    fn follows(&self, earlier: &Self) -> bool {
        match (self.kind, earlier.kind) {
            (Kind::Internal, Kind::Internal | Kind::External | Kind::Certification | Kind::Surveillance) => true,
            (Kind::Supplier, Kind::Supplier) => self.supplier == earlier.supplier,
            (Kind::Internal, Kind::Supplier)
            | (Kind::Supplier, Kind::Internal | Kind::External | Kind::Certification | Kind::Surveillance)
            | (
                Kind::External | Kind::Certification | Kind::Surveillance,
                Kind::Internal | Kind::External | Kind::Certification | Kind::Surveillance | Kind::Supplier,
            ) => false,
        }
    }

    /// Items that a later audit is to take over: those that were not checked; of a cancelled audit, those that it had
    /// taken over itself.
    fn left_over(&self) -> impl Iterator<Item = &Item> {
        let is_left = |item: &Item| match self.stage {
            Stage::Planned | Stage::InProgress { .. } => false,
            Stage::Reported { .. } | Stage::Closed { .. } => item.outcome() == Outcome::NotChecked,
            Stage::Cancelled { .. } => item.carried_from.is_some(),
        };
        self.items.iter().filter(move |item| {
            self.kind.is_own() && is_left(item) && !self.carried.iter().any(|(number, _)| *number == item.number)
        })
    }

    /// Whether an item that the earlier audit left lies within this one; of one that is about records alone, what both
    /// audits are held against decides.
    fn takes_over(&self, item: &Item, earlier: &Self) -> bool {
        match (item.requirement.as_deref(), item.process) {
            (None, None) => self.criteria.overlap(&earlier.criteria),
            (requirement, process) => self.criteria.cover(requirement, process),
        }
    }

    /// Whether a later audit has something to take over.
    #[must_use]
    pub fn carries_over(&self) -> bool {
        self.left_over().next().is_some()
    }

    /// It begins, with what earlier audits of the same scope have left as items to look at again.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn start(self, earlier: Earlier, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Started, Refusal> {
        self.may(Verb::Start, facts, by)?;
        let mut after = Self { stage: Stage::InProgress { since: at }, ..self.clone() };
        let Earlier { findings, audits } = earlier;
        let mut again = Vec::new();
        for finding in findings {
            let followed = audits.iter().any(|audit| audit.id() == finding.audit && self.follows(audit));
            if followed && self.criteria.cover(finding.requirement.as_deref(), finding.process) {
                after.take_over_finding(&finding);
                again.push(finding.carried_to(self.id(), at));
            }
        }
        let mut emptied = Vec::new();
        for audit in audits.into_iter().filter(|audit| audit.head.id != self.head.id && self.follows(audit)) {
            let left: Vec<Item> = audit.left_over().filter(|item| self.takes_over(item, &audit)).cloned().collect();
            if left.is_empty() {
                continue;
            }
            let mut passed = audit.clone();
            for item in left {
                passed.carried.push((item.number, self.id()));
                after.take_over_item(&audit, item);
            }
            emptied.push(Change::of(audit, passed, "items_carried", at));
        }
        Ok(Started { audit: Change::of(self, after, "started", at), findings: again, audits: emptied })
    }

    fn take_over_finding(&mut self, finding: &Finding) {
        let grade = finding.grade.map_or("", <&str>::from);
        let question =
            format!("{} ({grade}), {}: is it settled, and does it stay so?", finding.head.reference, finding.title);
        let draft = ItemDraft {
            requirement: finding.requirement.clone(),
            process: finding.process,
            records: finding.case().into_iter().collect(),
            question: question.chars().take(text::NARRATIVE).collect(),
            how: Some("See what was done about it, and look for it again where it was found".to_owned()),
        };
        let finding_id = FindingId(finding.head().id);
        self.append(draft, Some(CarriedFrom { audit: finding.audit, finding: Some(finding_id), item: None }));
    }

    fn take_over_item(&mut self, from: &Self, item: Item) {
        let Item { number, requirement, process, records, question, how, carried_from, check: _ } = item;
        let finding = carried_from.and_then(|carried| carried.finding);
        let draft = ItemDraft { requirement, process, records, question, how };
        self.append(draft, Some(CarriedFrom { audit: from.id(), finding, item: Some(number) }));
    }
}
