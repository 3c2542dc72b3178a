//! What is asked: a question for each clause, applicable control, process and document that the audit is held against.

use super::{Audit, Facts, ITEMS, Item, ItemDraft, Verb};
use crate::access::Actor;
use crate::applicabilities::{Applicability, Stage as ApplicabilityStage};
use crate::catalogue::{self, Question, Requirement};
use crate::change::{Change, Lifecycle};
use crate::processes::Process;
use crate::reference::{Reference, Target};
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, Utc};

/// A record that says what is required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which.
    pub record: Target,
    /// Its reference.
    pub reference: Reference,
    /// The line by which people know it.
    pub title: Option<String>,
}

/// What a checklist is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// What was said of the controls.
    pub statement: Vec<Applicability>,
    /// The processes among the criteria.
    pub processes: Vec<Process>,
    /// The documents among them.
    pub documents: Vec<Document>,
}

impl ItemDraft {
    /// What is asked of a clause or control.
    fn of_requirement(requirement: &Requirement, asked: &Question, implementation: Option<&str>) -> Self {
        let Requirement { number, label, area: _ } = *requirement;
        let (question, how) = (format!("{number} ({label}): {}", asked.question), asked.look_at.to_owned());
        let how = match implementation {
            Some(implementation) => format!("{how}. Said to be done: {implementation}"),
            None => how,
        };
        let how = Some(how.chars().take(text::NARRATIVE).collect());
        Self { requirement: Some(number.to_owned()), question, how, ..Self::default() }
    }

    fn of_process(process: &Process) -> Self {
        Self {
            process: Some(process.id()),
            question: format!("{}: is the process run as described, and does it reach its purpose?", process.name),
            how: Some("Follow one case through the process, ask who runs it, compare with its description".to_owned()),
            ..Self::default()
        }
    }

    fn of_document(document: &Document) -> Self {
        let Document { record, reference, title } = document;
        let title = title.as_ref().map(|title| format!(" ({title})")).unwrap_or_default();
        Self {
            records: vec![*record],
            question: format!("{reference}{title}: is it known to whom it concerns, and is what it says done?"),
            how: Some("Read it, ask those whom it binds, compare with what they do".to_owned()),
            ..Self::default()
        }
    }
}

impl Sources {
    /// A question for each clause and control among the criteria that was not excluded.
    fn of_requirements(&self, audit: &Audit) -> Vec<ItemDraft> {
        let wanted = catalogue::leaves().filter(|leaf| audit.criteria.cover(Some(leaf.number), None));
        let drafted = wanted.filter_map(|leaf| {
            let said = self.statement.iter().find(|said| said.control == leaf.number).map(|said| &said.stage);
            let asked = catalogue::question(leaf.number)?;
            match said {
                Some(ApplicabilityStage::Excluded) => None,
                Some(ApplicabilityStage::Applicable { implementation, status: _ }) => {
                    Some(ItemDraft::of_requirement(leaf, asked, implementation.as_deref()))
                }
                None => Some(ItemDraft::of_requirement(leaf, asked, None)),
            }
        });
        drafted.collect()
    }

    /// A question for each of the criteria.
    fn questions(&self, audit: &Audit) -> Vec<ItemDraft> {
        let run = self.processes.iter().filter(|process| audit.criteria.processes.contains(&process.id()));
        let read = self.documents.iter().filter(|document| audit.criteria.documents.contains(&document.record));
        let requirements = self.of_requirements(audit).into_iter();
        requirements.chain(run.map(ItemDraft::of_process)).chain(read.map(ItemDraft::of_document)).collect()
    }
}

impl Item {
    /// Whether it asks about the same, and not only whether an earlier finding is settled.
    fn asks(&self, draft: &ItemDraft) -> bool {
        let looks_again = self.carried_from.as_ref().is_some_and(|carried| carried.finding.is_some());
        let about = match (&draft.requirement, draft.process) {
            (Some(requirement), _) => self.requirement.as_ref() == Some(requirement),
            (None, Some(process)) => self.process == Some(process),
            (None, None) => draft.records.iter().all(|record| self.records.contains(record)),
        };
        about && !looks_again
    }
}

impl Audit {
    /// Asks one question for each clause, applicable control, process and document among the criteria that has no item
    /// yet.
    ///
    /// # Errors
    /// The guard's refusal; everything has its item, or there would be more than [`ITEMS`].
    pub fn generate_checklist(
        self,
        sources: &Sources,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::GenerateChecklist, facts, by)?;
        let mut drafts = sources.questions(&self);
        drafts.retain(|draft| !self.items.iter().any(|item| item.asks(draft)));
        if drafts.is_empty() {
            let detail = "every clause, applicable control, process and document of the criteria has its item";
            return Err(Refusal::state("nothing_to_add", detail));
        }
        if self.items.len() + drafts.len() > ITEMS {
            let detail = format!("a checklist has at most {ITEMS} items: narrow the criteria");
            return Err(Refusal::state("too_many_items", detail));
        }
        let mut after = self.clone();
        drafts.into_iter().for_each(|draft| after.append(draft, None));
        Ok(Change::of(self, after, "checklist_generated", at))
    }
}
