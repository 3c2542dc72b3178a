//! The settings of an organisation: its time zone and working days, the link for anonymous reports, the duties that it keeps
//! apart, what follows from an emergency change that nobody approved, and how often and with how many it reviews its
//! management system. One record per organisation.
//!
//! An admin sets time zone and working days. A rule of separation is relaxed by management alone, since it is top
//! management that assigns responsibilities [5.3]; an admin may put it back in force. Nobody approves the admin's own work
//! by switching a rule off. Management says when it reviews the system, since the intervals are its own [9.3.1], and from
//! which day on the program is used.

#[cfg(test)]
pub(crate) mod tests;

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::separation::{Relaxation, Rule, Separation};
use crate::text;
use crate::working_days::Calendar;
use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Nobody plans further ahead to begin.
const LONGEST_LEAD: Days = Days::new(366);
/// An exception is thought over at least once a year.
const LONGEST_RELAXATION: Days = Days::new(366);

/// The settings of one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Identity and version.
    pub head: Head,
    /// What decisions depend on.
    #[serde(flatten)]
    pub rules: Rules,
}

/// What decisions depend on; the default holds until an organisation has settings of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Minutes east of Greenwich, -720 to 840; days begin and end by it.
    pub utc_offset_minutes: i32,
    /// The duties kept apart.
    #[serde(default)]
    pub separation: Separation,
    /// The secret part of the public link for anonymous reports; none while it is closed.
    #[serde(default)]
    pub report_link: Option<String>,
    /// The days in which short deadlines are counted.
    #[serde(default, skip_serializing_if = "Calendar::is_default")]
    pub calendar: Calendar,
    /// Whether an emergency change that nobody approved in time becomes a nonconformity [8.1].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unapproved_emergency_is_nonconformity: bool,
    /// When top management reviews the system.
    #[serde(default, skip_serializing_if = "ReviewRules::is_default")]
    pub reviews: ReviewRules,
    /// When the daily digests go out.
    #[serde(default, skip_serializing_if = "DigestHour::is_usual")]
    pub digest_hour: DigestHour,
    /// The day from which on the program is used: what happened before can be brought in as history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub go_live: Option<NaiveDate>,
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether any history was brought in.
    pub has_history: bool,
}

/// The hour from which the daily digests go out, in the organisation's time zone; none where they are not wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DigestHour(pub Option<u32>);

impl Default for DigestHour {
    fn default() -> Self {
        Self(Some(7))
    }
}

impl DigestHour {
    /// Whether nobody has chosen another one.
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// When top management reviews the system, and with how many [9.3.1].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRules {
    /// Months from one meeting to the next, 1 to 36.
    pub interval_months: u32,
    /// How many of the invited must come, in per cent, 1 to 100.
    pub quorum_percent: u8,
}

impl Default for ReviewRules {
    fn default() -> Self {
        Self { interval_months: 12, quorum_percent: 50 }
    }
}

impl ReviewRules {
    /// Whether nothing else was ever said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How many must come when so many are invited: the percentage, rounded up.
    #[must_use]
    pub fn quorum(&self, invited: usize) -> usize {
        invited.saturating_mul(usize::from(self.quorum_percent)).div_ceil(100)
    }
}

impl Rules {
    /// The day it is for the organisation.
    #[must_use]
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        let offset = FixedOffset::east_opt(self.utc_offset_minutes.saturating_mul(60));
        offset.map_or_else(|| now.date_naive(), |offset| now.with_timezone(&offset).date_naive())
    }

    /// The moment at which a day begins for the organisation.
    #[must_use]
    pub fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN).and_utc();
        let east = TimeDelta::minutes(self.utc_offset_minutes.into());
        midnight.checked_sub_signed(east).unwrap_or(midnight)
    }
}

/// What can be done to the settings.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// Say when days begin and end.
    SetTimeZone,
    /// Say from which hour the daily digests go out, or that none do.
    SetDigestHour,
    /// Open the public link for anonymous reports, or replace its address.
    OpenReportLink,
    /// Close the public link for anonymous reports.
    CloseReportLink,
    /// Say on which days the organisation works.
    SetWorkingDays,
    /// Say what follows from an emergency change that nobody approved in time.
    SetEmergencyChanges,
    /// Let exceptions from a rule of separation be documented.
    RelaxSeparation,
    /// Put a rule of separation back in force.
    EnforceSeparation,
    /// Say how often the management system is reviewed, and with how many.
    SetReviewRules,
    /// Say from which day on the program is used.
    SetGoLive,
}

/// What relaxing a rule needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relax {
    /// Which rule.
    pub rule: Rule,
    /// What makes up for it.
    pub compensating_control: String,
    /// The last day on which an exception passes; at most a year ahead.
    pub until: NaiveDate,
}

impl Record for Settings {
    const PREFIX: Prefix = Prefix::Settings;
    const MAKING: Permission = Permission::AdministerOrganisation;
    // Whoever may know the members may know the rules they work by.
    const READING: Permission = Permission::ReadMembers;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }
}

impl Lifecycle for Settings {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        "in_force"
    }

    fn knows(&self, verb: Verb) -> bool {
        match verb {
            Verb::SetTimeZone
            | Verb::SetDigestHour
            | Verb::OpenReportLink
            | Verb::SetWorkingDays
            | Verb::SetEmergencyChanges
            | Verb::RelaxSeparation
            | Verb::SetReviewRules
            | Verb::SetGoLive => true,
            Verb::CloseReportLink => self.rules.report_link.is_some(),
            Verb::EnforceSeparation => !self.rules.separation.relaxations().is_empty(),
        }
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        let admin = by.may(Permission::AdministerOrganisation, false);
        let management = by.may(Permission::RelaxSeparation, false);
        let allowed = match verb {
            Verb::SetTimeZone
            | Verb::SetDigestHour
            | Verb::OpenReportLink
            | Verb::CloseReportLink
            | Verb::SetWorkingDays => admin,
            // What is a nonconformity is no matter of administration.
            Verb::SetEmergencyChanges => by.may(Permission::ApproveHighImpactChange, false),
            Verb::RelaxSeparation => management,
            Verb::EnforceSeparation => admin || management,
            Verb::SetReviewRules => by.may(Permission::ApproveReview, false),
            // Whoever brings history in does not say for which time the gates need not have been kept.
            Verb::SetGoLive => by.may(Permission::SetGoLive, false),
        };
        if !allowed {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            let detail = match verb {
                Verb::CloseReportLink => "the link for anonymous reports is closed",
                Verb::SetTimeZone
                | Verb::SetDigestHour
                | Verb::SetWorkingDays
                | Verb::SetEmergencyChanges
                | Verb::OpenReportLink
                | Verb::RelaxSeparation
                | Verb::EnforceSeparation
                | Verb::SetReviewRules
                | Verb::SetGoLive => "every rule of separation is in force",
            };
            return Err(Refusal::state("wrong_state", detail));
        }
        // Moved ahead, it would let in what was recorded here without the gates; moved back, what was let in would claim to
        // have passed them.
        if verb == Verb::SetGoLive && facts.has_history {
            let detail = "history was brought in under the day that is set: it is fixed from the first record on";
            return Err(Refusal::state("history_migrated", detail));
        }
        Ok(())
    }
}

impl Settings {
    /// The settings that an organisation begins with: UTC, every rule in force.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn establish(by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        Ok(Change::born(Self { head: Head::born(by, birth), rules: Rules::default() }, "established"))
    }

    /// Says when days begin and end.
    ///
    /// # Errors
    /// The guard's refusal, or an offset that no place has.
    pub fn set_time_zone(
        self,
        utc_offset_minutes: i32,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::SetTimeZone, &Facts::default(), by)?;
        if !(-720..=840).contains(&utc_offset_minutes) {
            let detail = "must be minutes east of Greenwich, -720 to 840";
            return Err(Refusal::invalid("/utc_offset_minutes", "out_of_range", detail));
        }
        let mut after = self.clone();
        after.rules.utc_offset_minutes = utc_offset_minutes;
        Ok(Change::of(self, after, "time_zone_set", at))
    }

    /// Says from which hour the daily digests go out, or with `None` that none do.
    ///
    /// # Errors
    /// The guard's refusal, or an hour that no day has.
    pub fn set_digest_hour(self, hour: Option<u32>, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::SetDigestHour, &Facts::default(), by)?;
        if hour.is_some_and(|hour| hour > 23) {
            return Err(Refusal::invalid("/hour", "out_of_range", "must be an hour of the day, 0 to 23, or null"));
        }
        let mut after = self.clone();
        after.rules.digest_hour = DigestHour(hour);
        Ok(Change::of(self, after, "digest_hour_set", at))
    }

    /// Opens the public link for anonymous reports. Opened again, it has another address, and the old one is dead; codes
    /// of earlier reporters stay good.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn open_report_link(self, secret: [u8; 16], by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::OpenReportLink, &Facts::default(), by)?;
        let mut after = self.clone();
        after.rules.report_link = Some(hex::encode(secret));
        Ok(Change::of(self, after, "report_link_opened", at))
    }

    /// Closes the public link for anonymous reports: nobody can file through it any more.
    ///
    /// # Errors
    /// The guard's refusal, or it is closed.
    pub fn close_report_link(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::CloseReportLink, &Facts::default(), by)?;
        let mut after = self.clone();
        after.rules.report_link = None;
        Ok(Change::of(self, after, "report_link_closed", at))
    }

    /// Says on which days the organisation works: what deadlines of a few days are counted in.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the calendar.
    pub fn set_working_days(self, calendar: Calendar, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::SetWorkingDays, &Facts::default(), by)?;
        let mut faults = Faults::default();
        calendar.note_faults(&mut faults);
        faults.refuse()?;
        let mut after = self.clone();
        after.rules.calendar = calendar;
        Ok(Change::of(self, after, "working_days_set", at))
    }

    /// Says whether an emergency change that nobody approved in time becomes a nonconformity; it is an event anyway.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn set_emergency_changes(
        self,
        is_nonconformity: bool,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::SetEmergencyChanges, &Facts::default(), by)?;
        let mut after = self.clone();
        after.rules.unapproved_emergency_is_nonconformity = is_nonconformity;
        Ok(Change::of(self, after, "emergency_changes_set", at))
    }

    /// Says how often the management system is reviewed, and with how many. A review that is scheduled keeps its date.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn set_review_rules(
        self,
        reviews: ReviewRules,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::SetReviewRules, &Facts::default(), by)?;
        let mut faults = Faults::default();
        if !(1..=36).contains(&reviews.interval_months) {
            faults.push(Fault::new("/interval_months", "out_of_range", "must lie between 1 and 36"));
        }
        if !(1..=100).contains(&reviews.quorum_percent) {
            faults.push(Fault::new("/quorum_percent", "out_of_range", "must lie between 1 and 100"));
        }
        faults.refuse()?;
        let mut after = self.clone();
        after.rules.reviews = reviews;
        Ok(Change::of(self, after, "review_rules_set", at))
    }

    /// Says from which day on the program is used: earlier events can be brought in as history, later ones cannot. It can be
    /// said anew until any history was brought in.
    ///
    /// # Errors
    /// The guard's refusal, a machine, or a day more than a year ahead.
    pub fn set_go_live(
        self,
        day: NaiveDate,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::SetGoLive, facts, by)?;
        if by.member().is_none() {
            return Err(Refusal::state("person_needed", "a person of the management decides it"));
        }
        let last = self.rules.today(at).checked_add_days(LONGEST_LEAD).unwrap_or(NaiveDate::MAX);
        if day > last {
            return Err(Refusal::invalid("/go_live", "out_of_range", format!("must not lie after {last}")));
        }
        let mut after = self.clone();
        after.rules.go_live = Some(day);
        Ok(Change::of(self, after, "go_live_set", at))
    }

    /// Lets exceptions from a rule be documented until a day. Said again, it replaces what was said before.
    ///
    /// # Errors
    /// The guard's refusal, a machine, or every fault of the input.
    pub fn relax_separation(self, input: Relax, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::RelaxSeparation, &Facts::default(), by)?;
        let Some(decider) = by.member() else {
            return Err(Refusal::State(vec![Reason::new("person_needed", "a person of the management decides it")]));
        };
        let Relax { rule, compensating_control, until } = input;
        let today = self.rules.today(at);
        let last = today.checked_add_days(LONGEST_RELAXATION).unwrap_or(NaiveDate::MAX);
        let mut faults = Faults::default();
        faults.keep(text::narrative("/compensating_control", &compensating_control));
        if until < today || until > last {
            faults.push(Fault::new("/until", "out_of_range", format!("must lie between {today} and {last}")));
        }
        faults.refuse()?;
        let mut after = self.clone();
        let reason = compensating_control.clone();
        let relaxation = Relaxation { rule, compensating_control, until, by: decider, at };
        after.rules.separation = after.rules.separation.relaxed(relaxation);
        Ok(Change::of(self, after, "separation_relaxed", at).because(reason))
    }

    /// Puts a rule back in force.
    ///
    /// # Errors
    /// The guard's refusal, or the rule is in force.
    pub fn enforce_separation(self, rule: Rule, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::EnforceSeparation, &Facts::default(), by)?;
        if self.rules.separation.relaxation(rule).is_none() {
            return Err(Refusal::state("wrong_state", "the rule is in force"));
        }
        let mut after = self.clone();
        after.rules.separation = after.rules.separation.enforced(rule);
        Ok(Change::of(self, after, "separation_enforced", at))
    }
}
