//! What is done about nonconformities, as a plan of action and milestones.

use super::{Around, control, part, party, property, said};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::actions::{Action, Stage as ActionStage};
use ratchet_domain::id::MemberId;
use ratchet_domain::nonconformities::{Analysis, Containment, Nonconformity, Stage};
use ratchet_domain::settings::Rules;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Nonconformities, and the actions that serve them.
pub(crate) struct Plan<'a> {
    /// The nonconformities.
    pub cases: &'a [Nonconformity],
    /// Their actions, by the nonconformity that each serves.
    pub actions: &'a BTreeMap<Uuid, Vec<Action>>,
    /// When days begin.
    pub rules: &'a Rules,
}

impl Plan<'_> {
    /// Who is named in it.
    pub(crate) fn people(&self) -> BTreeSet<MemberId> {
        let owners = self.cases.iter().filter_map(|case| case.owner);
        owners.chain(self.actions.values().flatten().map(|action| action.assignee)).collect()
    }

    /// The document; `at` is the moment that it says something about.
    pub(crate) fn document(&self, around: &Around, at: DateTime<Utc>) -> Value {
        let changed = self.cases.iter().map(|case| case.head.updated_at);
        let changed =
            changed.chain(self.actions.values().flatten().map(|action| action.head.updated_at)).max().unwrap_or(at);
        let written: i64 = self.cases.iter().map(|case| case.head.version).sum();
        let mut metadata = around.metadata("Plan of action and milestones", (written, changed), &[]);
        metadata["roles"] = json!([
            { "id": "owner", "title": "Answers for the nonconformity" },
            { "id": "assignee", "title": "Carries the action out" },
        ]);
        said(json!({ "plan-of-action-and-milestones": {
            "uuid": part(around.organisation.0, "plan"),
            "metadata": metadata,
            "system-id": { "identifier-type": "https://ietf.org/rfc/rfc4122", "id": around.organisation.0 },
            "risks": self.cases.iter().map(|case| self.risk(case, around)).collect::<Vec<_>>(),
            "poam-items": self.cases.iter().map(|case| item(case, around)).collect::<Vec<_>>(),
        }}))
    }

    fn risk(&self, case: &Nonconformity, around: &Around) -> Value {
        let Nonconformity { head, title, statement, objective_evidence, due_on, containment, .. } = case;
        let owner = case.owner.map(|owner| {
            json!({ "actors": [
            { "type": "party", "actor-uuid": party(owner), "role-id": "owner" }
        ] })
        });
        let correction = containment.as_ref().map(|done| correction(head.id, done));
        json!({
            "uuid": part(head.id, "risk"),
            "title": title,
            "description": objective_evidence,
            "statement": statement,
            "status": status(&case.stage),
            "origins": owner.into_iter().collect::<Vec<_>>(),
            "deadline": due_on.map(|day| self.end_of(day)),
            "remediations": correction.into_iter().chain(self.response(case, around)).collect::<Vec<_>>(),
        })
    }

    /// The corrective action, or actions that were planned before the cause is known.
    fn response(&self, case: &Nonconformity, around: &Around) -> Option<Value> {
        let served = self.actions.get(&case.head.id).into_iter().flatten();
        let tasks: Vec<Value> = served.map(|action| self.task(action, around)).collect();
        let (title, cause) = match analysis(&case.stage) {
            Some(analysis) => ("Corrective action", analysis.root_causes.join("\n\n")),
            None if tasks.is_empty() => return None,
            None => ("Actions", "Its cause is not known yet.".to_owned()),
        };
        Some(json!({
            "uuid": part(case.head.id, "response"),
            "lifecycle": if is_done(&case.stage) { "completed" } else { "planned" },
            "title": title,
            "description": cause,
            "tasks": tasks,
        }))
    }

    fn task(&self, action: &Action, around: &Around) -> Value {
        let Action { head, title, description, assignee, due_on, stage, done_criteria, .. } = action;
        let (kind, priority): (&str, &str) = (action.kind.into(), action.priority.into());
        let known = [
            ("reference", head.reference.to_string().as_str()),
            ("state", stage.name().into()),
            ("kind", kind),
            ("priority", priority),
            ("due-on", &due_on.to_string()),
        ]
        .map(|(name, value)| property(name, value));
        json!({
            "uuid": part(head.id, "task"),
            "type": "action",
            "title": title,
            "description": description,
            "props": known,
            "links": [around.link::<Action>(head)],
            "timing": { "within-date-range": {
                "start": head.created_at,
                "end": self.end_of(*due_on).max(head.created_at),
            } },
            "responsible-roles": [{ "role-id": "assignee", "party-uuids": [party(*assignee)] }],
            "remarks": outcome(stage).or(done_criteria.as_deref()),
        })
    }

    /// The moment at which a day is over.
    fn end_of(&self, day: NaiveDate) -> DateTime<Utc> {
        self.rules.start_of(day.succ_opt().unwrap_or(day))
    }
}

/// What was done, or why not.
fn outcome(stage: &ActionStage) -> Option<&str> {
    match stage {
        ActionStage::Blocked { reason } | ActionStage::Cancelled { reason } => Some(reason),
        ActionStage::Done { completion } | ActionStage::Verified { completion, .. } => Some(&completion.summary),
        ActionStage::Open | ActionStage::InProgress | ActionStage::EndedBefore => None,
    }
}

fn item(case: &Nonconformity, around: &Around) -> Value {
    let Nonconformity { head, title, statement, source, requirement, grade, due_on, stage, .. } = case;
    let known = [
        Some(property("reference", &head.reference.to_string())),
        Some(property("state", stage.name().into())),
        Some(property("source", (*source).into())),
        due_on.map(|day| property("due-on", &day.to_string())),
        grade.map(|grade| property("grade", grade.into())),
        requirement.as_ref().map(|requirement| property("control-id", &control(requirement))),
    ];
    json!({
        "uuid": part(head.id, "item"),
        "title": title,
        "description": statement,
        "props": known.into_iter().flatten().collect::<Vec<_>>(),
        "links": [around.link::<Nonconformity>(head)],
        "related-risks": [{ "risk-uuid": part(head.id, "risk") }],
    })
}

fn correction(of: Uuid, containment: &Containment) -> Value {
    json!({
        "uuid": part(of, "correction"),
        "lifecycle": "completed",
        "title": "Correction",
        "description": containment.correction,
        "remarks": containment.consequences,
    })
}

/// Whether what was planned is done; whether it worked is not said by that.
fn is_done(stage: &Stage) -> bool {
    match stage {
        Stage::Verifying { .. } | Stage::Verified { .. } | Stage::Closed { .. } => true,
        Stage::Reported
        | Stage::Rejected { .. }
        | Stage::Confirmed
        | Stage::Analysed { .. }
        | Stage::Planned { .. }
        | Stage::EndedBefore
        | Stage::Void { .. }
        | Stage::Duplicate { .. } => false,
    }
}

fn analysis(stage: &Stage) -> Option<&Analysis> {
    match stage {
        Stage::Analysed { analysis }
        | Stage::Planned { analysis }
        | Stage::Verifying { analysis, .. }
        | Stage::Verified { analysis, .. }
        | Stage::Closed { analysis, .. } => Some(analysis),
        Stage::Reported
        | Stage::Rejected { .. }
        | Stage::Confirmed
        | Stage::EndedBefore
        | Stage::Void { .. }
        | Stage::Duplicate { .. } => None,
    }
}

/// Where it stands, in the words of OSCAL for a risk.
fn status(stage: &Stage) -> &'static str {
    match stage {
        Stage::Reported => "investigating",
        Stage::Confirmed | Stage::Analysed { .. } => "open",
        Stage::Planned { .. } | Stage::Verifying { .. } | Stage::Verified { .. } => "remediating",
        Stage::Rejected { .. }
        | Stage::Closed { .. }
        | Stage::EndedBefore
        | Stage::Void { .. }
        | Stage::Duplicate { .. } => "closed",
    }
}
