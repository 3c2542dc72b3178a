//! The report: it freezes the checklist and the findings, and says who has read it. After that there are addenda only.

use super::{Audit, Facts, Party, Stage, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle};
use crate::findings::{Finding, Grade, StageName as FindingStage};
use crate::id::{EvidenceId, MemberId};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What was found, in short.
    pub summary: String,
    /// Whether the system conforms and is effective [9.2.1].
    pub conclusion: String,
    /// Who has received it.
    pub recipients: Vec<MemberId>,
    /// The report as its authors issued it.
    #[serde(default)]
    pub file: Option<EvidenceId>,
    /// SHA-256, hexadecimal, of what was frozen: [`Audit::frozen`].
    pub digest: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// What was added to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addendum {
    /// What is to be known as well.
    pub text: String,
    /// Who has received the report since.
    #[serde(default)]
    pub recipients: Vec<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// That it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// What `report` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportAudit {
    /// What was found, in short.
    pub summary: String,
    /// Whether the system conforms and is effective.
    pub conclusion: String,
    /// Who receives it; that the members exist is the caller's to check.
    pub recipients: Vec<MemberId>,
    /// The report as its authors issued it: a piece of evidence of this audit, which is the caller's to check. Needed
    /// where outsiders audit.
    pub file: Option<EvidenceId>,
}

/// What `add-addendum` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddAddendum {
    /// What is to be known as well.
    pub text: String,
    /// Who receives the report from now on; that the members exist is the caller's to check.
    pub recipients: Vec<MemberId>,
}

/// An audit that ends, and what becomes of its findings.
#[derive(Debug)]
pub struct Concluded {
    /// The audit.
    pub audit: Change<Audit>,
    /// Its findings.
    pub findings: Vec<Change<Finding>>,
}

impl Stage {
    /// What was reported, and what was added since.
    #[must_use]
    pub fn report(&self) -> Option<(&Report, &[Addendum])> {
        match self {
            Self::Reported { report, addenda } | Self::Closed { report, addenda, closure: _ } => {
                Some((report, addenda))
            }
            Self::Planned | Self::InProgress { .. } | Self::Cancelled { .. } => None,
        }
    }
}

impl Audit {
    /// Everybody who has received the report.
    #[must_use]
    pub fn recipients(&self) -> Vec<MemberId> {
        let Some((report, addenda)) = self.stage.report() else { return Vec::new() };
        let later = addenda.iter().flat_map(|addendum| &addendum.recipients);
        report.recipients.iter().chain(later).copied().collect()
    }

    /// Every item has a result or a reason for having none, and every finding says what, by what and how grave.
    pub(super) fn unless_reportable(&self, facts: &Facts, me: Option<MemberId>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if me.is_none() {
            reasons.push(Reason::new("person_needed", "an audit is reported by a person"));
        }
        if self.kind.is_own() {
            reasons.extend(self.unless_checked(facts));
        }
        let alive = facts.findings.iter().filter(|finding| finding.stage != FindingStage::Withdrawn);
        let incomplete: Vec<String> =
            alive.filter(|finding| !finding.is_complete).map(|finding| finding.reference.to_string()).collect();
        if !incomplete.is_empty() {
            let detail = format!("a clause or control, evidence or a grade is missing of {}", incomplete.join(", "));
            reasons.push(Reason::new("incomplete_findings", detail));
        }
        reasons
    }

    fn unless_checked(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let listed = |numbers: &[i64]| numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        if self.items.is_empty() {
            reasons.push(Reason::new("no_checklist", "the checklist is empty: nothing shows what was looked at"));
        }
        let open: Vec<i64> = self.items.iter().filter(|item| item.is_open()).map(|item| item.number).collect();
        if !open.is_empty() {
            let detail = format!("neither a result nor a reason for having none: items {}", listed(&open));
            reasons.push(Reason::new("items_not_checked", detail));
        }
        let has_finding = |number: i64| {
            facts.findings.iter().any(|finding| {
                finding.item == Some(number)
                    && finding.stage != FindingStage::Withdrawn
                    && finding.grade.is_some_and(Grade::is_nonconforming)
            })
        };
        let judged = self.items.iter().filter(|item| item.outcome().is_nonconforming()).map(|item| item.number);
        let silent: Vec<i64> = judged.filter(|number| !has_finding(*number)).collect();
        if !silent.is_empty() {
            let detail = format!("judged minor or major, and no such finding is noted: items {}", listed(&silent));
            reasons.push(Reason::new("items_without_finding", detail));
        }
        reasons
    }

    /// Management has the report, and each minor or major finding has its case.
    pub(super) fn unless_settled(&self, facts: &Facts, me: Option<MemberId>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if me.is_none() {
            reasons.push(Reason::new("person_needed", "an audit is closed by a person"));
        }
        if facts.management.is_empty() {
            let detail = "nobody of the management is recorded as a recipient: add one with an addendum [9.2.2]";
            reasons.push(Reason::new("no_management_recipient", detail));
        }
        let unraised: Vec<String> = facts
            .findings
            .iter()
            .filter(|finding| finding.stage == FindingStage::Issued)
            .filter(|finding| finding.grade.is_some_and(Grade::is_nonconforming))
            .map(|finding| finding.reference.to_string())
            .collect();
        if !unraised.is_empty() {
            let detail = format!("no nonconformity was raised of {}", unraised.join(", "));
            reasons.push(Reason::new("findings_not_raised", detail));
        }
        reasons
    }

    /// It is reported: checklist and findings are frozen.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn report(
        self,
        input: ReportAudit,
        findings: Vec<Finding>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Concluded, Refusal> {
        self.may(Verb::Report, facts, by)?;
        let Some(me) = by.member() else { return Err(Refusal::Forbidden) };
        let ReportAudit { summary, conclusion, recipients, file } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/summary", &summary));
        faults.keep(text::narrative("/conclusion", &conclusion));
        if recipients.is_empty() {
            faults.push(Fault::new("/recipient_ids", "length", "must name at least one"));
        }
        super::few_and_once("/recipient_ids", &recipients, &mut faults);
        let outsiders = self.team.iter().any(|auditor| matches!(auditor.party, Party::Outside { .. }));
        if outsiders && file.is_none() {
            let detail = "outsiders have issued a report: attach it to the audit as evidence, and name it";
            faults.push(Fault::new("/file", "required", detail));
        }
        faults.refuse()?;
        let noted: Vec<Finding> = findings.into_iter().filter(Finding::is_noted).collect();
        let report = Report { summary, conclusion, recipients, file, digest: String::new(), at, by: me };
        let report = Report { digest: self.frozen(&report, &noted).digest(), ..report };
        let findings = noted.into_iter().map(|finding| finding.issue(at)).collect();
        let after = Self { stage: Stage::Reported { report, addenda: Vec::new() }, ..self.clone() };
        Ok(Concluded { audit: Change::of(self, after, "reported", at), findings })
    }

    /// Something is to be known as well; what was reported stays as it is.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn add_addendum(
        self,
        input: AddAddendum,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::AddAddendum, facts, by)?;
        let AddAddendum { text, recipients } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/text", &text));
        super::few_and_once("/recipient_ids", &recipients, &mut faults);
        faults.refuse()?;
        let mut after = self.clone();
        match &mut after.stage {
            Stage::Reported { report: _, addenda } => {
                addenda.push(Addendum { text, recipients, at, by: by.member() });
            }
            Stage::Planned | Stage::InProgress { .. } | Stage::Closed { .. } | Stage::Cancelled { .. } => {
                return Err(self.wrong_state(Verb::AddAddendum));
            }
        }
        Ok(Change::of(self, after, "addendum_added", at))
    }

    /// It is over.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn close(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Close, facts, by)?;
        let (Stage::Reported { report, addenda }, Some(me)) = (self.stage.clone(), by.member()) else {
            return Err(self.wrong_state(Verb::Close));
        };
        let after = Self { stage: Stage::Closed { report, addenda, closure: Closure { at, by: me } }, ..self.clone() };
        Ok(Change::of(self, after, "closed", at))
    }

    /// A stage that the guard lets through but the command does not; see the same in nonconformities.
    fn wrong_state(&self, verb: Verb) -> Refusal {
        Refusal::State(vec![Reason::wrong_state(super::lifecycle::ARTICLED, self.stage.name(), verb)])
    }
}
