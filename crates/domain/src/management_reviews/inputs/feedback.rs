//! What employees report as an input: figures alone, since a report is seen by who handles it and by who filed it.

use super::{Compared, ComparedMean, Spans, count};
use crate::employee_reports::{EmployeeReport, Ending, Stage};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// Input e: feedback from interested parties, as far as it is recorded.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewFeedback))]
pub struct Feedback {
    /// Employee reports that were received.
    pub received: Compared,
    /// Those of the period by what the reporter took them for.
    pub received_by_kind: BTreeMap<&'static str, i64>,
    /// Those of which a case has come.
    pub converted: Compared,
    /// Those of which nothing comes.
    pub declined: Compared,
    /// Those that say what another says.
    pub duplicates: Compared,
    /// Those whose reporters wait to be told what becomes of them.
    pub unanswered: i64,
    /// Days until the reporter was told, over those that were.
    pub mean_days_to_answer: ComparedMean,
}

fn ending(report: &EmployeeReport) -> Option<&Ending> {
    match &report.stage {
        Stage::Received | Stage::Triaged { .. } => None,
        Stage::Converted { ending, .. } | Stage::Declined { ending, .. } | Stage::Duplicate { ending, .. } => {
            Some(ending)
        }
    }
}

impl Feedback {
    /// Sums up employee reports: those that are not answered, and those that were written in either period.
    #[must_use]
    pub fn of(reports: &[EmployeeReport], spans: &Spans) -> Self {
        let ended = |is: fn(&Stage) -> bool| {
            let ended = reports.iter().filter(|report| is(&report.stage)).filter_map(ending);
            Compared::count(spans, ended.map(|ending| ending.at))
        };
        let received = |report: &EmployeeReport| report.head.created_at;
        let mut received_by_kind = BTreeMap::new();
        for report in reports.iter().filter(|report| spans.now.contains(received(report))) {
            *received_by_kind.entry(report.kind.into()).or_insert(0) += 1;
        }
        let answered = reports.iter().filter_map(|report| Some((received(report), ending(report)?.at)));
        let answered: Vec<(DateTime<Utc>, DateTime<Utc>)> = answered.collect();
        Self {
            received: Compared::count(spans, reports.iter().map(received)),
            received_by_kind,
            converted: ended(|stage| matches!(stage, Stage::Converted { .. })),
            declined: ended(|stage| matches!(stage, Stage::Declined { .. })),
            duplicates: ended(|stage| matches!(stage, Stage::Duplicate { .. })),
            unanswered: count(reports.iter().filter(|report| ending(report).is_none())),
            mean_days_to_answer: ComparedMean::of_days(spans, &answered),
        }
    }
}
