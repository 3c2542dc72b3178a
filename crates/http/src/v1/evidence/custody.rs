//! The custody of evidence over HTTP: who collected it, and each hand through which it went [A.5.28].

use super::EvidenceView;
use crate::bounds::bounded;
use crate::record::party::{NamedParty, PartyView};
use crate::record::verbs::verbs;
use actix_web::post;
use chrono::{DateTime, Utc};
use ratchet_domain::evidence::{Collection, Custody, CustodyEvent, Evidence, Transfer, Verb};
use ratchet_domain::id::MemberId;
use serde::{Deserialize, Serialize};

/// An entry of a custody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CustodyView {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: CustodyEventView,
    /// Who wrote it down; `null` for a machine.
    pub recorded_by: Option<MemberId>,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

/// What happened to a piece of evidence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum CustodyEventView {
    /// It was collected.
    Collected {
        /// By whom.
        by: PartyView,
        /// How.
        how: String,
    },
    /// It was handed on.
    Transferred {
        /// By whom.
        from: PartyView,
        /// To whom.
        to: PartyView,
        /// Why.
        why: String,
    },
}

impl From<&Custody> for CustodyView {
    fn from(custody: &Custody) -> Self {
        let Custody { at, event, recorded_by, recorded_at } = custody;
        let event = match event {
            CustodyEvent::Collected { by, how } => CustodyEventView::Collected { by: by.into(), how: how.clone() },
            CustodyEvent::Transferred { from, to, why } => {
                CustodyEventView::Transferred { from: from.into(), to: to.into(), why: why.clone() }
            }
        };
        Self { at: *at, event, recorded_by: *recorded_by, recorded_at: *recorded_at }
    }
}

/// Who collected it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordCollection {
    /// When; not in the future.
    #[serde(deserialize_with = "bounded")]
    at: DateTime<Utc>,
    /// By whom.
    by: NamedParty,
    /// How.
    #[schema(example = "Imaged with a write blocker, hash noted on the bag", max_length = 10_000)]
    how: String,
}

/// To whom it went.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordTransfer {
    /// When; not before the last entry, and not in the future.
    #[serde(deserialize_with = "bounded")]
    at: DateTime<Utc>,
    /// By whom: whoever has it, as the last entry says.
    from: NamedParty,
    /// To whom.
    to: NamedParty,
    /// Why.
    #[schema(example = "To be examined", max_length = 10_000)]
    why: String,
}

verbs! {
    tag "evidence", record Evidence, view EvidenceView;

    /// Write down who collected a piece of evidence, when and how: the first entry of its custody. Nothing in it is ever
    /// edited.
    record_collection_evidence "/evidence/{id}/record-collection" RecordCollection RecordCollection
    |piece, input, _facts, by, tx| {
        let RecordCollection { at, by: collector, how } = input;
        let collector = collector.read("/by", tx)?;
        piece.record_collection(Collection { at, by: collector, how }, by, tx.now())
    };

    /// Write down that whoever has a piece of evidence has handed it on: to whom, when and why.
    record_transfer_evidence "/evidence/{id}/record-transfer" RecordTransfer RecordTransfer
    |piece, input, _facts, by, tx| {
        let RecordTransfer { at, from, to, why } = input;
        let (from, to) = (from.read("/from", tx)?, to.read("/to", tx)?);
        piece.record_transfer(Transfer { at, from, to, why }, by, tx.now())
    };
}
