//! What was judged to have worked, and came once more: said wherever that verdict is shown.

use crate::error::ApiError;
use crate::v1::records::RecordView;
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::id::NonconformityId;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::recurrences::{self, AllDiscredited, Discredited};
use serde::Serialize;

/// Whether a verdict still holds.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct DiscreditView {
    /// Whether the verdict that it worked is discredited: a later nonconformity, raised since then, is linked with it as its
    /// recurrence, and is neither rejected nor void nor a duplicate. The verdict itself stays as it was given. `null` where the
    /// record is shown as it was at another time.
    #[schema(example = false)]
    pub discredited: Option<bool>,
    /// By which nonconformities, the newest first, as far as this caller may see them.
    pub discredited_by: Vec<RecordView>,
}

impl DiscreditView {
    fn of(discredited: Option<&Discredited>, by: &Actor) -> Self {
        let seen = discredited.into_iter().flat_map(|one| one.by.iter().filter(|later| later.is_visible(by)));
        Self { discredited: Some(discredited.is_some()), discredited_by: seen.map(RecordView::of).collect() }
    }
}

/// Says it of views, in two statements at most: each with the nonconformity on whose verdict it rests, and which of its turns
/// that was, unless it is the present one.
pub(crate) fn say<'a>(
    views: impl IntoIterator<Item = (Option<(NonconformityId, Option<i64>)>, &'a mut DiscreditView)>,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<(), ApiError> {
    let views: Vec<_> = views.into_iter().collect();
    let judged: Vec<NonconformityId> = views.iter().filter_map(|(verdict, _)| Some((*verdict)?.0)).collect();
    let all: AllDiscredited = recurrences::of(by.organisation, &judged, connection)?;
    for (verdict, view) in views {
        let found = verdict.and_then(|(case, turn)| Some((all.get(&case)?, turn)));
        let found = found.filter(|(one, turn)| turn.is_none_or(|turn| turn == one.case.attempt()));
        *view = DiscreditView::of(found.map(|(one, _)| one), by);
    }
    Ok(())
}
