//! Readiness: the seven steps of the lifecycle as the checklist they are. Each check asks one question of the records, and
//! what it answers follows from how many of them prove it and how many offend.
//!
//! What only a lifecycle's gates let through is not asked again: a closed incident has its lessons.

pub mod changes;
pub mod correction;
pub mod internal_audits;
pub mod involvement;
pub mod management_reviews;
pub mod monitoring;
pub mod policies;
#[cfg(test)]
mod tests;

pub use changes::ChangeCheck;
pub use correction::CorrectionCheck;
pub use internal_audits::AuditCheck;
pub use involvement::InvolvementCheck;
pub use management_reviews::ReviewCheck;
pub use monitoring::MonitoringCheck;
pub use policies::PolicyCheck;

use crate::reference::Target;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// Records of each side that an answer names.
pub const FIRST: usize = 5;
/// For so long may something wait for whoever decides or goes on with it before it offends.
pub const PATIENCE_DAYS: u64 = 30;
/// For so long may an incident wait for its triage.
pub const TRIAGE_DAYS: u64 = 3;

/// The seven steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// What is aimed at, and what it starts from [4, 5, 6].
    PolicyAndObjectives,
    /// What is measured [9.1].
    Monitoring,
    /// What is audited, and by whom [9.2].
    InternalAudits,
    /// What top management makes of it [5, 9.3].
    ManagementReview,
    /// What follows from what went wrong [10; A.5.24 to A.5.28].
    CorrectAndPrevent,
    /// What is altered, and how [6.3, 8.1].
    ChangeManagement,
    /// Who takes part [7.2 to 7.4].
    EmployeeInvolvement,
}

/// One question of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    /// Of the first step.
    Policy(PolicyCheck),
    /// Of the second.
    Monitoring(MonitoringCheck),
    /// Of the third.
    Audit(AuditCheck),
    /// Of the fourth.
    Review(ReviewCheck),
    /// Of the fifth.
    Correction(CorrectionCheck),
    /// Of the sixth.
    Change(ChangeCheck),
    /// Of the seventh.
    Involvement(InvolvementCheck),
}

/// A call of the API: method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// `POST`, `PATCH`.
    pub method: &'static str,
    /// As the contract writes it: `/v1/policies/{id}/reaffirm`.
    pub path: &'static str,
}

pub(crate) const fn post(path: &'static str) -> Remedy {
    Remedy { method: "POST", path }
}

pub(crate) const fn patch(path: &'static str) -> Remedy {
    Remedy { method: "PATCH", path }
}

/// What turns counts into a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// There must be so many that prove it.
    There {
        /// So many.
        least: i64,
        /// The call that makes one.
        begin: Remedy,
    },
    /// Of those that there are none may offend.
    Each {
        /// Why it is not asked where there are none.
        idle: &'static str,
    },
}

/// At least one.
const fn there(begin: Remedy) -> Rule {
    Rule::There { least: 1, begin }
}

/// What a check asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The clauses and controls behind it.
    pub clauses: &'static [&'static str],
    /// To be answered with yes.
    pub question: &'static str,
    /// What turns counts into a result.
    pub rule: Rule,
    /// The call that settles what offends; none where nothing can.
    pub mend: Option<Remedy>,
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// Yes.
    Met,
    /// Not throughout.
    Partly,
    /// No.
    NotMet,
    /// There is nothing of which it could be asked.
    NotApplicable,
}

impl Outcome {
    /// In per cent; none where it does not count.
    fn score(self) -> Option<u32> {
        match self {
            Self::Met => Some(100),
            Self::Partly => Some(50),
            Self::NotMet => Some(0),
            Self::NotApplicable => None,
        }
    }
}

/// Records that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many there are.
    pub count: i64,
    /// How many of them were migrated, not enforced: another register says so, and no gate let them through.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub migrated: i64,
    /// The newest [`FIRST`] of them.
    pub first: Vec<Target>,
}

/// So that a day that was kept before there was any history reads as it did.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(count: &i64) -> bool {
    *count == 0
}

/// What the records say about one check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that prove it.
    pub proof: Found,
    /// Those that offend.
    pub offending: Found,
}

impl Rule {
    /// What follows from how many prove it and how many offend.
    #[must_use]
    pub fn judge(self, proof: i64, offending: i64) -> Outcome {
        match self {
            Self::There { .. } if proof == 0 => Outcome::NotMet,
            Self::There { least, .. } if proof >= least && offending == 0 => Outcome::Met,
            Self::There { .. } => Outcome::Partly,
            Self::Each { .. } => match (proof, offending) {
                (0, 0) => Outcome::NotApplicable,
                (_, 0) => Outcome::Met,
                (0, _) => Outcome::NotMet,
                (_, _) => Outcome::Partly,
            },
        }
    }
}

impl Terms {
    /// The call that would mend what was found; none where nothing is amiss.
    #[must_use]
    pub fn remedy(&self, outcome: Outcome, offending: i64) -> Option<Remedy> {
        match (outcome, self.rule) {
            (Outcome::Met | Outcome::NotApplicable, _) => None,
            (Outcome::Partly | Outcome::NotMet, _) if offending > 0 => self.mend,
            (Outcome::Partly | Outcome::NotMet, Rule::There { begin, .. }) => Some(begin),
            (Outcome::Partly | Outcome::NotMet, Rule::Each { .. }) => self.mend,
        }
    }

    /// Why the check is not asked; none where it is.
    #[must_use]
    pub fn reason(&self, outcome: Outcome) -> Option<&'static str> {
        match (outcome, self.rule) {
            (Outcome::NotApplicable, Rule::Each { idle }) => Some(idle),
            (Outcome::Met | Outcome::Partly | Outcome::NotMet | Outcome::NotApplicable, _) => None,
        }
    }
}

impl Check {
    /// Every check, step by step.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let policies = PolicyCheck::VARIANTS.iter().copied().map(Self::Policy);
        let monitoring = MonitoringCheck::VARIANTS.iter().copied().map(Self::Monitoring);
        let audits = AuditCheck::VARIANTS.iter().copied().map(Self::Audit);
        let reviews = ReviewCheck::VARIANTS.iter().copied().map(Self::Review);
        let correction = CorrectionCheck::VARIANTS.iter().copied().map(Self::Correction);
        let changes = ChangeCheck::VARIANTS.iter().copied().map(Self::Change);
        let involvement = InvolvementCheck::VARIANTS.iter().copied().map(Self::Involvement);
        let earlier = policies.chain(monitoring).chain(audits).chain(reviews);
        earlier.chain(correction).chain(changes).chain(involvement).collect()
    }

    /// The step to which it belongs.
    #[must_use]
    pub fn step(self) -> Step {
        match self {
            Self::Policy(_) => Step::PolicyAndObjectives,
            Self::Monitoring(_) => Step::Monitoring,
            Self::Audit(_) => Step::InternalAudits,
            Self::Review(_) => Step::ManagementReview,
            Self::Correction(_) => Step::CorrectAndPrevent,
            Self::Change(_) => Step::ChangeManagement,
            Self::Involvement(_) => Step::EmployeeInvolvement,
        }
    }

    /// By what it is known: it stays the same.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Policy(check) => check.into(),
            Self::Monitoring(check) => check.into(),
            Self::Audit(check) => check.into(),
            Self::Review(check) => check.into(),
            Self::Correction(check) => check.into(),
            Self::Change(check) => check.into(),
            Self::Involvement(check) => check.into(),
        }
    }

    /// What it asks.
    #[must_use]
    pub fn terms(self) -> Terms {
        match self {
            Self::Policy(check) => check.terms(),
            Self::Monitoring(check) => check.terms(),
            Self::Audit(check) => check.terms(),
            Self::Review(check) => check.terms(),
            Self::Correction(check) => check.terms(),
            Self::Change(check) => check.terms(),
            Self::Involvement(check) => check.terms(),
        }
    }
}

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The check's id.
    pub check: String,
    /// Its result.
    pub outcome: Outcome,
    /// What proves it.
    pub proof: Found,
    /// What offends.
    pub offending: Found,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepScore {
    /// Which one.
    pub step: Step,
    /// In per cent; none where no check of it applies.
    pub score: Option<u32>,
}

/// How ready an organisation is; also what is kept of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// In per cent over all checks that apply.
    pub score: Option<u32>,
    /// Step by step.
    pub steps: Vec<StepScore>,
    /// What each check came to.
    pub answers: Vec<Answered>,
}

impl Readiness {
    /// Answers every check.
    #[must_use]
    pub fn of(tallies: impl IntoIterator<Item = (Check, Tally)>) -> Self {
        let (mut scores, mut answers) = (Vec::new(), Vec::new());
        for (check, Tally { proof, offending }) in tallies {
            let outcome = check.terms().rule.judge(proof.count, offending.count);
            scores.extend(outcome.score().map(|score| (check.step(), score)));
            answers.push(Answered { check: check.id().to_owned(), outcome, proof, offending });
        }
        let step = |step: Step| StepScore {
            step,
            score: mean(scores.iter().filter(|(of, _)| *of == step).map(|(_, score)| *score)),
        };
        let steps = Step::VARIANTS.iter().copied().map(step).collect();
        Self { score: mean(scores.iter().map(|(_, score)| *score)), steps, answers }
    }
}

/// Rounded down: 100 means that everything is met.
fn mean(scores: impl Iterator<Item = u32>) -> Option<u32> {
    let (sum, count) = scores.fold((0_u32, 0_u32), |(sum, count), score| (sum + score, count + 1));
    sum.checked_div(count)
}
