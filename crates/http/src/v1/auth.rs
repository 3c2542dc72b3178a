//! Signing in and out. Access tokens live ten minutes; refresh tokens are used once.

pub(crate) mod exchange;

use crate::answer::Answer;
use crate::app::App;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::observe::request_id;
use crate::parameters::{self, Query};
use crate::routing::Routes;
use crate::{passwords, tokens};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::{Actor, Identity};
use ratchet_domain::id::{MemberId, OrganisationId, SessionId};
use ratchet_domain::members::Member;
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::{Fault, Refusal};
use ratchet_domain::text;
use ratchet_persistence::accounts::{self, Account, Login};
use ratchet_persistence::sessions::{self, Refreshed};
use ratchet_persistence::tx::Tx;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How long a session lasts, however often it is refreshed.
const SESSION: TimeDelta = TimeDelta::days(14);

/// Who wants in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    /// The account's address.
    #[schema(example = "ada@example.org")]
    email: String,
    /// Its password.
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// Which organisation; needed by an account with several.
    #[serde(default)]
    organisation: Option<OrganisationId>,
}

/// A session's tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenPair {
    /// Send it as `Authorization: Bearer`.
    pub access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 600)]
    pub expires_in: i64,
    /// Good for one `POST /v1/auth/refresh`.
    pub refresh_token: String,
}

/// The refresh token to be used.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// From the last login or refresh.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015")]
    refresh_token: String,
}

/// A change of password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The password so far.
    #[schema(example = "correct horse battery staple")]
    current_password: String,
    /// The password from now on, 12 to 256 characters.
    #[schema(example = "staple battery horse correct", min_length = 12, max_length = 256)]
    new_password: String,
}

/// Routes whose answers are secrets take no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The parameters, mostly none, where nobody needs to be known.
pub(crate) struct Open<T = Nothing>(pub T);

impl<T: DeserializeOwned> FromRequest for Open<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parameters::parse(request.query_string()).map(Self))
    }
}

/// Log in with address and password.
#[utoipa::path(tag = "auth", request_body = LogIn, responses((status = 200, body = TokenPair)), security(()))]
#[post("/auth/login")]
pub(crate) async fn log_in(
    app: web::Data<App>,
    request: HttpRequest,
    _: Open,
    body: Body<LogIn>,
) -> Result<Answer, ApiError> {
    refuse_idempotency_key(&request)?;
    let LogIn { email, password, organisation } = body.parsed?;
    // What is no address has no account, and is answered like an address without one.
    let email = text::email("/email", &email).unwrap_or_default();
    app.limits.admit_login(client_address(&app, &request), &email)?;
    if password.chars().count() > *passwords::LENGTH.end() {
        return Err(too_long("/password"));
    }
    let now = app.now();
    let found = app
        .store
        .read(move |connection| Ok::<_, ApiError>(accounts::find_logins(&email, organisation, now, connection)?));
    let opened = opened_by(&app, password, found.await?).await?;
    let (organisation, member) = choose(&opened)?;
    open(&app, organisation, member).await
}

fn too_long(pointer: &str) -> ApiError {
    let detail = format!("must have at most {} characters", passwords::LENGTH.end());
    ApiError::Refused(Refusal::invalid(pointer, "too_long", detail))
}

/// What the password opens. An address that nobody has takes as long as one that one organisation has.
async fn opened_by(app: &App, password: String, logins: Vec<Login>) -> Result<Vec<Membership>, ApiError> {
    let mut opened = Vec::new();
    if logins.is_empty() {
        passwords::verify(app, password.clone(), None).await?;
    }
    for Login { password_hash, memberships } in logins {
        // Whoever signs in by an identity provider alone has none: that takes as long as a wrong one.
        let hash = Some(password_hash).filter(|hash| !hash.is_empty());
        if passwords::verify(app, password.clone(), hash).await? {
            opened.extend(memberships);
        }
    }
    Ok(opened)
}

/// Where somebody is a member: the organisation, its name, the member.
type Membership = (OrganisationId, String, MemberId);

/// The membership that is meant. Of those that the password does not open nothing is told.
fn choose(opened: &[Membership]) -> Result<(OrganisationId, MemberId), ApiError> {
    match opened {
        [] => Err(ApiError::LoginRefused),
        [(organisation, _, member)] => Ok((*organisation, *member)),
        several => {
            let names = several.iter().map(|(id, name, _)| format!("{id} ({name})")).collect::<Vec<_>>().join(", ");
            let detail = format!("the password opens several organisations, name one of: {names}");
            Err(ApiError::Refused(Refusal::Invalid(vec![Fault::new("/organisation", "required", detail)])))
        }
    }
}

async fn open(app: &App, organisation: OrganisationId, member: MemberId) -> Result<Answer, ApiError> {
    let (session, now) = (SessionId((app.source.id)()), app.now());
    let refresh_token = hex::encode((app.source.random)());
    let hash = hash_of(&refresh_token);
    let opened = app.store.work(move |connection| {
        Ok::<_, ApiError>(sessions::open(session, organisation, member, hash, (now, now + SESSION), connection)?)
    });
    opened.await?;
    answer(app, (member, organisation, session), refresh_token, now)
}

fn answer(
    app: &App,
    whose: (MemberId, OrganisationId, SessionId),
    refresh_token: String,
    now: DateTime<Utc>,
) -> Result<Answer, ApiError> {
    let access_token = app.tokens.issue(whose, (app.source.id)(), now).map_err(ApiError::Internal)?;
    let expires_in = tokens::LIFETIME.num_seconds();
    Answer::json(StatusCode::OK, &TokenPair { access_token, token_type: "Bearer", expires_in, refresh_token })
}

fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Trade a refresh token for new tokens. Each is good once; a second use ends the session and is journaled (RFC 9700).
#[utoipa::path(tag = "auth", request_body = Refresh, responses((status = 200, body = TokenPair)), security(()))]
#[post("/auth/refresh")]
pub(crate) async fn refresh_session(
    app: web::Data<App>,
    request: HttpRequest,
    _: Open,
    body: Body<Refresh>,
) -> Result<Answer, ApiError> {
    refuse_idempotency_key(&request)?;
    let Refresh { refresh_token } = body.parsed?;
    // Derived, so that a client which lost the answer gets the very same successor within the grace period.
    let successor = hex::encode(app.keyed_hash("refresh", &[refresh_token.as_bytes()]));
    let (used, next) = (hash_of(&refresh_token), hash_of(&successor));
    let known = app.store.read(move |connection| Ok::<_, ApiError>(sessions::organisation_of(used, connection)?));
    let organisation = known.await?.ok_or(ApiError::Unauthenticated)?;
    let actor = Actor { organisation, identity: Identity::System { worker: "sessions" } };
    let context = app.context(actor, request_id(&request), false);
    let now = app.now();
    match app.store.write(context, move |tx| use_token(used, next, tx)).await? {
        Refreshed::Renewed(session) => answer(&app, (session.member, session.organisation, session.id), successor, now),
        Refreshed::Reused(_) => {
            tracing::warn!("a refresh token was used twice: its session has been ended");
            app.callers.forget_all();
            Err(ApiError::Unauthenticated)
        }
        Refreshed::Unknown => Err(ApiError::Unauthenticated),
    }
}

/// That a token was used twice is in the journal, or its session goes on.
fn use_token(used: [u8; 32], next: [u8; 32], tx: &mut Tx<'_>) -> Result<Refreshed, ApiError> {
    let now = tx.now();
    let refreshed = sessions::refresh(used, next, now, tx.connection())?;
    if let Refreshed::Reused(session) = &refreshed {
        tx.enter(session.member.0)?;
        let member: Member = tx.load(Locator::Id(session.member.0))?;
        let change = member.note_token_reuse(&tx.actor().clone(), now)?;
        tx.save(change)?;
    }
    Ok(refreshed)
}

/// End this session at once.
#[utoipa::path(tag = "auth", responses((status = 204)))]
#[post("/auth/logout")]
pub(crate) async fn log_out(call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let session = call.session.ok_or(Refusal::Forbidden)?;
    let now = call.app.now();
    let ended = call.app.store.work(move |connection| Ok::<_, ApiError>(sessions::end(session, now, connection)?));
    ended.await?;
    call.app.callers.forget_all();
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Change one's own password; every other session of the account ends.
#[utoipa::path(tag = "auth", request_body = ChangePassword, responses((status = 204)))]
#[post("/auth/password")]
pub(crate) async fn change_password(
    call: Call,
    _: Query<Nothing>,
    body: Body<ChangePassword>,
) -> Result<Answer, ApiError> {
    let (Some(session), Some(member)) = (call.session, call.actor.member()) else {
        return Err(Refusal::Forbidden.into());
    };
    call.refuse_idempotency_key()?;
    let ChangePassword { current_password, new_password } = body.parsed?;
    call.app.limits.admit_login(client_address(&call.app, &call.request), &member.to_string())?;
    let app = call.app.clone();
    let read = app.store.read(move |connection| Ok::<_, ApiError>(accounts::of_member(member, connection)?));
    let Account { id: account, email, password_hash: hash, password_until: _ } =
        read.await?.ok_or(ApiError::NotFound)?;
    passwords::check("/new_password", &new_password, &email).map_err(|fault| Refusal::Invalid(vec![fault]))?;
    if !passwords::verify(&app, current_password, Some(hash)).await? {
        return Err(Refusal::invalid("/current_password", "wrong", "is not the account's password").into());
    }
    let (hash, now) = (passwords::hash_in_turn(&app, new_password).await?, app.now());
    let changed = app.store.work(move |connection| {
        accounts::change_password(account, &hash, connection)?;
        Ok::<_, ApiError>(sessions::end_others(account, session, now, connection)?)
    });
    changed.await?;
    app.callers.forget_all();
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Who asks, by address. A proxy's word counts only when the settings name the proxy: what it adds stands last, what
/// a client made up stands before. Where that cannot be read it was nobody whom any
/// network but that of all addresses holds.
pub(crate) fn client_address(app: &App, request: &HttpRequest) -> IpAddr {
    // A socket of both families shows an IPv4 peer as an IPv6 one.
    let peer = request.peer_addr().map_or(NOBODY, |address| address.ip().to_canonical());
    let is_trusted = |address: &IpAddr| app.settings.trusted_proxies.iter().any(|it| it.to_canonical() == *address);
    if !is_trusted(&peer) {
        return peer;
    }
    let lines = request.headers().get_all("x-forwarded-for").map(|line| line.to_str().unwrap_or("?"));
    let mut hops = lines.flat_map(|line| line.split(',')).rev().map(|hop| hop_address(hop.trim()));
    hops.find(|hop| hop.is_none_or(|address| !is_trusted(&address))).map_or(peer, |hop| hop.unwrap_or(NOBODY))
}

const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Some proxies write the port behind the address.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let alone = hop.parse::<IpAddr>().ok();
    let address = alone.or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

/// For routes whose answer is a secret, and those that know no caller.
pub(crate) fn refuse_idempotency_key(request: &HttpRequest) -> Result<(), ApiError> {
    if request.headers().contains_key("idempotency-key") {
        let detail = "is not accepted here: the answer is a secret and is not kept";
        return Err(ApiError::parameter("idempotency-key", "not_allowed", detail));
    }
    Ok(())
}

impl Call {
    /// For routes whose answer is a secret.
    pub(crate) fn refuse_idempotency_key(&self) -> Result<(), ApiError> {
        refuse_idempotency_key(&self.request)
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(log_in)
        .service(exchange::exchange_id_token)
        .service(refresh_session)
        .service(log_out)
        .service(change_password);
}
