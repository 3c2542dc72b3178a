//! A course as the API shows it.

use crate::record::effect::EffectView;
use crate::record::expand::MemberName;
use crate::record::{ExceptionView, HeadView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::audience::Audience;
use ratchet_domain::courses::{Course, Evaluation, Stage, StageName};
use ratchet_domain::id::{IndicatorId, MemberId};
use serde::Serialize;

/// A course.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CourseView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Telling forged mails from others")]
    pub title: String,
    /// What it teaches.
    pub description: Option<String>,
    /// Where to find it.
    #[schema(example = "https://learn.example.org/phishing")]
    pub material: Option<String>,
    /// Who must take it.
    pub audience: Audience,
    /// In how many days a new assignment is due.
    pub due_in_days: i64,
    /// For how many months a result holds; for ever without it.
    pub validity_months: Option<i64>,
    /// The score, in percent, from which on it is passed.
    pub pass_mark: Option<i64>,
    /// The clauses and controls it serves.
    pub requirements: Vec<String>,
    /// The indicators that it is to move.
    pub indicator_ids: Vec<IndicatorId>,
    /// The accountable member.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// Since when its audience is assigned to it.
    pub published_at: Option<DateTime<Utc>>,
    /// The day on which its effect is judged next.
    pub evaluate_on: Option<NaiveDate>,
    /// The newest judgement of its effect [7.2 c]; earlier ones are in its history.
    pub evaluation: Option<EvaluationView>,
    /// Why nobody takes it any more.
    pub retired_because: Option<String>,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// Whether the course has worked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CourseEvaluation)]
pub(crate) struct EvaluationView {
    /// Whether it has given people what it was to give them.
    pub effective: bool,
    /// What was looked at.
    pub criterion: String,
    /// What was seen.
    pub evidence: String,
    /// What its indicators said, frozen; `null` where it names none, or nobody had completed it.
    pub effect: Option<EffectView>,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

impl From<&Evaluation> for EvaluationView {
    fn from(evaluation: &Evaluation) -> Self {
        let Evaluation { effective, criterion, evidence, effect, at, by } = evaluation.clone();
        Self { effective, criterion, evidence, effect: effect.as_ref().map(Into::into), at, by }
    }
}

impl CourseView {
    pub(crate) fn of(course: &Course, transitions: Option<Vec<Transition>>) -> Self {
        let Course {
            head,
            title,
            description,
            material,
            audience,
            audience_since: _,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner,
            evaluation,
            exceptions,
            stage,
            evaluation_fell_due_on: _,
        } = course;
        let (published_at, evaluate_on, retired_because) = match stage {
            Stage::Draft => (None, None, None),
            Stage::Published { since, evaluate_on } => (Some(*since), *evaluate_on, None),
            Stage::Retired { reason, at: _ } => (None, None, Some(reason.clone())),
        };
        Self {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            description: description.clone(),
            material: material.clone(),
            audience: audience.clone(),
            due_in_days: *due_in_days,
            validity_months: *validity_months,
            pass_mark: *pass_mark,
            requirements: requirements.clone(),
            indicator_ids: indicators.clone(),
            owner_id: *owner,
            owner: None,
            published_at,
            evaluate_on,
            evaluation: evaluation.as_ref().map(Into::into),
            retired_because,
            exceptions: exceptions.iter().map(Into::into).collect(),
            transitions,
        }
    }
}
