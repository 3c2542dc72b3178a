//! Who calls: an access token of a session that is alive, or an API key that is valid. Looked up per request, at
//! most a second old, so that a revocation acts at once.

use crate::app::App;
use crate::error::ApiError;
use crate::limits::Remaining;
use crate::observe::request_id;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::{Actor, Identity};
use ratchet_domain::id::{ApiKeyId, SessionId};
use ratchet_persistence::{api_keys, sessions};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;
use uuid::Uuid;

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
pub(crate) struct Callers(Mutex<HashMap<[u8; 32], Known>>);

impl Callers {
    fn find(&self, presented: &[u8; 32], now: DateTime<Utc>) -> Option<Known> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(presented).filter(|known| now < known.until).cloned()
    }

    fn remember(&self, presented: [u8; 32], caller: Known, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, known| now < known.until);
        }
        if known.len() < REMEMBERED {
            known.insert(presented, caller);
        }
    }

    /// Whoever this server itself has just ended is forgotten at once.
    pub(crate) fn forget_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl FromRequest for Call {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<web::Data<App>>().ok_or(ApiError::Unauthenticated)?.clone();
            let Known { actor, session, .. } = identify(&app, &request).await?;
            let remaining = app.limits.admit(caller_id(&actor))?;
            request.extensions_mut().insert::<Remaining>(remaining);
            Ok(Self { app, actor, session, request })
        })
    }
}

async fn identify(app: &web::Data<App>, request: &HttpRequest) -> Result<Known, ApiError> {
    let presented = bearer(request).ok_or(ApiError::Unauthenticated)?;
    let digest: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
    let now = app.now();
    if let Some(known) = app.callers.find(&digest, now) {
        return Ok(known);
    }
    let known = match presented.strip_prefix("rk_") {
        Some(key) => by_key(app, key, now).await?,
        None => by_token(app, presented, now).await?,
    };
    app.callers.remember(digest, known.clone(), now);
    Ok(known)
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

async fn by_token(app: &App, token: &str, now: DateTime<Utc>) -> Result<Known, ApiError> {
    let claims = app.tokens.verify(token, now).ok_or(ApiError::Unauthenticated)?;
    let found =
        app.store.read(move |connection| Ok::<_, ApiError>(sessions::find(claims.sid, now, connection)?)).await?;
    let session = found
        .filter(|session| session.member == claims.sub && session.organisation == claims.org)
        .ok_or(ApiError::Unauthenticated)?;
    let identity = Identity::Member { id: session.member, roles: session.roles };
    let actor = Actor { organisation: session.organisation, identity };
    Ok(Known { actor, session: Some(session.id), until: now + BELIEVED })
}

/// `<id>_<secret>`, both hexadecimal.
async fn by_key(app: &App, key: &str, now: DateTime<Utc>) -> Result<Known, ApiError> {
    let (id, secret) = key.split_once('_').ok_or(ApiError::Unauthenticated)?;
    let id = ApiKeyId(Uuid::try_parse(id).map_err(|_| ApiError::Unauthenticated)?);
    let hash = hex::encode(Sha256::digest(secret.as_bytes()));
    let found = app.store.read(move |connection| Ok::<_, ApiError>(api_keys::find_presented(id, connection)?)).await?;
    let key = found
        .filter(|key| bool::from(key.secret_hash.as_bytes().ct_eq(hash.as_bytes())) && key.is_valid(now))
        .ok_or(ApiError::Unauthenticated)?;
    let identity = Identity::ApiKey { id, scopes: key.permissions() };
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
