//! Identity providers in their table; beside it as whom they know members, and the tokens that have let somebody in.

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::{identity_providers, member_identities, used_id_tokens};
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{IdentityProviderId, MemberId, OrganisationId};
use ratchet_domain::identity_providers::{IdentityProvider, StageName};

record_table!(IdentityProvider, identity_providers { name: String, stage: String, body: String });

impl Columns {
    fn of(record: &IdentityProvider) -> Result<Self, Error> {
        Ok(Self { name: record.terms.name.clone(), stage: word(record.stage.name()), body: body_of(record)? })
    }

    fn into_record(self, head: Head) -> Result<IdentityProvider, String> {
        with_head(head, &self.body)
    }
}

/// What a list of identity providers can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(IdentityProvider, identity_providers, Filter, narrowed, own, {
    "created_at": instant = identity_providers::created_at => |provider| provider.head.created_at;
    "updated_at": instant = identity_providers::updated_at => |provider| provider.head.updated_at;
    "reference": text = identity_providers::reference => |provider| provider.head.reference.to_string();
    "name": text = identity_providers::name => |provider| provider.terms.name.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(identity_providers::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(at) = updated_since {
        query = query.filter(identity_providers::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<identity_providers::table> {
    Box::new(identity_providers::created_by.eq(KeyValue(member.0)))
}

impl Guarded for IdentityProvider {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}

/// How many of an organisation are not retired.
///
/// # Errors
/// The database's.
pub fn kept(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let kept = identity_providers::table
        .filter(identity_providers::organisation_id.eq(KeyValue(organisation.0)))
        .filter(identity_providers::stage.ne(<&str>::from(StageName::Retired)));
    Ok(kept.count().get_result(connection)?)
}

/// The provider of an id, whatever its organisation: what somebody who signs in names before anything else is known of the
/// caller.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn find_named(id: IdentityProviderId, connection: &mut AnyConnection) -> Result<Option<IdentityProvider>, Error> {
    let row: Option<Row> = identity_providers::table
        .filter(identity_providers::id.eq(KeyValue(id.0)))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(Row::into_record).transpose()?.map(|(provider, _)| provider))
}

/// The member whom a provider knows under this name. The member's own record says it, too: it alone is bound by the journal.
///
/// # Errors
/// The database's.
pub fn member_known_as(
    organisation: OrganisationId,
    (provider, subject): (IdentityProviderId, &str),
    connection: &mut AnyConnection,
) -> Result<Option<MemberId>, Error> {
    let found: Option<KeyValue> = member_identities::table
        .filter(member_identities::organisation_id.eq(KeyValue(organisation.0)))
        .filter(member_identities::provider_id.eq(KeyValue(provider.0)))
        .filter(member_identities::subject.eq(subject))
        .select(member_identities::member_id)
        .get_result(connection)
        .optional()?;
    Ok(found.map(|id| MemberId(id.0)))
}

/// Keeps as whom a provider knows a member, to be looked up. The member's record is saved in the same transaction.
///
/// # Errors
/// The database's.
pub fn keep_known(
    member: MemberId,
    (provider, subject): (IdentityProviderId, &str),
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    let organisation = tx.actor().organisation;
    diesel::insert_into(member_identities::table)
        .values((
            member_identities::organisation_id.eq(KeyValue(organisation.0)),
            member_identities::provider_id.eq(KeyValue(provider.0)),
            member_identities::subject.eq(subject),
            member_identities::member_id.eq(KeyValue(member.0)),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Uses a token up, and says whether it was good until now. What has expired is forgotten: it lets nobody in by itself.
///
/// # Errors
/// The database's.
pub fn use_up(hash: [u8; 32], until: DateTime<Utc>, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let (organisation, now) = (KeyValue(tx.actor().organisation.0), InstantValue(tx.now()));
    let expired = used_id_tokens::table
        .filter(used_id_tokens::organisation_id.eq(organisation))
        .filter(used_id_tokens::expires_at.lt(now));
    diesel::delete(expired).execute(tx.connection())?;
    let used = diesel::insert_into(used_id_tokens::table).values((
        used_id_tokens::organisation_id.eq(organisation),
        used_id_tokens::hash.eq(hash.as_slice()),
        used_id_tokens::expires_at.eq(InstantValue(until)),
    ));
    Ok(on_connection!(tx.connection(), |c| used.on_conflict_do_nothing().execute(c))? == 1)
}
