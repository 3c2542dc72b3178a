//! The checklist: what is asked, how it is found out, and what was found. It is made from clauses, controls, processes and
//! documents, and from what earlier audits left.

use super::{Audit, Check, Facts, Outcome, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle};
use crate::id::{AuditId, FindingId, ProcessId};
use crate::reference::Target;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// At most so many items of one audit.
pub const ITEMS: usize = 300;

/// What an earlier audit left to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedFrom {
    /// Which audit.
    pub audit: AuditId,
    /// The finding that is looked at again.
    #[serde(default)]
    pub finding: Option<FindingId>,
    /// The item that was not checked.
    #[serde(default)]
    pub item: Option<i64>,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// From 1; never used twice.
    pub number: i64,
    /// The clause or control it is about.
    #[serde(default)]
    pub requirement: Option<String>,
    /// The process it is about.
    #[serde(default)]
    pub process: Option<ProcessId>,
    /// Records it is about: a policy, what was sampled, the case of an earlier finding.
    #[serde(default)]
    pub records: Vec<Target>,
    /// What is asked.
    pub question: String,
    /// How it is found out.
    #[serde(default)]
    pub how: Option<String>,
    /// What an earlier audit left.
    #[serde(default)]
    pub carried_from: Option<CarriedFrom>,
    /// What was found.
    #[serde(default)]
    pub check: Option<Check>,
}

impl Item {
    /// What it came to so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.check.as_ref().map_or(Outcome::NotChecked, |check| check.outcome)
    }

    /// Whether it has neither a result nor a reason for having none.
    pub(super) fn is_open(&self) -> bool {
        self.check.is_none()
    }
}

/// An item to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemDraft {
    /// The clause or control it is about.
    pub requirement: Option<String>,
    /// The process it is about; that it exists is the caller's to check, here and below.
    pub process: Option<ProcessId>,
    /// Records it is about.
    pub records: Vec<Target>,
    /// What is asked.
    pub question: String,
    /// How it is found out.
    pub how: Option<String>,
}

impl ItemDraft {
    fn note_faults(&self, pointer: &str, faults: &mut Faults) {
        let Self { requirement, process, records, question, how } = self;
        if let Some(requirement) = requirement {
            faults.keep(text::requirement(&format!("{pointer}/requirement"), requirement));
        }
        if requirement.is_none() && process.is_none() && records.is_empty() {
            let detail = "says what it is about: a clause or control, a process, or records";
            faults.push(Fault::new(format!("{pointer}/requirement"), "required", detail));
        }
        super::few_and_once(&format!("{pointer}/records"), records, faults);
        faults.keep(text::narrative(&format!("{pointer}/question"), question));
        if let Some(how) = how {
            faults.keep(text::narrative(&format!("{pointer}/how"), how));
        }
    }
}

impl Audit {
    /// The item of that number.
    #[must_use]
    pub fn item(&self, number: i64) -> Option<&Item> {
        self.items.iter().find(|item| item.number == number)
    }

    pub(super) fn known_item(&self, number: i64) -> Result<&Item, Refusal> {
        self.item(number).ok_or_else(|| Refusal::invalid("/item", "unknown_item", "must be the number of an item"))
    }

    /// Appends an item; a number is never used twice.
    pub(super) fn append(&mut self, draft: ItemDraft, carried_from: Option<CarriedFrom>) {
        let ItemDraft { requirement, process, records, question, how } = draft;
        self.last_item += 1;
        let number = self.last_item;
        self.items.push(Item { number, requirement, process, records, question, how, carried_from, check: None });
    }

    /// Adds items.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn add_items(
        self,
        items: Vec<ItemDraft>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::AddItems, facts, by)?;
        let mut faults = Faults::default();
        if items.is_empty() {
            faults.push(Fault::new("/items", "length", "must have at least one item"));
        }
        for (index, item) in items.iter().enumerate() {
            item.note_faults(&format!("/items/{index}"), &mut faults);
        }
        if self.items.len() + items.len() > ITEMS {
            faults.push(Fault::new("/items", "length", format!("a checklist has at most {ITEMS} items")));
        }
        faults.refuse()?;
        let mut after = self.clone();
        items.into_iter().for_each(|draft| after.append(draft, None));
        Ok(Change::of(self, after, "items_added", at))
    }

    /// Rewords an item that nobody has checked yet.
    ///
    /// # Errors
    /// The guard's refusal, an item that is checked, or every fault of the input.
    pub fn revise_item(
        self,
        (number, draft): (i64, ItemDraft),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::ReviseItem, facts, by)?;
        if !self.known_item(number)?.is_open() {
            let detail = "an item that was checked is not reworded: add another one";
            return Err(Refusal::State(vec![Reason::new("item_is_checked", detail)]));
        }
        let mut faults = Faults::default();
        draft.note_faults("", &mut faults);
        faults.refuse()?;
        let mut after = self.clone();
        if let Some(item) = after.items.iter_mut().find(|item| item.number == number) {
            let ItemDraft { requirement, process, records, question, how } = draft;
            (item.requirement, item.process, item.records) = (requirement, process, records);
            (item.question, item.how) = (question, how);
        }
        Ok(Change::of(self, after, "item_revised", at))
    }

    /// Takes an item out that nobody has checked and no earlier audit has left.
    ///
    /// # Errors
    /// The guard's refusal, an item that stays, or a blank reason.
    pub fn drop_item(
        self,
        (number, reason): (i64, String),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::DropItem, facts, by)?;
        let item = self.known_item(number)?;
        let mut reasons = Vec::new();
        if !item.is_open() {
            reasons.push(Reason::new("item_is_checked", "an item that was checked stays"));
        }
        if item.carried_from.is_some() {
            reasons.push(Reason::new("item_is_carried", "what an earlier audit left is looked at, or said why not"));
        }
        if !reasons.is_empty() {
            return Err(Refusal::State(reasons));
        }
        text::reason(&reason)?;
        let mut after = self.clone();
        after.items.retain(|item| item.number != number);
        Ok(Change::of(self, after, "item_dropped", at).because(reason))
    }
}
