//! Who may: one table of role x permission, and the caller it is asked about.

mod actor;
mod withheld;

pub use actor::{Actor, Identity, Principal, Standing};
pub use withheld::{UNNAMED, Withheld};

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// What a member is in an organisation; several may be held at once.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Settings, members, keys, connectors; no say in decisions by this role alone.
    Admin,
    /// Runs the management system: creates and steers every record.
    IsmsManager,
    /// Top management: approves; reads all.
    Management,
    /// Internal auditor: audits and findings; reads all.
    Auditor,
    /// Employee: reports, and works what is assigned.
    Member,
    /// Reads all, the journal and its proofs included; writes nothing.
    ExternalAuditor,
}

/// What can be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, strum::IntoStaticStr, strum::VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Permission {
    /// Read any record that is not restricted.
    ReadRecords,
    /// See who the members are: names and roles.
    ReadMembers,
    /// Report a nonconformity.
    RaiseNonconformity,
    /// Contain, analyse, plan, implement.
    SteerNonconformity,
    /// Confirm, reject, close, reopen.
    DecideNonconformity,
    /// Judge whether what was done has worked.
    VerifyEffectiveness,
    /// Plan an action: what is to be done, by whom and by when.
    PlanAction,
    /// Reassign an action, move its due date, reword, cancel or reopen it.
    SteerAction,
    /// Start, block, unblock and complete an action.
    WorkAction,
    /// Request a change.
    RequestChange,
    /// Submit, assess, revise, schedule, start, complete, roll back and cancel a change.
    SteerChange,
    /// Approve, reject and close a change; approve and retire a change template.
    DecideChange,
    /// Approve a change of high impact.
    ApproveHighImpactChange,
    /// Define, amend and revise change templates.
    DefineChangeTemplate,
    /// Comment on a record, tag it, link it with another.
    Annotate,
    /// Attach evidence to a record.
    AttachEvidence,
    /// Withdraw a tag, a link or a piece of evidence.
    WithdrawAnnotation,
    /// Let an exception from separation of duties be documented.
    RelaxSeparation,
    /// Read the journal and its proofs.
    ReadJournal,
    /// Take registers, evidence and the journal home in one file.
    TakePacks,
    /// Members, roles and keys.
    AdministerOrganisation,
    /// Say who the members are, as a directory knows it: make, name and deactivate them, and give them roles, but for admins.
    ProvisionMembers,
    /// See what members who have left were named for, and hand it to others: as far as each record's own rules allow.
    ReassignWork,
    /// Say from which day on the program is used: what happened before may be brought in as history.
    SetGoLive,
    /// Bring in what another register says of the time before go-live.
    MigrateHistory,
    /// Define, activate, revise and retire indicators.
    DefineIndicator,
    /// Amend an indicator's plain fields.
    SteerIndicator,
    /// Send measurements.
    RecordMeasurements,
    /// Take a batch of measurements out of charts and evaluation.
    WithdrawMeasurements,
    /// Raise, repeat and clear signals: nobody's, what is measured does it.
    RaiseSignal,
    /// Acknowledge a signal, link it to a case.
    HandleSignal,
    /// Dismiss a signal.
    DismissSignal,
    /// Say what the management system starts from: record and retire issues and interested parties, and say who watches
    /// them.
    DefineContext,
    /// Reword and review an issue or an interested party.
    SteerContext,
    /// See the courses.
    ReadCourses,
    /// Define, publish, amend and retire courses.
    DefineCourse,
    /// Assign a course to a member, again after a failure, or say that it need not be taken.
    AssignTraining,
    /// Record that a course was taken, and with which score.
    RecordTraining,
    /// File an employee report.
    FileReport,
    /// See employee reports.
    ReadReports,
    /// Triage employee reports, ask their reporters, convert or decline them.
    HandleReport,
    /// Answer what is asked about a report that one has filed.
    AnswerReport,
    /// Say what a role requires of whoever holds it.
    DefineCompetence,
    /// Judge whether somebody has what a role requires.
    AssessCompetence,
    /// Plan what the organisation communicates.
    PlanCommunication,
    /// Record that it was communicated.
    CarryOutCommunication,
    /// Keep the register of processes: enter and retire them, name their owners.
    DefineProcess,
    /// Amend a process's plain fields.
    SteerProcess,
    /// Say whether a control is needed, and why.
    DecideApplicability,
    /// Say how far a control is put into practice.
    SteerApplicability,
    /// Establish a policy, say who answers for it.
    EstablishPolicy,
    /// Amend a policy, draft a version of it, submit it.
    WritePolicy,
    /// Approve a version of a policy or send it back; reaffirm a policy.
    ApprovePolicy,
    /// Publish, withdraw and retire versions of policies.
    PublishPolicy,
    /// Acknowledge a policy, for oneself.
    AcknowledgePolicy,
    /// Plan audit programmes and audits, and write checklists.
    PlanAudit,
    /// Start audits, check items, note findings, report them and raise cases of them.
    ConductAudit,
    /// Close audits and their programmes.
    CloseAudit,
    /// Approve audit programmes.
    ApproveAuditProgramme,
    /// Propose an improvement.
    ProposeImprovement,
    /// Word an improvement, plan it, start it, put it in place.
    SteerImprovement,
    /// Accept, decline or abandon an improvement.
    DecideImprovement,
    /// Speak for an improvement.
    Vote,
    /// Schedule, prepare and hold management reviews, and write their minutes.
    SteerReview,
    /// Approve the minutes of a management review, as its chair; say how often and with how many they are held.
    ApproveReview,
    /// Set an objective, say who answers for it.
    SetObjective,
    /// Amend an objective, propose other terms for it.
    SteerObjective,
    /// Approve an objective or what a revision of it proposes.
    ApproveObjective,
    /// Judge an objective: achieved, missed, abandoned.
    JudgeObjective,
    /// Report an incident.
    ReportIncident,
    /// Contain, resolve and review an incident, raise cases of it.
    SteerIncident,
    /// Append to an incident's timeline.
    RecordTimeline,
    /// Triage and close an incident, end the clock of personal data.
    DecideIncident,
    /// Report a weakness.
    ReportWeakness,
    /// Assess and treat a weakness.
    SteerWeakness,
    /// Reject and close a weakness.
    DecideWeakness,
    /// Register a risk.
    RegisterRisk,
    /// Assess, treat and review a risk.
    SteerRisk,
    /// Say that there is no such risk any more.
    RetireRisk,
    /// Take a weakness or a risk as it is, until a day.
    AcceptRisk,
    /// Ask that content goes which must go by law.
    RequestRedaction,
    /// Decide, as the second person, whether it goes.
    ApproveRedaction,
    /// Keep a record from all but those it names, name others, and lift that again.
    RestrictRecord,
}

/// One cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Not allowed.
    No,
    /// Allowed on what the caller owns, raised or is assigned; never a decision.
    Own,
    /// Allowed.
    Yes,
}

/// The table, a row for each permission: what admin, isms_manager, management, auditor, member and external_auditor
/// may do, in this order.
fn row(permission: Permission) -> [Cell; 6] {
    use Cell::{No, Own, Yes};
    use Permission as P;
    match permission {
        P::ReadRecords => [Yes, Yes, Yes, Yes, Own, Yes],
        P::ReadMembers => [Yes, Yes, Yes, Yes, Yes, Yes],
        P::RaiseNonconformity => [No, Yes, Yes, Yes, Yes, No],
        P::SteerNonconformity => [No, Yes, No, No, Own, No],
        P::DecideNonconformity => [No, Yes, No, No, No, No],
        P::VerifyEffectiveness => [No, Yes, Yes, Yes, No, No],
        P::PlanAction => [No, Yes, No, No, Own, No],
        P::SteerAction => [No, Yes, No, No, No, No],
        P::WorkAction => [Own, Yes, Own, Own, Own, No],
        P::RequestChange => [No, Yes, Yes, Yes, Yes, No],
        P::SteerChange => [No, Yes, Own, Own, Own, No],
        P::DecideChange => [No, Yes, Yes, No, No, No],
        P::ApproveHighImpactChange => [No, No, Yes, No, No, No],
        P::DefineChangeTemplate => [No, Yes, No, No, No, No],
        P::Annotate => [No, Yes, Yes, Yes, Own, No],
        P::AttachEvidence => [No, Yes, Yes, Yes, Own, No],
        P::WithdrawAnnotation => [No, Yes, Own, Own, Own, No],
        P::RelaxSeparation => [No, No, Yes, No, No, No],
        P::ReadJournal => [Yes, Yes, Yes, Yes, No, Yes],
        P::TakePacks => [No, Yes, Yes, Yes, No, Yes],
        P::AdministerOrganisation => [Yes, No, No, No, No, No],
        P::ProvisionMembers => [Yes, No, No, No, No, No],
        P::ReassignWork => [No, Yes, Yes, No, No, No],
        P::SetGoLive => [No, No, Yes, No, No, No],
        P::MigrateHistory => [No, Yes, No, No, No, No],
        P::DefineIndicator => [No, Yes, No, No, No, No],
        P::SteerIndicator => [No, Yes, No, No, Own, No],
        P::RecordMeasurements => [No, Yes, No, No, Own, No],
        P::WithdrawMeasurements => [No, Yes, No, No, No, No],
        P::RaiseSignal => [No, No, No, No, No, No],
        P::HandleSignal => [No, Yes, No, No, Own, No],
        P::DismissSignal => [No, Yes, No, No, No, No],
        P::DefineContext => [No, Yes, Yes, No, No, No],
        P::SteerContext => [No, Yes, Yes, No, Own, No],
        P::ReadCourses => [Yes, Yes, Yes, Yes, Yes, Yes],
        P::DefineCourse => [No, Yes, No, No, No, No],
        P::AssignTraining => [No, Yes, No, No, No, No],
        P::RecordTraining => [Own, Yes, Own, Own, Own, No],
        P::FileReport => [Yes, Yes, Yes, Yes, Yes, No],
        P::ReadReports => [Own, Yes, Own, Own, Own, No],
        P::HandleReport => [No, Yes, No, No, No, No],
        P::AnswerReport => [Own, Own, Own, Own, Own, No],
        P::DefineCompetence => [No, Yes, No, No, No, No],
        P::AssessCompetence => [No, Yes, Yes, No, No, No],
        P::PlanCommunication => [No, Yes, No, No, No, No],
        P::CarryOutCommunication => [Own, Yes, Own, Own, Own, No],
        P::DefineProcess => [No, Yes, No, No, No, No],
        P::SteerProcess => [No, Yes, No, No, Own, No],
        P::DecideApplicability => [No, Yes, Yes, No, No, No],
        P::SteerApplicability => [No, Yes, No, No, Own, No],
        P::EstablishPolicy => [No, Yes, No, No, No, No],
        P::WritePolicy => [No, Yes, No, No, Own, No],
        P::ApprovePolicy => [No, No, Yes, No, No, No],
        P::PublishPolicy => [No, Yes, No, No, No, No],
        P::AcknowledgePolicy => [Yes, Yes, Yes, Yes, Yes, No],
        P::PlanAudit => [No, Yes, No, Yes, No, No],
        P::ConductAudit => [No, Yes, No, Yes, No, No],
        P::CloseAudit => [No, Yes, No, Yes, No, No],
        P::ApproveAuditProgramme => [No, No, Yes, No, No, No],
        P::ProposeImprovement => [No, Yes, Yes, Yes, Yes, No],
        P::SteerImprovement => [No, Yes, Own, Own, Own, No],
        P::DecideImprovement => [No, Yes, Yes, No, No, No],
        P::Vote => [No, Yes, Yes, Yes, Yes, No],
        P::SteerReview => [No, Yes, Yes, No, No, No],
        P::ApproveReview => [No, No, Yes, No, No, No],
        P::SetObjective => [No, Yes, Yes, No, No, No],
        P::SteerObjective => [No, Yes, Own, No, Own, No],
        P::ApproveObjective => [No, No, Yes, No, No, No],
        P::JudgeObjective => [No, Yes, Yes, No, No, No],
        P::ReportIncident => [No, Yes, Yes, Yes, Yes, No],
        P::SteerIncident => [No, Yes, Own, Own, Own, No],
        P::RecordTimeline => [No, Yes, Own, Own, Own, No],
        P::DecideIncident => [No, Yes, No, No, No, No],
        P::ReportWeakness => [No, Yes, Yes, Yes, Yes, No],
        P::SteerWeakness => [No, Yes, Own, Own, Own, No],
        P::DecideWeakness => [No, Yes, No, No, No, No],
        P::RegisterRisk => [No, Yes, Yes, No, No, No],
        P::SteerRisk => [No, Yes, Own, Own, Own, No],
        P::RetireRisk => [No, Yes, Yes, No, No, No],
        P::AcceptRisk => [No, No, Yes, No, No, No],
        P::RequestRedaction => [No, Yes, Yes, Yes, Own, No],
        P::ApproveRedaction => [No, Yes, Yes, No, No, No],
        P::RestrictRecord => [No, Yes, No, No, No, No],
    }
}

/// The table: what `role` may do.
#[must_use]
pub fn cell(role: Role, permission: Permission) -> Cell {
    let [admin, isms_manager, management, auditor, member, external_auditor] = row(permission);
    match role {
        Role::Admin => admin,
        Role::IsmsManager => isms_manager,
        Role::Management => management,
        Role::Auditor => auditor,
        Role::Member => member,
        Role::ExternalAuditor => external_auditor,
    }
}

/// Refuses who may not administer the organisation.
pub(crate) fn administers(by: &Actor) -> Result<(), Refusal> {
    if by.may(Permission::AdministerOrganisation, false) { Ok(()) } else { Err(Refusal::Forbidden) }
}

/// Refuses who may not say who the members are.
pub(crate) fn provisions(by: &Actor) -> Result<(), Refusal> {
    if by.may(Permission::ProvisionMembers, false) { Ok(()) } else { Err(Refusal::Forbidden) }
}

/// Refuses everyone but the program itself: for what time alone does.
pub(crate) fn is_the_program(by: &Actor) -> Result<(), Refusal> {
    match by.identity {
        Identity::System { .. } => Ok(()),
        Identity::Member { .. } | Identity::ApiKey { .. } | Identity::Anonymous => Err(Refusal::Forbidden),
    }
}

/// The whole table, row by row, as the catalogue publishes it.
pub fn table() -> impl Iterator<Item = (Role, Permission, Cell)> {
    Role::VARIANTS
        .iter()
        .flat_map(|role| Permission::VARIANTS.iter().map(|permission| (*role, *permission, cell(*role, *permission))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{MemberId, OrganisationId};

    #[test]
    fn table_cell_by_cell() {
        let printed = table()
            .map(|(role, permission, cell)| {
                let (role, permission): (&str, &str) = (role.into(), permission.into());
                format!("{role} {permission} {cell:?}\n")
            })
            .collect::<String>();
        insta::assert_snapshot!(printed);
    }

    #[test]
    fn several_roles_give_the_strongest_cell() {
        let actor = Actor {
            organisation: OrganisationId(uuid::Uuid::nil()),
            identity: Identity::Member {
                id: MemberId(uuid::Uuid::nil()),
                roles: vec![Role::Member, Role::IsmsManager, Role::Admin],
                standing: Standing::default(),
            },
        };
        assert_eq!(actor.cell(Permission::SteerNonconformity), Cell::Yes);
        assert_eq!(actor.cell(Permission::AdministerOrganisation), Cell::Yes);
    }
}
