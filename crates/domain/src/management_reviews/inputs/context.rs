//! Context as an input: what the system starts from, and what of that has changed.

use super::{LISTED, Spans, count, left_out};
use crate::context_entries::{ContextEntry, Kind, Matter, Stage};
use crate::reference::Reference;
use chrono::NaiveDate;
use serde::Serialize;

/// What has happened to an entry in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContextChange {
    /// It is new.
    Recorded,
    /// It says something else than before.
    Amended,
    /// It does not hold any more.
    Retired,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedContext))]
pub struct ContextLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// What it speaks of.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// How many things an interested party requires; none for other kinds.
    pub requirements: Option<i64>,
    /// Whether climate change is a relevant issue; none for other kinds.
    pub relevant: Option<bool>,
    /// What has happened to it in the period; none where it is as it was.
    pub change: Option<ContextChange>,
    /// When somebody last asked whether it still holds.
    pub last_reviewed_on: NaiveDate,
}

impl ContextLine {
    fn of(entry: &ContextEntry, spans: &Spans) -> Self {
        let (requirements, relevant) = match &entry.matter {
            Matter::ExternalIssue | Matter::InternalIssue => (None, None),
            Matter::InterestedParty { requirements } => (Some(count(requirements.iter())), None),
            Matter::ClimateChange { relevant } => (None, Some(*relevant)),
        };
        Self {
            reference: entry.head.reference,
            kind: entry.matter.kind(),
            title: entry.title.clone(),
            requirements,
            relevant,
            change: change_of(entry, spans),
            last_reviewed_on: entry.last_review.on,
        }
    }
}

fn change_of(entry: &ContextEntry, spans: &Spans) -> Option<ContextChange> {
    match &entry.stage {
        Stage::Retired { at, .. } if spans.now.contains(*at) => Some(ContextChange::Retired),
        Stage::Retired { .. } => None,
        Stage::Current if spans.now.contains(entry.head.created_at) => Some(ContextChange::Recorded),
        Stage::Current => spans.now.contains(entry.changed_at).then_some(ContextChange::Amended),
    }
}

/// Input b or c: what the system starts from, and what of that has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContextChanges {
    /// New in the period.
    pub recorded: i64,
    /// Saying something else than before.
    pub amended: i64,
    /// Not holding any more since.
    pub retired: i64,
    /// Current ones, and those retired in the period, what was not reviewed for longest first; at most 200.
    pub items: Vec<ContextLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl ContextChanges {
    /// Sums up entries: current ones, and those retired in the period.
    #[must_use]
    pub fn of(entries: &[ContextEntry], spans: &Spans) -> Self {
        let told = entries.iter().filter(|entry| match &entry.stage {
            Stage::Current => true,
            Stage::Retired { at, .. } => spans.now.contains(*at),
        });
        let mut items: Vec<ContextLine> = told.map(|entry| ContextLine::of(entry, spans)).collect();
        items.sort_by_key(|line| (line.last_reviewed_on, line.reference));
        let of = |change| count(items.iter().filter(|line| line.change == Some(change)));
        let (recorded, amended) = (of(ContextChange::Recorded), of(ContextChange::Amended));
        let (retired, left_out) = (of(ContextChange::Retired), left_out(items.len()));
        items.truncate(LISTED);
        Self { recorded, amended, retired, items, left_out }
    }
}
