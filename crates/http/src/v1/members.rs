//! Members over HTTP: who may act in the organisation.

pub(crate) mod standing;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters};
use crate::passwords;
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::calendar;
use crate::v1::members::standing::{DelegationView, TermView};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use ratchet_domain::access::{Actor, Role};
use ratchet_domain::calendar::CalendarLink;
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, IdentityProviderId, MemberId};
use ratchet_domain::members::{Amendment, Member, MemberDraft, Verb};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::text;
use ratchet_persistence::accounts;
use ratchet_persistence::members::{self, Filter};
use ratchet_persistence::sessions;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// A person in this organisation, with the roles held here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MemberView {
    #[serde(flatten)]
    pub head: HeadView,
    /// `active` or `deactivated`.
    #[schema(example = "active")]
    pub state: &'static str,
    /// How the member is called.
    #[schema(example = "Ada Byron")]
    pub name: String,
    /// The part of the organisation in which the member works.
    #[schema(example = "Shipyard")]
    pub unit: Option<String>,
    /// Held now.
    pub roles: Vec<Role>,
    /// Until when some of them give anything, and how far they reach.
    pub terms: Vec<TermView>,
    /// For whom others stand in, and did within a year.
    pub delegations: Vec<DelegationView>,
    /// Whether a calendar program reads what is due for the member, by a secret link.
    pub calendar_link: bool,
    /// Whether the member gets an e-mail a day that says what waits, where the server sends any.
    pub digest: bool,
    /// By which identity providers the member signs in.
    pub identity_provider_ids: Vec<IdentityProviderId>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A member whose calendar link was just made, with the link.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OpenedCalendarLink {
    #[serde(flatten)]
    pub member: MemberView,
    /// Give it to a calendar program. It is not stored and cannot be shown again; not there in a dry run.
    #[schema(
        required = false,
        example = "https://isms.example/v1/calendar.ics?token=rcal_0197a3c27c517d388f0e0d4f3a1b2c3d_9f86d081884c7d65"
    )]
    pub calendar_url: String,
}

/// What a list of members can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MemberQuery {
    /// Whether they may act at all.
    active: Option<bool>,
    /// In this unit.
    #[param(example = "Shipyard")]
    unit: Option<String>,
}

impl Resource for Member {
    type View = MemberView;
    type Query = MemberQuery;
    const PATH: &'static str = "members";

    fn view(&self, transitions: Option<Vec<Transition>>) -> MemberView {
        let Self {
            head,
            account: _,
            name,
            unit,
            roles,
            active,
            calendar_hash,
            digest,
            terms,
            delegations,
            identities,
            called: _,
            external_id: _,
            has_left_directory: _,
        } = self.clone();
        let state = if active { "active" } else { "deactivated" };
        MemberView {
            head: (&head).into(),
            state,
            name,
            unit,
            roles,
            terms: terms.iter().map(Into::into).collect(),
            delegations: delegations.iter().map(Into::into).collect(),
            calendar_link: calendar_hash.is_some(),
            digest,
            identity_provider_ids: identities.iter().map(|linked| linked.provider).collect(),
            transitions,
        }
    }

    fn filter(query: MemberQuery, _: &Actor, _: NaiveDate) -> Filter {
        let MemberQuery { active, unit } = query;
        Filter { active, unit }
    }
}

/// A member to be enrolled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateMember {
    /// The address to log in with.
    #[schema(example = "ada@example.org", max_length = 254)]
    email: String,
    /// How the member is called.
    #[schema(example = "Ada Byron", max_length = 200)]
    name: String,
    /// The part of the organisation in which the member works.
    #[serde(default)]
    #[schema(example = "Shipyard", max_length = 200)]
    unit: Option<String>,
    /// At least one, each once.
    roles: Vec<Role>,
    /// The first password, 12 to 256 characters. What the address logs in with elsewhere is another.
    #[schema(example = "correct horse battery staple", min_length = 12, max_length = 256)]
    password: String,
}

/// Plain fields to change; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendMember {
    /// How the member is called.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 200, value_type = String)]
    name: Option<String>,
    /// The part of the organisation in which the member works.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    unit: Option<Option<String>>,
    /// Whether the daily digest is wanted: the member's own to say, too.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    digest: Option<bool>,
}

/// Why access ends.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeactivateMember {
    /// Kept in the journal.
    #[schema(example = "Left the company", max_length = 10_000)]
    reason: String,
}

/// Why access begins anew.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReactivateMember {
    /// Kept in the journal.
    #[schema(example = "Back from parental leave", max_length = 10_000)]
    reason: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveCalendarLink {}

/// List members.
#[utoipa::path(tag = "members", params(PageParameters, MemberQuery), responses((status = 200, body = Page<MemberView>)))]
#[get("/members")]
pub(crate) async fn list_members(call: Call, list: List<MemberQuery>) -> Result<Answer, ApiError> {
    call.list::<Member>(list).await
}

/// Enrol a member.
#[utoipa::path(
    tag = "members",
    params(WriteParameters),
    request_body = CreateMember,
    responses((status = 201, body = MemberView))
)]
#[post("/members")]
pub(crate) async fn create_member(
    call: Call,
    parameters: Query<WriteParameters>,
    mut body: Body<CreateMember>,
) -> Result<Answer, ApiError> {
    Member::may_make(&call.actor)?;
    let given = body.parsed.as_mut().ok().map(|body| (std::mem::take(&mut body.password), body.email.as_str()));
    let hash = match given {
        Some((password, email)) => {
            passwords::check("/password", &password, email).map_err(|fault| Refusal::Invalid(vec![fault]))?;
            Some(passwords::hash_in_turn(&call.app, password).await?)
        }
        None => None,
    };
    call.create(parameters, body, |input: CreateMember, by, birth, tx| {
        let CreateMember { email, name, unit, roles, password: _ } = input;
        let email = text::email("/email", &email).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        // Hashed whenever the body could be read.
        let account = account_of(&email, &hash.unwrap_or_default(), tx)?;
        Ok(Member::enrol(MemberDraft { account, name, unit, roles }, by, birth)?)
    })
    .await
}

/// A new account of this organisation. Whether the address has one elsewhere is not looked at.
fn account_of(email: &str, hash: &str, tx: &mut Tx<'_>) -> Result<AccountId, ApiError> {
    let organisation = tx.actor().organisation;
    if members::has_address(organisation, email, tx.connection())? {
        return Err(ApiError::Taken("email"));
    }
    let (id, now) = (AccountId(tx.next_id()), tx.now());
    accounts::insert(id, organisation, (email, hash), now, tx.connection())?;
    Ok(id)
}

/// Read a member.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = MemberView))
)]
#[get("/members/{id}")]
pub(crate) async fn get_member(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Member>(target, parameters).await
}

/// Amend a member's name or unit, or whether the daily digest is wanted; the latter is also the member's own to say.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendMember, content_type = "application/merge-patch+json"),
    responses((status = 200, body = MemberView))
)]
#[patch("/members/{id}")]
pub(crate) async fn amend_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendMember>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |member: Member, AmendMember { name, unit, digest }, by, tx| {
        Ok(member.amend(Amendment { name, unit, digest }, by, tx.now())?)
    })
    .await
}

/// End a member's access at once.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body = DeactivateMember,
    responses((status = 200, body = MemberView))
)]
#[post("/members/{id}/deactivate")]
pub(crate) async fn deactivate_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<DeactivateMember>,
) -> Result<Answer, ApiError> {
    let app = call.app.clone();
    let answer = call.verb(target, Verb::Deactivate, parameters, body, |member: Member, input, facts, by, tx| {
        let (id, now) = (MemberId(member.head.id), tx.now());
        let change = member.deactivate(input.reason, facts, by, now)?;
        sessions::end_of_member(id, now, tx.connection())?;
        Ok(change)
    });
    let answer = answer.await?;
    app.callers.forget_all();
    Ok(answer)
}

/// Let somebody back in who had left, or was shut out by mistake: with the roles and the password there were.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body = ReactivateMember,
    responses((status = 200, body = MemberView))
)]
#[post("/members/{id}/reactivate")]
pub(crate) async fn reactivate_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<ReactivateMember>,
) -> Result<Answer, ApiError> {
    let answer = call.verb(target, Verb::Reactivate, parameters, body, |member: Member, input, facts, by, tx| {
        let ReactivateMember { reason } = input;
        Ok(member.reactivate(reason, facts, by, tx.now())?)
    });
    answer.await
}

/// Make one's own calendar link, or replace it: the old one is dead at once. The link is in the answer and nowhere else, so
/// `Idempotency-Key` is refused.
///
/// Whoever has the link reads what is due for the member, without a login: see `GET /v1/calendar.ics`.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body = MoveCalendarLink,
    responses((status = 200, body = OpenedCalendarLink))
)]
#[post("/members/{id}/open-calendar-link")]
pub(crate) async fn open_calendar_link_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<MoveCalendarLink>,
) -> Result<Answer, ApiError> {
    call.refuse_idempotency_key()?;
    let Some(me) = call.actor.member() else { return Err(Refusal::Forbidden.into()) };
    let link = CalendarLink::of(me, (call.app.source.random)());
    let address = format!("{}{}?token={link}", call.app.settings.public_url.trim_end_matches('/'), calendar::PATH);
    let dry_run = parameters.0.dry_run;
    let answer = call.verb(
        target,
        Verb::OpenCalendarLink,
        parameters,
        body,
        move |member: Member, MoveCalendarLink {}, facts, by, tx| {
            Ok(member.open_calendar_link(&link, facts, by, tx.now())?)
        },
    );
    let answer = answer.await?;
    if dry_run { Ok(answer) } else { answer.with_secret("calendar_url", address) }
}

verbs! {
    tag "members", record Member, view MemberView;

    /// Close a member's calendar link; one's own, or as an admin anybody's.
    close_calendar_link_member "/members/{id}/close-calendar-link" CloseCalendarLink MoveCalendarLink
    |member, MoveCalendarLink {}, facts, by, tx| member.close_calendar_link(facts, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_members)
        .service(create_member)
        .service(get_member)
        .service(amend_member)
        .service(standing::assign_roles_member)
        .service(deactivate_member)
        .service(reactivate_member)
        .service(standing::delegate_member)
        .service(standing::end_delegation_member)
        .service(open_calendar_link_member)
        .service(close_calendar_link_member);
}
