//! What comes of a review: decisions with what they make, conclusions, approved minutes and the next review.

use super::{
    Addendum, Approval, Conclusions, Decision, DecisionKind, Facts, ManagementReview, Meeting, Period, ReviewDraft,
    Stage, Verb,
};
use crate::access::Actor;
use crate::actions::{Action, ActionDraft, Kind, Priority};
use crate::change::{Birth, Change, Head, Lifecycle, Record};
use crate::changes::{ChangeDraft, Description, PlannedChange, What};
use crate::id::{ManagementReviewId, MemberId};
use crate::improvements::{Improvement, ImprovementDraft};
use crate::journal::leaf::canonical;
use crate::nonconformities::Source;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What a decision raises beside its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Raises {
    /// An improvement, for the register: to be judged by its benefit [10.1].
    Improvement,
    /// A draft of a change: to be assessed and approved [6.3].
    Change,
}

impl Raises {
    /// What is raised.
    #[must_use]
    pub fn kind(self) -> Prefix {
        match self {
            Self::Improvement => Improvement::PREFIX,
            Self::Change => PlannedChange::PREFIX,
        }
    }
}

/// What `decide` needs [9.3.3].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decide {
    /// What it is about.
    pub kind: DecisionKind,
    /// What is to happen; its first line names the action.
    pub text: String,
    /// Who sees to it; that the member exists is the caller's to check.
    pub responsible: MemberId,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// What it raises beside the action.
    pub raises: Option<Raises>,
}

/// A record that a decision raised beside its action.
#[derive(Debug)]
pub enum Raised {
    /// An improvement.
    Improvement(Box<Change<Improvement>>),
    /// A change.
    Change(Box<Change<PlannedChange>>),
}

/// A decision and what it made.
#[derive(Debug)]
pub struct Decided {
    /// The review with the decision in its minutes.
    pub review: Change<ManagementReview>,
    /// What somebody does about it.
    pub action: Change<Action>,
    /// What was raised beside it.
    pub raised: Option<Raised>,
}

impl Raised {
    fn target(&self) -> Target {
        match self {
            Self::Improvement(raised) => Target::of(raised.after()),
            Self::Change(raised) => Target::of(raised.after()),
        }
    }
}

/// For what a decision makes.
#[derive(Debug, Clone, Copy)]
pub struct Births {
    /// For its action.
    pub action: Birth,
    /// For what is raised beside it.
    pub raised: Option<Birth>,
}

/// What `approve` needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approve {
    /// Why nothing had to be decided; needed only when nothing was.
    pub no_decision_because: Option<String>,
}

/// Approved minutes and the next review.
#[derive(Debug)]
pub struct Approved {
    /// The review.
    pub review: Change<ManagementReview>,
    /// The review after it.
    pub next: Option<Change<ManagementReview>>,
}

impl ManagementReview {
    /// Something is decided, and somebody does something about it: both or neither. The births are for the action and for
    /// what is raised beside it; without the second nothing is.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn decide(self, input: Decide, facts: &Facts, by: &Actor, births: Births) -> Result<Decided, Refusal> {
        self.may(Verb::Decide, facts, by)?;
        let mut meeting = self.open_meeting(Verb::Decide)?;
        let (Births { action: birth, raised }, at) = (births, births.action.at);
        let Decide { kind, text, responsible, due_on, raises } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/text", &text));
        faults.keep(text::day_to_come("/due_on", due_on, facts.today));
        faults.refuse()?;
        let draft = ActionDraft {
            title: headline(&text),
            description: Some(text.clone()),
            kind: Kind::ReviewOutput,
            parent: Target::of(&self),
            attempt: 0,
            assignee: responsible,
            due_on,
            priority: Priority::Medium,
            done_criteria: None,
            indicators: Vec::new(),
        };
        let action = Action::plan_for(draft, facts.today, by, birth)?;
        let raised = raises.zip(raised).map(|(raises, birth)| self.raise(raises, &text, responsible, by, birth));
        let raised = raised.transpose()?;
        let mut made = vec![Target::of(action.after())];
        made.extend(raised.as_ref().map(Raised::target));
        let number = meeting.decisions.last().map_or(1, |decision| decision.number.saturating_add(1));
        meeting.decisions.push(Decision { number, kind, text, responsible, due_on, made });
        Ok(Decided { review: self.with_minutes(meeting, "decided", at), action, raised })
    }

    fn raise(
        &self,
        raises: Raises,
        text: &str,
        responsible: MemberId,
        by: &Actor,
        birth: Birth,
    ) -> Result<Raised, Refusal> {
        let (title, description, origin) = (headline(text), text.to_owned(), Some(Target::of(self)));
        match raises {
            Raises::Improvement => {
                let draft = ImprovementDraft {
                    title,
                    description,
                    source: Source::Review,
                    origin,
                    proposer: None,
                    expected_benefit: None,
                    measure: None,
                    effort: None,
                    value: None,
                };
                Improvement::propose(draft, by, birth).map(|raised| Raised::Improvement(Box::new(raised)))
            }
            Raises::Change => {
                let what = What::Normal(Description {
                    purpose: format!("Decided by management review {}", self.head.reference),
                    description,
                    requirements: Vec::new(),
                    indicators: Vec::new(),
                });
                let (particulars, affected) = (None, Vec::new());
                let draft = ChangeDraft { title, what, particulars, owner: responsible, affected, origin };
                PlannedChange::request(draft, by, birth).map(|raised| Raised::Change(Box::new(raised)))
            }
        }
    }

    /// Says whether the system is suitable, adequate and effective [9.3.1]; said again, it replaces what was said.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn conclude(
        self,
        conclusions: Conclusions,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Conclude, facts, by)?;
        let mut meeting = self.open_meeting(Verb::Conclude)?;
        let Conclusions { suitability, adequacy, effectiveness } = &conclusions;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/suitability", suitability));
        faults.keep(text::narrative("/adequacy", adequacy));
        faults.keep(text::narrative("/effectiveness", effectiveness));
        faults.refuse()?;
        meeting.conclusions = Some(conclusions);
        Ok(self.with_minutes(meeting, "concluded", at))
    }

    /// Locks the minutes and schedules the next review, unless one is scheduled: `birth` is for that one.
    ///
    /// # Errors
    /// The guard's refusal; nothing was decided and nobody says why.
    pub fn approve(
        self,
        input: Approve,
        facts: &Facts,
        by: &Actor,
        (birth, at): (Option<Birth>, DateTime<Utc>),
    ) -> Result<Approved, Refusal> {
        self.may(Verb::Approve, facts, by)?;
        let meeting = self.open_meeting(Verb::Approve)?;
        let Some(chair) = by.member() else { return Err(self.wrong_state(Verb::Approve)) };
        let Approve { no_decision_because } = input;
        let mut faults = Faults::default();
        match (&no_decision_because, meeting.decisions.is_empty()) {
            (Some(reason), true) => drop(faults.keep(text::narrative("/no_decision_because", reason))),
            (None, true) => {
                let detail = "nothing is decided: decide, or say why nothing has to be";
                faults.push(Fault::new("/no_decision_because", "required", detail));
            }
            (Some(_), false) => {
                let detail = "something is decided: leave it out";
                faults.push(Fault::new("/no_decision_because", "not_applicable", detail));
            }
            (None, false) => {}
        }
        faults.refuse()?;
        let next = birth.map(|birth| self.next(&meeting, facts, by, birth));
        let approval = Approval {
            minutes_digest: self.minutes_digest(&meeting, no_decision_because.as_deref())?,
            no_decision_because,
            next: birth.map(|birth| ManagementReviewId(birth.id)),
            at,
            by: chair,
        };
        let after = Self { stage: Stage::Approved { meeting, approval, addenda: Vec::new() }, ..self.clone() };
        Ok(Approved { review: Change::of(self, after, "approved", at), next })
    }

    /// It is not held, or can decide nothing.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn cancel(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Cancel, facts, by)?;
        text::reason(&reason)?;
        let meeting = self.meeting().cloned();
        let stage = Stage::Cancelled { meeting, reason: reason.clone(), at, by: by.member() };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "cancelled", at).because(reason))
    }

    /// Adds to approved minutes what has to be known beside them; they themselves stay as they are.
    ///
    /// # Errors
    /// The guard's refusal, or a blank text.
    pub fn add_addendum(
        self,
        text: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::AddAddendum, facts, by)?;
        let Stage::Approved { meeting, approval, mut addenda } = self.stage.clone() else {
            return Err(self.wrong_state(Verb::AddAddendum));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/text", &text));
        faults.refuse()?;
        addenda.push(Addendum { text, at, by: by.member() });
        let after = Self { stage: Stage::Approved { meeting, approval, addenda }, ..self.clone() };
        Ok(Change::of(self, after, "addendum_added", at))
    }

    /// SHA-256, hexadecimal, over the canonical JSON (RFC 8785) of what the chair approves: the period, the digest of the
    /// inputs that were looked at, the meeting with everything said and decided, and why nothing had to be decided.
    ///
    /// # Errors
    /// [`Refusal::State`] when it cannot be written as canonical JSON.
    pub fn minutes_digest(&self, meeting: &Meeting, no_decision_because: Option<&str>) -> Result<String, Refusal> {
        let minutes = json!({
            "title": self.title,
            "period": self.period,
            "inputs": self.snapshots.last().map(|seal| &seal.digest),
            "meeting": meeting,
            "no_decision_because": no_decision_because,
        });
        let bytes = canonical(&minutes).map_err(|error| Refusal::state("unwritable_minutes", error.to_string()))?;
        Ok(hex::encode(Sha256::digest(bytes)))
    }

    /// The review after this one, an interval after the meeting: with the same people, about the time since.
    fn next(&self, meeting: &Meeting, facts: &Facts, by: &Actor, birth: Birth) -> Change<Self> {
        let interval = Months::new(facts.rules.interval_months);
        let scheduled_on = meeting.held_on.checked_add_months(interval).unwrap_or(NaiveDate::MAX);
        let from = self.period.until.succ_opt().unwrap_or(NaiveDate::MAX);
        let draft = ReviewDraft {
            title: format!("Management review of {}", scheduled_on.format("%Y-%m")),
            scheduled_on,
            period: Period { from, until: scheduled_on.max(from) },
            chair: self.chair,
            attendees: self.attendees.clone(),
        };
        Change::born(Self::drafted(draft, Head::born(by, birth), Some(self.id())), "scheduled")
    }
}

/// The first line of a text, cut to the length of a title.
fn headline(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(text::TITLE).collect()
}
