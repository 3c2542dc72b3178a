//! Every kind of record by its type: the one list that a new kind is added to.

use crate::access::{Actor, Cell, Permission, Role, cell};
use crate::change::Record;
use crate::reference::{Prefix, Reference};
use strum::VariantArray;

/// Whether the actor sees every record of a kind; else what is said about one, in an annotation or in the journal, is not
/// for the actor either, unless the record itself is.
#[must_use]
pub fn sees_all(by: &Actor, kind: Prefix) -> bool {
    crate::of_kind!(kind, T => by.cell(<T as Record>::READING) == Cell::Yes)
}

/// Whether not everybody who reads the records reads those of this kind, too. What leaves the program to be kept by others,
/// such as a calendar or an e-mail, says nothing of them but their references.
#[must_use]
pub fn is_confidential(kind: Prefix) -> bool {
    crate::of_kind!(kind, T => Role::VARIANTS.iter().any(|role| {
        cell(*role, Permission::ReadRecords) == Cell::Yes && cell(*role, <T as Record>::READING) != Cell::Yes
    }))
}

/// One line by which people know a record outside of the program: its title and its reference, or where it has no title
/// or is confidential what it is and its reference.
#[must_use]
pub fn line_outside(kind: Prefix, reference: Reference, title: Option<&str>) -> String {
    match title {
        Some(title) if !is_confidential(kind) => format!("{title} ({reference})"),
        Some(_) | None => {
            let name = kind.kind().replace('_', " ");
            let mut letters = name.chars();
            let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
            let name: String = capital.into_iter().chain(letters).collect();
            format!("{name} {reference}")
        }
    }
}

/// Runs an expression with the type of the kind: `of_kind!(kind, T => T::find(organisation, locator, connection))`.
#[macro_export]
macro_rules! of_kind {
    ($kind:expr, $record:ident => $run:expr) => {
        $crate::of_kind!(@ $kind, $record => $run,
            Nonconformity: nonconformities::Nonconformity,
            Member: members::Member,
            ApiKey: api_keys::ApiKey,
            Action: actions::Action,
            Change: changes::PlannedChange,
            ChangeTemplate: change_templates::ChangeTemplate,
            Indicator: indicators::Indicator,
            Analysis: analyses::Analysis,
            Signal: signals::Signal,
            Comment: comments::Comment,
            Tag: tags::Tag,
            Link: links::Link,
            Evidence: evidence::Evidence,
            Settings: settings::Settings,
            MeasurementBatch: measurements::MeasurementBatch,
            IngestRule: ingest_rules::IngestRule,
            ContextEntry: context_entries::ContextEntry,
            Course: courses::Course,
            TrainingAssignment: training_assignments::TrainingAssignment,
            EmployeeReport: employee_reports::EmployeeReport,
            Competence: competences::Competence,
            CommunicationPlan: communication_plans::CommunicationPlan,
            Process: processes::Process,
            Applicability: applicabilities::Applicability,
            Policy: policies::Policy,
            PolicyVersion: policy_versions::PolicyVersion,
            Acknowledgement: acknowledgements::Acknowledgement,
            AuditProgramme: audit_programmes::AuditProgramme,
            Audit: audits::Audit,
            Finding: findings::Finding,
            Improvement: improvements::Improvement,
            Vote: votes::Vote,
            ManagementReview: management_reviews::ManagementReview,
            Objective: objectives::Objective,
            Incident: incidents::Incident,
            TimelineEntry: timeline_entries::TimelineEntry,
            Weakness: weaknesses::Weakness,
            Risk: risks::Risk,
            Redaction: redactions::Redaction,
            Restriction: restrictions::Restriction,
            WebhookEndpoint: webhook_endpoints::WebhookEndpoint,
            TicketConnection: ticket_connections::TicketConnection,
            IdentityProvider: identity_providers::IdentityProvider,
        )
    };
    (@ $kind:expr, $record:ident => $run:expr, $($prefix:ident: $module:ident::$name:ident),+ $(,)?) => {
        match $kind {
            $($crate::reference::Prefix::$prefix => {
                type $record = $crate::$module::$name;
                $run
            })+
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confidential_keeps_its_title_inside() {
        let confidential: Vec<&str> =
            Prefix::VARIANTS.iter().filter(|kind| is_confidential(**kind)).map(|kind| kind.kind()).collect();
        insta::assert_debug_snapshot!(confidential);
        let line = |prefix, title| line_outside(prefix, Reference { prefix, year: 2026, number: 3 }, title);
        assert_eq!(line(Prefix::Action, Some("Export")), "Export (ACT-2026-0003)");
        assert_eq!(line(Prefix::Signal, None), "Signal SIG-2026-0003");
        let report = line(Prefix::EmployeeReport, Some("Seen at the gate"));
        assert!(report.starts_with("Employee report ") && !report.contains("gate"), "{report}");
    }
}
