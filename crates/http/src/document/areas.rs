//! What each area of the contract is about.

use serde_json::{Value, json};

/// What an area is about.
pub(super) fn tags(document: &Value) -> Value {
    let described = [
        ("auth", "Signing in and out."),
        ("me", "Whoever calls."),
        ("catalogue", "The rules as data: state machines, permissions, clauses and controls."),
        ("members", "Who may act in the organisation."),
        ("api-keys", "Machines' ways in."),
        ("scim", "SCIM 2.0 (RFC 7644): a directory says who the members are. Users are members, groups are roles."),
        ("identity-providers", "Who says who members are: OpenID Connect issuers, and what their claims mean here."),
        ("policies", "What the organisation commits to, version by version, and who knows of it [5.2, 7.3, 7.5]."),
        ("objectives", "What is to be reached, by when, and whether it is on its way there [6.2]."),
        ("indicators", "What is measured, why, by whom, and which value is good enough [9.1]."),
        ("measurements", "Figures, by the batch; known ones are counted, changed ones kept beside the old."),
        ("ingest", "Figures as monitoring systems send them, and the rules that make measurements of them."),
        ("analyses", "What the results of several indicators mean, taken together [9.1 e, f]."),
        ("signals", "What an indicator says that calls for attention."),
        ("nonconformities", "What went wrong, why, what was done and whether it worked [10.2]."),
        ("improvements", "What could be better, who speaks for it, and whether the benefit came about [10.1]."),
        ("incidents", "What happened, what was decided about it, and what was learned [A.5.24-A.5.28]."),
        ("weaknesses", "What could be exploited or could fail, and has not yet [A.6.8]."),
        (
            "risks",
            "What could happen, how grave that is, what is done about it, who takes what is left [6.1, 8.2, 8.3].",
        ),
        ("actions", "What people do about a record, and what a ticketing system mirrors."),
        ("management-reviews", "What top management looks at, concludes and decides [9.3]."),
        ("context-entries", "What the management system starts from: issues, interested parties, climate [4.1, 4.2]."),
        ("employee-reports", "What people have seen or would do better, and what they were told [A.6.8]."),
        ("report-intakes", "Reporting without a name: nothing that identifies the sender is read or kept."),
        ("courses", "What people must know, and whether teaching it worked [7.2, A.6.3]."),
        ("training-assignments", "Who takes which course, by when, and with which result [7.2]."),
        ("competences", "What a role requires, on what basis its holders have it, and what is missing [7.2]."),
        ("communication-plans", "What is communicated, when, with whom and how [7.4]."),
        ("participation", "How much people take part, by unit and month."),
        ("imports", "The history of an organisation that comes from another register: what happened before go-live."),
        ("templates", "A starting set, ready to be edited, for an organisation that begins today."),
        ("readiness", "The seven steps as a checklist, answered by the records, day by day."),
        ("processes", "What the organisation does, and who answers for it."),
        ("applicabilities", "Which control of Annex A is needed, why, and how far it is put into practice [6.1.3 d]."),
        ("changes", "What changes, and how: planned, approved by somebody else, judged by its effect [6.3, 8.1]."),
        ("audit-programmes", "Which audits are planned for a time, and what they cover between them [9.2.2]."),
        ("audits", "What is examined against which criteria, by whom, and what was looked at [9.2.1]."),
        ("findings", "What audits have found, graded; nonconformities are raised of the grave ones."),
        (
            "evidence",
            "What shows something about a record: files, kept under the hash of their content, or what lies elsewhere [7.5].",
        ),
        ("annotations", "What people add to any record: comments, tags and links."),
        (
            "settings",
            "What decisions of the organisation depend on: its time zone and working days, the duties it keeps apart.",
        ),
        ("redactions", "Content that must go by law: asked for by one, approved by another."),
        ("restrictions", "Records that concern few: for all but their readers they are not there."),
        ("records", "Any record by its reference, and its history."),
        ("journal", "Who did what and when, provably: entries, checkpoints, proofs, export."),
        ("packs", "What an auditor takes home: registers, evidence and the journal in one file that verifies offline."),
        ("events", "The journal as CloudEvents, for integrators."),
        ("tickets", "Ticketing systems in which actions are tickets: both are told what the other says."),
        ("webhooks", "Where events are sent as they happen, signed as Standard Webhooks has it, and how that went."),
        ("operations", "For whoever runs the server."),
    ];
    let used: std::collections::BTreeSet<&str> = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten())
        .filter_map(|(_, operation)| operation["tags"][0].as_str())
        .collect();
    let tag = |name: &str| {
        let description = described.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
        json!({ "name": name, "description": description })
    };
    used.into_iter().map(tag).collect()
}
