//! Signing in by what an identity provider has signed: an ID token is exchanged for a session's tokens.

use super::{Open, TokenPair, answer, client_address, hash_of, refuse_idempotency_key};
use crate::answer::Answer;
use crate::app::App;
use crate::body::Body;
use crate::error::ApiError;
use crate::id_tokens::{claims_of, refused};
use crate::observe::request_id;
use actix_web::{HttpRequest, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::{Actor, Identity};
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, IdentityProviderId, MemberId, SessionId};
use ratchet_domain::identity_providers::{Accepted, IdentityProvider, StageName};
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::{Reason, Refusal};
use ratchet_persistence::identity_providers::{find_named, keep_known, member_known_as, use_up};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{accounts, members, sessions};
use serde::Deserialize;
use serde_json::Value;

/// How long such a session lasts: what the provider says of the person is asked for again within the day.
const SESSION: TimeDelta = TimeDelta::hours(12);
/// Characters of a token, at most.
const TOKEN: usize = 16_384;
/// Characters of a nonce, at most.
const NONCE: usize = 500;

/// What an identity provider has said of whoever wants in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExchangeIdToken {
    /// The id of the identity provider, as `GET /v1/identity-providers` shows it to admins: frontends have it in their settings.
    identity_provider: IdentityProviderId,
    /// The ID token that the provider has issued within ten minutes (OpenID Connect Core). It lets somebody in once.
    #[schema(example = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEtMSJ9.c2lnbmF0dXJl", max_length = 16_384)]
    id_token: String,
    /// What the frontend has sent to the provider, where it has sent one: the token must have the same.
    #[serde(default)]
    #[schema(example = "n-0S6_WzA2Mj", max_length = 500)]
    nonce: Option<String>,
}

/// Sign in with an ID token of an identity provider.
///
/// Signature, issuer, audience, times and, where it is said, nonce of the token are checked. Whom the provider has not named
/// before becomes the member with the same verified address, or a new one, as far as the provider's settings say so; roles are
/// taken over at each sign-in where a claim says them. Access tokens of a provider are not accepted, here or elsewhere: they
/// are not meant for this server, and nobody could end them here.
#[utoipa::path(tag = "auth", request_body = ExchangeIdToken, responses((status = 200, body = TokenPair)), security(()))]
#[post("/auth/exchange")]
pub(crate) async fn exchange_id_token(
    app: web::Data<App>,
    request: HttpRequest,
    _: Open,
    body: Body<ExchangeIdToken>,
) -> Result<Answer, ApiError> {
    refuse_idempotency_key(&request)?;
    let ExchangeIdToken { identity_provider, id_token, nonce } = body.parsed?;
    app.limits.admit_exchange(client_address(&app, &request))?;
    for (pointer, length, most) in [
        ("/id_token", id_token.chars().count(), TOKEN),
        ("/nonce", nonce.as_ref().map_or(0, |nonce| nonce.chars().count()), NONCE),
    ] {
        if length > most {
            return Err(Refusal::invalid(pointer, "too_long", format!("must have at most {most} characters")).into());
        }
    }
    let found = app.store.read(move |connection| Ok::<_, ApiError>(find_named(identity_provider, connection)?));
    let provider = found.await?.filter(is_active).ok_or_else(unknown)?;
    let claims = claims_of(&id_token, &provider.terms.issuer, &app).await?;
    let accepted = provider.terms.accept(&claims, nonce.as_deref(), app.now()).map_err(ApiError::TokenRefused)?;
    // What was signed: of one text there are several signatures by elliptic curves, each of them good.
    let signed = id_token.rsplit_once('.').map_or(id_token.as_str(), |(signed, _)| signed);
    let entry = Entry { provider: identity_provider, claims, nonce, until: accepted.until, token: hash_of(signed) };
    let (session, refresh_token) = (SessionId((app.source.id)()), hex::encode((app.source.random)()));
    let hash = hash_of(&refresh_token);
    let organisation = provider.head.organisation;
    let actor = Actor { organisation, identity: Identity::System { worker: "identity" } };
    let context = app.context(actor, request_id(&request), false);
    let job = move |tx: &mut Tx<'_>| {
        let member = let_in(&entry, tx)?;
        let (organisation, now) = (tx.actor().organisation, tx.now());
        sessions::open(session, organisation, member, hash, (now, now + SESSION), tx.connection())?;
        Ok::<_, ApiError>(member)
    };
    let member = app.store.write(context, job).await.inspect_err(|error| {
        tracing::info!(provider = %identity_provider, %error, "somebody is not let in");
    })?;
    // Roles may be others now.
    app.callers.forget_all();
    answer(&app, (member, organisation, session), refresh_token, app.now())
}

fn is_active(provider: &IdentityProvider) -> bool {
    provider.stage.name() == StageName::Active
}

/// One that is paused or retired is answered like one that never was.
fn unknown() -> ApiError {
    ApiError::TokenRefused(ratchet_domain::refusal::Fault::new(
        "/identity_provider",
        "unknown",
        "must be the id of an identity provider that is active",
    ))
}

/// What was signed of whoever wants in.
struct Entry {
    provider: IdentityProviderId,
    claims: Value,
    nonce: Option<String>,
    /// Until when the token could be shown again.
    until: DateTime<Utc>,
    token: [u8; 32],
}

/// The member who is let in: known, linked by address, or made.
fn let_in(entry: &Entry, tx: &mut Tx<'_>) -> Result<MemberId, ApiError> {
    // Of two who come for the first time at once, the second one finds whom the first one has made.
    tx.enter(tx.actor().organisation.0)?;
    let provider: IdentityProvider = tx.load(Locator::Id(entry.provider.0))?;
    if !is_active(&provider) {
        return Err(unknown());
    }
    // The terms may be others than those by which the token was judged before.
    let accepted = provider.terms.accept(&entry.claims, entry.nonce.as_deref(), tx.now());
    let Accepted { subject, until: _ } = accepted.map_err(ApiError::TokenRefused)?;
    if !use_up(entry.token, entry.until, tx)? {
        return Err(refused(("used", "has let somebody in already: each does once")));
    }
    let said = (entry.provider, subject.as_str());
    let known = member_known_as(tx.actor().organisation, said, tx.connection())?;
    let member = match known {
        Some(id) => known_member(id, said, tx)?,
        None => newcomer(&provider, entry, subject.clone(), tx)?,
    };
    if !member.active {
        return Err(not_admitted("deactivated", "the member is deactivated"));
    }
    let id = MemberId(member.head.id);
    if let Some(roles) = provider.terms.roles_of(&entry.claims).map_err(ApiError::NotAdmitted)? {
        let (facts, by, at) = (tx.facts(&member)?, tx.actor().clone(), tx.now());
        if let Some(change) = member.follow_roles(&roles, &facts, &by, at).map_err(told)? {
            tx.save(change)?;
        }
    }
    Ok(id)
}

fn not_admitted(code: &'static str, detail: &str) -> ApiError {
    ApiError::NotAdmitted(Reason::new(code, detail))
}

/// The row by which the member is found is not bound by the journal: the member's own record is.
fn known_member(
    id: MemberId,
    (provider, subject): (IdentityProviderId, &str),
    tx: &mut Tx<'_>,
) -> Result<Member, ApiError> {
    let member: Member = tx.load(Locator::Id(id.0))?;
    if member.is_known_as(provider, subject) {
        return Ok(member);
    }
    Err(ApiError::Internal(format!("{} is not known to {provider} as the store says", member.head.reference)))
}

/// Whoever comes for the first time.
fn newcomer(provider: &IdentityProvider, entry: &Entry, subject: String, tx: &mut Tx<'_>) -> Result<Member, ApiError> {
    let terms = &provider.terms;
    let address = terms.address_of(&entry.claims).map_err(ApiError::NotAdmitted)?;
    let (organisation, by, now) = (tx.actor().organisation, tx.actor().clone(), tx.now());
    let member = match members::by_address(organisation, &address, tx.connection())? {
        Some(_) if !terms.link_by_email => {
            let detail = "a member has this address: whoever comes for the first time is not linked by it";
            return Err(not_admitted("not_linked", detail));
        }
        Some(id) => tx.load(Locator::Id(id.0))?,
        None if !terms.just_in_time => {
            return Err(not_admitted("no_member", "nobody with this address is a member here"));
        }
        None => {
            let roles = terms.first_roles_of(&entry.claims).map_err(ApiError::NotAdmitted)?;
            let account = AccountId(tx.next_id());
            // Without a password: nobody has one until the member is given it.
            accounts::insert(account, organisation, (&address, ""), now, tx.connection())?;
            let birth = tx.birth(Member::PREFIX)?;
            let name = terms.name_of(&entry.claims, &address);
            let draft = MemberDraft { account, name, unit: None, roles };
            tx.save(Member::enrol(draft, &by, birth)?)?.0
        }
    };
    let linked = member.link_identity(entry.provider, subject.clone(), &by, now).map_err(told)?;
    let (member, _) = tx.save(linked)?;
    keep_known(MemberId(member.head.id), (entry.provider, &subject), tx)?;
    Ok(member)
}

/// Why somebody is not let in is no conflict of records: whoever asks has none.
fn told(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::State(mut reasons) if !reasons.is_empty() => ApiError::NotAdmitted(reasons.swap_remove(0)),
        other @ (Refusal::State(_) | Refusal::Forbidden | Refusal::Invalid(_)) => other.into(),
    }
}
