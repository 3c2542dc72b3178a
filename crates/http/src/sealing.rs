//! Secrets that the program must be able to read again are kept sealed (AES-256-GCM), under a key that no database and no
//! backup holds.

use crate::app::App;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::reference::Locator;
use ratchet_domain::ticket_connections::TicketConnection;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::table::Table;
use ratchet_persistence::ticket_connections::{Purpose, secret};
use ratchet_tickets::Credentials;
use std::sync::Arc;
use uuid::Uuid;

/// Seals what belongs to one record, and opens it again for that one alone.
#[derive(Clone)]
pub struct Seal(Arc<RandomizedNonceKey>);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, String> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| "no key to seal with".to_owned())?;
        Ok(Self(Arc::new(key)))
    }

    /// The secret, sealed.
    pub(crate) fn seal(&self, of: Uuid, secret: &[u8]) -> Result<Vec<u8>, String> {
        let mut sealed = secret.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(of.as_bytes()), &mut sealed);
        let nonce = nonce.map_err(|_| "nothing can be sealed".to_owned())?;
        Ok(nonce.as_ref().iter().copied().chain(sealed).collect())
    }

    /// What was sealed; `None` where that was done with another key, or for another record, or was changed.
    #[must_use]
    pub fn open(&self, of: Uuid, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut secret = sealed.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(of.as_bytes()), &mut secret).ok()?;
        Some(opened.to_vec())
    }
}

/// That something was sealed with another key: the instance's was lost, or the database is another instance's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unopened;

/// By what the program says who it is to the system of this connection; `None` where nothing was given, [`Unopened`] where that
/// cannot be read any more.
///
/// # Errors
/// The database's; [`Error::Busy`] where the connection is another by now: what was given for another host is not told to this
/// one.
pub fn credentials_of(
    record: &TicketConnection,
    seal: &Seal,
    connection: &mut AnyConnection,
) -> Result<Result<Option<Credentials>, Unopened>, Error> {
    let Head { organisation, id, version, .. } = *record.head();
    let sealed = secret(organisation, id, Purpose::Credentials, connection)?;
    let now = TicketConnection::find(organisation, Locator::Id(id), connection)?;
    if now.is_none_or(|(now, _)| now.head().version != version) {
        return Err(Error::Busy);
    }
    let opened = |sealed: Vec<u8>| serde_json::from_slice(&seal.open(id, &sealed)?).ok();
    Ok(sealed.map(|sealed| opened(sealed).ok_or(Unopened)).transpose())
}

impl App {
    /// What seals, and opens, the secrets of webhook endpoints.
    #[must_use]
    pub fn webhook_seal(&self) -> Seal {
        self.webhook_seal.clone()
    }

    /// What seals, and opens, the secrets of ticket connections.
    #[must_use]
    pub fn ticket_seal(&self) -> Seal {
        self.ticket_seal.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_for_the_same_record_with_the_same_key_alone() {
        let (seal, other) = (Seal::new(&[1; 32]).unwrap(), Seal::new(&[2; 32]).unwrap());
        let [this, that] = [1, 2].map(Uuid::from_u128);
        let sealed = seal.seal(this, b"secret").unwrap();
        assert_eq!(seal.open(this, &sealed).as_deref(), Some(b"secret".as_slice()));
        assert_ne!(seal.seal(this, b"secret").unwrap(), sealed, "no two look the same");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(seal.open(that, &sealed), None);
        assert_eq!(other.open(this, &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(this, &changed), None, "{at}");
        }
        assert_eq!(seal.open(this, &sealed[..NONCE_LEN - 1]), None);
    }
}
