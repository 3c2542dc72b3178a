//! Registers for people: which members of a record stand in its table, and how a cell is written.

use ratchet_domain::reference::Prefix;
use serde_json::Value;

/// A column beside those that every table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// The member of the record.
    pub member: &'static str,
    /// What that holds.
    pub holds: Holds,
}

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A value.
    Value,
    /// A member's id: the name is shown.
    Member,
    /// The id of a record of one kind: its reference is shown.
    Record(Prefix),
    /// The kind and the id of a record: its reference is shown.
    Target,
}

impl Column {
    /// How it is headed.
    pub(super) fn heading(self) -> &'static str {
        self.member.strip_suffix("_id").unwrap_or(self.member)
    }
}

const fn value(member: &'static str) -> Column {
    Column { member, holds: Holds::Value }
}

const fn person(member: &'static str) -> Column {
    Column { member, holds: Holds::Member }
}

const fn record(member: &'static str, kind: Prefix) -> Column {
    Column { member, holds: Holds::Record(kind) }
}

const fn target(member: &'static str) -> Column {
    Column { member, holds: Holds::Target }
}

const OWNER: Column = person("owner_id");

/// The columns of a kind's table, behind reference, title and state.
pub(super) const fn of(kind: Prefix) -> &'static [Column] {
    match kind {
        Prefix::Nonconformity => {
            const {
                &[
                    value("source"),
                    value("grade"),
                    value("requirement"),
                    OWNER,
                    value("due_on"),
                    value("check_on"),
                    value("statement"),
                ]
            }
        }
        Prefix::Member => const { &[value("name"), value("unit"), value("roles")] },
        Prefix::ApiKey | Prefix::WebhookEndpoint | Prefix::TicketConnection | Prefix::IdentityProvider => const { &[] },
        Prefix::Action => {
            const {
                &[
                    target("parent"),
                    value("kind"),
                    value("priority"),
                    person("assignee_id"),
                    value("due_on"),
                    value("due_moves"),
                ]
            }
        }
        Prefix::Change => const { &[value("kind"), OWNER, value("purpose"), value("requirements"), value("revision")] },
        Prefix::ChangeTemplate => const { &[value("purpose"), value("requirements"), value("revision")] },
        Prefix::Indicator => {
            const {
                &[
                    value("name"),
                    value("unit"),
                    value("frequency"),
                    OWNER,
                    value("requirements"),
                    value("analysis_due_on"),
                ]
            }
        }
        Prefix::Analysis => const { &[value("verdict"), value("conclusion")] },
        Prefix::Signal => {
            const { &[record("indicator_id", Prefix::Indicator), value("kind"), value("occurrences"), OWNER] }
        }
        Prefix::Comment => const { &[target("record"), value("text"), person("created_by")] },
        Prefix::Tag => const { &[target("record"), value("label")] },
        Prefix::Link => const { &[target("record"), value("relation"), target("to"), value("note")] },
        Prefix::Evidence => {
            const {
                &[
                    target("record"),
                    value("kind"),
                    value("name"),
                    value("url"),
                    value("media_type"),
                    value("size"),
                    value("sha256"),
                    value("erased_by"),
                ]
            }
        }
        Prefix::Settings => const { &[value("go_live"), value("utc_offset_minutes")] },
        Prefix::MeasurementBatch => {
            const { &[value("source"), value("observed_from"), value("observed_until"), value("digest")] }
        }
        Prefix::IngestRule => {
            const {
                &[
                    value("name"),
                    value("door"),
                    value("metric"),
                    record("indicator_id", Prefix::Indicator),
                    value("part"),
                ]
            }
        }
        Prefix::ContextEntry => const { &[value("kind"), OWNER, value("review_due_on"), value("description")] },
        Prefix::Course => const { &[OWNER, value("validity_months"), value("pass_mark"), value("requirements")] },
        Prefix::TrainingAssignment => {
            const {
                &[
                    person("member_id"),
                    record("course_id", Prefix::Course),
                    value("course_title"),
                    value("due_on"),
                    value("valid_until"),
                ]
            }
        }
        Prefix::EmployeeReport => {
            const { &[value("kind"), value("anonymous"), value("happened_on"), value("answered_at"), value("text")] }
        }
        Prefix::Competence => const { &[value("role"), value("requirement")] },
        Prefix::CommunicationPlan => const { &[value("subject"), value("channel"), OWNER, value("next_on")] },
        Prefix::Process => const { &[value("name"), value("importance"), OWNER, value("requirements")] },
        Prefix::Applicability => {
            const { &[value("control"), value("label"), value("status"), OWNER, value("justification")] }
        }
        Prefix::Policy => {
            const {
                &[
                    value("classification"),
                    OWNER,
                    value("version_number"),
                    value("published_on"),
                    value("next_review_on"),
                ]
            }
        }
        Prefix::PolicyVersion => {
            const { &[record("policy_id", Prefix::Policy), value("policy_title"), value("number"), value("change_summary")] }
        }
        Prefix::Acknowledgement => {
            const {
                &[
                    person("member_id"),
                    record("policy_id", Prefix::Policy),
                    value("policy_title"),
                    value("version_number"),
                    value("asked_on"),
                    value("due_on"),
                    value("given_on"),
                    value("late"),
                ]
            }
        }
        Prefix::AuditProgramme => const { &[value("starts_on"), value("ends_on"), value("frequency")] },
        Prefix::Audit => {
            const { &[value("kind"), value("starts_on"), value("ends_on"), person("lead_id"), value("scope")] }
        }
        Prefix::Finding => {
            const {
                &[
                    record("audit_id", Prefix::Audit),
                    value("grade"),
                    value("requirement"),
                    value("statement"),
                    target("case"),
                ]
            }
        }
        Prefix::Improvement => {
            const {
                &[
                    value("source"),
                    person("proposer_id"),
                    OWNER,
                    value("effort"),
                    value("value"),
                    value("votes"),
                    value("expected_benefit"),
                ]
            }
        }
        Prefix::Vote => const { &[record("improvement_id", Prefix::Improvement), person("created_by")] },
        Prefix::ManagementReview => {
            const { &[value("scheduled_on"), value("period_from"), value("period_until"), person("chair_id")] }
        }
        Prefix::Objective => const { &[value("statement"), OWNER, value("due_on"), value("level")] },
        Prefix::Incident => const { &[value("category"), value("severity"), value("detected_at"), OWNER] },
        Prefix::TimelineEntry => {
            const { &[record("incident_id", Prefix::Incident), value("kind"), value("happened_at"), value("text")] }
        }
        Prefix::Weakness => const { &[value("level"), value("found_in"), OWNER, value("description")] },
        Prefix::Risk => const { &[value("level"), OWNER, value("review_on"), value("controls")] },
        Prefix::Redaction => {
            const { &[target("record"), value("fields"), value("content"), value("reason"), value("decided_at")] }
        }
        Prefix::Restriction => const { &[target("record"), value("reason"), value("lifted_at")] },
    }
}

/// A value as people read it: several stand one behind the other, what has parts is written as JSON.
pub(super) fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_number()) => {
            items.iter().map(plain).collect::<Vec<_>>().join("; ")
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    harmless(text)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a spreadsheet would take for a formula is marked as text.
pub(super) fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_cell_is_a_formula() {
        for (value, expected) in [
            (json!("=1+1"), "'=1+1"),
            (json!("+49"), "'+49"),
            (json!("-x"), "'-x"),
            (json!("@SUM(A1)"), "'@SUM(A1)"),
            (json!("\tx"), "'\tx"),
            (json!("\rx"), "'\rx"),
            (json!(-1.5), "'-1.5"),
            (json!(["=a", "b"]), "'=a; b"),
            (json!("a=b"), "a=b"),
            (json!(["A.8.8", 3]), "A.8.8; 3"),
            (json!({ "kind": "all" }), "{\"kind\":\"all\"}"),
            (json!(null), ""),
            (json!(true), "true"),
        ] {
            assert_eq!(cell(&value), expected, "{value}");
        }
    }
}
