//! The assessment of a change [6.3, 8.1, A.8.32]: what is to be considered before anybody says yes.

use crate::access::Permission;
use crate::approval::Content;
use crate::id::MemberId;
use crate::refusal::{Fault, Faults};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// An effect is watched for at most so many days, and compared with at most so many before.
pub const LONGEST_WATCH: i64 = 366;

/// How strong an effect is, from none to high.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChangeImpactLevel))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// There is none.
    None,
    /// Hardly to be noticed.
    Low,
    /// To be reckoned with.
    Medium,
    /// The management decides.
    High,
}

/// The effect on what information security protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChangeImpact))]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// On confidentiality.
    pub confidentiality: Level,
    /// On integrity.
    pub integrity: Level,
    /// On availability.
    pub availability: Level,
}

impl Impact {
    /// The strongest of the three.
    #[must_use]
    pub fn highest(&self) -> Level {
        self.confidentiality.max(self.integrity).max(self.availability)
    }

    /// What it takes to approve a change of this impact: a high one is for the management.
    #[must_use]
    pub fn approving(&self) -> Permission {
        match self.highest() {
            Level::None | Level::Low | Level::Medium => Permission::DecideChange,
            Level::High => Permission::ApproveHighImpactChange,
        }
    }
}

/// What is considered before a change is approved. Purpose and consequences, integrity of the system, resources and
/// responsibilities are the four points that ISO 9001 names in its clause 6.3; ISO/IEC 27001 asks that changes be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChangeAssessment))]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// What may follow from it, wanted or not.
    #[cfg_attr(feature = "openapi", schema(example = "Laptops restart once; people save their work"))]
    pub consequences: String,
    /// The effect on confidentiality, integrity and availability.
    pub impact: Impact,
    /// How the management system stays whole meanwhile and afterwards.
    #[cfg_attr(feature = "openapi", schema(example = "Patching goes on by hand until the agent reports"))]
    pub isms_integrity: String,
    /// What it needs.
    #[cfg_attr(feature = "openapi", schema(example = "Two days of one engineer"))]
    pub resources: String,
    /// Who answers for what, now and afterwards.
    #[cfg_attr(feature = "openapi", schema(example = "IT operations keeps the image"))]
    pub responsibilities: String,
    /// What can go wrong, and how likely that is.
    #[cfg_attr(feature = "openapi", schema(example = "The agent may slow old models down"))]
    pub risks: String,
    /// Which security measures it needs.
    #[cfg_attr(feature = "openapi", schema(example = "The agent's key is kept in the vault"))]
    pub security_measures: String,
    /// How it is taken back.
    #[cfg_attr(feature = "openapi", schema(example = "The former image is kept for 30 days"))]
    pub rollback_plan: String,
    /// How it is tried out.
    #[cfg_attr(feature = "openapi", schema(example = "Three laptops of each model for a week"))]
    pub tests: String,
    /// Days before the start with which its indicators are compared, 1 to 366.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 366, example = 84))]
    pub baseline_days: i64,
    /// Days after the completion in which its effect is watched, 1 to 366.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 366, example = 28))]
    pub monitoring_days: i64,
}

/// An assessment that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessed {
    /// What it says.
    pub assessment: Assessment,
    /// Of which revision of the change.
    pub revision: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl Assessment {
    /// What an approval binds to, with this.
    pub(crate) fn add_to(&self, content: Content) -> Content {
        let Self {
            consequences,
            impact: Impact { confidentiality, integrity, availability },
            isms_integrity,
            resources,
            responsibilities,
            risks,
            security_measures,
            rollback_plan,
            tests,
            baseline_days,
            monitoring_days,
        } = self;
        content
            .with("consequences", consequences)
            .with("confidentiality", (*confidentiality).into())
            .with("integrity", (*integrity).into())
            .with("availability", (*availability).into())
            .with("isms_integrity", isms_integrity)
            .with("resources", resources)
            .with("responsibilities", responsibilities)
            .with("risks", risks)
            .with("security_measures", security_measures)
            .with("rollback_plan", rollback_plan)
            .with("tests", tests)
            .with("baseline_days", &baseline_days.to_string())
            .with("monitoring_days", &monitoring_days.to_string())
    }

    /// Notes every fault below `pointer`.
    pub(crate) fn note_faults(&self, pointer: &str, faults: &mut Faults) {
        let Self {
            consequences,
            impact: _,
            isms_integrity,
            resources,
            responsibilities,
            risks,
            security_measures,
            rollback_plan,
            tests,
            baseline_days,
            monitoring_days,
        } = self;
        for (name, narrative) in [
            ("consequences", consequences),
            ("isms_integrity", isms_integrity),
            ("resources", resources),
            ("responsibilities", responsibilities),
            ("risks", risks),
            ("security_measures", security_measures),
            ("rollback_plan", rollback_plan),
            ("tests", tests),
        ] {
            faults.keep(text::narrative(&format!("{pointer}/{name}"), narrative));
        }
        for (name, days) in [("baseline_days", baseline_days), ("monitoring_days", monitoring_days)] {
            if !(1..=LONGEST_WATCH).contains(days) {
                let detail = format!("must be 1 to {LONGEST_WATCH}");
                faults.push(Fault::new(format!("{pointer}/{name}"), "out_of_range", detail));
            }
        }
    }
}
