//! The verbs, the amendment, and what happens by itself.

use super::{DisabledBecause, Facts, Found, OVERLAP_HOURS, Payload, Reach, Stage, StageName, Verb, WebhookEndpoint};
use crate::access::{Actor, is_the_program};
use crate::change::{Change, Lifecycle};
use crate::refusal::{Reason, Refusal};
use crate::text;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// That the secret was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// When.
    pub at: DateTime<Utc>,
    /// Until when the one before signs, too.
    pub overlaps_until: DateTime<Utc>,
}

/// What a PATCH may say: `None` is "leave as it is".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Terms` say it")]
pub struct Amendment {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    pub payload: Option<Payload>,
}

impl WebhookEndpoint {
    /// Changes what it is: it holds for what is sent from now on. `found` is what the host of a new address
    /// is.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(
        self,
        input: Amendment,
        (reach, found): (&Reach, &Found),
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { url, description, events, payload } = input;
        let mut after = self.clone();
        let (terms, place) = (&mut after.terms, url.is_some().then_some((reach, found)));
        terms.url = url.unwrap_or_else(|| terms.url.clone());
        terms.description = description.unwrap_or_else(|| terms.description.clone());
        terms.events = events.unwrap_or_else(|| terms.events.clone());
        terms.payload = payload.unwrap_or(terms.payload);
        terms.faults(place).refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Events wait until it is resumed.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn pause(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Pause, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Paused { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "paused", at).because(reason))
    }

    /// Events are sent again.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn resume(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Resume, facts, by)?;
        let after = Self { stage: Stage::Active, ..self.clone() };
        Ok(Change::of(self, after, "resumed", at))
    }

    /// It signs with a new secret, and for some hours with the one before beside it.
    ///
    /// # Errors
    /// The guard's refusal, or hours that are out of range.
    pub fn rotate_secret(
        self,
        overlap_hours: Option<i64>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::RotateSecret, facts, by)?;
        let (most, usual) = OVERLAP_HOURS;
        let hours = overlap_hours.unwrap_or(usual);
        text::graded("/overlap_hours", hours, 0..=most).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let rotation = Rotation { at, overlaps_until: at + TimeDelta::hours(hours) };
        let after = Self { rotation: Some(rotation), ..self.clone() };
        Ok(Change::of(self, after, "secret_rotated", at))
    }

    /// A test is sent to it.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn test(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Test, facts, by)?;
        let after = self.clone();
        Ok(Change::of(self, after, "tested", at))
    }

    /// One event is sent to it again.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn resend(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Resend, facts, by)?;
        let after = self.clone();
        Ok(Change::of(self, after, "resent", at))
    }

    /// Events of the past are sent to it again.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn replay(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Replay, facts, by)?;
        let after = self.clone();
        Ok(Change::of(self, after, "replayed", at))
    }

    /// Nothing is sent to it any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Retired { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }

    /// Events wait, because the receiver does not take them: the program says so, and nobody else.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or it is not active.
    pub fn disable(self, because: DisabledBecause, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        match self.stage.name() {
            StageName::Active => {}
            stage @ (StageName::Paused | StageName::Disabled | StageName::Retired) => {
                return Err(Refusal::State(vec![Reason::wrong_state("a webhook endpoint", stage, "disable")]));
            }
        }
        let after = Self { stage: Stage::Disabled { because, at }, ..self.clone() };
        Ok(Change::of(self, after, "disabled", at).because(because.words().to_owned()))
    }
}
