//! Typed identifiers: one plain newtype per record, so that an action's id cannot be passed for an indicator's.

/// Declares newtypes over [`uuid::Uuid`]. Plain, not `Id<T>`: the contract generator composes generic
/// arguments eagerly and would recurse without end.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
        #[serde(transparent)]
        pub struct $name(#[serde(deserialize_with = "hyphenated")] pub uuid::Uuid);

        impl From<uuid::Uuid> for $name {
            fn from(value: uuid::Uuid) -> Self { Self(value) }
        }
        impl From<$name> for uuid::Uuid {
            fn from(value: $name) -> Self { value.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
    )+};
}

/// Reads the one spelling that is documented: with hyphens, as addresses have it.
fn hyphenated<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<uuid::Uuid, D::Error> {
    struct Hyphenated;

    impl serde::de::Visitor<'_> for Hyphenated {
        type Value = uuid::Uuid;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a UUID with hyphens")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<uuid::Uuid, E> {
            let found = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH);
            found.ok_or_else(|| E::custom("must be a UUID with hyphens"))
        }
    }

    deserializer.deserialize_str(Hyphenated)
}

ids! {
    /// A tenant: the organisation whose management system this is.
    OrganisationId,
    /// A login, unique per instance, that may be a member of several organisations.
    AccountId,
    /// A person as a member of one organisation, with roles there.
    MemberId,
    /// A machine's key to one organisation.
    ApiKeyId,
    /// Whoever says who members are.
    IdentityProviderId,
    /// A login session: the family of one refresh token.
    SessionId,
    /// Any record, where its kind stands beside it.
    RecordId,
    /// One entry of the journal.
    EntryId,
    /// A nonconformity with its treatment.
    NonconformityId,
    /// Something a person does about a record.
    ActionId,
    /// A planned change of the management system, or of what it protects.
    ChangeId,
    /// A change that is approved once for all times that it is made.
    ChangeTemplateId,
    /// What somebody says about a record.
    CommentId,
    /// A word under which a record is found.
    TagId,
    /// A typed edge between two records.
    LinkId,
    /// A file or an address that shows something.
    EvidenceId,
    /// The settings of an organisation.
    SettingsId,
    /// A key performance indicator.
    IndicatorId,
    /// What results of several indicators mean, taken together.
    AnalysisId,
    /// Which series that monitoring systems send feeds which indicator.
    IngestRuleId,
    /// A ticketing system in which actions are tickets.
    TicketConnectionId,
    /// A batch of measurements: one body, one transaction, one entry in the journal.
    MeasurementBatchId,
    /// Something that could be better.
    ImprovementId,
    /// Something that happened.
    IncidentId,
    /// An entry of an incident's timeline.
    TimelineEntryId,
    /// Something that could be exploited or could fail.
    WeaknessId,
    /// Something that could happen.
    RiskId,
    /// Something an indicator says that calls for attention.
    SignalId,
    /// Something that the management system starts from.
    ContextEntryId,
    /// Something that people must know.
    CourseId,
    /// That a member takes a course.
    TrainingAssignmentId,
    /// What somebody has seen, or would do better.
    EmployeeReportId,
    /// What a role requires of whoever holds it.
    CompetenceId,
    /// What the organisation communicates.
    CommunicationPlanId,
    /// Something the organisation does.
    ProcessId,
    /// A policy.
    PolicyId,
    /// What a policy says, in one version.
    PolicyVersionId,
    /// That somebody has acknowledged a policy.
    AcknowledgementId,
    /// A management review.
    ManagementReviewId,
    /// An objective.
    ObjectiveId,
    /// Which audits are planned for a time.
    AuditProgrammeId,
    /// An audit.
    AuditId,
    /// What an audit has found.
    FindingId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = MemberId(uuid::Uuid::from_u128(7));
        let read = |text: String| serde_json::from_value::<MemberId>(serde_json::Value::String(text)).ok();
        assert_eq!(read(id.0.to_string()), Some(id));
        for other in [id.0.simple().to_string(), id.0.braced().to_string(), id.0.urn().to_string(), "7".to_owned()] {
            assert_eq!(read(other), None);
        }
    }
}
