//! Courses over HTTP [7.2, A.6.3].

mod view;

pub(crate) use view::CourseView;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::effect::{SeenEffect, named_indicators};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member, existing_members};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::http::StatusCode;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::audience::Audience;
use ratchet_domain::change::Change;
use ratchet_domain::courses::{self as domain, Course, CourseDraft, Facts, StageName, Verb};
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::courses::Filter;
use ratchet_persistence::effects::Effective;
use ratchet_persistence::training_assignments::{self, Progress};
use ratchet_persistence::{settings, tx::Tx};
use serde::{Deserialize, Serialize};

/// What a list of courses can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CourseQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "published")]
    state: Option<Vec<StageName>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Course {
    type View = CourseView;
    type Query = CourseQuery;
    const PATH: &'static str = "courses";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> CourseView {
        CourseView::of(self, transitions)
    }

    fn settle(query: &mut CourseQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)
    }

    fn filter(query: CourseQuery, by: &Actor, _: NaiveDate) -> Filter {
        let CourseQuery { state, owner, updated_since } = query;
        Filter { stage: state, owner: owner.map(|who| who.resolve(by)), updated_since }
    }
}

/// A course to be defined; whoever belongs to its audience is assigned once it is published.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateCourse {
    /// One line.
    #[schema(example = "Telling forged mails from others", max_length = 200)]
    title: String,
    /// What it teaches.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// Where to find it: an address or a place. Attach files as evidence.
    #[serde(default)]
    #[schema(example = "https://learn.example.org/phishing", max_length = 10_000)]
    material: Option<String>,
    /// Who must take it, now and whoever joins later.
    audience: Audience,
    /// In how many days a new assignment is due.
    #[schema(minimum = 1, maximum = 365, example = 30)]
    due_in_days: i64,
    /// For how many months a result holds, before the course is taken again; for ever without it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 120, example = 12)]
    validity_months: Option<i64>,
    /// The score, in percent, from which on it is passed; without it whoever has taken it has passed.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100, example = 80)]
    pass_mark: Option<i64>,
    /// The clauses and controls it serves, at most 20.
    #[serde(default)]
    #[schema(example = json!(["7.3", "A.6.3"]))]
    requirements: Vec<String>,
    /// The indicators that it is to move, by reference or id, at most 20: they tell whether it has worked.
    #[serde(default)]
    #[schema(example = json!(["IND-2026-0001"]))]
    indicators: Vec<String>,
    /// The accountable member.
    #[serde(default)]
    owner_id: Option<MemberId>,
}

impl CreateCourse {
    fn into_draft(self, tx: &mut Tx<'_>) -> Result<CourseDraft, ApiError> {
        let CreateCourse {
            title,
            description,
            material,
            audience,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner_id: owner,
        } = self;
        check_members(Some(&audience), owner, tx)?;
        let indicators = named_indicators("/indicators", &indicators, tx)?;
        Ok(CourseDraft {
            title,
            description,
            material,
            audience,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner,
        })
    }
}

/// Plain fields to change; an absent one stays, `null` empties. Another audience is assigned a moment later.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendCourse {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What it teaches.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Where to find it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    material: Option<Option<String>>,
    /// Who must take it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Audience)]
    audience: Option<Audience>,
    /// In how many days a new assignment is due.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = i64)]
    due_in_days: Option<i64>,
    /// For how many months a result holds.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    validity_months: Option<Option<i64>>,
    /// The score, in percent, from which on it is passed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pass_mark: Option<Option<i64>>,
    /// The clauses and controls it serves.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    requirements: Option<Vec<String>>,
    /// The indicators that it is to move, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, example = json!(["IND-2026-0001"]))]
    indicators: Option<Vec<String>>,
    /// The accountable member.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
}

impl AmendCourse {
    fn into_amendment(self, tx: &mut Tx<'_>) -> Result<domain::Amendment, ApiError> {
        let AmendCourse {
            title,
            description,
            material,
            audience,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner_id: owner,
        } = self;
        check_members(audience.as_ref(), owner, tx)?;
        let indicators = indicators.map(|named| named_indicators("/indicators", &named, tx)).transpose()?;
        Ok(domain::Amendment {
            title,
            description,
            material,
            audience,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner,
        })
    }
}

/// When its effect is judged.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishCourse {
    /// The day on which it is judged whether the course has worked [7.2 c].
    #[serde(deserialize_with = "bounded")]
    evaluate_on: NaiveDate,
}

/// Whether the course has worked [7.2 c].
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluateCourse {
    /// Whether it has given people what it was to give them.
    effective: bool,
    /// What was looked at.
    #[schema(example = "Clicks in the yearly trial", max_length = 10_000)]
    criterion: String,
    /// What was seen.
    #[schema(example = "4.9 %, before 11.8 %", max_length = 10_000)]
    evidence: String,
    /// The day on which it is judged again; never without it.
    #[serde(default, deserialize_with = "bounded")]
    again_on: Option<NaiveDate>,
    /// Why its owner judges, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

fn evaluate(
    course: Course,
    input: EvaluateCourse,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Course>, ApiError> {
    let EvaluateCourse { effective, criterion, evidence, again_on, exception_reason } = input;
    let effect = course.measured(tx.now(), tx.connection())?;
    let input = domain::Evaluate { effective, criterion, evidence, effect, again_on, exception_reason };
    Ok(course.evaluate(input, facts, by, tx.now())?)
}

/// Why nobody takes it any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireCourse {
    /// Kept in the journal.
    #[schema(example = "Replaced by a newer one", max_length = 10_000)]
    reason: String,
}

/// How far the people of a course have come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CourseProgress {
    /// To be taken.
    pub assigned: i64,
    /// Those of them that should have been taken by now.
    pub overdue: i64,
    /// Passed, and the result holds.
    pub completed: i64,
    /// Taken and not passed.
    pub failed: i64,
    /// Passed once; the result holds no more.
    pub expired: i64,
    /// Ended without being taken.
    pub void: i64,
    /// Completed ones among those that count, in percent; `null` while there are none.
    #[schema(example = 88.1)]
    pub completed_percent: Option<f64>,
}

impl From<Progress> for CourseProgress {
    fn from(progress: Progress) -> Self {
        let Progress { stages: [assigned, completed, failed, expired, void], overdue } = progress;
        let counting = assigned + completed + failed;
        let percent = |part: i64, whole: i64| (part as f64 * 1000.0 / whole as f64).round() / 10.0;
        let completed_percent = (counting > 0).then(|| percent(completed, counting));
        Self { assigned, overdue, completed, failed, expired, void, completed_percent }
    }
}

/// List courses.
#[utoipa::path(tag = "courses", params(PageParameters, CourseQuery), responses((status = 200, body = Page<CourseView>)))]
#[get("/courses")]
pub(crate) async fn list_courses(call: Call, list: List<CourseQuery>) -> Result<Answer, ApiError> {
    call.list::<Course>(list).await
}

/// Define a course, as a draft.
#[utoipa::path(
    tag = "courses",
    params(WriteParameters),
    request_body = CreateCourse,
    responses((status = 201, body = CourseView))
)]
#[post("/courses")]
pub(crate) async fn create_course(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateCourse>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateCourse, by, birth, tx| {
        Ok(Course::define(input.into_draft(tx)?, by, birth)?)
    })
    .await
}

/// Refuses members that are not there.
fn check_members(audience: Option<&Audience>, owner: Option<MemberId>, tx: &mut Tx<'_>) -> Result<(), ApiError> {
    existing_members("/audience/members", audience.map(Audience::named).unwrap_or_default(), tx)?;
    owner.map_or(Ok(()), |owner| existing_member("/owner_id", owner, tx))
}

/// Read a course.
#[utoipa::path(
    tag = "courses",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = CourseView))
)]
#[get("/courses/{id}")]
pub(crate) async fn get_course(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Course>(target, parameters).await
}

/// Read how far the people of a course have come.
#[utoipa::path(
    tag = "courses",
    params(("id" = String, Path)),
    responses((status = 200, body = CourseProgress))
)]
#[get("/courses/{id}/progress")]
pub(crate) async fn get_progress(call: Call, Target(locator): Target, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (by, now) = (call.actor.clone(), call.app.now());
    let read = move |connection: &mut _| -> Result<Progress, ApiError> {
        let course: Course = records::get(locator, &by, connection)?;
        if !course.is_overseen_by(&by) {
            return Err(Refusal::Forbidden.into());
        }
        let today = settings::rules(by.organisation, connection)?.today(now);
        Ok(training_assignments::progress(by.organisation, course.id(), today, connection)?)
    };
    let progress = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &CourseProgress::from(progress))
}

/// Read what the indicators of a course say of it: each series before and after [7.2 c].
///
/// Compared is what was measured in the 90 days before anybody had completed it with what was measured from the moment on at
/// which half of those had who have completed it by now; what lies between is neither. Once the effect is judged, and is
/// not to be judged again, this is the frozen comparison of that judgement.
#[utoipa::path(
    tag = "courses",
    params(("id" = String, Path)),
    responses((status = 200, body = SeenEffect<StageName>))
)]
#[get("/courses/{id}/effect")]
pub(crate) async fn get_course_effect(call: Call, target: Target, _: Query<Nothing>) -> Result<Answer, ApiError> {
    call.effect(target, |course: &Course| course.stage.name()).await
}

/// Amend a course's plain fields.
#[utoipa::path(
    tag = "courses",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendCourse, content_type = "application/merge-patch+json"),
    responses((status = 200, body = CourseView))
)]
#[patch("/courses/{id}")]
pub(crate) async fn amend_course(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendCourse>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |course: Course, input: AmendCourse, by, tx| {
        Ok(course.amend(input.into_amendment(tx)?, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "courses", record Course, view CourseView;

    /// Publish a course: its audience is assigned to it, a moment later and whoever joins from then on.
    publish_course "/courses/{id}/publish" Publish PublishCourse
    |course, input, facts, by, tx| course.publish(input.evaluate_on, facts, by, tx.now());

    /// Judge whether a course has worked; never by its owner [7.2 c]. Its indicators are compared, and the comparison is
    /// frozen with the verdict.
    evaluate_course "/courses/{id}/evaluate" Evaluate EvaluateCourse
    |course, input, facts, by, tx| evaluate(course, input, facts, by, tx);

    /// Retire a course: what is open becomes void, results are kept.
    retire_course "/courses/{id}/retire" Retire RetireCourse
    |course, input, facts, by, tx| course.retire(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_courses)
        .service(create_course)
        .service(get_course)
        .service(get_progress)
        .service(get_course_effect)
        .service(amend_course)
        .service(publish_course)
        .service(evaluate_course)
        .service(retire_course);
}
