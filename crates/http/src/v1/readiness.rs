//! Readiness over HTTP: the seven steps as a checklist, today or as of an earlier day.

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::records::{self, RecordView};
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{Days, NaiveDate};
use ratchet_domain::access::{Actor, Permission};
use ratchet_domain::readiness::{Answered, Check, Found, Outcome, Readiness, Remedy, Step, StepScore};
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::{readiness, settings};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Days of which the score is shown beside the answer.
const HISTORY: Days = Days::new(90);

/// As of which day.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadinessQuery {
    /// What was kept of this day, or of the newest before it; now without it.
    #[param(example = "2026-01-31")]
    #[serde(default, deserialize_with = "bounded")]
    as_of: Option<NaiveDate>,
}

/// Records that were found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FoundView {
    /// How many there are, seen by the caller or not.
    pub count: i64,
    /// How many of them were migrated, not enforced: another register says so, and no gate of this program let them through.
    pub migrated: i64,
    /// The newest five of them, without those that the caller may not see.
    pub records: Vec<RecordView>,
}

/// A call of this API.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CallView {
    #[schema(example = "POST")]
    pub method: &'static str,
    /// As this document writes it.
    #[schema(example = "/v1/policies/{id}/reaffirm")]
    pub path: &'static str,
}

impl From<Remedy> for CallView {
    fn from(Remedy { method, path }: Remedy) -> Self {
        Self { method, path }
    }
}

/// One question of the checklist, and what the records answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CheckView {
    /// By what the check is known: it stays the same.
    #[schema(example = "policies-reviewed")]
    pub id: &'static str,
    /// The clauses and controls behind it.
    #[schema(example = json!(["7.5.2", "A.5.1"]))]
    pub clauses: Vec<&'static str>,
    /// To be answered with yes.
    #[schema(example = "Was every policy that is in force reviewed in time?")]
    pub question: &'static str,
    /// What the records answer.
    pub result: Outcome,
    /// Why it is not asked, when it is `not_applicable`.
    pub reason: Option<&'static str>,
    /// What proves it.
    pub proof: FoundView,
    /// What offends.
    pub offending: FoundView,
    /// The call that would mend it; `null` where nothing is amiss.
    pub mend: Option<CallView>,
}

/// One of the seven steps.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct StepView {
    pub step: Step,
    /// In per cent, rounded down, over its checks that apply: `met` counts whole, `partly` half. `null` where none
    /// applies.
    #[schema(example = 75)]
    pub score: Option<u32>,
    pub checks: Vec<CheckView>,
}

/// How ready the organisation was on one day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DayScore {
    pub day: NaiveDate,
    /// In per cent.
    #[schema(example = 71)]
    pub score: Option<i64>,
}

/// How ready the organisation is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReadinessView {
    /// The day that is answered for, in the organisation's time zone.
    pub day: NaiveDate,
    /// In per cent, rounded down, over all checks that apply.
    #[schema(example = 72)]
    pub score: Option<u32>,
    /// The seven steps, in their order.
    pub steps: Vec<StepView>,
    /// The scores that were kept of this day and the 90 before it, the earliest first.
    pub history: Vec<DayScore>,
}

/// Read how ready the organisation is: the seven steps as a checklist.
///
/// Every check tells how many records prove it and how many offend, names the newest of each, and the call that would
/// mend it. Records that the caller may not see are counted and not named; of those that were brought in from another
/// register it is said how many they are. Each day is kept as it began.
#[utoipa::path(tag = "readiness", params(ReadinessQuery), responses((status = 200, body = ReadinessView)))]
#[get("/readiness")]
pub(crate) async fn get_organisation_readiness(call: Call, query: Query<ReadinessQuery>) -> Result<Answer, ApiError> {
    let (by, now, as_of) = (call.actor.clone(), call.app.now(), query.0.as_of);
    if !by.may(Permission::ReadRecords, false) {
        return Err(Refusal::Forbidden.into());
    }
    let read = move |connection: &mut AnyConnection| -> Result<ReadinessView, ApiError> {
        let today = settings::rules(by.organisation, connection)?.today(now);
        let (day, found) = match as_of {
            Some(day) if day > today => {
                return Err(ApiError::parameter("as_of", "out_of_range", "must not lie in the future"));
            }
            Some(day) if day < today => {
                let kept = readiness::newest(by.organisation, day, connection)?;
                kept.ok_or_else(|| {
                    ApiError::parameter("as_of", "not_kept", "nothing was kept of this day or of one before")
                })?
            }
            Some(_) | None => (today, readiness::now(by.organisation, now, connection)?),
        };
        let span = (day.checked_sub_days(HISTORY).unwrap_or(day), day);
        let history = readiness::scores(by.organisation, span, connection)?;
        let history = history.into_iter().map(|(day, score)| DayScore { day, score }).collect();
        let seen = seen(&found, &by, connection)?;
        Ok(ReadinessView { day, score: found.score, steps: steps(&found, &seen), history })
    };
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

/// The records that are named, as far as the caller may see them.
pub(super) type Seen = HashMap<Uuid, RecordView>;

fn seen(found: &Readiness, by: &Actor, connection: &mut AnyConnection) -> Result<Seen, ApiError> {
    seen_among(found.answers.iter().flat_map(|answered| [&answered.proof, &answered.offending]), by, connection)
}

/// A statement for each kind.
pub(super) fn seen_among<'a>(
    sides: impl Iterator<Item = &'a Found>,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<Seen, ApiError> {
    let named: BTreeSet<(Prefix, Uuid)> =
        sides.flat_map(|side| &side.first).map(|target| (target.kind, target.id.0)).collect();
    let seen = records::seen_of(&named.into_iter().collect::<Vec<_>>(), by, connection)?;
    Ok(seen.into_iter().map(|view| (view.id, view)).collect())
}

/// What was answered, step by step. A check that was asked on an earlier day and is not asked any more counts, and is not
/// shown.
fn steps(found: &Readiness, seen: &Seen) -> Vec<StepView> {
    let checks = Check::all();
    let answered = |step: Step| -> Vec<CheckView> {
        let of_step = checks.iter().filter(|check| check.step() == step);
        let view = |check: &Check| {
            let answered = found.answers.iter().find(|answered| answered.check == check.id())?;
            Some(CheckView::of(*check, answered, seen))
        };
        of_step.filter_map(view).collect()
    };
    let step = |StepScore { step, score }: &StepScore| StepView { step: *step, score: *score, checks: answered(*step) };
    found.steps.iter().map(step).collect()
}

impl FoundView {
    pub(super) fn of(found: &Found, seen: &Seen) -> Self {
        let records = found.first.iter().filter_map(|target| seen.get(&target.id.0).cloned());
        Self { count: found.count, migrated: found.migrated, records: records.collect() }
    }
}

impl CheckView {
    fn of(check: Check, answered: &Answered, seen: &Seen) -> Self {
        let terms = check.terms();
        let Answered { check: _, outcome, proof, offending } = answered;
        Self {
            id: check.id(),
            clauses: terms.clauses.to_vec(),
            question: terms.question,
            result: *outcome,
            reason: terms.reason(*outcome),
            proof: FoundView::of(proof, seen),
            offending: FoundView::of(offending, seen),
            mend: terms.remedy(*outcome, offending.count).map(Into::into),
        }
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_organisation_readiness);
}
