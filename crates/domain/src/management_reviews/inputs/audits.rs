//! Audits as an input: which were planned and conducted, what they found, and what has become of that.

use super::{Compared, LISTED, Period, Spans, count, left_out};
use crate::audits::{Audit, Kind, StageName};
use crate::findings::{Finding, Grade, StageName as FindingStage};
use crate::id::{AuditId, RecordId};
use crate::reference::Reference;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many findings are of which grade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingCounts {
    /// Requirements that are not met, and the system's effect is in doubt.
    pub major: i64,
    /// Requirements that are not met.
    pub minor: i64,
    /// What could be done better.
    pub opportunity: i64,
    /// Requirements that are met and may not be for long.
    pub observation: i64,
}

impl FindingCounts {
    fn of(findings: &[&Finding]) -> Self {
        let of = |grade| count(findings.iter().filter(|finding| finding.grade == Some(grade)));
        Self {
            major: of(Grade::Major),
            minor: of(Grade::Minor),
            opportunity: of(Grade::Opportunity),
            observation: of(Grade::Observation),
        }
    }
}

/// How many findings of which grade were reported in the period, and in the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedFindings {
    /// Requirements that are not met, and the system's effect is in doubt.
    pub major: Compared,
    /// Requirements that are not met.
    pub minor: Compared,
    /// What could be done better.
    pub opportunity: Compared,
    /// Requirements that are met and may not be for long.
    pub observation: Compared,
}

impl ComparedFindings {
    fn of(findings: &[&Finding], spans: &Spans) -> Self {
        let of = |grade| {
            let graded = findings.iter().filter(|finding| finding.grade == Some(grade));
            Compared::count(spans, graded.filter_map(|finding| finding.issued_at()))
        };
        Self {
            major: of(Grade::Major),
            minor: of(Grade::Minor),
            opportunity: of(Grade::Opportunity),
            observation: of(Grade::Observation),
        }
    }
}

/// One audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedAudit))]
pub struct AuditLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// Who audits whom.
    pub kind: Kind,
    /// Where it stands.
    pub state: StageName,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// When it was reported.
    pub reported_at: Option<DateTime<Utc>>,
    /// What it has reported and was not withdrawn since.
    pub findings: FindingCounts,
    /// Findings of which a nonconformity or an improvement is to be raised, and none was.
    pub without_case: i64,
    /// Findings whose nonconformity or improvement is open.
    pub case_open: i64,
}

impl AuditLine {
    fn of(audit: &Audit, found: &[&Finding], open_cases: &BTreeSet<RecordId>) -> Self {
        let is_silent = |finding: &Finding| finding.case_kind().is_some() && finding.case().is_none();
        let is_open = |finding: &Finding| finding.case().is_some_and(|case| open_cases.contains(&case.id));
        Self {
            reference: audit.head.reference,
            title: audit.title.clone(),
            kind: audit.kind,
            state: audit.stage.name(),
            ends_on: audit.ends_on,
            reported_at: reported_at(audit),
            findings: FindingCounts::of(found),
            without_case: count(found.iter().filter(|finding| is_silent(finding))),
            case_open: count(found.iter().filter(|finding| is_open(finding))),
        }
    }
}

/// Input d 3: audit results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditResults {
    /// Audits whose last day lies in the period.
    pub planned: i64,
    /// Those of them that were reported, whenever that was.
    pub conducted: i64,
    /// Those of them that were cancelled.
    pub cancelled: i64,
    /// Audits that were reported.
    pub reported: Compared,
    /// What was reported and not withdrawn since.
    pub findings: ComparedFindings,
    /// Audits whose last day lies in the period or that were reported in it, what ended first comes first; at most 200.
    pub items: Vec<AuditLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl AuditResults {
    /// Sums up audits and their findings: those whose last day lies in the period, and those that were reported in either
    /// period. `open_cases` are the nonconformities and improvements raised of the findings that are not over.
    #[must_use]
    pub fn of(
        audits: &[Audit],
        findings: &[Finding],
        open_cases: &BTreeSet<RecordId>,
        period: Period,
        spans: &Spans,
    ) -> Self {
        let holding: Vec<&Finding> = findings.iter().filter(|finding| holds(finding)).collect();
        let mut of_audit: BTreeMap<AuditId, Vec<&Finding>> = BTreeMap::new();
        for finding in &holding {
            of_audit.entry(finding.audit).or_default().push(finding);
        }
        let is_planned = |audit: &Audit| period.from <= audit.ends_on && audit.ends_on <= period.until;
        let planned: Vec<&Audit> = audits.iter().filter(|audit| is_planned(audit)).collect();
        let mut told: Vec<&Audit> =
            audits.iter().filter(|audit| is_planned(audit) || is_reported(audit, spans)).collect();
        told.sort_by_key(|audit| (audit.ends_on, audit.head.reference));
        let line = |audit: &Audit| {
            let found = of_audit.get(&audit.id()).map(Vec::as_slice).unwrap_or_default();
            AuditLine::of(audit, found, open_cases)
        };
        Self {
            planned: count(planned.iter()),
            conducted: count(planned.iter().filter(|audit| reported_at(audit).is_some())),
            cancelled: count(planned.iter().filter(|audit| audit.stage.name() == StageName::Cancelled)),
            reported: Compared::count(spans, audits.iter().filter_map(reported_at)),
            findings: ComparedFindings::of(&holding, spans),
            left_out: left_out(told.len()),
            items: told.into_iter().take(LISTED).map(line).collect(),
        }
    }
}

/// Reported, and not withdrawn since.
fn holds(finding: &Finding) -> bool {
    match finding.stage.name() {
        FindingStage::Issued | FindingStage::Raised => true,
        FindingStage::Noted | FindingStage::Withdrawn => false,
    }
}

fn reported_at(audit: &Audit) -> Option<DateTime<Utc>> {
    audit.stage.report().map(|(report, _)| report.at)
}

fn is_reported(audit: &Audit, spans: &Spans) -> bool {
    reported_at(audit).is_some_and(|at| spans.now.contains(at))
}
