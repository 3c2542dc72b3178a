//! What is sent about nonconformities.

use crate::body::given;
use crate::bounds::{bounded, bounded_given};
use crate::error::ApiError;
use crate::record::effect::{CompareIndicators, judged_by, named_indicators};
use crate::v1::records;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::id::{MemberId, NonconformityId};
use ratchet_domain::nonconformities::{self as domain, Grade, Method, Nonconformity, NonconformityDraft, Source};
use ratchet_persistence::tx::Tx;
use serde::Deserialize;

/// A nonconformity to be raised.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateNonconformity {
    /// One line.
    #[schema(example = "Critical patches late on laptops", max_length = 200)]
    pub(super) title: String,
    /// What is not as required.
    #[schema(example = "Critical patches are not installed within 14 days", max_length = 10_000)]
    pub(super) statement: String,
    /// What shows it.
    #[schema(example = "79 % in week 12", max_length = 10_000)]
    pub(super) objective_evidence: String,
    /// Where it was noticed.
    pub(super) source: Source,
    /// The clause or control breached.
    #[serde(default)]
    #[schema(example = "A.8.8")]
    pub(super) requirement: Option<String>,
    /// The indicators that its treatment is to move, by reference or id, at most 20: they tell whether it has worked.
    #[serde(default)]
    #[schema(example = json!(["IND-2026-0001"]))]
    pub(super) indicators: Vec<String>,
    /// The day by which it is to be closed.
    #[serde(default, deserialize_with = "bounded")]
    pub(super) due_on: Option<NaiveDate>,
}

impl CreateNonconformity {
    /// With the indicators that the body names.
    pub(super) fn into_draft(self, tx: &mut Tx<'_>) -> Result<NonconformityDraft, ApiError> {
        let Self { title, statement, objective_evidence, source, requirement, indicators, due_on } = self;
        let indicators = named_indicators("/indicators", &indicators, tx)?;
        let origin = None;
        Ok(NonconformityDraft { title, statement, objective_evidence, source, origin, requirement, indicators, due_on })
    }
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendNonconformity {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Critical patches late on laptops", value_type = String)]
    pub(super) title: Option<String>,
    /// What is not as required.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "Critical patches are not installed within 14 days", value_type = String)]
    pub(super) statement: Option<String>,
    /// What shows it.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "76 % in week 13", value_type = String)]
    pub(super) objective_evidence: Option<String>,
    /// The clause or control breached.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = "A.8.8", value_type = Option<String>)]
    pub(super) requirement: Option<Option<String>>,
    /// The indicators that its treatment is to move, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(example = json!(["IND-2026-0001"]), value_type = Vec<String>)]
    pub(super) indicators: Option<Vec<String>>,
    /// The accountable member.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    pub(super) owner_id: Option<MemberId>,
    /// The day by which it is to be closed.
    #[serde(default, deserialize_with = "bounded_given")]
    #[schema(value_type = Option<NaiveDate>)]
    pub(super) due_on: Option<Option<NaiveDate>>,
}

/// What `confirm` needs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmNonconformity {
    /// How grave it is.
    pub(super) grade: Grade,
    /// The accountable member.
    pub(super) owner_id: MemberId,
}

/// A reason.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectNonconformity {
    /// Told to the reporter.
    #[schema(example = "The laptop was retired in March", max_length = 10_000)]
    pub(super) reason: String,
}

/// The immediate correction [10.2 a].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContainNonconformity {
    /// What was done at once.
    #[schema(example = "Patched the 31 laptops by hand")]
    pub(super) correction: String,
    /// How consequences are dealt with.
    #[schema(example = "Logs of the exposed weeks were searched; nothing found")]
    pub(super) consequences: String,
}

/// Why it happened [10.2 b].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnalyseNonconformity {
    /// How the cause was looked for.
    pub(super) method: Method,
    /// 1 to 20.
    #[schema(example = json!(["The laptop image was built without the update agent"]))]
    pub(super) root_causes: Vec<String>,
    /// Whether similar ones exist or could occur: what was searched and concluded.
    #[schema(example = "Servers use another image; checked all 14")]
    pub(super) similar: String,
    /// The nonconformities that were looked at for that, at most 20: what `similar` finds, or others.
    #[serde(default)]
    pub(super) considered: Vec<ConsiderNonconformity>,
}

/// Another nonconformity that was looked at, and what was concluded of it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsiderNonconformity {
    /// Which, by reference or id.
    #[schema(example = "NC-2026-0003")]
    pub(super) nonconformity: String,
    /// Whether it has the same cause.
    pub(super) same_cause: bool,
    /// Why, in words.
    #[serde(default)]
    #[schema(example = "Another image, but nobody owned it either", max_length = 10_000)]
    pub(super) note: Option<String>,
}

impl AnalyseNonconformity {
    /// With the nonconformities that the body names.
    pub(super) fn looked_up(self, by: &Actor, tx: &mut Tx<'_>) -> Result<domain::Analyse, ApiError> {
        let Self { method, root_causes, similar, considered } = self;
        let consider = |(index, one): (usize, ConsiderNonconformity)| -> Result<domain::Considered, ApiError> {
            let ConsiderNonconformity { nonconformity, same_cause, note } = one;
            let pointer = format!("/considered/{index}/nonconformity");
            let case = records::known::<Nonconformity>(&pointer, &nonconformity, by, tx)?;
            Ok(domain::Considered { case: NonconformityId(case.head.id), same_cause, note })
        };
        // What is too many is refused by the rule, and not looked up.
        let considered = considered.into_iter().take(domain::CONSIDERED + 1).enumerate();
        let considered = considered.map(consider).collect::<Result<_, _>>()?;
        Ok(domain::Analyse { method, root_causes, similar, considered })
    }
}

/// What follows [10.2 b, c].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "response", deny_unknown_fields)]
pub(crate) enum PlanNonconformity {
    /// Corrective actions will be worked.
    Actions {},
    /// The correction suffices.
    NoAction {
        /// Why.
        justification: String,
        /// The first day on which that can be judged.
        #[serde(deserialize_with = "bounded")]
        check_on: NaiveDate,
    },
}

impl From<PlanNonconformity> for domain::Plan {
    fn from(body: PlanNonconformity) -> Self {
        match body {
            PlanNonconformity::Actions {} => Self::Actions,
            PlanNonconformity::NoAction { justification, check_on } => Self::NoAction { justification, check_on },
        }
    }
}

/// When the effect can be judged [10.2 c].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImplementNonconformity {
    /// The first day on which effectiveness can be judged.
    #[serde(deserialize_with = "bounded")]
    pub(super) check_on: NaiveDate,
}

/// Whether it has worked [10.2 d].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyNonconformity {
    /// Whether the cause is gone.
    pub(super) effective: bool,
    /// What was looked at.
    #[schema(example = "Share of laptops patched in 14 days, twelve weeks")]
    pub(super) criterion: String,
    /// What was seen.
    #[schema(example = "Median 97 %, before 84 %")]
    pub(super) evidence: String,
    /// Indicators on which the verdict rests; without it those that the treatment is to move, as `effect` compares them.
    #[serde(default)]
    pub(super) comparison: Option<CompareIndicators>,
    /// Why someone judges who did the work, where the organisation documents such exceptions.
    #[serde(default)]
    #[schema(example = "The auditor is on leave until June")]
    pub(super) exception_reason: Option<String>,
}

impl VerifyNonconformity {
    /// With the figures that the body asks for, or those of the case's own indicators.
    pub(super) fn measured(self, case: &Nonconformity, tx: &mut Tx<'_>) -> Result<domain::Verify, ApiError> {
        let Self { effective, criterion, evidence, comparison, exception_reason } = self;
        let effect = judged_by("/comparison", comparison, (case, &case.indicators), tx)?;
        Ok(domain::Verify { effective, criterion, evidence, effect, exception_reason })
    }
}

/// What remains [10.2 e-g].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseNonconformity {
    /// The change of the management system, or why none is needed.
    #[schema(example = "Image build checks for the agent; procedure unchanged")]
    pub(super) isms_change: String,
    /// What was learned.
    #[schema(example = "An image is a control: it has an owner now")]
    pub(super) lessons: String,
    /// Why there was no correction; needed only when none was recorded.
    #[serde(default)]
    #[schema(example = "The laptops had been returned already")]
    pub(super) no_correction_because: Option<String>,
}

/// Why it is open again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReopenNonconformity {
    /// True when it came back (counted), false when it had been closed in error.
    pub(super) recurred: bool,
    /// What happened.
    #[schema(example = "It was seen again in week 20")]
    pub(super) reason: String,
}
