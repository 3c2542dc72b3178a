//! Packs: what an auditor takes home in one file, and which records are in it [7.5].

use crate::access::{Actor, Permission};
use crate::change::Record;
use crate::reference::{Prefix, Target};
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// What a pack holds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum PackKind {
    /// Every register, the files of evidence, and the journal that proves them.
    Audit,
    /// Nonconformities and what was done about them [10.2].
    CorrectiveActions,
    /// Improvements, who spoke for them, and what was done about them [10.1].
    Improvements,
    /// Policies, their versions, and who has acknowledged which [5.2, 7.3].
    Acknowledgements,
    /// Courses, who took them, and who has which competence [7.2].
    Training,
}

/// Every register there is, but for machines' ways in and for the ways out: where events go, and tickets. What is said of other records stands behind them.
const ALL: [Prefix; 39] = [
    Prefix::Settings,
    Prefix::Member,
    Prefix::ContextEntry,
    Prefix::Process,
    Prefix::Applicability,
    Prefix::Policy,
    Prefix::PolicyVersion,
    Prefix::Acknowledgement,
    Prefix::Objective,
    Prefix::Indicator,
    Prefix::IngestRule,
    Prefix::MeasurementBatch,
    Prefix::Analysis,
    Prefix::Signal,
    Prefix::Nonconformity,
    Prefix::Incident,
    Prefix::Weakness,
    Prefix::Risk,
    Prefix::Improvement,
    Prefix::Vote,
    Prefix::ChangeTemplate,
    Prefix::Change,
    Prefix::Action,
    Prefix::AuditProgramme,
    Prefix::Audit,
    Prefix::Finding,
    Prefix::ManagementReview,
    Prefix::EmployeeReport,
    Prefix::Course,
    Prefix::TrainingAssignment,
    Prefix::Competence,
    Prefix::CommunicationPlan,
    Prefix::Evidence,
    Prefix::TimelineEntry,
    Prefix::Link,
    Prefix::Tag,
    Prefix::Comment,
    Prefix::Redaction,
    Prefix::Restriction,
];

impl PackKind {
    /// It in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Audit => "Audit pack",
            Self::CorrectiveActions => "Register of corrective actions",
            Self::Improvements => "Register of improvements",
            Self::Acknowledgements => "Policies and who has acknowledged them",
            Self::Training => "Training and competence",
        }
    }

    /// The registers in it, in their order: what is said of a record stands behind it.
    #[must_use]
    pub const fn registers(self) -> &'static [Prefix] {
        match self {
            Self::Audit => &ALL,
            Self::CorrectiveActions => &[Prefix::Nonconformity, Prefix::Action, Prefix::Evidence],
            Self::Improvements => &[Prefix::Improvement, Prefix::Vote, Prefix::Action, Prefix::Evidence],
            Self::Acknowledgements => {
                &[Prefix::Policy, Prefix::PolicyVersion, Prefix::Acknowledgement, Prefix::Evidence]
            }
            Self::Training => &[Prefix::Course, Prefix::TrainingAssignment, Prefix::Competence, Prefix::Evidence],
        }
    }

    /// Whether the journal is in it.
    #[must_use]
    pub const fn holds_journal(self) -> bool {
        matches!(self, Self::Audit)
    }

    /// Whether it can be narrowed to a time.
    #[must_use]
    pub const fn takes_period(self) -> bool {
        matches!(self, Self::Audit)
    }
}

/// Refuses who may not take one: whoever does not read everything.
///
/// # Errors
/// [`Refusal::Forbidden`].
pub fn may_take(by: &Actor) -> Result<(), Refusal> {
    if by.may(Permission::TakePacks, false) { Ok(()) } else { Err(Refusal::Forbidden) }
}

/// A time, from its first moment to the one behind its last; open where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: Option<DateTime<Utc>>,
    /// The moment behind it.
    pub until: Option<DateTime<Utc>>,
}

/// How a kind of record stands in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It says what holds, and does so until it is said otherwise.
    Holds,
    /// It is opened and comes to an end.
    Ends,
    /// It is said of another, and goes where that goes.
    Said,
}

const fn standing(kind: Prefix) -> Standing {
    match kind {
        Prefix::Settings
        | Prefix::Member
        | Prefix::ApiKey
        | Prefix::WebhookEndpoint
        | Prefix::TicketConnection
        | Prefix::IdentityProvider
        | Prefix::ContextEntry
        | Prefix::Process
        | Prefix::Applicability
        | Prefix::Policy
        | Prefix::PolicyVersion
        | Prefix::Acknowledgement
        | Prefix::Indicator
        | Prefix::IngestRule
        | Prefix::ChangeTemplate
        | Prefix::Course
        | Prefix::Competence
        | Prefix::CommunicationPlan => Standing::Holds,
        Prefix::Nonconformity
        | Prefix::Action
        | Prefix::Change
        | Prefix::Analysis
        | Prefix::Signal
        | Prefix::MeasurementBatch
        | Prefix::TrainingAssignment
        | Prefix::EmployeeReport
        | Prefix::AuditProgramme
        | Prefix::Audit
        | Prefix::Finding
        | Prefix::Improvement
        | Prefix::Vote
        | Prefix::ManagementReview
        | Prefix::Objective
        | Prefix::Incident
        | Prefix::Weakness
        | Prefix::Risk => Standing::Ends,
        Prefix::Comment
        | Prefix::Tag
        | Prefix::Link
        | Prefix::Evidence
        | Prefix::TimelineEntry
        | Prefix::Redaction
        | Prefix::Restriction => Standing::Said,
    }
}

/// Which records a pack takes, asked register by register in the order of [`PackKind::registers`].
#[derive(Debug, Clone)]
pub struct Selection {
    kind: PackKind,
    span: Span,
    /// What was not taken: what is said of it alone is not taken either. Ids only.
    left_out: HashSet<Uuid>,
}

impl Selection {
    /// Of a pack of this kind, narrowed to this time.
    #[must_use]
    pub fn new(kind: PackKind, span: Span) -> Self {
        Self { kind, span, left_out: HashSet::new() }
    }

    /// Whether the record is in the pack. It is when it existed in the pack's time: when it was made before the end, and
    /// was not over before the beginning. Over is what nobody answers for any more, what waits for nothing and what nothing
    /// will happen to by itself, as of its last writing; what holds until it is said otherwise is never over. What is said
    /// of a record is in when that is, or when it was written in that time.
    pub fn takes<T: Record>(&mut self, record: &T) -> bool {
        let is_in = self.is_in(record);
        if !is_in {
            self.left_out.insert(record.head().id);
        }
        is_in
    }

    fn is_in<T: Record>(&self, record: &T) -> bool {
        let head = record.head();
        if self.span.until.is_some_and(|until| head.created_at >= until) {
            return false;
        }
        let is_written_in_time = self.span.from.is_some_and(|from| head.updated_at >= from);
        let is_of_this_pack = |target: &Target| self.kind.registers().contains(&target.kind);
        let concerns = record.concerns();
        match standing(T::PREFIX) {
            Standing::Holds => true,
            Standing::Ends if !concerns.is_empty() && !concerns.iter().any(is_of_this_pack) => false,
            Standing::Ends => self.span.from.is_none() || is_written_in_time || !is_over(record),
            Standing::Said => {
                let goes_along = |target: &Target| is_of_this_pack(target) && !self.left_out.contains(&target.id.0);
                is_written_in_time || concerns.iter().any(goes_along)
            }
        }
    }
}

fn is_over<T: Record>(record: &T) -> bool {
    record.responsibilities().is_empty() && record.work().is_empty() && record.wakes().is_none()
}
