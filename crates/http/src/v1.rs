//! `/v1`: one file per resource.

pub(crate) mod acknowledgements;
pub(crate) mod actions;
pub(crate) mod analyses;
pub(crate) mod api_keys;
pub(crate) mod applicabilities;
pub(crate) mod audit_programmes;
pub(crate) mod audits;
pub(crate) mod auth;
pub(crate) mod calendar;
pub(crate) mod catalogue;
pub(crate) mod change_templates;
pub(crate) mod changes;
pub(crate) mod comments;
pub(crate) mod communication_plans;
pub(crate) mod competences;
pub(crate) mod context_entries;
pub(crate) mod courses;
pub(crate) mod cycles;
pub(crate) mod dashboard;
pub(crate) mod diff;
pub(crate) mod employee_reports;
pub(crate) mod events;
pub(crate) mod evidence;
pub(crate) mod findings;
pub(crate) mod identity_providers;
pub(crate) mod imports;
pub(crate) mod improvements;
pub(crate) mod incidents;
pub(crate) mod indicators;
pub(crate) mod ingest;
pub(crate) mod ingest_rules;
pub(crate) mod journal;
pub(crate) mod links;
pub(crate) mod management_reviews;
pub(crate) mod me;
pub(crate) mod measurement_batches;
pub(crate) mod measurements;
pub(crate) mod members;
pub(crate) mod nonconformities;
pub(crate) mod objectives;
pub(crate) mod orphans;
pub(crate) mod packs;
pub(crate) mod participation;
pub(crate) mod plan_of_action;
pub(crate) mod policies;
pub(crate) mod policy_versions;
pub(crate) mod processes;
pub(crate) mod readiness;
pub(crate) mod records;
pub(crate) mod redactions;
pub(crate) mod report_intakes;
pub(crate) mod responsibilities;
pub(crate) mod restrictions;
pub(crate) mod risks;
pub(crate) mod scim;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod signals;
pub(crate) mod tags;
pub(crate) mod templates;
pub(crate) mod ticket_connections;
pub(crate) mod timeline_entries;
pub(crate) mod training_assignments;
pub(crate) mod votes;
pub(crate) mod weaknesses;
pub(crate) mod webhook_endpoints;

use crate::routing::Routes;

/// Every resource's routes.
pub(crate) fn configure(routes: &mut Routes) {
    routes
        .configure(auth::configure)
        .configure(me::configure)
        .configure(calendar::configure)
        .configure(catalogue::configure)
        .configure(members::configure)
        .configure(responsibilities::configure)
        .configure(api_keys::configure)
        .configure(identity_providers::configure)
        .configure(scim::configure)
        .configure(policies::configure)
        .configure(policy_versions::configure)
        .configure(acknowledgements::configure)
        .configure(objectives::configure)
        .configure(indicators::configure)
        .configure(measurements::configure)
        .configure(measurement_batches::configure)
        .configure(ingest_rules::configure)
        .configure(ingest::configure)
        .configure(analyses::configure)
        .configure(signals::configure)
        .configure(nonconformities::configure)
        .configure(improvements::configure)
        .configure(votes::configure)
        .configure(incidents::configure)
        .configure(timeline_entries::configure)
        .configure(weaknesses::configure)
        .configure(risks::configure)
        .configure(actions::configure)
        .configure(context_entries::configure)
        .configure(employee_reports::configure)
        .configure(report_intakes::configure)
        .configure(courses::configure)
        .configure(training_assignments::configure)
        .configure(competences::configure)
        .configure(communication_plans::configure)
        .configure(participation::configure)
        .configure(plan_of_action::configure)
        .configure(processes::configure)
        .configure(applicabilities::configure)
        .configure(changes::configure)
        .configure(change_templates::configure)
        .configure(management_reviews::configure)
        .configure(audit_programmes::configure)
        .configure(audits::configure)
        .configure(findings::configure)
        .configure(evidence::configure)
        .configure(redactions::configure)
        .configure(restrictions::configure)
        .configure(comments::configure)
        .configure(tags::configure)
        .configure(links::configure)
        .configure(settings::configure)
        .configure(templates::configure)
        .configure(imports::configure)
        .configure(readiness::configure)
        .configure(cycles::configure)
        .configure(orphans::configure)
        .configure(records::configure)
        .configure(search::configure)
        .configure(journal::configure)
        .configure(dashboard::configure)
        .configure(diff::configure)
        .configure(packs::configure)
        .configure(events::configure)
        .configure(webhook_endpoints::configure)
        .configure(ticket_connections::configure);
}
