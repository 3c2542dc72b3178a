//! Who is meant where it may be a member, or somebody without a login.

use crate::error::ApiError;
use ratchet_domain::audits::Party;
use ratchet_domain::id::MemberId;
use ratchet_domain::members::Member;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// Who is meant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum PartyView {
    /// A member.
    Member {
        /// Who.
        id: MemberId,
    },
    /// Somebody without a login.
    Outside {
        /// Who.
        name: String,
        /// For whom.
        firm: Option<String>,
    },
}

impl From<&Party> for PartyView {
    fn from(party: &Party) -> Self {
        match party.clone() {
            Party::Member { id } => Self::Member { id },
            Party::Outside { name, firm } => Self::Outside { name, firm },
        }
    }
}

/// Whom somebody means.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub(crate) enum NamedParty {
    /// A member, also one who has left since.
    Member {
        /// Who.
        id: MemberId,
    },
    /// Somebody without a login.
    Outside {
        /// Who.
        #[schema(example = "Nadia Berg", max_length = 200)]
        name: String,
        /// For whom.
        #[serde(default)]
        #[schema(example = "Berg Forensics", max_length = 200)]
        firm: Option<String>,
    },
}

impl NamedParty {
    /// Who it is. A member is one that there is, or was: what is told may be long past.
    pub(crate) fn read(self, pointer: &str, tx: &mut Tx<'_>) -> Result<Party, ApiError> {
        let organisation = tx.actor().organisation;
        match self {
            Self::Member { id } if Member::many(organisation, &[id.0], tx.connection())?.is_empty() => {
                let detail = "must be the id of a member";
                Err(Refusal::invalid(format!("{pointer}/id"), "unknown_member", detail).into())
            }
            Self::Member { id } => Ok(Party::Member { id }),
            Self::Outside { name, firm } => Ok(Party::Outside { name, firm }),
        }
    }
}
