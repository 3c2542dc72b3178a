//! The verbs: each asks its guard, checks its input and names what follows.

use super::lifecycle::ARTICLED;
use super::{Assessment, EmployeeReport, Ending, Kind, Message, Party, Stage, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle, Record};
use crate::reference::Target;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, Utc};

/// A conversation has at most so many messages.
pub const MESSAGES: usize = 100;

/// What `triage` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triage {
    /// What it is taken for, in words that the reporter reads.
    pub assessment: String,
    /// What it is, where the reporter was mistaken.
    pub kind: Option<Kind>,
}

/// A case that has come of a report, and the report, linked.
#[derive(Debug)]
pub struct Converted<C> {
    /// The case; to be stored first.
    pub case: Change<C>,
    /// The report, which names it.
    pub report: Change<EmployeeReport>,
}

impl EmployeeReport {
    /// Somebody has looked at it and says what it is.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the assessment.
    pub fn triage(self, input: Triage, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Triage, &(), by)?;
        let Triage { assessment, kind } = input;
        one("/assessment", &assessment)?;
        let assessment = Assessment { text: assessment, at, by: by.member() };
        let kind = kind.unwrap_or(self.kind);
        let after = Self { kind, stage: Stage::Triaged { assessment }, ..self.clone() };
        Ok(Change::of(self, after, "triaged", at))
    }

    /// Asks the reporter something.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the question.
    pub fn ask(self, question: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Ask, &(), by)?;
        one("/question", &question)?;
        Ok(self.said(Message { from: Party::Handler, text: question, at, by: by.member() }, "asked", at))
    }

    /// The reporter answers everything that was asked since the last answer.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the text.
    pub fn answer(self, text: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Answer, &(), by)?;
        one("/text", &text)?;
        Ok(self.said(Message { from: Party::Reporter, text, at, by: by.member() }, "answered", at))
    }

    fn said(self, message: Message, verb: &'static str, at: DateTime<Utc>) -> Change<Self> {
        let mut after = self.clone();
        after.messages.push(message);
        Change::of(self, after, verb, at)
    }

    /// A case comes of it; where the case stands in the input is its maker's to say.
    ///
    /// # Errors
    /// The guard's refusal, the case's, or every fault of the input.
    pub fn convert<C: Record>(
        self,
        case: Result<Change<C>, Refusal>,
        answer: String,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Converted<C>, Refusal> {
        let assessment = self.assessed(Verb::Convert, by)?;
        let mut faults = Faults::default();
        let case = match case {
            Ok(case) => Some(case),
            Err(Refusal::Invalid(found)) => {
                found.into_iter().for_each(|fault| faults.push(fault));
                None
            }
            Err(refusal @ (Refusal::Forbidden | Refusal::State(_))) => return Err(refusal),
        };
        let ending = ending(answer, by, at, &mut faults);
        faults.refuse()?;
        // Without a fault both are there.
        let (Some(case), Some(ending)) = (case, ending) else { return Err(Refusal::Invalid(Vec::new())) };
        let stage = Stage::Converted { assessment, case: Target::of(case.after()), ending };
        let after = Self { stage, ..self.clone() };
        Ok(Converted { case, report: Change::of(self, after, "converted", at) })
    }

    /// Nothing comes of it; the reporter is told why.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the answer.
    pub fn decline(self, answer: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let assessment = self.assessed(Verb::Decline, by)?;
        one("/answer", &answer)?;
        let ending = Ending { answer: answer.clone(), at, by: by.member() };
        let after = Self { stage: Stage::Declined { assessment, ending }, ..self.clone() };
        Ok(Change::of(self, after, "declined", at).because(answer))
    }

    /// Another report, which is none itself, says the same; the reporter is told so.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn mark_duplicate(
        self,
        of: &Self,
        answer: String,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        let assessment = self.assessed(Verb::MarkDuplicate, by)?;
        let mut faults = Faults::default();
        if of.id() == self.id() {
            faults.push(Fault::new("/of", "itself", "must be another report"));
        } else if matches!(of.stage, Stage::Duplicate { .. }) {
            faults.push(Fault::new("/of", "duplicate", "is a duplicate itself: name the one that it repeats"));
        }
        let ending = ending(answer, by, at, &mut faults);
        faults.refuse()?;
        let Some(ending) = ending else { return Err(Refusal::Invalid(Vec::new())) };
        let after = Self { stage: Stage::Duplicate { assessment, of: of.id(), ending }, ..self.clone() };
        Ok(Change::of(self, after, "marked_duplicate", at))
    }

    /// The guard of a verb that ends it, and what it was taken for.
    fn assessed(&self, verb: Verb, by: &Actor) -> Result<Assessment, Refusal> {
        self.may(verb, &(), by)?;
        let wrong_state = || Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), verb)]);
        self.assessment().cloned().ok_or_else(wrong_state)
    }
}

fn ending(answer: String, by: &Actor, at: DateTime<Utc>, faults: &mut Faults) -> Option<Ending> {
    faults.keep(text::narrative("/answer", &answer))?;
    Some(Ending { answer, at, by: by.member() })
}

/// Refuses the only text of an input.
fn one(pointer: &str, text: &str) -> Result<(), Refusal> {
    text::narrative(pointer, text).map(drop).map_err(|fault| Refusal::Invalid(vec![fault]))
}
