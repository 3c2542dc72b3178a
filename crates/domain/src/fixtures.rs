//! What the tests of every record begin with: a moment, a birth, callers.

use crate::access::{Actor, Identity, Permission, Role};
use crate::change::Birth;
use crate::id::{ApiKeyId, MemberId, OrganisationId};
use crate::reference::{Prefix, Reference};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(crate) fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

pub(crate) fn birth(prefix: Prefix) -> Birth {
    Birth { id: Uuid::nil(), reference: Reference { prefix, year: 2026, number: 1 }, at: at() }
}

pub(crate) fn member(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(n))
}

pub(crate) fn person(n: u128, roles: &[Role]) -> Actor {
    let identity = Identity::Member { id: member(n), roles: roles.to_vec() };
    Actor { organisation: OrganisationId(Uuid::nil()), identity }
}

pub(crate) fn machine(scopes: &[Permission]) -> Actor {
    let identity = Identity::ApiKey { id: ApiKeyId(Uuid::nil()), scopes: scopes.to_vec() };
    Actor { organisation: OrganisationId(Uuid::nil()), identity }
}
