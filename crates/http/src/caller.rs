//! Who calls: an access token of a session that is alive, or an API key that is valid. Looked up per request, at
//! most a second old, so that a revocation acts at once.

use crate::app::App;
use crate::dialects::{INFLUX_V1, INFLUX_V2};
use crate::error::ApiError;
use crate::limits::Remaining;
use crate::observe::request_id;
use crate::v1::auth::client_address;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::{Actor, Identity, Withheld};
use ratchet_domain::id::{ApiKeyId, MemberId, SessionId};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::{api_keys, restrictions, sessions};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Names the member for whom the caller stands in.
const ON_BEHALF_OF: &str = "on-behalf-of";
/// Who was found out is believed for so long.
const BELIEVED: TimeDelta = TimeDelta::seconds(1);
/// More than so many callers a second are looked up each time.
const REMEMBERED: usize = 10_000;

/// One call: who makes it, and what it says about itself beside its body.
pub(crate) struct Call {
    pub app: web::Data<App>,
    pub actor: Actor,
    pub session: Option<SessionId>,
    pub request: HttpRequest,
}

#[derive(Clone)]
struct Known {
    actor: Actor,
    session: Option<SessionId>,
    until: DateTime<Utc>,
}

/// Callers of the last second, by the hash of what they presented.
#[derive(Default)]
pub(crate) struct Callers(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    callers: HashMap<[u8; 32], Known>,
    /// How often all were forgotten: what was looked up before that is not remembered after it.
    turn: u64,
}

impl Callers {
    /// The caller, or the turn in which it is to be looked up.
    fn find(&self, presented: &[u8; 32], now: DateTime<Utc>) -> Result<Known, u64> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = remembered.callers.get(presented).filter(|known| now < known.until);
        known.cloned().ok_or(remembered.turn)
    }

    fn remember(&self, presented: [u8; 32], caller: Known, turn: u64, now: DateTime<Utc>) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.turn != turn {
            return;
        }
        if remembered.callers.len() >= REMEMBERED {
            remembered.callers.retain(|_, known| now < known.until);
        }
        if remembered.callers.len() < REMEMBERED {
            remembered.callers.insert(presented, caller);
        }
    }

    /// Whoever this server itself has just ended is forgotten at once.
    pub(crate) fn forget_all(&self) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.callers.clear();
        remembered.turn += 1;
    }
}

impl FromRequest for Call {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (app, Known { actor, session, .. }) = admit(&request).await?;
            let mut call = Self { app, actor, session, request };
            if let Some(named) = call.header(ON_BEHALF_OF)? {
                let principal = Uuid::try_parse(named)
                    .map_err(|_| ApiError::parameter(ON_BEHALF_OF, "malformed", "must be a member's id"))?;
                // Whoever has not delegated to the caller today is answered like nobody.
                call.actor = call.actor.acting_for(MemberId(principal)).ok_or(Refusal::Forbidden)?;
            }
            Ok(call)
        })
    }
}

/// What an extractor answers.
pub(crate) type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// What was read of a request. What is wrong with it is told to whoever is known: 401 comes before 400 and 404.
pub(crate) fn once_known<T: 'static>(request: &HttpRequest, read: Result<T, ApiError>) -> Extracted<T> {
    let request = request.clone();
    Box::pin(async move {
        if read.is_err() {
            admit(&request).await?;
        }
        read
    })
}

/// Who asks; counted once, however many parts of the request ask for it.
async fn admit(request: &HttpRequest) -> Result<(web::Data<App>, Known), ApiError> {
    let app = request.app_data::<web::Data<App>>().ok_or(ApiError::Unauthenticated)?.clone();
    let known = identify(&app, request).await?;
    let is_counted = request.extensions().contains::<Remaining>();
    if !is_counted {
        let remaining = app.limits.admit(caller_id(&known.actor))?;
        request.extensions_mut().insert::<Remaining>(remaining);
        if let Some(withheld) = known.actor.withheld() {
            request.extensions_mut().insert::<Withheld>(withheld.clone());
        }
    }
    Ok((app, known))
}

async fn identify(app: &web::Data<App>, request: &HttpRequest) -> Result<Known, ApiError> {
    let presented = presented(request).ok_or(ApiError::Anonymous)?;
    let presented: &str = &presented;
    let key = presented.strip_prefix("rk_").map(|key| (key, client_address(app, request)));
    let digest = digest_of(presented, key.map(|(_, from)| from));
    let now = app.now();
    let turn = match app.callers.find(&digest, now) {
        Ok(known) => return Ok(known),
        Err(turn) => turn,
    };
    let known = match key {
        Some((key, from)) => {
            app.limits.admit_key(from)?;
            by_key(app, key, from, now).await?
        }
        None => by_token(app, presented, now).await?,
    };
    app.callers.remember(digest, known.clone(), turn, now);
    Ok(known)
}

/// By which a caller is remembered. A key is believed where it was presented, and nowhere else.
fn digest_of(presented: &str, from: Option<IpAddr>) -> [u8; 32] {
    let digest = Sha256::new().chain_update(presented);
    match from {
        Some(from) => digest.chain_update([0]).chain_update(from.to_string()).finalize().into(),
        None => digest.finalize().into(),
    }
}

/// The token or key that the caller presents.
fn presented(request: &HttpRequest) -> Option<Cow<'_, str>> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let is_v1 = request.path() == INFLUX_V1;
    let Some(value) = values.next() else { return is_v1.then(|| password_in(request.query_string())).flatten() };
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    // Clients of InfluxDB know that one alone, and those of its first version a user with a password.
    let is_token = scheme.eq_ignore_ascii_case("token") && (is_v1 || request.path() == INFLUX_V2);
    if is_v1 && scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
        return pair.split_once(':').map(|(_, password)| Cow::Owned(password.to_owned()));
    }
    (is_token || scheme.eq_ignore_ascii_case("bearer")).then(|| Cow::Borrowed(token.trim()))
}

/// The password as InfluxDB 1 takes it in an address, given once.
fn password_in(query: &str) -> Option<Cow<'_, str>> {
    let mut given = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "p");
    let (Some((_, password)), None) = (given.next(), given.next()) else { return None };
    Some(password)
}

async fn by_token(app: &App, token: &str, now: DateTime<Utc>) -> Result<Known, ApiError> {
    let claims = app.tokens.verify(token, now).ok_or(ApiError::Unauthenticated)?;
    let found =
        app.store.read(move |connection| Ok::<_, ApiError>(sessions::find(claims.sid, now, connection)?)).await?;
    let session = found
        .filter(|session| session.member == claims.sub && session.organisation == claims.org)
        .ok_or(ApiError::Unauthenticated)?;
    Ok(Known { actor: session.actor, session: Some(session.id), until: now + BELIEVED })
}

/// `<id>_<secret>`, both hexadecimal.
async fn by_key(app: &App, key: &str, from: IpAddr, now: DateTime<Utc>) -> Result<Known, ApiError> {
    let (id, secret) = key.split_once('_').ok_or(ApiError::Unauthenticated)?;
    let id = ApiKeyId(Uuid::try_parse(id).map_err(|_| ApiError::Unauthenticated)?);
    let hash = hex::encode(Sha256::digest(secret.as_bytes()));
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let found = api_keys::find_presented(id, connection)?
            .filter(|key| bool::from(key.secret_hash.as_bytes().ct_eq(hash.as_bytes())) && key.is_valid(now));
        let key = found.ok_or(ApiError::Unauthenticated)?;
        let withheld = restrictions::withheld(key.head.organisation, None, connection)?;
        Ok((key, withheld))
    };
    let (key, withheld) = app.store.read(read).await?;
    if !key.is_used_within(from) {
        tracing::warn!(key = %key.head.reference, %from, "an API key was refused: it is not for this network");
        return Err(ApiError::Unauthenticated);
    }
    app.key_uses.note((key.head.organisation, id), now);
    let identity = Identity::ApiKey { id, scopes: key.permissions(), withheld };
    Ok(Known { actor: Actor { organisation: key.head.organisation, identity }, session: None, until: now + BELIEVED })
}

/// The member or key.
pub(crate) fn caller_id(actor: &Actor) -> Uuid {
    match &actor.identity {
        Identity::Member { id, .. } => id.0,
        Identity::ApiKey { id, .. } => id.0,
        Identity::System { .. } | Identity::Anonymous => Uuid::nil(),
    }
}

impl Call {
    /// A header's text; two of a kind are refused.
    pub(crate) fn header(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        let mut values = self.request.headers().get_all(name);
        let (first, second) = (values.next(), values.next());
        if second.is_some() {
            return Err(ApiError::parameter(name, "duplicate", "must be sent once"));
        }
        first
            .map(|value| value.to_str().map_err(|_| ApiError::parameter(name, "malformed", "must be ASCII")))
            .transpose()
    }

    /// The request's id, as the journal keeps it.
    pub(crate) fn request_id(&self) -> Option<String> {
        request_id(&self.request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratchet_domain::id::OrganisationId;

    #[test]
    fn what_was_looked_up_before_a_revocation_is_not_remembered_after_it() {
        let (callers, now) = (Callers::default(), DateTime::UNIX_EPOCH);
        let identity = Identity::System { worker: "test" };
        let actor = Actor { organisation: OrganisationId(Uuid::nil()), identity };
        let known = Known { actor, session: None, until: now + BELIEVED };
        let Err(turn) = callers.find(&[0; 32], now) else { panic!("nobody was remembered yet") };
        callers.forget_all();
        callers.remember([0; 32], known.clone(), turn, now);
        let Err(turn) = callers.find(&[0; 32], now) else { panic!("it was ended in between") };
        callers.remember([0; 32], known, turn, now);
        assert!(callers.find(&[0; 32], now).is_ok());
        assert!(callers.find(&[0; 32], now + BELIEVED).is_err(), "believed for a second");
        callers.forget_all();
        assert!(callers.find(&[0; 32], now).is_err());
    }
}
