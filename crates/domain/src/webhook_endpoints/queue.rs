//! Which deliveries of an endpoint are sent next.

use serde::Serialize;
use std::collections::HashSet;
use uuid::Uuid;

/// What became of a delivery.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookDeliveryState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryState {
    /// It is sent when its time has come.
    Waiting,
    /// The receiver has taken it.
    Delivered,
    /// It was tried as often as the schedule says, and never taken.
    GivenUp,
    /// Somebody said that it is not sent any more: the endpoint was retired, or resumed without what was missed.
    Dropped,
}

/// Why an attempt is made.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookCause))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    /// Something happened, or the schedule says so.
    Scheduled,
    /// Somebody wants it sent again.
    Manual,
    /// Somebody tries whether it arrives.
    Test,
}

/// A delivery that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub id: Uuid,
    /// The record that its event is about; none for a test.
    pub object: Option<Uuid>,
    /// Whether its time has come.
    pub is_due: bool,
    /// Whether somebody is sending it.
    pub is_taken: bool,
}

/// Those that can be sent now, at most `room` at a time, of all that wait in the order of their events. Of each record one
/// alone: an event waits until the one before it of the same record was taken or given up.
#[must_use]
pub fn next(waiting: &[Waiting], room: usize) -> Vec<Uuid> {
    let taken = waiting.iter().filter(|one| one.is_taken).count();
    let mut held = HashSet::new();
    let first = waiting.iter().filter(|one| one.object.is_none_or(|object| held.insert(object)));
    first.filter(|one| one.is_due && !one.is_taken).map(|one| one.id).take(room.saturating_sub(taken)).collect()
}
