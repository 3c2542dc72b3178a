//! References that people say aloud: `NC-2026-0007`.

use crate::change::Record;
use crate::id::RecordId;
use serde::{Deserialize, Serialize};

/// The prefix of a reference, one per kind of record; on the wire and in columns it is the kind's name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RecordKind))]
#[serde(rename_all = "snake_case")]
pub enum Prefix {
    /// Nonconformity.
    #[strum(serialize = "NC")]
    Nonconformity,
    /// Member.
    #[strum(serialize = "MEM")]
    Member,
    /// API key.
    #[strum(serialize = "KEY")]
    ApiKey,
    /// Action.
    #[strum(serialize = "ACT")]
    Action,
    /// Change of the management system, or of what it protects.
    #[strum(serialize = "CHG")]
    Change,
    /// Change that is approved once for all times that it is made.
    #[strum(serialize = "CHT")]
    ChangeTemplate,
    /// Indicator.
    #[strum(serialize = "IND")]
    Indicator,
    /// What results of several indicators mean, taken together.
    #[strum(serialize = "ANL")]
    Analysis,
    /// Signal.
    #[strum(serialize = "SIG")]
    Signal,
    /// What somebody says about a record.
    #[strum(serialize = "COM")]
    Comment,
    /// A word under which a record is found.
    #[strum(serialize = "TAG")]
    Tag,
    /// A typed edge between two records.
    #[strum(serialize = "LNK")]
    Link,
    /// A file or an address that shows something.
    #[strum(serialize = "EVD")]
    Evidence,
    /// The settings of an organisation.
    #[strum(serialize = "SET")]
    Settings,
    /// Measurements that came in one body.
    #[strum(serialize = "BAT")]
    MeasurementBatch,
    /// Which series that monitoring systems send feeds which indicator.
    #[strum(serialize = "ING")]
    IngestRule,
    /// Something that the management system starts from.
    #[strum(serialize = "CTX")]
    ContextEntry,
    /// Course.
    #[strum(serialize = "CRS")]
    Course,
    /// That a member takes a course.
    #[strum(serialize = "TRN")]
    TrainingAssignment,
    /// Employee report.
    #[strum(serialize = "RPT")]
    EmployeeReport,
    /// What a role requires of whoever holds it.
    #[strum(serialize = "CPT")]
    Competence,
    /// What the organisation communicates.
    #[strum(serialize = "CPL")]
    CommunicationPlan,
    /// Something the organisation does.
    #[strum(serialize = "PRO")]
    Process,
    /// What the organisation says of a control.
    #[strum(serialize = "SOA")]
    Applicability,
    /// A policy.
    #[strum(serialize = "POL")]
    Policy,
    /// What a policy says, in one version.
    #[strum(serialize = "POV")]
    PolicyVersion,
    /// That somebody has acknowledged a policy.
    #[strum(serialize = "ACK")]
    Acknowledgement,
    /// Which audits are planned for a time.
    #[strum(serialize = "AUP")]
    AuditProgramme,
    /// An audit.
    #[strum(serialize = "AUD")]
    Audit,
    /// What an audit has found.
    #[strum(serialize = "FND")]
    Finding,
    /// Something that could be better.
    #[strum(serialize = "IMP")]
    Improvement,
    /// That a member speaks for an improvement.
    #[strum(serialize = "VOT")]
    Vote,
    /// A management review.
    #[strum(serialize = "REV")]
    ManagementReview,
    /// An objective.
    #[strum(serialize = "OBJ")]
    Objective,
    /// Something that happened.
    #[strum(serialize = "INC")]
    Incident,
    /// An entry of an incident's timeline.
    #[strum(serialize = "TLE")]
    TimelineEntry,
    /// Something that could be exploited or could fail.
    #[strum(serialize = "WKN")]
    Weakness,
    /// Something that could happen.
    #[strum(serialize = "RSK")]
    Risk,
    /// That content must go by law.
    #[strum(serialize = "RED")]
    Redaction,
    /// That a record is kept from all but its readers.
    #[strum(serialize = "RST")]
    Restriction,
    /// An address outside to which events are sent.
    #[strum(serialize = "WHK")]
    WebhookEndpoint,
    /// A ticketing system in which actions are tickets.
    #[strum(serialize = "TKC")]
    TicketConnection,
    /// Whoever says who members are: an OpenID Connect issuer.
    #[strum(serialize = "IDP")]
    IdentityProvider,
}

impl Prefix {
    /// The kind of record, singular, as events and columns name it: `nonconformity`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Nonconformity => "nonconformity",
            Self::Member => "member",
            Self::ApiKey => "api_key",
            Self::Action => "action",
            Self::Change => "change",
            Self::ChangeTemplate => "change_template",
            Self::Indicator => "indicator",
            Self::Analysis => "analysis",
            Self::Signal => "signal",
            Self::Comment => "comment",
            Self::Tag => "tag",
            Self::Link => "link",
            Self::Evidence => "evidence",
            Self::Settings => "settings",
            Self::MeasurementBatch => "measurement_batch",
            Self::IngestRule => "ingest_rule",
            Self::ContextEntry => "context_entry",
            Self::Course => "course",
            Self::TrainingAssignment => "training_assignment",
            Self::EmployeeReport => "employee_report",
            Self::Competence => "competence",
            Self::CommunicationPlan => "communication_plan",
            Self::Process => "process",
            Self::Applicability => "applicability",
            Self::Policy => "policy",
            Self::PolicyVersion => "policy_version",
            Self::Acknowledgement => "acknowledgement",
            Self::AuditProgramme => "audit_programme",
            Self::Audit => "audit",
            Self::Finding => "finding",
            Self::Improvement => "improvement",
            Self::Vote => "vote",
            Self::ManagementReview => "management_review",
            Self::Objective => "objective",
            Self::Incident => "incident",
            Self::TimelineEntry => "timeline_entry",
            Self::Weakness => "weakness",
            Self::Risk => "risk",
            Self::Redaction => "redaction",
            Self::Restriction => "restriction",
            Self::WebhookEndpoint => "webhook_endpoint",
            Self::TicketConnection => "ticket_connection",
            Self::IdentityProvider => "identity_provider",
        }
    }

    /// The prefix of a kind.
    #[must_use]
    pub fn of_kind(kind: &str) -> Option<Self> {
        <Self as strum::VariantArray>::VARIANTS.iter().copied().find(|prefix| prefix.kind() == kind)
    }
}

/// Which record, of which kind: what a comment is about, where a link begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// Its kind.
    pub kind: Prefix,
    /// Its id.
    pub id: RecordId,
}

impl Target {
    /// The record at hand. Made from the record itself, so that it exists and was seen by who names it.
    #[must_use]
    pub fn of<T: Record>(record: &T) -> Self {
        Self { kind: T::PREFIX, id: RecordId(record.head().id) }
    }
}

/// Prefix, UTC year and counter; gap-free per organisation, prefix and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// The kind of record.
    pub prefix: Prefix,
    /// The UTC year in which the record was made.
    pub year: i32,
    /// Starts at 1.
    pub number: i64,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let prefix: &'static str = self.prefix.into();
        write!(f, "{prefix}-{:04}-{:04}", self.year, self.number)
    }
}

/// What stands in a path where a record is meant: its id or its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locator {
    /// By id.
    Id(uuid::Uuid),
    /// By reference.
    Reference(Reference),
}

impl std::str::FromStr for Locator {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        match uuid::Uuid::try_parse(text) {
            // One spelling of an id: with hyphens.
            Ok(id) if text.len() == 36 => Ok(Self::Id(id)),
            Ok(_) => Err(NotAReference),
            Err(_) => text.parse().map(Self::Reference),
        }
    }
}

/// A text that is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reference looks like NC-2026-0007")]
pub struct NotAReference;

impl std::str::FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let mut parts = text.splitn(3, '-');
        let (Some(prefix), Some(year), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotAReference);
        };
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if year.len() != 4 || number.len() < 4 || !digits(year) || !digits(number) {
            return Err(NotAReference);
        }
        let reference = Self {
            prefix: prefix.parse().map_err(|_| NotAReference)?,
            year: year.parse().map_err(|_| NotAReference)?,
            number: number.parse().map_err(|_| NotAReference)?,
        };
        // One spelling only: `NC-2026-00007` would be a second name of the same record.
        if reference.to_string() == text { Ok(reference) } else { Err(NotAReference) }
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(year in 1970..9999i32, number in 1..10_000_000i64) {
            let reference = Reference { prefix: Prefix::Nonconformity, year, number };
            prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = text.parse::<Reference>();
        }
    }

    #[test]
    fn a_kind_has_one_name() {
        for prefix in <Prefix as strum::VariantArray>::VARIANTS {
            assert_eq!(serde_json::to_value(prefix).unwrap(), prefix.kind());
            assert_eq!(Prefix::of_kind(prefix.kind()), Some(*prefix));
        }
        assert_eq!(Prefix::of_kind("NC"), None);
    }

    #[test]
    fn a_locator_is_an_id_or_a_reference() {
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(id.to_string().parse(), Ok(Locator::Id(id)));
        assert!(matches!("NC-2026-0001".parse(), Ok(Locator::Reference(_))));
        for wrong in [id.simple().to_string(), id.urn().to_string(), format!("{{{id}}}"), "1".to_owned()] {
            assert_eq!(wrong.parse::<Locator>(), Err(NotAReference), "{wrong}");
        }
    }

    #[test]
    fn has_one_spelling() {
        for wrong in
            ["NC-2026-00007", "nc-2026-0007", "NC-26-0007", "NC-2026-7", "NC-2026-+007", "XX-2026-0007", "NC", ""]
        {
            assert_eq!(wrong.parse::<Reference>(), Err(NotAReference), "{wrong}");
        }
    }
}
