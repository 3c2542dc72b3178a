//! Rows of the registers of improvements and risks.

use super::row::{Around, Row};
use crate::bounds::bounded;
use crate::error::ApiError;
use crate::rows::Read;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Birth, Change};
use ratchet_domain::imports::{Arrival, Migrated};
use ratchet_domain::improvements::{self, Improvement, Size};
use ratchet_domain::nonconformities::Source;
use ratchet_domain::rating::Rating;
use ratchet_domain::refusal::{Fault, Faults};
use ratchet_domain::risks::{self, Risk, TreatmentOption};
use ratchet_persistence::risks::taken;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An improvement of another register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImprovementRow {
    /// What that register calls it: the same one again is recognised by it.
    #[schema(example = "OFI-9", max_length = 200)]
    pub external_reference: String,
    /// The day on which it was proposed, before go-live.
    #[serde(deserialize_with = "bounded")]
    #[schema(example = "2025-03-01")]
    pub raised_on: NaiveDate,
    /// The day on which it ended, before go-live; of `declined`, `realised` and `not_realised` alone.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = "2025-06-01")]
    pub ended_on: Option<NaiveDate>,
    /// Where it stands: one that had not ended is `proposed`, and decided here; one that is `void` or `duplicate` is left out.
    pub state: improvements::StageName,
    /// How it ended; of `declined`, `realised` and `not_realised` alone.
    #[serde(default)]
    #[schema(example = "New laptops come patched; two hours less a week", max_length = 10_000)]
    pub outcome: Option<String>,
    /// One line.
    #[schema(example = "Patch laptops from the image on", max_length = 200)]
    pub title: String,
    /// What could be better, and how.
    #[schema(example = "The update agent belongs into the image", max_length = 10_000)]
    pub description: String,
    /// Where the idea came from.
    pub source: Source,
    /// Whose idea it was: the e-mail address or the id of a member, an active one while it is open. It is not for them to
    /// decide.
    #[serde(default)]
    #[schema(example = "member@ours.example")]
    pub proposer: Option<String>,
    /// Who answered for it, likewise; only when it had ended.
    #[serde(default)]
    #[schema(example = "manager@ours.example")]
    pub owner: Option<String>,
    /// What would be better.
    #[serde(default)]
    #[schema(example = "Nobody patches by hand", max_length = 10_000)]
    pub expected_benefit: Option<String>,
    /// What it takes.
    #[serde(default)]
    pub effort: Option<Size>,
    /// What it is worth.
    #[serde(default)]
    pub value: Option<Size>,
}

impl Row for ImprovementRow {
    type Record = Improvement;
    type Surroundings = ();
    const REGISTER: &'static str = "improvements";

    fn external_reference(&self) -> &str {
        &self.external_reference
    }

    fn people(&self) -> Vec<&str> {
        self.owner.as_deref().into_iter().chain(self.proposer.as_deref()).collect()
    }

    fn migrate(self, around: &Around<'_, ()>, by: &Actor, birth: Birth) -> Result<Change<Improvement>, ApiError> {
        use improvements::StageName as S;
        let Self {
            external_reference,
            raised_on,
            ended_on,
            state,
            outcome,
            title,
            description,
            source,
            proposer,
            owner,
            expected_benefit,
            effort,
            value,
        } = self;
        let is_over = matches!(state, S::Declined | S::Realised | S::NotRealised);
        let mut faults = Faults::default();
        let proposer = around.people.find("/proposer", proposer.as_deref(), is_over, &mut faults);
        let owner = around.people.find("/owner", owner.as_deref(), is_over, &mut faults);
        faults.refuse()?;
        let history = improvements::History {
            arrival: Arrival { external_reference, raised_on, ended_on, outcome, root_causes: Vec::new() },
            state,
            title,
            description,
            source,
            proposer,
            owner,
            expected_benefit,
            effort,
            value,
        };
        Ok(Improvement::migrate(history, around.terms, by, birth)?)
    }

    fn migrated(record: &Improvement) -> Option<&Migrated> {
        record.migrated.as_ref()
    }
}

/// A risk of another register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RiskRow {
    /// What that register calls it: the same one again is recognised by it, and no other risk may have it.
    #[schema(example = "R-12", max_length = 200)]
    pub external_reference: String,
    /// The day on which it was named, before go-live.
    #[serde(deserialize_with = "bounded")]
    #[schema(example = "2025-03-01")]
    pub raised_on: NaiveDate,
    /// The day since which there is no such risk any more, before go-live; of `retired` alone.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = "2025-06-01")]
    pub ended_on: Option<NaiveDate>,
    /// Where it stands; not `accepted`, which management says here, and not `void`, which counts for nothing.
    pub state: risks::StageName,
    /// Why there is no such risk any more; of `retired` alone.
    #[serde(default)]
    #[schema(example = "The tape drive is gone", max_length = 10_000)]
    pub outcome: Option<String>,
    /// One line.
    #[schema(example = "Backups cannot be read", max_length = 200)]
    pub title: String,
    /// What could happen, by what, and what it would do.
    #[schema(
        example = "A tape drive writes what it cannot read; a restore fails when it is needed",
        max_length = 10_000
    )]
    pub description: String,
    /// Controls of Annex A that keep it down; in a cell separated by semicolons.
    #[serde(default)]
    #[schema(example = json!(["A.8.13"]))]
    pub controls: Vec<String>,
    /// The risk owner: the e-mail address or the id of a member, an active one while the risk stands. Needed of `assessed`
    /// and `treated`, as are likelihood, impact, `rationale` and `review_on`.
    #[serde(default)]
    #[schema(example = "manager@ours.example")]
    pub owner: Option<String>,
    /// Without treatment, 1 (hardly ever) to 5 (almost certain); with `impact`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub likelihood: Option<i64>,
    /// Without treatment, 1 (hardly noticed) to 5 (threatens the organisation).
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub impact: Option<i64>,
    /// What is left of its likelihood; needed of `treated`, with `residual_impact`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub residual_likelihood: Option<i64>,
    /// What is left of its impact.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub residual_impact: Option<i64>,
    /// Why it is seen like that.
    #[serde(default)]
    #[schema(example = "Three of twenty restores failed", max_length = 10_000)]
    pub rationale: Option<String>,
    /// What is done about it; needed of `treated`. To `retain` a risk is to accept it, which management does here.
    #[serde(default)]
    pub treatment: Option<TreatmentOption>,
    /// The same in many words.
    #[serde(default)]
    #[schema(example = "Restores are tried monthly", max_length = 10_000)]
    pub treatment_description: Option<String>,
    /// The day by which it is looked at again.
    #[serde(default, deserialize_with = "bounded")]
    pub review_on: Option<NaiveDate>,
}

/// Likelihood and impact belong together.
fn rating(
    (name, likelihood): (&str, Option<i64>),
    (other, impact): (&str, Option<i64>),
    faults: &mut Faults,
) -> Option<Rating> {
    match (likelihood, impact) {
        (Some(likelihood), Some(impact)) => Some(Rating { likelihood, impact }),
        (Some(_), None) => {
            faults.push(Fault::new(other, "required", "must be said beside the likelihood"));
            None
        }
        (None, Some(_)) => {
            faults.push(Fault::new(name, "required", "must be said beside the impact"));
            None
        }
        (None, None) => None,
    }
}

impl Row for RiskRow {
    type Record = Risk;
    /// Which external references risks have already that were registered here.
    type Surroundings = BTreeSet<String>;
    const REGISTER: &'static str = "risks";

    fn external_reference(&self) -> &str {
        &self.external_reference
    }

    fn people(&self) -> Vec<&str> {
        self.owner.as_deref().into_iter().collect()
    }

    fn surroundings(rows: &[Read<Self>], by: &Actor, tx: &mut Tx<'_>) -> Result<BTreeSet<String>, ApiError> {
        let named: Vec<&str> = rows.iter().flatten().map(Self::external_reference).collect();
        Ok(taken(by.organisation, &named, tx.connection())?)
    }

    fn migrate(
        self,
        around: &Around<'_, BTreeSet<String>>,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Risk>, ApiError> {
        let Self {
            external_reference,
            raised_on,
            ended_on,
            state,
            outcome,
            title,
            description,
            controls,
            owner,
            likelihood,
            impact,
            residual_likelihood,
            residual_impact,
            rationale,
            treatment,
            treatment_description,
            review_on,
        } = self;
        let is_over = state == risks::StageName::Retired;
        let mut faults = Faults::default();
        if around.surroundings.contains(&external_reference) {
            let detail = "is that of a risk that was registered here";
            faults.push(Fault::new("/external_reference", "taken", detail));
        }
        let owner = around.people.find("/owner", owner.as_deref(), is_over, &mut faults);
        let inherent = rating(("/likelihood", likelihood), ("/impact", impact), &mut faults);
        let left = [("/residual_likelihood", residual_likelihood), ("/residual_impact", residual_impact)];
        let residual = rating(left[0], left[1], &mut faults);
        faults.refuse()?;
        let history = risks::History {
            arrival: Arrival { external_reference, raised_on, ended_on, outcome, root_causes: Vec::new() },
            state,
            title,
            description,
            controls,
            owner,
            inherent,
            residual,
            rationale,
            treatment,
            treatment_description,
            review_on,
        };
        Ok(Risk::migrate(history, around.terms, by, birth)?)
    }

    fn migrated(record: &Risk) -> Option<&Migrated> {
        record.migrated.as_ref()
    }
}
