//! Training assignments over HTTP [7.2 b-d, A.6.3].

mod view;

pub(crate) use view::TrainingAssignmentView;

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::courses::Course;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::training_assignments::{Complete, StageName, TrainingAssignment, Verb};
use ratchet_persistence::settings;
use ratchet_persistence::training_assignments::{self, Filter};
use serde::Deserialize;

/// What a list of training assignments can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrainingAssignmentQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "assigned,failed")]
    state: Option<Vec<StageName>>,
    /// Of the course of this id or reference.
    #[param(value_type = Option<String>, example = "CRS-2026-0001")]
    course: Option<Named>,
    /// Of this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    member: Option<Who>,
    /// Due before this day.
    #[serde(default, deserialize_with = "bounded")]
    due_before: Option<NaiveDate>,
    /// Not taken, and due before today.
    overdue: Option<bool>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for TrainingAssignment {
    type View = TrainingAssignmentView;
    type Query = TrainingAssignmentQuery;
    const PATH: &'static str = "training-assignments";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("member", "member_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] = &[("course", "course_id", Prefix::Course)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> TrainingAssignmentView {
        TrainingAssignmentView::of(self, transitions)
    }

    fn asks_for_today(query: &TrainingAssignmentQuery) -> bool {
        query.overdue == Some(true)
    }

    fn settle(query: &mut TrainingAssignmentQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("course", &[Prefix::Course], &mut query.course)?;
        look.up("member", &[Prefix::Member], &mut query.member)
    }

    fn filter(query: TrainingAssignmentQuery, by: &Actor, today: NaiveDate) -> Filter {
        let TrainingAssignmentQuery { state, course, member, due_before, overdue, updated_since } = query;
        Filter {
            stage: state,
            course: course.map(Named::id),
            member: member.map(|who| who.resolve(by)),
            due_before,
            overdue_on: overdue.filter(|overdue| *overdue).map(|_| today),
            updated_since,
        }
    }
}

/// A course to be taken.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTrainingAssignment {
    /// The course, by reference or id.
    #[schema(example = "CRS-2026-0003")]
    course: String,
    /// Who takes it.
    member_id: MemberId,
    /// The day by which it is to be taken; in as many days as the course says without it.
    #[serde(default, deserialize_with = "bounded")]
    due_on: Option<NaiveDate>,
}

/// How it went.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteTrainingAssignment {
    /// The day on which the course was taken; today without it.
    #[serde(default, deserialize_with = "bounded")]
    taken_on: Option<NaiveDate>,
    /// In percent; needed where the course has a pass mark, and then not recorded by whoever took it.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100, example = 92)]
    score: Option<i64>,
    /// What shows it, such as the number of a certificate. Attach files as evidence.
    #[serde(default)]
    #[schema(example = "Certificate 4711", max_length = 10_000)]
    evidence: Option<String>,
}

impl From<CompleteTrainingAssignment> for Complete {
    fn from(body: CompleteTrainingAssignment) -> Self {
        let CompleteTrainingAssignment { taken_on, score, evidence } = body;
        Self { taken_on, score, evidence }
    }
}

/// By when it is to be taken once more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetakeTrainingAssignment {
    /// The day by which it is to be taken.
    #[serde(deserialize_with = "bounded")]
    due_on: NaiveDate,
}

/// Why it need not be taken any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidTrainingAssignment {
    /// Kept in the journal.
    #[schema(example = "On parental leave until next year", max_length = 10_000)]
    reason: String,
}

/// List training assignments.
#[utoipa::path(
    tag = "training-assignments",
    params(PageParameters, TrainingAssignmentQuery),
    responses((status = 200, body = Page<TrainingAssignmentView>))
)]
#[get("/training-assignments")]
pub(crate) async fn list_training_assignments(
    call: Call,
    list: List<TrainingAssignmentQuery>,
) -> Result<Answer, ApiError> {
    call.list::<TrainingAssignment>(list).await
}

/// Assign a published course to a member. Whoever belongs to its audience is assigned without that.
#[utoipa::path(
    tag = "training-assignments",
    params(WriteParameters),
    request_body = CreateTrainingAssignment,
    responses((status = 201, body = TrainingAssignmentView))
)]
#[post("/training-assignments")]
pub(crate) async fn create_training_assignment(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateTrainingAssignment>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateTrainingAssignment, by, birth, tx| {
        let CreateTrainingAssignment { course, member_id, due_on } = input;
        let course: Course = records::known("/course", &course, by, tx)?;
        existing_member("/member_id", member_id, tx)?;
        if training_assignments::counts(by.organisation, course.id(), member_id, tx.connection())? {
            let detail = "the member has an assignment of this course that counts: use it, or let it be taken again";
            return Err(Refusal::state("assigned_already", detail).into());
        }
        let today = settings::rules(by.organisation, tx.connection())?.today(tx.now());
        Ok(TrainingAssignment::assign(&course, (member_id, due_on), today, by, birth)?)
    })
    .await
}

/// Read a training assignment.
#[utoipa::path(
    tag = "training-assignments",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = TrainingAssignmentView))
)]
#[get("/training-assignments/{id}")]
pub(crate) async fn get_training_assignment(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<TrainingAssignment>(target, parameters).await
}

verbs! {
    tag "training-assignments", record TrainingAssignment, view TrainingAssignmentView;

    /// Record that the course was taken: passed or, below the pass mark, failed.
    complete_training_assignment "/training-assignments/{id}/complete" Complete CompleteTrainingAssignment
    |assignment, input, facts, by, tx| assignment.complete(input.into(), facts, by, tx.now());

    /// Let the course be taken once more; the attempt so far is kept.
    retake_training_assignment "/training-assignments/{id}/retake" Retake RetakeTrainingAssignment
    |assignment, input, facts, by, tx| assignment.retake(input.due_on, facts, by, tx.now());

    /// Say that the course need not be taken any more.
    void_training_assignment "/training-assignments/{id}/void" Void VoidTrainingAssignment
    |assignment, input, facts, by, tx| assignment.void(input.reason, facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_training_assignments)
        .service(create_training_assignment)
        .service(get_training_assignment)
        .service(complete_training_assignment)
        .service(retake_training_assignment)
        .service(void_training_assignment);
}
