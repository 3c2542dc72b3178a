//! Cursors: where a page ended, signed, good for the same organisation and the same question only.

use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ratchet_domain::id::OrganisationId;
use ratchet_persistence::table::SortValue;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of the signature that are kept.
const SIGNATURE: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub values: Vec<SortValue>,
    pub id: Uuid,
}

impl App {
    /// HMAC-SHA-256 under the instance's secret; `purpose` keeps one use from serving another.
    pub(crate) fn keyed_hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        hash_under(&self.secret, purpose, parts)
    }

    /// Writes a cursor for the question `asked`.
    pub(crate) fn seal(&self, cursor: &Cursor, organisation: OrganisationId, asked: &str) -> String {
        let body = serde_json::to_vec(cursor).unwrap_or_default();
        let signature = self.keyed_hash("cursor", &[organisation.0.as_bytes(), asked.as_bytes(), &body]);
        URL_SAFE_NO_PAD.encode([&signature[..SIGNATURE], &body].concat())
    }

    /// Reads a cursor; `None` when it was not made here for this question.
    pub(crate) fn unseal(&self, text: &str, organisation: OrganisationId, asked: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signature, body) = bytes.split_at_checked(SIGNATURE)?;
        let expected = self.keyed_hash("cursor", &[organisation.0.as_bytes(), asked.as_bytes(), body]);
        let genuine = subtle::ConstantTimeEq::ct_eq(&expected[..SIGNATURE], signature);
        bool::from(genuine).then(|| serde_json::from_slice(body).ok()).flatten()
    }
}

/// The same under a key, before there is an [`App`].
pub(crate) fn hash_under(secret: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    // A key shorter than a block is padded with zeros (RFC 2104).
    let mut block = [0; 64];
    block[..secret.len()].copy_from_slice(secret);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(purpose.as_bytes());
    for part in parts {
        mac.update(&part.len().to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
