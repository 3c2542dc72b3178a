//! Amending, postponing and cancelling.

use super::{Audit, AuditorDraft, Concluded, Criteria, Facts, Sampling, Stage, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle, Record};
use crate::findings::Finding;
use crate::id::{AuditProgrammeId, MemberId, ProcessId};
use crate::reference::Target;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Audit` say it")]
pub struct Amendment {
    pub title: Option<String>,
    pub programme: Option<Option<AuditProgrammeId>>,
    pub plan_key: Option<Option<String>>,
    pub supplier: Option<Option<String>>,
    pub scope: Option<Option<String>>,
    pub requirements: Option<Vec<String>>,
    pub processes: Option<Vec<ProcessId>>,
    pub documents: Option<Vec<Target>>,
    pub method: Option<Option<String>>,
    pub sampling: Option<Option<Sampling>>,
    pub auditees: Option<Vec<MemberId>>,
    pub team: Option<Vec<AuditorDraft>>,
    pub ends_on: Option<NaiveDate>,
}

/// What `postpone` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postpone {
    /// The new first day.
    pub starts_on: NaiveDate,
    /// The new last day.
    pub ends_on: NaiveDate,
    /// Why.
    pub reason: String,
}

impl Audit {
    /// Changes plain fields, until it is reported. Its first day is moved by `postpone` alone.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment {
            title,
            programme,
            plan_key,
            supplier,
            scope,
            requirements,
            processes,
            documents,
            method,
            sampling,
            auditees,
            team,
            ends_on,
        } = input;
        let mut after = self.clone();
        after.title = title.unwrap_or(after.title);
        after.programme = programme.unwrap_or(after.programme);
        after.plan_key = plan_key.unwrap_or(after.plan_key);
        after.supplier = supplier.unwrap_or(after.supplier);
        after.scope = scope.unwrap_or(after.scope);
        let Criteria { requirements: named, processes: run, documents: read } = after.criteria;
        after.criteria = Criteria {
            requirements: requirements.unwrap_or(named),
            processes: processes.unwrap_or(run),
            documents: documents.unwrap_or(read),
        };
        after.method = method.unwrap_or(after.method);
        after.sampling = sampling.unwrap_or(after.sampling);
        after.auditees = auditees.unwrap_or(after.auditees);
        after.team = team.map_or(after.team, |team| self.with_team(team));
        after.ends_on = ends_on.unwrap_or(after.ends_on);
        let mut faults = after.faults();
        self.note_what_stays_set(&after, &mut faults);
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// What it was started with is not taken away under way.
    fn note_what_stays_set(&self, after: &Self, faults: &mut Faults) {
        match self.stage {
            Stage::InProgress { .. } => {}
            Stage::Planned | Stage::Reported { .. } | Stage::Closed { .. } | Stage::Cancelled { .. } => return,
        }
        for (pointer, emptied) in [
            ("/requirements", after.criteria.is_empty()),
            ("/scope", after.scope.is_none()),
            ("/team", after.team.is_empty()),
        ] {
            if emptied {
                faults.push(Fault::new(
                    pointer,
                    "needed_in_progress",
                    "cannot be emptied while the audit is conducted",
                ));
            }
        }
        let checks = self.items.iter().filter_map(|item| item.check.as_ref());
        let mut gone = checks.filter(|check| {
            let was = self.team.iter().any(|auditor| auditor.party == check.auditor);
            was && !after.team.iter().any(|auditor| auditor.party == check.auditor)
        });
        if gone.next().is_some() {
            let detail = "an auditor who has checked something stays of the team";
            faults.push(Fault::new("/team", "auditor_has_checked", detail));
        }
    }

    /// It is conducted later, or sooner; every move is counted.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn postpone(
        self,
        input: Postpone,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Postpone, facts, by)?;
        let Postpone { starts_on, ends_on, reason } = input;
        let after = Self { starts_on, ends_on, postponements: self.postponements + 1, ..self.clone() };
        let mut faults = after.faults();
        faults.keep(text::day_to_come("/starts_on", starts_on, facts.today));
        faults.keep(text::narrative("/reason", &reason));
        faults.refuse()?;
        Ok(Change::of(self, after, "postponed", at).because(reason))
    }

    /// Notes that its first day has passed and it has not begun, or its last and it is not reported.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let after = Self { fell_due_on: self.deadline(), ..self.clone() };
        Ok(Change::of(self, after, "fell_due", at))
    }

    /// It is not conducted, or not to its end: what was found so far is withdrawn with it. What earlier audits have left
    /// goes on to the next one.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn cancel(
        self,
        reason: String,
        findings: Vec<Finding>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Concluded, Refusal> {
        self.may(Verb::Cancel, facts, by)?;
        text::reason(&reason)?;
        let noted = findings.into_iter().filter(Finding::is_noted);
        let findings = noted.map(|finding| finding.withdraw_with_audit(&reason, by, at)).collect();
        let after = Self { stage: Stage::Cancelled { reason: reason.clone(), at }, ..self.clone() };
        Ok(Concluded { audit: Change::of(self, after, "cancelled", at).because(reason), findings })
    }
}
