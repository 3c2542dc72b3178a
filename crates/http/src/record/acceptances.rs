//! How weaknesses and risks are accepted over HTTP: in the same way.

use crate::bounds::bounded;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::acceptance::{Accept, Acceptance};
use ratchet_domain::id::MemberId;
use serde::{Deserialize, Serialize};

/// Why it is taken as it is, and until when.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptAsItIs {
    /// Kept with the acceptance.
    #[schema(example = "The turnstile comes in spring; a guard stands there until then", max_length = 10_000)]
    reason: String,
    /// The last day on which that holds; at most a year ahead.
    #[serde(deserialize_with = "bounded")]
    until: NaiveDate,
}

impl From<AcceptAsItIs> for Accept {
    fn from(body: AcceptAsItIs) -> Self {
        let AcceptAsItIs { reason, until } = body;
        Self { reason, until }
    }
}

/// That it is taken as it is, until a day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AcceptanceView {
    /// Why.
    pub reason: String,
    /// Up to which level: 1 to 25.
    pub level: i64,
    /// The last day on which it holds.
    pub until: NaiveDate,
    /// When it was accepted.
    pub at: DateTime<Utc>,
    /// Who of the management did.
    pub by: MemberId,
}

impl From<&Acceptance> for AcceptanceView {
    fn from(acceptance: &Acceptance) -> Self {
        let Acceptance { reason, level, until, at, by } = acceptance.clone();
        Self { reason, level, until, at, by }
    }
}
