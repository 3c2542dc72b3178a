//! What is said to a checklist: items, samples, and what was seen.

use super::{few, process_of, records_of};
use crate::bounds::bounded;
use crate::error::ApiError;
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::audits::{self as domain, ITEMS, ItemDraft, Outcome};
use ratchet_domain::reference::Prefix;
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// An item of the checklist.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChecklistItemBody {
    /// The clause or control it is about.
    #[serde(default)]
    #[schema(example = "A.5.18")]
    requirement: Option<String>,
    /// The process it is about, by reference or id.
    #[serde(default)]
    process: Option<String>,
    /// Records it is about, by reference: a policy, an earlier case.
    #[serde(default)]
    records: Vec<String>,
    /// What is asked.
    #[schema(example = "Do rights of access end with the contract?", max_length = 10_000)]
    question: String,
    /// How it is found out.
    #[serde(default)]
    #[schema(example = "Compare leavers with accounts", max_length = 10_000)]
    how: Option<String>,
}

impl ChecklistItemBody {
    fn into_draft(self, pointer: &str, by: &Actor, tx: &mut Tx<'_>) -> Result<ItemDraft, ApiError> {
        let Self { requirement, process, records, question, how } = self;
        let process = process.map(|named| process_of(&format!("{pointer}/process"), &named, by, tx)).transpose()?;
        let records = records_of(&format!("{pointer}/records"), &records, by, tx)?;
        Ok(ItemDraft { requirement, process, records, question, how })
    }
}

/// Items to be added.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddItemsAudit {
    /// At least one; a checklist has at most 300.
    items: Vec<ChecklistItemBody>,
}

impl AddItemsAudit {
    pub(in crate::v1::audits) fn into_drafts(self, by: &Actor, tx: &mut Tx<'_>) -> Result<Vec<ItemDraft>, ApiError> {
        few("/items", &self.items, ITEMS)?;
        let each = self.items.into_iter().enumerate();
        each.map(|(index, item)| item.into_draft(&format!("/items/{index}"), by, tx)).collect()
    }
}

/// An item in other words.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviseItemAudit {
    /// Its number.
    item: i64,
    /// The clause or control it is about.
    #[serde(default)]
    #[schema(example = "A.5.18")]
    requirement: Option<String>,
    /// The process it is about, by reference or id.
    #[serde(default)]
    process: Option<String>,
    /// Records it is about, by reference.
    #[serde(default)]
    records: Vec<String>,
    /// What is asked.
    #[schema(example = "Do rights of access end with the contract?", max_length = 10_000)]
    question: String,
    /// How it is found out.
    #[serde(default)]
    how: Option<String>,
}

impl ReviseItemAudit {
    pub(in crate::v1::audits) fn into_input(self, by: &Actor, tx: &mut Tx<'_>) -> Result<(i64, ItemDraft), ApiError> {
        let Self { item, requirement, process, records, question, how } = self;
        let body = ChecklistItemBody { requirement, process, records, question, how };
        Ok((item, body.into_draft("", by, tx)?))
    }
}

/// An item that is not asked.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DropItemAudit {
    /// Its number.
    pub(in crate::v1::audits) item: i64,
    /// Why.
    #[schema(example = "Asked in item 4 already", max_length = 10_000)]
    pub(in crate::v1::audits) reason: String,
}

/// Out of what a sample is drawn.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PopulationBody {
    /// Records of this kind.
    kind: Prefix,
    /// In one of these states; in any, where none is named.
    #[serde(default)]
    #[schema(example = json!(["deactivated"]))]
    states: Vec<String>,
    /// Made at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    made_from: Option<DateTime<Utc>>,
    /// Made before this moment.
    #[serde(default, deserialize_with = "bounded")]
    made_until: Option<DateTime<Utc>>,
}

/// A sample of the system's own records.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrawSampleAudit {
    /// Out of what; at most 10,000 records.
    population: PopulationBody,
    /// How many; of a smaller population, all.
    #[schema(minimum = 1, maximum = 200, example = 8)]
    size: usize,
    /// What decides which are drawn: choose it before looking at the population.
    #[schema(example = "2026-spring", max_length = 200)]
    seed: String,
    /// The item that it is drawn for: what is drawn is then what the item is about, too.
    #[serde(default)]
    item: Option<i64>,
}

impl From<DrawSampleAudit> for domain::DrawSample {
    fn from(body: DrawSampleAudit) -> Self {
        let DrawSampleAudit { population, size, seed, item } = body;
        let PopulationBody { kind, states, made_from, made_until } = population;
        Self { population: domain::Population { kind, states, made_from, made_until }, size, seed, item }
    }
}

/// What an item came to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckItemAudit {
    /// Its number.
    #[schema(example = 4)]
    item: i64,
    /// What it came to.
    result: Outcome,
    /// What was seen; needed where something was judged.
    #[serde(default)]
    #[schema(example = "Of 8 leavers drawn, two had accounts 9 and 12 days later", max_length = 10_000)]
    evidence: Option<String>,
    /// Why it was not checked, or does not apply; needed then.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    reason: Option<String>,
    /// What else is worth knowing.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    notes: Option<String>,
    /// The outsider of the team who looked, by name; without it, the caller did.
    #[serde(default)]
    auditor: Option<String>,
    /// Why somebody checks their own, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

impl From<CheckItemAudit> for domain::CheckItem {
    fn from(body: CheckItemAudit) -> Self {
        let CheckItemAudit { item, result, evidence, reason, notes, auditor, exception_reason } = body;
        Self { item, outcome: result, evidence, reason, notes, auditor, exception_reason }
    }
}
