//! Frozen inputs of management reviews: the journal binds each review, and the review its snapshots by their digests.

use super::{PAGE, Verification};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::management_reviews;
use crate::table::Table;
use ratchet_domain::management_reviews::{ManagementReview, Snapshot};

impl Verification<'_> {
    /// Each review's snapshots are those that it sealed, all of them and no others.
    pub(super) fn frozen(&mut self, connection: &mut AnyConnection) -> Result<(), Error> {
        let mut after = None;
        loop {
            // What cannot be read was found with the other records.
            let Ok(reviews) = ManagementReview::walk(self.organisation, after, PAGE, connection) else { return Ok(()) };
            let Some((last, _)) = reviews.last() else { return Ok(()) };
            after = Some(last.head.id);
            for (review, _) in reviews {
                let kept = management_reviews::snapshots(self.organisation, review.id(), connection)?;
                let digests = kept.iter().map(|(number, text)| (*number, Snapshot::digest_of(text)));
                let sealed = review.snapshots.iter().map(|seal| (seal.number, seal.digest.clone()));
                if !digests.eq(sealed) {
                    let fault = "the frozen inputs are not those that the review sealed";
                    self.found("review_snapshots", review.head.reference, None, fault);
                }
            }
        }
    }
}
