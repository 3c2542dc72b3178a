//! What is sent about changes.

use crate::body::given;
use crate::bounds::bounded;
use crate::error::ApiError;
use crate::record::effect::named_indicators;
use crate::record::existing_member;
use crate::v1::records;
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::changes::{ChangeAmendment, ChangeDraft, Description, Kind, Verdict, What, Window};
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Target;
use ratchet_domain::refusal::{Fault, Faults, Refusal};
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// A change to be requested.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateChange {
    /// How it comes to be allowed.
    kind: Kind,
    /// One line.
    #[schema(example = "Put the update agent into the laptop image", max_length = 200)]
    title: String,
    /// Why; not for a standard change, whose template says it.
    #[serde(default)]
    #[schema(example = "Critical patches arrive within 14 days", max_length = 10_000)]
    purpose: Option<String>,
    /// What is to change; not for a standard change.
    #[serde(default)]
    #[schema(example = "The image of all laptops contains the agent and its key", max_length = 10_000)]
    description: Option<String>,
    /// What is particular about this one.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    particulars: Option<String>,
    /// The approved template of a standard change, by reference or id.
    #[serde(default)]
    #[schema(example = "CHT-2026-0001")]
    template: Option<String>,
    /// Who makes it, and answers for it; whoever requests it without it.
    #[serde(default)]
    owner_id: Option<MemberId>,
    /// The clauses and controls it concerns, at most 20; not for a standard change.
    #[serde(default)]
    #[schema(example = json!(["A.8.8", "A.8.32"]))]
    requirements: Option<Vec<String>>,
    /// The indicators that show its effect, by reference or id, at most 20; not for a standard change.
    #[serde(default)]
    #[schema(example = json!(["IND-2026-0001"]))]
    indicators: Option<Vec<String>>,
    /// The records it alters, by reference, at most 50.
    #[serde(default)]
    affected: Vec<String>,
    /// The record that it is born of, by reference: a nonconformity, a decision.
    #[serde(default)]
    #[schema(example = "NC-2026-0007")]
    origin: Option<String>,
}

/// Plain fields to change; an absent one stays, `null` empties. What a template says of a standard change stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendChange {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// Why.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    purpose: Option<String>,
    /// What is to change.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// What is particular about this one.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    particulars: Option<Option<String>>,
    /// Who makes it, and answers for it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
    /// The clauses and controls it concerns.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// The indicators that show its effect, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    indicators: Option<Vec<String>>,
    /// The records it alters, by reference.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    affected: Option<Vec<String>>,
}

/// Another content, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviseChange {
    /// What it is to say.
    pub content: AmendChange,
    /// Why.
    #[schema(example = "The agent is rolled out by site", max_length = 10_000)]
    pub reason: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveChange {}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainChange {
    /// Kept in the journal.
    #[schema(example = "Old models stand still for minutes", max_length = 10_000)]
    pub reason: String,
}

/// That it may be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveChange {
    /// What is said with it.
    #[serde(default)]
    #[schema(example = "After the closing of the quarter", max_length = 10_000)]
    pub note: Option<String>,
    /// Why someone approves who requested it, where the organisation documents such exceptions.
    #[serde(default)]
    pub exception_reason: Option<String>,
}

/// Why not.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectChange {
    /// Kept in the journal.
    #[schema(example = "The rollback plan does not say who decides", max_length = 10_000)]
    pub reason: String,
    /// Why someone rejects who requested it, where the organisation documents such exceptions.
    #[serde(default)]
    pub exception_reason: Option<String>,
}

/// When it is to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleChange {
    /// Not before.
    #[serde(deserialize_with = "bounded")]
    from: DateTime<Utc>,
    /// Begun before this; at most 366 days ahead.
    #[serde(deserialize_with = "bounded")]
    to: DateTime<Utc>,
}

impl From<ScheduleChange> for Window {
    fn from(body: ScheduleChange) -> Self {
        let ScheduleChange { from, to } = body;
        Self { from, to }
    }
}

/// What was done.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteChange {
    /// In a few words.
    #[schema(example = "Image 42 is on all 31 laptops", max_length = 10_000)]
    pub summary: String,
}

/// What came of it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewChange {
    /// Whether it does good.
    pub verdict: Verdict,
    /// Why one thinks so.
    #[schema(example = "Median back from 84 to 97 %, and nobody complains", max_length = 10_000)]
    pub conclusion: String,
    /// Why someone reviews who implemented it, where the organisation documents such exceptions.
    #[serde(default)]
    pub exception_reason: Option<String>,
}

/// What remains.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseChange {
    /// What was learned.
    #[schema(example = "Three models first, for a week", max_length = 10_000)]
    pub lessons: String,
    /// The nonconformity that deals with the harm, by reference; needed for a harmful change.
    #[serde(default)]
    #[schema(example = "NC-2026-0007")]
    pub case: Option<String>,
}

impl CreateChange {
    /// As the domain takes it: everything that the body names is looked for.
    pub(super) fn into_draft(self, by: &Actor, tx: &mut Tx<'_>) -> Result<ChangeDraft, ApiError> {
        self.faults().refuse()?;
        let Self {
            kind,
            title,
            purpose,
            description,
            particulars,
            template,
            owner_id,
            requirements,
            indicators,
            affected,
            origin,
        } = self;
        let words = Description {
            purpose: purpose.unwrap_or_default(),
            description: description.unwrap_or_default(),
            requirements: requirements.unwrap_or_default(),
            indicators: named_indicators("/indicators", &indicators.unwrap_or_default(), tx)?,
        };
        let what = match kind {
            Kind::Standard => {
                What::Standard(Box::new(records::known("/template", &template.unwrap_or_default(), by, tx)?))
            }
            Kind::Normal => What::Normal(words),
            Kind::Emergency => What::Emergency(words),
        };
        let owner = match owner_id {
            Some(owner) => existing_member("/owner_id", owner, tx).map(|()| owner)?,
            None => by.member().ok_or_else(|| Refusal::invalid("/owner_id", "required", "must name a member"))?,
        };
        let affected = named_records("/affected", &affected, by, tx)?;
        let origin = origin.map(|origin| records::named("/origin", &origin, by, tx.connection())).transpose()?;
        Ok(ChangeDraft { title, what, particulars, owner, affected, origin })
    }

    /// What a template says is not said here, and what none says is.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        let is_standard = self.kind == Kind::Standard;
        for (pointer, given, needed) in [
            ("/template", self.template.is_some(), Some(is_standard)),
            ("/purpose", self.purpose.is_some(), Some(!is_standard)),
            ("/description", self.description.is_some(), Some(!is_standard)),
            ("/requirements", self.requirements.is_some(), is_standard.then_some(false)),
            ("/indicators", self.indicators.is_some(), is_standard.then_some(false)),
        ] {
            match (needed, given) {
                (Some(true), false) => faults.push(Fault::new(pointer, "required", "must be given for this kind")),
                (Some(false), true) => {
                    faults.push(Fault::new(pointer, "not_allowed", "must not be given for this kind"));
                }
                (Some(true) | None, true) | (Some(false) | None, false) => {}
            }
        }
        faults
    }
}

impl AmendChange {
    /// As the domain takes it: everything that the body names below `pointer` is looked for.
    pub(super) fn into_amendment(
        self,
        pointer: &str,
        by: &Actor,
        tx: &mut Tx<'_>,
    ) -> Result<ChangeAmendment, ApiError> {
        let Self { title, purpose, description, particulars, owner_id, requirements, indicators, affected } = self;
        if let Some(owner) = owner_id {
            existing_member(&format!("{pointer}/owner_id"), owner, tx)?;
        }
        let indicators =
            indicators.map(|named| named_indicators(&format!("{pointer}/indicators"), &named, tx)).transpose()?;
        let affected =
            affected.map(|named| named_records(&format!("{pointer}/affected"), &named, by, tx)).transpose()?;
        Ok(ChangeAmendment {
            title,
            purpose,
            description,
            particulars,
            owner: owner_id,
            requirements,
            indicators,
            affected,
        })
    }
}

/// The records that a body names, each by its reference.
fn named_records(pointer: &str, references: &[String], by: &Actor, tx: &mut Tx<'_>) -> Result<Vec<Target>, ApiError> {
    let named = references.iter().enumerate();
    named.map(|(index, name)| records::named(&format!("{pointer}/{index}"), name, by, tx.connection())).collect()
}
