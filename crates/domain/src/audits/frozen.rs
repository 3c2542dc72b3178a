//! What the digest of a report is taken of: everything that the report freezes, part by part. Parts are named as the API
//! names them, so that whoever reads the audit and its findings can take the digest again.

use super::{Audit, CarriedFrom, Check, Criteria, Item, Party, Report, Sample};
use crate::approval::Content;
use crate::findings::Finding;
use chrono::{DateTime, SecondsFormat, Utc};

impl Audit {
    /// The parts: of the audit, of the report, of each sample, of each item, and of each finding in the order of the
    /// references. What is empty has no part; of records that are named their ids are parts.
    #[must_use]
    pub fn frozen(&self, report: &Report, findings: &[Finding]) -> Content {
        let Criteria { requirements, processes, documents } = &self.criteria;
        let kind: &str = self.kind.into();
        let audit = Content::default()
            .with("kind", kind)
            .with("title", &self.title)
            .with_each("scope", &self.scope)
            .with_each("requirements", requirements)
            .with_each("process_ids", processes.iter().map(ToString::to_string))
            .with_each("documents", documents.iter().map(|document| document.id.to_string()));
        let reported = audit
            .with("summary", &report.summary)
            .with("conclusion", &report.conclusion)
            .with_each("file_id", report.file.map(|file| file.to_string()));
        let sampled = self.samples.iter().fold(reported, |content, sample| sample.frozen_with(content));
        let looked = self.items.iter().fold(sampled, |content, item| item.frozen_with(content));
        let mut found: Vec<&Finding> = findings.iter().collect();
        found.sort_by_key(|finding| finding.head.reference);
        found.into_iter().fold(looked, |content, finding| finding.frozen_with(content))
    }
}

impl Sample {
    fn frozen_with(&self, content: Content) -> Content {
        let Self { population: _, population_size: _, population_digest, seed, drawn, item: _, at: _, by: _ } = self;
        content
            .with("population_digest", population_digest)
            .with("seed", seed)
            .with_each("drawn", drawn.iter().map(|one| one.reference.to_string()))
    }
}

impl Item {
    fn frozen_with(&self, content: Content) -> Content {
        let Self { number, requirement, process, records, question, how, carried_from, check } = self;
        let asked = content
            .with("number", &number.to_string())
            .with_each("requirement", requirement)
            .with_each("process_id", process.map(|process| process.to_string()))
            .with_each("records", records.iter().map(|record| record.id.to_string()))
            .with("question", question)
            .with_each("how", how);
        let carried = carried_from.iter().fold(asked, |content, carried| {
            let CarriedFrom { audit, finding, item } = carried;
            content
                .with("audit_id", &audit.to_string())
                .with_each("finding_id", finding.map(|finding| finding.to_string()))
                .with_each("item", item.map(|item| item.to_string()))
        });
        check.iter().fold(carried, |content, check| check.frozen_with(content))
    }
}

impl Check {
    fn frozen_with(&self, content: Content) -> Content {
        let Self { outcome, evidence, reason, notes, auditor, recorded_by, at } = self;
        let result: &str = (*outcome).into();
        let who = match auditor {
            Party::Member { id } => id.to_string(),
            Party::Outside { name, firm: _ } => name.clone(),
        };
        content
            .with("result", result)
            .with_each("evidence", evidence)
            .with_each("reason", reason)
            .with_each("notes", notes)
            .with("checked_by", &who)
            .with("recorded_by", &recorded_by.to_string())
            .with("checked_at", &moment(*at))
    }
}

impl Finding {
    fn frozen_with(&self, content: Content) -> Content {
        let Self {
            head,
            audit: _,
            item,
            title,
            statement,
            evidence,
            requirement,
            process,
            grade,
            carried_to: _,
            stage: _,
        } = self;
        content
            .with("reference", &head.reference.to_string())
            .with_each("item", item.map(|item| item.to_string()))
            .with("title", title)
            .with("statement", statement)
            .with_each("evidence", evidence)
            .with_each("requirement", requirement)
            .with_each("process_id", process.map(|process| process.to_string()))
            .with_each("grade", grade.map(<&str>::from))
    }
}

/// As JSON writes it.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
