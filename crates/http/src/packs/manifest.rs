//! What a pack says of itself: who took it, of which moment, and what each member hashes to.

use super::Asked;
use super::archive::Member;
use super::registers::Register;
use crate::v1::journal::CheckpointView;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Prefix;
use serde::Serialize;
use uuid::Uuid;

/// What the manifest's first member says it is.
const FORMAT: &str = "ratchet-pack/1";

/// The programs that verify it, as the project has them.
pub(super) struct Scripts;

impl Scripts {
    pub(super) const ALL: [(&'static str, &'static str); 2] = [
        ("verify_pack.py", include_str!("../../../../scripts/verify_pack.py")),
        ("verify_journal.py", include_str!("../../../../scripts/verify_journal.py")),
    ];
}

/// Somebody or something with a name.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    pub id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    pub name: String,
}

impl Named {
    pub(super) fn organisation(id: OrganisationId, name: String) -> Self {
        Self { id: id.0, reference: None, name }
    }
}

/// The record that a pack is about.
#[derive(Debug, Serialize)]
pub(super) struct About {
    pub kind: Prefix,
    pub id: Uuid,
    pub reference: String,
}

/// The days to which it is narrowed.
#[derive(Debug, Serialize)]
struct Days {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// Where the journal stood at the pack's moment.
#[derive(Debug, Serialize)]
pub(super) struct Log {
    #[serde(flatten)]
    pub checkpoint: CheckpointView,
}

impl From<CheckpointView> for Log {
    fn from(checkpoint: CheckpointView) -> Self {
        Self { checkpoint }
    }
}

/// A piece of evidence whose file is not as it was received.
#[derive(Debug, Serialize)]
pub(super) struct Absent {
    pub id: Uuid,
    pub reference: String,
    pub sha256: String,
    pub because: &'static str,
}

/// `manifest.json`. It lists every member but itself.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    format: &'static str,
    kind: &'static str,
    /// The record that it is about; `null` where it is about registers.
    pub record: Option<About>,
    organisation: Named,
    taken_at: DateTime<Utc>,
    taken_by: Named,
    period: Option<Days>,
    /// The newest checkpoint of that moment; `null` where there was none yet.
    #[serde(rename = "journal")]
    pub log: Option<Log>,
    pub registers: Vec<Register>,
    /// Members out of which something was taken that the taker may not see.
    pub concealed: Vec<String>,
    pub absent: Vec<Absent>,
    pub members: Vec<Member>,
}

impl Manifest {
    pub(super) fn new(
        asked: Asked,
        taken_at: DateTime<Utc>,
        taken_by: Named,
        organisation: Named,
        log: Option<Log>,
    ) -> Self {
        let period = match asked {
            Asked::Kind(_, None, None) | Asked::Review(_) | Asked::Audit(_) => None,
            Asked::Kind(_, from, to) => Some(Days { from, to }),
        };
        Self {
            format: FORMAT,
            kind: asked.name(),
            record: None,
            organisation,
            taken_at,
            taken_by,
            period,
            log,
            registers: Vec::new(),
            concealed: Vec::new(),
            absent: Vec::new(),
            members: Vec::new(),
        }
    }

    /// What whoever opens it reads first.
    pub(super) fn read_me(&self) -> String {
        let Self { kind, organisation, taken_at, taken_by, .. } = self;
        let (organisation, taker) = (&organisation.name, &taken_by.name);
        let moment = taken_at.format("%Y-%m-%d %H:%M:%S UTC");
        format!(
            "{organisation}: {kind}\nTaken on {moment} by {taker}.\n\n\
             registers/*.ndjson   the records, one a line, as the API shows them\n\
             registers/*.csv      the same in few columns, for people\n\
             evidence/<SHA-256>   files of evidence; registers/evidence.csv says what each is\n\
             journal.ndjson       who did what and when, signed; in audit packs alone\n\
             manifest.json        what there is, and what each of it hashes to\n\n\
             To verify it, with Python 3.8 or newer and nothing else:\n\n    \
             python3 verify_pack.py PACK.zip --key 'NAME+HASH+KEY'\n\n\
             Take verify_pack.py, verify_journal.py and above all the key from elsewhere than from this pack: whoever\n\
             forges a pack forges what is in it. The key is `verifier_key` of GET /v1/journal/checkpoint; ask for it on\n\
             another day, or somebody else. Packs without the journal are verified without a key: that says that nothing\n\
             was changed since by accident, and no more.\n"
        )
    }
}
