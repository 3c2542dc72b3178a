//! Improvements over HTTP [10.1].

mod view;

pub(crate) use view::ImprovementView;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::effect::SeenEffect;
use crate::record::mistakes::{MarkDuplicateImprovement, VoidRecord, mark_duplicate};
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_member};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Change;
use ratchet_domain::id::{ImprovementId, MemberId};
use ratchet_domain::improvements::{
    self as domain, Facts, Improvement, ImprovementDraft, Measure, Size, StageName, Verb,
};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::mistakes::Voidable;
use ratchet_domain::nonconformities::Source;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::effects::Effective;
use ratchet_persistence::improvements::Filter;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::votes;
use serde::Deserialize;

/// What a list of improvements can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImprovementQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "proposed,accepted")]
    state: Option<Vec<StageName>>,
    /// From one of these sources, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Source>>, example = "employee,audit")]
    source: Option<Vec<Source>>,
    /// Of one of these efforts, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Size>>, example = "small")]
    effort: Option<Vec<Size>>,
    /// Of one of these values, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Size>>, example = "large")]
    value: Option<Vec<Size>>,
    /// Proposed by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    proposer: Option<Who>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Measured by the indicator of this id or reference.
    #[param(value_type = Option<String>, example = "IND-2026-0001")]
    indicator: Option<Named>,
    /// Due before this day.
    #[serde(default, deserialize_with = "bounded")]
    due_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Improvement {
    type View = ImprovementView;
    type Query = ImprovementQuery;
    const PATH: &'static str = "improvements";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id"), ("proposer", "proposer_id")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> ImprovementView {
        ImprovementView::of(self, transitions)
    }

    /// How many members speak for each, and whether the caller does.
    fn fill(views: &mut [ImprovementView], by: &Actor, connection: &mut AnyConnection) -> Result<(), ApiError> {
        let ids: Vec<ImprovementId> = views.iter().map(|view| ImprovementId(view.head.id)).collect();
        let counts = votes::counts(by.organisation, &ids, connection)?;
        let mine = match by.member() {
            Some(me) => votes::of_member(by.organisation, me, &ids, connection)?,
            None => Default::default(),
        };
        for (view, id) in views.iter_mut().zip(ids) {
            view.votes = counts.get(&id).copied();
            view.my_vote_id = mine.get(&id).copied();
        }
        Ok(())
    }

    fn settle(query: &mut ImprovementQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("proposer", &[Prefix::Member], &mut query.proposer)?;
        look.up("owner", &[Prefix::Member], &mut query.owner)?;
        look.up("indicator", &[Prefix::Indicator], &mut query.indicator)
    }

    fn filter(query: ImprovementQuery, by: &Actor, _: NaiveDate) -> Filter {
        let ImprovementQuery { state, source, effort, value, proposer, owner, indicator, due_before, updated_since } =
            query;
        let (proposer, owner) = (proposer.map(|who| who.resolve(by)), owner.map(|who| who.resolve(by)));
        Filter {
            stage: state,
            source,
            effort,
            value,
            proposer,
            owner,
            indicator: indicator.map(Named::id),
            due_before,
            updated_since,
        }
    }
}

/// How one will tell that the benefit came about.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub(crate) enum ImprovementMeasure {
    /// An indicator is to move from its baseline to the target, both in its unit.
    Indicator {
        /// By reference or id.
        #[schema(example = "IND-2026-0003")]
        indicator: String,
        /// Where it stands without the improvement.
        #[schema(example = 84.0)]
        baseline: f64,
        /// Where it is to stand; on which side of the baseline says which way is better.
        #[schema(example = 95.0)]
        target: f64,
    },
    /// Somebody is to look at something.
    Criterion {
        /// At what, and what is to be seen.
        #[schema(example = "Ten visitors in a row are met at the door", max_length = 10_000)]
        criterion: String,
    },
}

impl ImprovementMeasure {
    fn into_measure(self, by: &Actor, tx: &mut Tx<'_>) -> Result<Measure, ApiError> {
        Ok(match self {
            Self::Indicator { indicator, baseline, target } => {
                let indicator = records::known::<Indicator>("/measure/indicator", &indicator, by, tx)?.id();
                Measure::Indicator { indicator, baseline, target }
            }
            Self::Criterion { criterion } => Measure::Criterion { criterion },
        })
    }
}

/// An improvement to be proposed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateImprovement {
    /// One line.
    #[schema(example = "Patch laptops from the image on", max_length = 200)]
    title: String,
    /// What could be better, and how.
    #[schema(example = "The image could carry the update agent", max_length = 10_000)]
    description: String,
    /// Where the idea came from; `employee` without it.
    #[serde(default)]
    source: Option<Source>,
    /// What would be better; needed to accept it.
    #[serde(default)]
    #[schema(example = "No window without patches", max_length = 10_000)]
    expected_benefit: Option<String>,
    /// How one will tell; needed to plan it.
    #[serde(default)]
    measure: Option<ImprovementMeasure>,
    /// What it takes.
    #[serde(default)]
    effort: Option<Size>,
    /// What it is worth.
    #[serde(default)]
    value: Option<Size>,
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendImprovement {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What could be better, and how.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// What would be better.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    expected_benefit: Option<Option<String>>,
    /// How one will tell; fixed by `plan`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ImprovementMeasure>)]
    measure: Option<Option<ImprovementMeasure>>,
    /// What it takes.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Size>)]
    effort: Option<Option<Size>>,
    /// What it is worth.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Size>)]
    value: Option<Option<Size>>,
    /// The accountable member, once it is accepted.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = MemberId)]
    owner_id: Option<MemberId>,
}

/// What `accept` needs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptImprovement {
    /// The accountable member.
    owner_id: MemberId,
    /// Why it is worth it.
    #[schema(example = "Cheap, and the auditor asked for it twice", max_length = 10_000)]
    reason: String,
    /// What would be better; needed where the proposal does not say it.
    #[serde(default)]
    expected_benefit: Option<String>,
    /// Why the proposer decides, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

/// What `decline` needs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineImprovement {
    /// Told to the proposer.
    #[schema(example = "The portal is replaced in March", max_length = 10_000)]
    reason: String,
    /// Why the proposer decides, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

/// How it is to be brought about.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanImprovement {
    /// What will be done.
    #[schema(example = "Build image 42 with the agent, re-image by site", max_length = 10_000)]
    approach: String,
    /// The day by which it is to be in place.
    #[serde(deserialize_with = "bounded")]
    due_on: NaiveDate,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartImprovement {}

/// That it is in place.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureImprovement {
    /// What was done.
    #[schema(example = "All 31 laptops run image 42", max_length = 10_000)]
    summary: String,
    /// The first day on which its benefit can be judged.
    #[serde(deserialize_with = "bounded")]
    judge_on: NaiveDate,
}

/// Whether the benefit came about.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConcludeImprovement {
    /// Needed where a criterion was agreed. Where an indicator was, its figures decide; a claim against them is refused.
    #[serde(default)]
    realised: Option<bool>,
    /// What was seen.
    #[schema(example = "Twelve weeks without a gap", max_length = 10_000)]
    evidence: String,
    /// What was learned.
    #[schema(example = "Images have owners now", max_length = 10_000)]
    lessons: String,
    /// Why someone judges who did the work, where the organisation documents such exceptions.
    #[serde(default)]
    exception_reason: Option<String>,
}

/// Why it is given up.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbandonImprovement {
    /// Kept in the journal.
    #[schema(example = "The vendor's next release does it", max_length = 10_000)]
    reason: String,
}

/// List improvements; a member sees its own and what is proposed.
#[utoipa::path(
    tag = "improvements",
    params(PageParameters, ImprovementQuery),
    responses((status = 200, body = Page<ImprovementView>))
)]
#[get("/improvements")]
pub(crate) async fn list_improvements(call: Call, list: List<ImprovementQuery>) -> Result<Answer, ApiError> {
    call.list::<Improvement>(list).await
}

/// Propose an improvement: every member may see it, vote for it and comment on it.
#[utoipa::path(
    tag = "improvements",
    params(WriteParameters),
    request_body = CreateImprovement,
    responses((status = 201, body = ImprovementView))
)]
#[post("/improvements")]
pub(crate) async fn create_improvement(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateImprovement>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateImprovement, by, birth, tx| {
        let CreateImprovement { title, description, source, expected_benefit, measure, effort, value } = input;
        let draft = ImprovementDraft {
            title,
            description,
            source: source.unwrap_or(Source::Employee),
            origin: None,
            proposer: by.member(),
            expected_benefit,
            measure: measure.map(|measure| measure.into_measure(by, tx)).transpose()?,
            effort,
            value,
        };
        Ok(Improvement::propose(draft, by, birth)?)
    })
    .await
}

/// Read an improvement.
#[utoipa::path(
    tag = "improvements",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = ImprovementView))
)]
#[get("/improvements/{id}")]
pub(crate) async fn get_improvement(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Improvement>(target, parameters).await
}

/// Read what the indicator of an improvement says of it: each series before and after.
///
/// Compared is what was measured in the 90 days before it was in place with what was measured since then. Once the benefit is
/// judged this is the frozen comparison of the verdict.
#[utoipa::path(
    tag = "improvements",
    params(("id" = String, Path)),
    responses((status = 200, body = SeenEffect<StageName>))
)]
#[get("/improvements/{id}/effect")]
pub(crate) async fn get_improvement_effect(call: Call, target: Target, _: Query<Nothing>) -> Result<Answer, ApiError> {
    call.effect(target, |improvement: &Improvement| improvement.stage.name()).await
}

/// Amend an improvement's plain fields: its proposer until it is accepted, its owner from then on.
#[utoipa::path(
    tag = "improvements",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendImprovement, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ImprovementView))
)]
#[patch("/improvements/{id}")]
pub(crate) async fn amend_improvement(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendImprovement>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |improvement: Improvement, input, by, tx| {
        let AmendImprovement { title, description, expected_benefit, measure, effort, value, owner_id } = input;
        if let Some(owner) = owner_id {
            existing_member("/owner_id", owner, tx)?;
        }
        let measure =
            measure.map(|measure| measure.map(|measure| measure.into_measure(by, tx)).transpose()).transpose()?;
        let amendment =
            domain::Amendment { title, description, expected_benefit, measure, effort, value, owner: owner_id };
        Ok(improvement.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "improvements", record Improvement, view ImprovementView;

    /// Accept it: it is worth it, and it gets its owner; never by who proposed it.
    accept_improvement "/improvements/{id}/accept" Accept AcceptImprovement
    |improvement, AcceptImprovement { owner_id, reason, expected_benefit, exception_reason }, facts, by, tx|
        existing_member("/owner_id", owner_id, tx).and_then(|()| {
            let input = domain::Accept { owner: owner_id, reason, expected_benefit, exception_reason };
            Ok(improvement.accept(input, facts, by, tx.now())?)
        });

    /// Decline it; the reason is told to the proposer. Never by who proposed it.
    decline_improvement "/improvements/{id}/decline" Decline DeclineImprovement
    |improvement, DeclineImprovement { reason, exception_reason }, facts, by, tx|
        improvement.decline(domain::Decline { reason, exception_reason }, facts, by, tx.now());

    /// Say how it is to be brought about; how its benefit is measured is fixed from now on.
    plan_improvement "/improvements/{id}/plan" Plan PlanImprovement
    |improvement, PlanImprovement { approach, due_on }, facts, by, tx|
        improvement.plan((approach, due_on), facts, by, tx.now());

    /// Begin with it.
    start_improvement "/improvements/{id}/start" Start StartImprovement
    |improvement, StartImprovement {}, facts, by, tx| improvement.start(facts, by, tx.now());

    /// Say that it is in place: what the indicator says from now on counts.
    measure_improvement "/improvements/{id}/measure" Measure MeasureImprovement
    |improvement, MeasureImprovement { summary, judge_on }, facts, by, tx|
        improvement.measure((summary, judge_on), facts, by, tx.now());

    /// Judge whether the benefit came about: from the figures where an indicator was agreed; never by who did the work. The
    /// indicator is compared before and after, and the comparison is frozen with the verdict.
    conclude_improvement "/improvements/{id}/conclude" Conclude ConcludeImprovement
    |improvement, input, facts, by, tx| conclude(improvement, input, facts, by, tx);

    /// Give it up before it is in place.
    abandon_improvement "/improvements/{id}/abandon" Abandon AbandonImprovement
    |improvement, input, facts, by, tx| improvement.abandon(input.reason, facts, by, tx.now());

    /// Void it: it was proposed by mistake. Also by who proposed it, until it is decided.
    void_improvement "/improvements/{id}/void" Void VoidRecord
    |improvement, input, facts, by, tx| improvement.void(input.reason, facts, by, tx.now());

    /// Say that another improvement says the same: that one takes over proposer, votes, tags, links and evidence. Votes
    /// move from one suggestion to another, and of a member's two one is kept.
    mark_duplicate_improvement "/improvements/{id}/mark-duplicate" MarkDuplicate MarkDuplicateImprovement
    |improvement, input, facts, by, tx| mark_duplicate(improvement, &input.of, facts, by, tx);
}

fn conclude(
    improvement: Improvement,
    input: ConcludeImprovement,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Improvement>, ApiError> {
    let ConcludeImprovement { realised, evidence, lessons, exception_reason } = input;
    let effect = improvement.measured(tx.now(), tx.connection())?;
    let input = domain::Conclude { realised, evidence, lessons, effect, exception_reason };
    Ok(improvement.conclude(input, facts, by, tx.now())?)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_improvements)
        .service(create_improvement)
        .service(get_improvement)
        .service(get_improvement_effect)
        .service(amend_improvement)
        .service(accept_improvement)
        .service(decline_improvement)
        .service(plan_improvement)
        .service(start_improvement)
        .service(measure_improvement)
        .service(conclude_improvement)
        .service(abandon_improvement)
        .service(void_improvement)
        .service(mark_duplicate_improvement);
}
