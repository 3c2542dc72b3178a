//! Every kind of record by its type: the one list that a new kind is added to.

use crate::access::{Actor, Cell};
use crate::change::Record;
use crate::reference::Prefix;

/// Whether the actor sees every record of a kind; else what is said about one, in an annotation or in the journal, is not
/// for the actor either, unless the record itself is.
#[must_use]
pub fn sees_all(by: &Actor, kind: Prefix) -> bool {
    crate::of_kind!(kind, T => by.cell(<T as Record>::READING) == Cell::Yes)
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
            Indicator: indicators::Indicator,
            Signal: signals::Signal,
            Comment: comments::Comment,
            Tag: tags::Tag,
            Link: links::Link,
            Evidence: evidence::Evidence,
            Settings: settings::Settings,
            MeasurementBatch: measurements::MeasurementBatch,
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
            Improvement: improvements::Improvement,
            Vote: votes::Vote,
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
