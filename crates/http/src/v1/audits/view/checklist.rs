//! A checklist and its samples as the API shows them.

use crate::record::TargetView;
use crate::record::party::PartyView;
use chrono::{DateTime, Utc};
use ratchet_domain::audits::{self as domain, Check, Item, Outcome, Population, Sample};
use ratchet_domain::id::{AuditId, FindingId, MemberId, ProcessId};
use ratchet_domain::reference::Prefix;
use serde::Serialize;

/// One line of the checklist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChecklistItemView {
    /// From 1; never used twice.
    pub number: i64,
    /// The clause or control it is about.
    pub requirement: Option<String>,
    /// The process it is about.
    pub process_id: Option<ProcessId>,
    /// Records it is about.
    pub records: Vec<TargetView>,
    /// What is asked.
    pub question: String,
    /// How it is found out.
    pub how: Option<String>,
    /// What it came to so far.
    pub result: Outcome,
    /// What was seen.
    pub evidence: Option<String>,
    /// Why it was not checked, or does not apply.
    pub reason: Option<String>,
    /// What else is worth knowing.
    pub notes: Option<String>,
    /// Who looked.
    pub checked_by: Option<PartyView>,
    /// Who wrote it down.
    pub recorded_by: Option<MemberId>,
    /// When.
    pub checked_at: Option<DateTime<Utc>>,
    /// What an earlier audit left.
    pub carried_from: Option<CarriedFromView>,
    /// The later audit that has taken it over.
    pub carried_to_id: Option<AuditId>,
}

/// What an earlier audit left to be looked at again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CarriedFromView {
    /// Which audit.
    pub audit_id: AuditId,
    /// The finding that is looked at again.
    pub finding_id: Option<FindingId>,
    /// The item that was not checked.
    pub item: Option<i64>,
}

/// How many items have which result.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct ChecklistResultsView {
    pub not_checked: usize,
    pub not_applicable: usize,
    pub conforms: usize,
    pub strength: usize,
    pub observation: usize,
    pub opportunity: usize,
    pub minor: usize,
    pub major: usize,
}

/// A sample of the system's own records.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SampleView {
    /// Out of what.
    pub population: PopulationView,
    /// How many records that were.
    pub population_size: usize,
    /// SHA-256 of their references, sorted as text, each followed by a line feed.
    pub population_digest: String,
    /// What decided which were drawn.
    pub seed: String,
    /// What was drawn, in the order of their ranks: the lowest SHA-256 of seed, line feed and reference.
    pub drawn: Vec<DrawnView>,
    /// The item that it was drawn for.
    pub item: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Out of what a sample is drawn.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PopulationView {
    /// Records of this kind.
    pub kind: Prefix,
    /// In one of these states; in any, where there is none.
    pub states: Vec<String>,
    /// Made at or after this moment.
    pub made_from: Option<DateTime<Utc>>,
    /// Made before this moment.
    pub made_until: Option<DateTime<Utc>>,
}

/// A record that was drawn.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DrawnView {
    #[serde(flatten)]
    pub record: TargetView,
    /// Its reference.
    pub reference: String,
}

impl ChecklistItemView {
    pub(super) fn of(item: &Item, carried_to_id: Option<AuditId>) -> Self {
        let Item { number, requirement, process, records, question, how, carried_from, check } = item.clone();
        let carried_from = carried_from.map(|carried| {
            let domain::CarriedFrom { audit, finding, item } = carried;
            CarriedFromView { audit_id: audit, finding_id: finding, item }
        });
        let none = Self {
            number,
            requirement,
            process_id: process,
            records: records.into_iter().map(Into::into).collect(),
            question,
            how,
            result: Outcome::NotChecked,
            evidence: None,
            reason: None,
            notes: None,
            checked_by: None,
            recorded_by: None,
            checked_at: None,
            carried_from,
            carried_to_id,
        };
        let Some(Check { outcome, evidence, reason, notes, auditor, recorded_by, at }) = check else { return none };
        Self {
            result: outcome,
            evidence,
            reason,
            notes,
            checked_by: Some((&auditor).into()),
            recorded_by: Some(recorded_by),
            checked_at: Some(at),
            ..none
        }
    }
}

impl From<&Sample> for SampleView {
    fn from(sample: &Sample) -> Self {
        let Sample { population, population_size, population_digest, seed, drawn, item, at, by } = sample.clone();
        let Population { kind, states, made_from, made_until } = population;
        let drawn = drawn.into_iter().map(|drawn| {
            let domain::Drawn { record, reference } = drawn;
            DrawnView { record: record.into(), reference: reference.to_string() }
        });
        Self {
            population: PopulationView { kind, states, made_from, made_until },
            population_size,
            population_digest,
            seed,
            drawn: drawn.collect(),
            item,
            at,
            by,
        }
    }
}

impl ChecklistResultsView {
    pub(super) fn of(items: &[Item]) -> Self {
        let mut results = Self::default();
        for item in items {
            match item.outcome() {
                Outcome::NotChecked => results.not_checked += 1,
                Outcome::NotApplicable => results.not_applicable += 1,
                Outcome::Conforms => results.conforms += 1,
                Outcome::Strength => results.strength += 1,
                Outcome::Observation => results.observation += 1,
                Outcome::Opportunity => results.opportunity += 1,
                Outcome::Minor => results.minor += 1,
                Outcome::Major => results.major += 1,
            }
        }
        results
    }
}
