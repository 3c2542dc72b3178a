//! Preparing and holding a review: its plain fields, its inputs, the meeting.

use super::inputs::{Collected, Inputs, Snapshot, Statements};
use super::lifecycle::ARTICLED;
use super::{
    Consideration, Facts, Field, ManagementReview, Meeting, SnapshotSeal, Stage, Standing, Topic, Verb, note_people,
    touchable,
};
use crate::access::Actor;
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// What a PATCH may say; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `ManagementReview` say it")]
pub struct ReviewAmendment {
    pub title: Option<String>,
    pub scheduled_on: Option<NaiveDate>,
    pub period_from: Option<NaiveDate>,
    pub period_until: Option<NaiveDate>,
    pub chair: Option<MemberId>,
    pub attendees: Option<Vec<MemberId>>,
    pub present: Option<Vec<MemberId>>,
}

impl ReviewAmendment {
    fn touched(&self) -> impl Iterator<Item = Field> {
        let Self { title, scheduled_on, period_from, period_until, chair, attendees, present } = self;
        let touched = [
            (title.is_some(), Field::Title),
            (scheduled_on.is_some(), Field::ScheduledOn),
            (period_from.is_some(), Field::PeriodFrom),
            (period_until.is_some(), Field::PeriodUntil),
            (chair.is_some(), Field::ChairId),
            (attendees.is_some(), Field::AttendeeIds),
            (present.is_some(), Field::PresentIds),
        ];
        touched.into_iter().filter(|(is_touched, _)| *is_touched).map(|(_, field)| field)
    }
}

/// A review whose inputs were frozen, and what they were frozen into.
#[derive(Debug)]
pub struct Prepared {
    /// The review.
    pub review: Change<ManagementReview>,
    /// To be kept beside it under the number of its newest seal.
    pub snapshot: Snapshot,
}

/// What `hold` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// On which day; not before the inputs were frozen.
    pub held_on: NaiveDate,
    /// Who came; that the members exist is the caller's to check.
    pub present: Vec<MemberId>,
}

/// What was discussed of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consider {
    /// Which input.
    pub input: Topic,
    /// How it was dealt with.
    pub standing: Standing,
    /// What was discussed, or why there was nothing.
    pub discussion: String,
}

impl ManagementReview {
    /// A stage that the guard lets through but the command does not; see the same in nonconformities.
    pub(super) fn wrong_state(&self, verb: Verb) -> Refusal {
        Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), verb)])
    }

    /// The meeting, while its minutes are written.
    pub(super) fn open_meeting(&self, verb: Verb) -> Result<Meeting, Refusal> {
        match &self.stage {
            Stage::Held { meeting } => Ok(meeting.clone()),
            Stage::Scheduled | Stage::Prepared | Stage::Approved { .. } | Stage::Cancelled { .. } => {
                Err(self.wrong_state(verb))
            }
        }
    }

    pub(super) fn with_minutes(self, meeting: Meeting, verb: &'static str, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { stage: Stage::Held { meeting }, ..self.clone() };
        Change::of(self, after, verb, at)
    }

    /// Notes that its date has passed and it was not held, for whoever listens to events.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; its date has not passed, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let after = Self { fell_due_on: Some(self.scheduled_on), ..self.clone() };
        Ok(Change::of(self, after, "fell_due", at))
    }

    /// Changes plain fields, as far as its stage lets them be touched.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the amendment.
    pub fn amend(
        self,
        amendment: ReviewAmendment,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let stage = self.stage.name();
        let fixed: Vec<Field> = amendment.touched().filter(|field| !touchable(stage, *field)).collect();
        let ReviewAmendment { title, scheduled_on, period_from, period_until, chair, attendees, present } = amendment;
        let mut after = self.clone();
        after.title = title.unwrap_or(after.title);
        after.period.from = period_from.unwrap_or(after.period.from);
        after.period.until = period_until.unwrap_or(after.period.until);
        after.chair = chair.unwrap_or(after.chair);
        after.attendees = attendees.unwrap_or(after.attendees);
        let mut faults = after.faults();
        if let Some(day) = scheduled_on {
            faults.keep(text::day_to_come("/scheduled_on", day, facts.today));
            after.scheduled_on = day;
        }
        if let Some(present) = present {
            note_people("/present_ids", &present, &mut faults);
            if let Stage::Held { meeting } = &mut after.stage {
                meeting.present = present;
            }
        }
        for field in fixed {
            let (stage, field): (&str, &str) = (stage.into(), field.into());
            let detail = format!("cannot be amended while the review is {stage}");
            faults.push(Fault::new(format!("/{field}"), "not_in_this_stage", detail));
        }
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Freezes the inputs [9.3.2]: what was collected, and what people say to b, c and e. What they leave out stays as it
    /// was said before. It may be repeated until the meeting; every snapshot is kept, and none is computed again.
    ///
    /// # Errors
    /// The guard's refusal, every fault of the statements, or a figure that cannot be written exactly.
    pub fn prepare(
        self,
        statements: Statements,
        collected: Collected,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Prepared, Refusal> {
        self.may(Verb::Prepare, facts, by)?;
        statements.faults().refuse()?;
        let statements = statements.or(self.statements.clone());
        let inputs = Inputs { period: self.period, taken_on: facts.today, statements: statements.clone(), collected };
        let snapshot =
            Snapshot::of(&inputs).map_err(|error| Refusal::state("inexact_figure", format!("the inputs: {error}")))?;
        let mut after = Self { stage: Stage::Prepared, statements, ..self.clone() };
        after.snapshots.push(SnapshotSeal {
            number: self.snapshots.last().map_or(1, |seal| seal.number.saturating_add(1)),
            digest: snapshot.digest().to_owned(),
            period: self.period,
            taken_on: facts.today,
            taken_at: at,
            taken_by: by.member(),
        });
        Ok(Prepared { review: Change::of(self, after, "prepared", at), snapshot })
    }

    /// The meeting took place; its minutes are written from now on.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn hold(self, input: Hold, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Hold, facts, by)?;
        let Hold { held_on, present } = input;
        let mut faults = Faults::default();
        note_people("/present_ids", &present, &mut faults);
        let frozen_on = self.snapshots.last().map_or(facts.today, |seal| seal.taken_on);
        if held_on < frozen_on || held_on > facts.today {
            let detail = format!("must lie between {frozen_on}, when the inputs were frozen, and {}", facts.today);
            faults.push(Fault::new("/held_on", "out_of_range", detail));
        }
        faults.refuse()?;
        let (considerations, decisions, conclusions) = (Vec::new(), Vec::new(), None);
        let meeting = Meeting { held_on, present, considerations, decisions, conclusions };
        Ok(self.with_minutes(meeting, "held", at))
    }

    /// Inputs were dealt with [9.3.2]: said again, it replaces what was said of the same input.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn consider(
        self,
        inputs: Vec<Consider>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Consider, facts, by)?;
        let mut meeting = self.open_meeting(Verb::Consider)?;
        let mut faults = Faults::default();
        if inputs.is_empty() {
            faults.push(Fault::new("/inputs", "length", "must name 1 to 10 inputs"));
        }
        let mut named = Vec::new();
        for (index, Consider { input, standing, discussion }) in inputs.into_iter().enumerate() {
            let pointer = format!("/inputs/{index}");
            faults.keep(text::narrative(&format!("{pointer}/discussion"), &discussion));
            if named.contains(&input) {
                faults.push(Fault::new(format!("{pointer}/input"), "duplicate", "must name each input once"));
            }
            named.push(input);
            meeting.considerations.retain(|said| said.input != input);
            meeting.considerations.push(Consideration { input, standing, discussion });
        }
        faults.refuse()?;
        meeting.considerations.sort_by_key(|said| said.input);
        Ok(self.with_minutes(meeting, "considered", at))
    }
}
