//! Frozen inputs beside their review: written once, read by number. The review binds each by its digest.

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::schema::review_snapshots;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::{ManagementReviewId, OrganisationId};
use ratchet_domain::management_reviews::{ManagementReview, Snapshot};

/// Keeps a snapshot under the number of the review's newest seal.
pub(super) fn keep(
    review: &ManagementReview,
    snapshot: &Snapshot,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let Some(seal) = review.snapshots.last() else { return Ok(()) };
    let (organisation, id) = (KeyValue(review.head().organisation.0), KeyValue(review.head().id));
    // Where somebody else has just frozen the same number, the review itself cannot be saved: that says so.
    on_connection!(connection, |c| diesel::insert_into(review_snapshots::table)
        .values((
            review_snapshots::organisation_id.eq(organisation),
            review_snapshots::review_id.eq(id),
            review_snapshots::number.eq(seal.number),
            review_snapshots::content.eq(snapshot.text()),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// A snapshot's text as it was frozen: canonical JSON.
///
/// # Errors
/// The database's.
pub fn snapshot(
    organisation: OrganisationId,
    review: ManagementReviewId,
    number: i64,
    connection: &mut AnyConnection,
) -> Result<Option<String>, Error> {
    let kept = review_snapshots::table
        .filter(review_snapshots::organisation_id.eq(KeyValue(organisation.0)))
        .filter(review_snapshots::review_id.eq(KeyValue(review.0)))
        .filter(review_snapshots::number.eq(number));
    Ok(kept.select(review_snapshots::content).get_result(connection).optional()?)
}

/// All snapshots of a review, by their numbers: for whoever holds them against the review.
pub(crate) fn snapshots(
    organisation: OrganisationId,
    review: ManagementReviewId,
    connection: &mut AnyConnection,
) -> Result<Vec<(i64, String)>, Error> {
    let kept = review_snapshots::table
        .filter(review_snapshots::organisation_id.eq(KeyValue(organisation.0)))
        .filter(review_snapshots::review_id.eq(KeyValue(review.0)))
        .order(review_snapshots::number);
    Ok(kept.select((review_snapshots::number, review_snapshots::content)).load(connection)?)
}
