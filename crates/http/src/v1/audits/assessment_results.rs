//! What an audit has found, for tools that read OSCAL.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::oscal::{Around, OscalDocument, Results, is_unmet};
use crate::parameters::{Query, Target};
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::get;
use actix_web::http::StatusCode;
use ratchet_domain::audits::Audit;
use ratchet_domain::change::Record;
use ratchet_domain::findings::{Finding, StageName};
use ratchet_persistence::{findings, settings};
use std::collections::BTreeSet;

/// Read what an audit has found as OSCAL's assessment results, version 1.1.3.
///
/// Items of the checklist that were judged are its observations. Its findings are those of the audit that the caller may read
/// and that were not withdrawn, and that a clause or control is met for each that was looked at and of which nothing says
/// otherwise. Before the audit is reported the results have no end.
#[utoipa::path(
    tag = "audits",
    params(("id" = String, Path)),
    responses((status = 200, body = OscalDocument, description = "The document; its JSON schema is NIST's"))
)]
#[get("/audits/{id}/assessment-results")]
pub(crate) async fn get_assessment_results(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    let (by, base) = (call.actor.clone(), call.app.settings.public_url.clone());
    let document = call.app.store.read(move |connection| {
        let audit: Audit = records::get(locator, &by, connection)?;
        let mut found = findings::of_audits(by.organisation, &[audit.id()], connection)?;
        // Who may see an audit may see its findings, once they are reported.
        let is_seen =
            |finding: &Finding| !finding.is_withheld(&by) && (!finding.is_noted() || finding.is_readable(&by));
        found.retain(|finding| finding.stage.name() != StageName::Withdrawn);
        let unmet = found.iter().filter(|finding| is_unmet(finding)).filter_map(|finding| finding.requirement.clone());
        let unmet: BTreeSet<String> = unmet.collect();
        found.retain(is_seen);
        found.sort_by_key(|finding| finding.head.reference);
        let rules = settings::rules(by.organisation, connection)?;
        let results = Results { audit: &audit, findings: &found, unmet: &unmet, rules: &rules };
        let around = Around::read(by.organisation, &results.people(), &base, connection)?;
        Ok::<_, ApiError>(results.document(&around))
    });
    let answer = Answer::json(StatusCode::OK, &OscalDocument(document.await?))?.with_hash_as_etag();
    Ok(answer.unless_known(call.header("if-none-match")?))
}
