//! What is answered: made whole inside the transaction, so that a retry gets the same bytes.

use crate::error::ApiError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, Responder};
use ratchet_persistence::journal::Receipt;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// An answer with its body as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The record that it shows, where it shows one.
    pub record: Option<Uuid>,
}

impl Answer {
    /// A JSON body.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(|error| ApiError::Internal(error.to_string()))?;
        Ok(Self { status: status.as_u16(), headers: Vec::new(), body, record: None })
    }

    /// A body that is no JSON.
    pub(crate) fn text(status: StatusCode, content_type: &str, body: String) -> Self {
        Self::bytes(status, content_type, body.into_bytes())
    }

    /// A body that is no text.
    pub(crate) fn bytes(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        let answer = Self { status: status.as_u16(), headers: Vec::new(), body, record: None };
        answer.with(&header::CONTENT_TYPE, content_type)
    }

    /// No body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status: status.as_u16(), headers: Vec::new(), body: Vec::new(), record: None }
    }

    /// Adds a secret to the object that is answered, outside everything that is stored.
    pub(crate) fn with_secret(self, name: &str, secret: String) -> Result<Self, ApiError> {
        self.with_member(name, &secret)
    }

    /// Adds a member to the object that is answered.
    pub(crate) fn with_member(mut self, name: &str, value: &impl Serialize) -> Result<Self, ApiError> {
        let internal = |error: serde_json::Error| ApiError::Internal(error.to_string());
        let mut view: serde_json::Value = serde_json::from_slice(&self.body).map_err(internal)?;
        view[name] = serde_json::to_value(value).map_err(internal)?;
        self.body = serde_json::to_vec(&view).map_err(internal)?;
        Ok(self)
    }

    pub(crate) fn with(mut self, name: &HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name.as_str().to_owned(), value.into()));
        self
    }

    /// `"<version>-<hash of the body>"`: transitions and derived fields change without a write.
    pub(crate) fn with_etag(self, version: i64) -> Self {
        let hash = hash_of(&self.body);
        self.with(&header::ETAG, format!("\"{version}-{hash}\""))
    }

    /// `"<hash of the body>"`, for what has no version.
    pub(crate) fn with_hash_as_etag(self) -> Self {
        let hash = hash_of(&self.body);
        self.with(&header::ETAG, format!("\"{hash}\""))
    }

    /// Says which record it shows.
    pub(crate) fn about(self, record: Uuid) -> Self {
        Self { record: Some(record), ..self }
    }

    /// Where the journal says so, and what: the hash is known before anybody could have changed what was kept.
    pub(crate) fn with_receipt(mut self, receipt: Receipt) -> Self {
        self.headers.push(("journal-entry".to_owned(), receipt.entry.to_string()));
        self.headers.push(("journal-leaf".to_owned(), receipt.leaf.to_string()));
        self
    }

    /// 304 when the client has it already.
    pub(crate) fn unless_known(self, if_none_match: Option<&str>) -> Self {
        let etag = self.headers.iter().find(|(name, _)| name == header::ETAG.as_str()).map(|(_, tag)| tag.clone());
        match (etag, if_none_match) {
            (Some(etag), Some(known)) if knows(known, &etag) => {
                Self::empty(StatusCode::NOT_MODIFIED).with(&header::ETAG, etag)
            }
            (Some(_) | None, Some(_) | None) => self,
        }
    }

    pub(crate) fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if !self.body.is_empty() {
            response.insert_header((header::CONTENT_TYPE, "application/json"));
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.insert_header((name, value));
            }
        }
        response.body(self.body)
    }
}

impl Responder for Answer {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
        self.into_response()
    }
}

/// By which a tag knows a body.
pub(crate) fn hash_of(body: &[u8]) -> String {
    hex::encode(&Sha256::digest(body)[..8])
}

/// Weak comparison (RFC 9110, section 13.1.2).
pub(crate) fn knows(if_none_match: &str, etag: &str) -> bool {
    if_none_match.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_body_is_not_sent_again() {
        let answer = Answer::json(StatusCode::OK, &"x").unwrap().with_etag(3);
        let (_, etag) = answer.headers[0].clone();
        assert!(etag.starts_with("\"3-"));
        for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            assert_eq!(answer.clone().unless_known(Some(&known)).status, 304, "{known}");
        }
        assert_eq!(answer.clone().unless_known(Some("\"3-0\"")).status, 200);
        assert_eq!(answer.unless_known(None).status, 200);
    }
}
