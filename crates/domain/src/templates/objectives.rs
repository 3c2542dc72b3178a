//! Objectives for a first year, each measured by an indicator of the set.

use super::owned;
use super::policies::TOP_LEVEL;
use crate::id::{IndicatorId, MemberId, PolicyId};
use crate::objectives::{Measure, ObjectiveDraft, Terms};
use chrono::{Months, NaiveDate};

/// An objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ObjectiveText {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) statement: &'static str,
    /// The template of the indicator that measures it.
    pub(super) indicator: &'static str,
    /// What is to be reached, in the indicator's unit.
    pub(super) target: f64,
    pub(super) clauses: &'static [&'static str],
    goal: &'static str,
    plan: &'static str,
    resources: &'static str,
}

/// All of them.
pub(super) const OBJECTIVES: [ObjectiveText; 6] = [
    ObjectiveText {
        id: "objective-updates",
        title: "Critical updates arrive in time",
        statement: "Within a year 95 % of devices have critical updates within 14 days",
        indicator: "indicator-critical-updates",
        target: 0.95,
        clauses: &["6.2", "A.8.8"],
        goal: "Customers can rely on what we run",
        plan: "Every device reports to the central console; who is late is asked after a week",
        resources: "Half a day of the administrator each week",
    },
    ObjectiveText {
        id: "objective-awareness",
        title: "Everybody knows what is expected",
        statement: "Within a year 95 % of people have taken the awareness course in time",
        indicator: "indicator-training",
        target: 0.95,
        clauses: &["6.2", "7.3", "A.6.3"],
        goal: "People are the first to notice what is wrong",
        plan: "The course is part of the first week; managers remind those who are late",
        resources: "One hour of everybody each year",
    },
    ObjectiveText {
        id: "objective-restores",
        title: "What we restore is there",
        statement: "Within a year every restore that is tried works",
        indicator: "indicator-restores",
        target: 1.0,
        clauses: &["6.2", "A.8.13"],
        goal: "A bad day does not end the organisation",
        plan: "One restore each month by the calendar, a whole system once a year",
        resources: "Half a day each month, an empty machine once a year",
    },
    ObjectiveText {
        id: "objective-leavers",
        title: "No account outlives its owner",
        statement: "Within a year every account is closed on the last day of work",
        indicator: "indicator-leavers",
        target: 1.0,
        clauses: &["6.2", "A.5.18", "A.6.5"],
        goal: "Only those who work for us can reach what is ours",
        plan: "The checklist for leaving starts when it is known; a list is compared each month",
        resources: "An hour each month",
    },
    ObjectiveText {
        id: "objective-phishing",
        title: "Phishing is reported",
        statement: "Within a year six in ten of those who get a practice message report it",
        indicator: "indicator-phishing-reported",
        target: 0.6,
        clauses: &["6.2", "A.6.3", "A.6.8"],
        goal: "An attack is known within minutes",
        plan: "A button in the mail program, four practice messages a year, thanks for each report",
        resources: "The service for practice messages",
    },
    ObjectiveText {
        id: "objective-correction",
        title: "What goes wrong is settled in time",
        statement: "Within a year nine in ten nonconformities are closed by their due date",
        indicator: "indicator-nonconformities",
        target: 0.9,
        clauses: &["6.2", "10.2"],
        goal: "The same thing does not go wrong twice",
        plan: "Open cases are looked at every two weeks, with those who own them",
        resources: "Half an hour every two weeks",
    },
];

impl ObjectiveText {
    /// The template of the policy that it serves.
    pub const POLICY: &'static str = TOP_LEVEL;

    /// The template of the indicator that measures it.
    #[must_use]
    pub fn indicator(&self) -> &'static str {
        self.indicator
    }

    /// To be reached within a year.
    #[must_use]
    pub fn draft(
        &self,
        (policy, indicator): (PolicyId, IndicatorId),
        owner: MemberId,
        today: NaiveDate,
    ) -> ObjectiveDraft {
        let measure = Measure::Indicator { indicator, baseline: None, target: self.target };
        ObjectiveDraft {
            title: self.title.to_owned(),
            policy,
            terms: Terms {
                statement: self.statement.to_owned(),
                measure: Some(measure),
                due_on: today.checked_add_months(Months::new(12)),
            },
            business_goal: Some(self.goal.to_owned()),
            level: Some("The whole organisation".to_owned()),
            requirements: owned(self.clauses),
            risks_considered: None,
            communicated_to: owned(&["Everybody", "Top management"]),
            plan: Some(self.plan.to_owned()),
            resources: Some(self.resources.to_owned()),
            owner,
            evaluation: Some("By its indicator, each quarter, and in the management review".to_owned()),
        }
    }
}
