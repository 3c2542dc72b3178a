//! Webhook endpoints in their table; their sealed secrets, and how they get on, beside it.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::{journal_heads, webhook_deliveries, webhook_endpoints, webhook_progress, webhook_secrets};
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::webhook_deliveries::is_waiting;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::webhook_endpoints::{Facts, StageName, WebhookEndpoint};
use std::collections::BTreeMap;
use uuid::Uuid;

record_table!(WebhookEndpoint, webhook_endpoints { description: String, stage: String, body: String });

impl Columns {
    fn of(record: &WebhookEndpoint) -> Result<Self, Error> {
        Ok(Self {
            description: record.terms.description.clone(),
            stage: word(record.stage.name()),
            body: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<WebhookEndpoint, String> {
        with_head(head, &self.body)
    }
}

/// What a list of webhook endpoints can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(WebhookEndpoint, webhook_endpoints, Filter, narrowed, own, {
    "created_at": instant = webhook_endpoints::created_at => |endpoint| endpoint.head.created_at;
    "updated_at": instant = webhook_endpoints::updated_at => |endpoint| endpoint.head.updated_at;
    "reference": text = webhook_endpoints::reference => |endpoint| endpoint.head.reference.to_string();
    "description": text = webhook_endpoints::description => |endpoint| endpoint.terms.description.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(webhook_endpoints::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(at) = updated_since {
        query = query.filter(webhook_endpoints::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<webhook_endpoints::table> {
    Box::new(webhook_endpoints::created_by.eq(KeyValue(member.0)))
}

impl Guarded for WebhookEndpoint {
    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let waiting = waiting(self.head.organisation, &[self.head.id], connection)?;
        Ok(Facts { waiting: waiting.get(&self.head.id).copied().unwrap_or_default() })
    }
}

/// How many of an organisation are not retired.
///
/// # Errors
/// The database's.
pub fn kept(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let kept = webhook_endpoints::table
        .filter(webhook_endpoints::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_endpoints::stage.ne(<&str>::from(StageName::Retired)));
    Ok(kept.count().get_result(connection)?)
}

/// How many deliveries of each of these endpoints wait; of those that have some.
fn waiting(
    organisation: OrganisationId,
    endpoints: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, i64>, Error> {
    let counted: Vec<(KeyValue, i64)> = webhook_deliveries::table
        .filter(webhook_deliveries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_deliveries::endpoint_id.eq_any(endpoints.iter().copied().map(KeyValue)))
        .filter(is_waiting())
        .group_by(webhook_deliveries::endpoint_id)
        .select((webhook_deliveries::endpoint_id, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(counted.into_iter().map(|(endpoint, count)| (endpoint.0, count)).collect())
}

/// How an endpoint gets on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Deliveries that wait.
    pub waiting: i64,
    /// Since when nothing was taken; `None` while things are.
    pub failing_since: Option<DateTime<Utc>>,
    /// When something was taken last.
    pub succeeded_at: Option<DateTime<Utc>>,
}

/// How each of these endpoints gets on, in two statements.
///
/// # Errors
/// The database's.
pub fn progress(
    organisation: OrganisationId,
    endpoints: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, Progress>, Error> {
    let waiting = waiting(organisation, endpoints, connection)?;
    let rows: Vec<(KeyValue, Option<InstantValue>, Option<InstantValue>)> = webhook_progress::table
        .filter(webhook_progress::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_progress::endpoint_id.eq_any(endpoints.iter().copied().map(KeyValue)))
        .select((webhook_progress::endpoint_id, webhook_progress::failing_since, webhook_progress::succeeded_at))
        .load(connection)?;
    let read = |(endpoint, failing, succeeded): (KeyValue, Option<InstantValue>, Option<InstantValue>)| {
        let waiting = waiting.get(&endpoint.0).copied().unwrap_or_default();
        let [failing_since, succeeded_at] = [failing, succeeded].map(|at| at.map(|at| at.0));
        (endpoint.0, Progress { waiting, failing_since, succeeded_at })
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The position of the newest event of an organisation; -1 before the first.
pub(crate) fn newest_position(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let size: Option<i64> = journal_heads::table
        .filter(journal_heads::organisation_id.eq(KeyValue(organisation.0)))
        .select(journal_heads::size)
        .get_result(connection)
        .optional()?;
    Ok(size.unwrap_or_default() - 1)
}

/// What a new endpoint needs beside its record: its secret, sealed, and from where on events are sent. The record is saved
/// in the same transaction.
///
/// # Errors
/// The database's.
pub fn begin(endpoint: Uuid, sealed: &[u8], tx: &mut Tx<'_>) -> Result<(), Error> {
    let organisation = tx.actor().organisation;
    let position = newest_position(organisation, tx.connection())?;
    diesel::insert_into(webhook_progress::table)
        .values((
            webhook_progress::organisation_id.eq(KeyValue(organisation.0)),
            webhook_progress::endpoint_id.eq(KeyValue(endpoint)),
            webhook_progress::position.eq(position),
        ))
        .execute(tx.connection())?;
    keep_secret(endpoint, sealed, tx)
}

fn keep_secret(endpoint: Uuid, sealed: &[u8], tx: &mut Tx<'_>) -> Result<(), Error> {
    let (id, organisation) = (tx.next_id(), tx.actor().organisation);
    diesel::insert_into(webhook_secrets::table)
        .values((
            webhook_secrets::id.eq(KeyValue(id)),
            webhook_secrets::organisation_id.eq(KeyValue(organisation.0)),
            webhook_secrets::endpoint_id.eq(KeyValue(endpoint)),
            webhook_secrets::sealed.eq(sealed.to_vec()),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Keeps a new secret. The one so far signs until then; what was before it signs no more.
///
/// # Errors
/// The database's.
pub fn rotate(endpoint: Uuid, sealed: &[u8], until: DateTime<Utc>, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, overlaps) = (tx.actor().organisation, until > tx.now());
    let ours = || {
        webhook_secrets::table
            .filter(webhook_secrets::organisation_id.eq(KeyValue(organisation.0)))
            .filter(webhook_secrets::endpoint_id.eq(KeyValue(endpoint)))
    };
    if overlaps {
        diesel::delete(ours().filter(webhook_secrets::ends_at.is_not_null())).execute(tx.connection())?;
        diesel::update(ours()).set(webhook_secrets::ends_at.eq(InstantValue(until))).execute(tx.connection())?;
    } else {
        diesel::delete(ours()).execute(tx.connection())?;
    }
    keep_secret(endpoint, sealed, tx)
}

/// What the endpoint signs with at this moment, sealed; the newest first.
///
/// # Errors
/// The database's.
pub fn secrets(
    organisation: OrganisationId,
    endpoint: Uuid,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Vec<u8>>, Error> {
    Ok(webhook_secrets::table
        .filter(webhook_secrets::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_secrets::endpoint_id.eq(KeyValue(endpoint)))
        .filter(webhook_secrets::ends_at.is_null().or(webhook_secrets::ends_at.gt(InstantValue(now)).assume_not_null()))
        .order(webhook_secrets::id.desc())
        .select(webhook_secrets::sealed)
        .load(connection)?)
}

/// Forgets the secrets that sign no more, in all organisations.
///
/// # Errors
/// The database's.
pub fn forget_secrets(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<usize, Error> {
    let ended = webhook_secrets::ends_at.le(InstantValue(now)).assume_not_null();
    Ok(diesel::delete(webhook_secrets::table.filter(ended)).execute(connection)?)
}
