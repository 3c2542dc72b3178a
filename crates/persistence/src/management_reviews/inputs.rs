//! The collectors, one for each input: live data in a fixed number of statements, summed up by the domain.

use crate::actions::{self, About};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::table::Table;
use crate::{
    audits, context_entries, employee_reports, evaluation, findings, improvements, indicators, measurements,
    nonconformities, objectives, risks, separation, settings, signals,
};
use chrono::{DateTime, Utc};
use ratchet_domain::actions::Kind as ActionKind;
use ratchet_domain::audits::Audit;
use ratchet_domain::context_entries::Kind as ContextKind;
use ratchet_domain::findings::Finding;
use ratchet_domain::id::{AuditId, OrganisationId, RecordId};
use ratchet_domain::improvements::Improvement;
use ratchet_domain::management_reviews::Period;
use ratchet_domain::management_reviews::inputs::{
    AuditResults, Collected, ComparedMean, ContextChanges, EarlierActions, Exceptions, Feedback, Fulfilment,
    IndicatorFigure, MonitoringResults, Opportunities, RiskResults, Spans, Treatment,
};
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::objectives::Objective;
use ratchet_domain::reference::Prefix;
use ratchet_domain::settings::Rules;
use uuid::Uuid;

/// What live data says of every input.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(super) fn collect(
    organisation: OrganisationId,
    period: Period,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Collected, Error> {
    let rules = settings::rules(organisation, connection)?;
    let spans = period.spans(&rules, now);
    Ok(Collected {
        earlier_actions: earlier_actions(organisation, &spans, connection)?,
        issues: issues(organisation, &spans, connection)?,
        interested_parties: interested_parties(organisation, &spans, connection)?,
        nonconformities: treatment(organisation, &spans, connection)?,
        monitoring: monitoring(organisation, &spans, now, connection)?,
        audits: audit_results(organisation, period, &spans, connection)?,
        objectives: fulfilment(organisation, &spans, now, connection)?,
        feedback: feedback(organisation, &spans, connection)?,
        risks: risk_results(organisation, &spans, connection)?,
        improvements: opportunities(organisation, &spans, connection)?,
        separation: exceptions(organisation, &rules, &spans, connection)?,
    })
}

/// a: what earlier reviews decided.
fn earlier_actions(
    organisation: OrganisationId,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<EarlierActions, Error> {
    let about = About::ParentsOf(Prefix::ManagementReview);
    let actions = actions::figures(organisation, &about, spans.before.from, connection)?;
    Ok(EarlierActions::of(&actions, spans))
}

/// b: issues inside and outside, and the decision about climate change.
fn issues(
    organisation: OrganisationId,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<ContextChanges, Error> {
    let kinds = [ContextKind::ExternalIssue, ContextKind::InternalIssue, ContextKind::ClimateChange];
    let entries = context_entries::since(organisation, &kinds, spans.now.from, connection)?;
    Ok(ContextChanges::of(&entries, spans))
}

/// c: interested parties and what they require.
fn interested_parties(
    organisation: OrganisationId,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<ContextChanges, Error> {
    let entries = context_entries::since(organisation, &[ContextKind::InterestedParty], spans.now.from, connection)?;
    Ok(ContextChanges::of(&entries, spans))
}

/// d 1: nonconformities and corrective actions.
fn treatment(organisation: OrganisationId, spans: &Spans, connection: &mut AnyConnection) -> Result<Treatment, Error> {
    let cases = nonconformities::figures(organisation, spans.before.from, connection)?;
    let about = About::Kinds(&[ActionKind::Correction, ActionKind::Corrective, ActionKind::Preventive]);
    let actions = actions::figures(organisation, &about, spans.before.from, connection)?;
    Ok(Treatment::of(&cases, &actions, spans))
}

/// d 2: every indicator that is measured.
fn monitoring(
    organisation: OrganisationId,
    spans: &Spans,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<MonitoringResults, Error> {
    let active = indicators::active(organisation, connection)?;
    let mut states = evaluation::states(organisation, &active, connection)?;
    let open = signals::open_counts(organisation, connection)?;
    let means = measurements::means(organisation, spans.now, connection)?;
    let means_before = measurements::means(organisation, spans.before, connection)?;
    let figures: Vec<IndicatorFigure> = active
        .into_iter()
        .map(|indicator| {
            let id = indicator.id();
            IndicatorFigure {
                reference: indicator.head.reference,
                name: indicator.name,
                unit: indicator.unit,
                goal: indicator.goal,
                frequency: indicator.frequency,
                state: states.remove(&id).unwrap_or_default(),
                open_signals: open.get(&id).copied().unwrap_or_default(),
                mean: ComparedMean { now: means.get(&id).copied(), before: means_before.get(&id).copied() },
            }
        })
        .collect();
    Ok(MonitoringResults::of(&figures, now))
}

/// d 3: audits, what they found, and whether what was raised of that is over.
fn audit_results(
    organisation: OrganisationId,
    period: Period,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<AuditResults, Error> {
    let audits = audits::since(organisation, (period.from, period.until), spans.before.from, connection)?;
    let ids: Vec<AuditId> = audits.iter().map(Audit::id).collect();
    let findings = findings::of_audits(organisation, &ids, connection)?;
    let raised = |kind: Prefix| -> Vec<Uuid> {
        findings.iter().filter_map(Finding::case).filter(|case| case.kind == kind).map(|case| case.id.0).collect()
    };
    let cases = Nonconformity::many(organisation, &raised(Prefix::Nonconformity), connection)?;
    let ideas = Improvement::many(organisation, &raised(Prefix::Improvement), connection)?;
    let cases = cases.iter().filter(|case| case.stage.name().is_open()).map(|case| case.head.id);
    let ideas = ideas.iter().filter(|idea| idea.stage.name().is_open()).map(|idea| idea.head.id);
    let open = cases.chain(ideas).map(RecordId).collect();
    Ok(AuditResults::of(&audits, &findings, &open, period, spans))
}

/// d 4: objectives, and how far each has come.
fn fulfilment(
    organisation: OrganisationId,
    spans: &Spans,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Fulfilment, Error> {
    let objectives = objectives::since(organisation, spans.before.from, connection)?;
    let mut come = objectives::progress_of(organisation, &objectives, now, connection)?;
    let with_progress = |objective: Objective| {
        let measured = come.remove(&objective.id());
        (objective, measured)
    };
    let objectives: Vec<_> = objectives.into_iter().map(with_progress).collect();
    Ok(Fulfilment::of(&objectives, spans))
}

/// e: what employees report.
fn feedback(organisation: OrganisationId, spans: &Spans, connection: &mut AnyConnection) -> Result<Feedback, Error> {
    let reports = employee_reports::since(organisation, spans.before.from, connection)?;
    Ok(Feedback::of(&reports, spans))
}

/// f: risks, and the actions that treat them.
fn risk_results(
    organisation: OrganisationId,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<RiskResults, Error> {
    let risks = risks::since(organisation, spans.before.from, connection)?;
    let about = About::ParentsOf(Prefix::Risk);
    let actions = actions::figures(organisation, &about, spans.before.from, connection)?;
    Ok(RiskResults::of(&risks, &actions, spans))
}

/// g: what improves what was not wrong: actions, and the register of improvements.
fn opportunities(
    organisation: OrganisationId,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<Opportunities, Error> {
    let about = About::Kinds(&[ActionKind::Improvement]);
    let actions = actions::figures(organisation, &about, spans.before.from, connection)?;
    let improvements = improvements::since(organisation, spans.before.from, connection)?;
    Ok(Opportunities::of(&actions, &improvements, spans))
}

/// Beside the ten: duties that were not kept apart.
fn exceptions(
    organisation: OrganisationId,
    rules: &Rules,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<Exceptions, Error> {
    let documented = separation::since(organisation, spans.before.from, connection)?;
    Ok(Exceptions::of(&rules.separation, &documented, spans))
}
