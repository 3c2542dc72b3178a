//! What records that were raised by mistake share over HTTP: void, or the same as another.

use super::{Resource, TargetView};
use crate::error::ApiError;
use crate::v1::records;
use ratchet_domain::access::Actor;
use ratchet_domain::change::Change;
use ratchet_domain::id::MemberId;
use ratchet_domain::mistakes::{Duplicable, Duplicate, Voided};
use ratchet_domain::restrictions::stays_apart;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{duplicates, restrictions};
use serde::{Deserialize, Serialize};

/// What the mistake was.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidRecord {
    /// Kept in the journal.
    #[schema(example = "Entered for the wrong organisation", max_length = 10_000)]
    pub reason: String,
}

/// Which nonconformity says the same.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkDuplicateNonconformity {
    /// The other one, by reference or id; it is still dealt with.
    #[schema(example = "NC-2026-0001")]
    pub of: String,
}

/// Which incident says the same.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkDuplicateIncident {
    /// The other one, by reference or id; it is still dealt with.
    #[schema(example = "INC-2026-0001")]
    pub of: String,
}

/// Which weakness says the same.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkDuplicateWeakness {
    /// The other one, by reference or id; it is still dealt with.
    #[schema(example = "WKN-2026-0001")]
    pub of: String,
}

/// Which improvement says the same.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkDuplicateImprovement {
    /// The other one, by reference or id; it is still dealt with.
    #[schema(example = "IMP-2026-0001")]
    pub of: String,
}

/// What a record that can be taken back says of it.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct MistakeView {
    /// Why it is void.
    pub void_because: Option<String>,
    /// The record that it repeats, and that is dealt with.
    pub duplicate_of: Option<TargetView>,
    /// Who reported the same in records that were found to repeat this one.
    pub also_reported_by: Vec<MemberId>,
}

impl MistakeView {
    pub(crate) fn of(voided: Option<&Voided>, duplicate: Option<&Duplicate>, also_reported_by: &[MemberId]) -> Self {
        Self {
            void_because: voided.map(|voided| voided.reason.clone()),
            duplicate_of: duplicate.map(|duplicate| duplicate.of.into()),
            also_reported_by: also_reported_by.to_vec(),
        }
    }
}

/// The record as a duplicate of the one that a body names, which has taken over what it has.
pub(crate) fn mark_duplicate<T: Resource + Duplicable>(
    record: T,
    of: &str,
    facts: &T::Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<T>, ApiError> {
    stays_apart(restrictions::is_restricted(by.organisation, record.head().id, tx.connection())?)?;
    let other: T = records::held("/of", of, by, tx)?;
    Ok(duplicates::mark(record, &other, facts, tx)?)
}
