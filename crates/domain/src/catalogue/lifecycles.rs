//! Every state machine as data, out of the tables that enforce them.

#[cfg(test)]
mod tests;

use crate::{
    actions, annotations, applicabilities, audit_programmes, audits, communication_plans, competences, context_entries,
    courses, employee_reports, evidence, findings, identity_providers, improvements, incidents, indicators,
    ingest_rules, management_reviews, measurements, nonconformities, objectives, policies, policy_versions, processes,
    redactions, restrictions, risks, settings, signals, ticket_connections, training_assignments, votes, weaknesses,
    webhook_endpoints,
};
use crate::{change_templates, changes};
use serde::Serialize;
use strum::VariantArray;

/// One arrow: a verb leads from a state to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edge {
    /// The state it starts from.
    pub from: &'static str,
    /// The verb, as in the address; `null` for what happens by itself, or with another record.
    pub verb: Option<&'static str>,
    /// The state it leads to.
    pub to: &'static str,
}

/// A record's states and verbs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LifecycleTable {
    /// The plural stem.
    pub resource: &'static str,
    /// The first is where every record begins.
    pub states: Vec<&'static str>,
    /// Every arrow.
    pub edges: Vec<Edge>,
    /// The same as a Mermaid state diagram.
    pub mermaid: String,
}

/// The state machines of every resource.
#[must_use]
pub fn lifecycles() -> Vec<LifecycleTable> {
    let simple = |from, verb, to| Edge { from, verb: Some(verb), to };
    let by_itself = |from, to| Edge { from, verb: None, to };
    let and = |edges: Vec<Edge>, more: Vec<Edge>| edges.into_iter().chain(more).collect();
    vec![
        // A policy is published and retired with a version of it.
        table(
            "policies",
            and(vec![by_itself("draft", "published"), by_itself("published", "retired")], edges(policies::edge)),
        ),
        table(
            "policy_versions",
            and(
                edges(policy_versions::edge),
                vec![
                    by_itself("scheduled", "published"),
                    // What was approved has changed meanwhile.
                    by_itself("scheduled", "approved"),
                    by_itself("published", "superseded"),
                ],
            ),
        ),
        table("objectives", edges(objectives::edge)),
        table("indicators", edges(indicators::edge)),
        table("measurement_batches", edges(measurements::edge)),
        table("ingest_rules", edges(ingest_rules::edge)),
        // Later measurements clear what is open.
        table(
            "signals",
            and(
                edges(signals::edge),
                ["raised", "acknowledged", "linked", "dismissed"].map(|from| by_itself(from, "cleared")).to_vec(),
            ),
        ),
        table("nonconformities", edges(nonconformities::edge)),
        table("improvements", edges(improvements::edge)),
        table("votes", edges(votes::edge)),
        table("incidents", edges(incidents::edge)),
        // An acceptance ends with its last day.
        table("weaknesses", and(edges(weaknesses::edge), vec![by_itself("accepted", "assessed")])),
        table("risks", and(edges(risks::edge), vec![by_itself("accepted", "treated")])),
        table("actions", edges(actions::edge)),
        table("context_entries", edges(context_entries::edge)),
        table("changes", edges(changes::edge)),
        table("change_templates", edges(change_templates::edge)),
        table("employee_reports", edges(employee_reports::edge)),
        table("courses", edges(courses::edge)),
        table("training_assignments", and(edges(training_assignments::edge), vec![by_itself("completed", "expired")])),
        table("competences", edges(competences::edge)),
        table("communication_plans", edges(communication_plans::edge)),
        table("processes", edges(processes::edge)),
        table("applicabilities", edges(applicabilities::edge)),
        table("management_reviews", edges(management_reviews::edge)),
        table("audit_programmes", edges(audit_programmes::edge)),
        table("audits", edges(audits::edge)),
        // A finding is issued with its audit's report.
        table("findings", and(vec![by_itself("noted", "issued")], edges(findings::edge))),
        table(
            "members",
            vec![
                simple("active", "assign-roles", "active"),
                simple("active", "open-calendar-link", "active"),
                simple("active", "close-calendar-link", "active"),
                simple("active", "delegate", "active"),
                simple("active", "end-delegation", "active"),
                simple("active", "deactivate", "deactivated"),
                simple("deactivated", "reactivate", "active"),
                simple("deactivated", "reassign", "deactivated"),
            ],
        ),
        table("comments", edges(annotations::edge)),
        table("tags", edges(annotations::edge)),
        table("links", edges(annotations::edge)),
        table("evidence", edges(evidence::edge)),
        table("redactions", edges(redactions::edge)),
        table("restrictions", edges(restrictions::edge)),
        table(
            "settings",
            settings::Verb::VARIANTS.iter().map(|verb| simple("in_force", verb.into(), "in_force")).collect(),
        ),
        table("api_keys", vec![simple("issued", "revoke", "revoked")]),
        // The other system takes nothing, or answers again.
        table(
            "ticket_connections",
            and(edges(ticket_connections::edge), vec![by_itself("active", "failing"), by_itself("failing", "active")]),
        ),
        // The receiver wants nothing any more, or takes nothing.
        table("webhook_endpoints", and(edges(webhook_endpoints::edge), vec![by_itself("active", "disabled")])),
        table("identity_providers", edges(identity_providers::edge)),
    ]
}

/// The arrows of a table stage x verb.
fn edges<S, V>(leads_to: fn(S, V) -> &'static [S]) -> Vec<Edge>
where
    S: Copy + VariantArray + Into<&'static str>,
    V: Copy + VariantArray + Into<&'static str>,
{
    let pairs = S::VARIANTS.iter().flat_map(|from| V::VARIANTS.iter().map(move |verb| (*from, *verb)));
    pairs
        .flat_map(|(from, verb)| {
            leads_to(from, verb).iter().map(move |to| Edge {
                from: from.into(),
                verb: Some(verb.into()),
                to: (*to).into(),
            })
        })
        .collect()
}

fn table(resource: &'static str, edges: Vec<Edge>) -> LifecycleTable {
    let mut states: Vec<&'static str> = Vec::new();
    for state in edges.iter().flat_map(|edge| [edge.from, edge.to]) {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    let first = states.first().copied().unwrap_or_default();
    let arrow = |Edge { from, verb, to }: &Edge| {
        verb.map_or_else(|| format!("    {from} --> {to}\n"), |verb| format!("    {from} --> {to}: {verb}\n"))
    };
    let arrows: String = edges.iter().map(arrow).collect();
    LifecycleTable { resource, mermaid: format!("stateDiagram-v2\n    [*] --> {first}\n{arrows}"), states, edges }
}
