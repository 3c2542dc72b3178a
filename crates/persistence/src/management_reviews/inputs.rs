//! The collectors, one for each input: live data in a fixed number of statements, summed up by the domain.

use crate::actions::{self, About};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::{
    context_entries, employee_reports, evaluation, indicators, measurements, nonconformities, settings, signals,
};
use chrono::{DateTime, Utc};
use ratchet_domain::actions::Kind as ActionKind;
use ratchet_domain::context_entries::Kind as ContextKind;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::management_reviews::Period;
use ratchet_domain::management_reviews::inputs::{
    Collected, ComparedMean, ContextChanges, EarlierActions, Feedback, IndicatorFigure, MonitoringResults,
    Opportunities, Spans, Treatment,
};
use ratchet_domain::reference::Prefix;

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
    let spans = period.spans(&settings::rules(organisation, connection)?, now);
    Ok(Collected {
        earlier_actions: earlier_actions(organisation, &spans, connection)?,
        issues: issues(organisation, &spans, connection)?,
        interested_parties: interested_parties(organisation, &spans, connection)?,
        nonconformities: treatment(organisation, &spans, connection)?,
        monitoring: monitoring(organisation, &spans, now, connection)?,
        feedback: feedback(organisation, &spans, connection)?,
        improvements: improvements(organisation, &spans, connection)?,
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

/// e: what employees report.
fn feedback(organisation: OrganisationId, spans: &Spans, connection: &mut AnyConnection) -> Result<Feedback, Error> {
    let reports = employee_reports::since(organisation, spans.before.from, connection)?;
    Ok(Feedback::of(&reports, spans))
}

/// g: what improves what was not wrong.
fn improvements(
    organisation: OrganisationId,
    spans: &Spans,
    connection: &mut AnyConnection,
) -> Result<Opportunities, Error> {
    let about = About::Kinds(&[ActionKind::Improvement]);
    let actions = actions::figures(organisation, &about, spans.before.from, connection)?;
    Ok(Opportunities::of(&actions, spans))
}
