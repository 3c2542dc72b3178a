//! Rows of cases: nonconformities and incidents.

use super::row::{Around, Row};
use crate::bounds::bounded;
use crate::error::ApiError;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Birth, Change};
use ratchet_domain::imports::{Arrival, Migrated};
use ratchet_domain::incidents::{self, Category, Incident};
use ratchet_domain::nonconformities::{self, Grade, Method, Nonconformity, Source};
use ratchet_domain::refusal::Faults;
use serde::{Deserialize, Serialize};

/// A nonconformity of another register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NonconformityRow {
    /// What that register calls it: the same one again is recognised by it.
    #[schema(example = "CAPA-17", max_length = 200)]
    pub external_reference: String,
    /// The day on which it was raised, before go-live.
    #[serde(deserialize_with = "bounded")]
    #[schema(example = "2025-03-01")]
    pub raised_on: NaiveDate,
    /// The day on which it ended, before go-live; of `rejected` and `closed` alone.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = "2025-04-01")]
    pub ended_on: Option<NaiveDate>,
    /// Where it stands; not `verified`, which rests on a verdict that is given here, and not `void` or `duplicate`, which
    /// count for nothing.
    pub state: nonconformities::StageName,
    /// How it ended; of `rejected` and `closed` alone.
    #[serde(default)]
    #[schema(example = "Patched; effective after three months", max_length = 10_000)]
    pub outcome: Option<String>,
    /// One line.
    #[schema(example = "Critical patches late on laptops", max_length = 200)]
    pub title: String,
    /// What was not as required.
    #[schema(example = "Critical patches are not installed within 14 days", max_length = 10_000)]
    pub statement: String,
    /// What showed it.
    #[schema(example = "79 % in week 12", max_length = 10_000)]
    pub objective_evidence: String,
    /// Where it was noticed.
    pub source: Source,
    /// The clause or control breached.
    #[serde(default)]
    #[schema(example = "A.8.8")]
    pub requirement: Option<String>,
    /// How grave it is; needed from `confirmed` on while it is open.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// Who answers for it: the e-mail address or the id of a member, an active one while it is open; needed as `grade` is.
    #[serde(default)]
    #[schema(example = "manager@ours.example")]
    pub owner: Option<String>,
    /// The day by which it is to be closed.
    #[serde(default, deserialize_with = "bounded")]
    pub due_on: Option<NaiveDate>,
    /// What was done at once; with `consequences`.
    #[serde(default)]
    #[schema(example = "Patched the 31 laptops by hand", max_length = 10_000)]
    pub correction: Option<String>,
    /// How consequences were dealt with; with `correction`.
    #[serde(default)]
    #[schema(example = "Logs of the exposed weeks were searched; nothing found", max_length = 10_000)]
    pub consequences: Option<String>,
    /// Why it happened: needed of `analysed`, `planned` and `verifying`, possible of `closed` and `rejected`. At most 20; in
    /// a cell separated by semicolons.
    #[serde(default)]
    #[schema(example = json!(["The laptop image was built without the update agent"]))]
    pub root_causes: Vec<String>,
    /// How the cause was looked for, in `analysed`, `planned` and `verifying`; `other` without it.
    #[serde(default)]
    pub method: Option<Method>,
    /// Whether similar ones exist or could occur; needed of `analysed`, `planned` and `verifying`.
    #[serde(default)]
    #[schema(example = "Servers use another image; checked all 14", max_length = 10_000)]
    pub similar: Option<String>,
    /// Of `verifying`: why the correction suffices, where no actions followed.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    pub no_action_because: Option<String>,
    /// Of `verifying`: the first day on which its effect can be judged.
    #[serde(default, deserialize_with = "bounded")]
    pub check_on: Option<NaiveDate>,
}

impl Row for NonconformityRow {
    type Record = Nonconformity;
    type Surroundings = ();
    const REGISTER: &'static str = "nonconformities";

    fn external_reference(&self) -> &str {
        &self.external_reference
    }

    fn people(&self) -> Vec<&str> {
        self.owner.as_deref().into_iter().collect()
    }

    fn migrate(self, around: &Around<'_, ()>, by: &Actor, birth: Birth) -> Result<Change<Nonconformity>, ApiError> {
        use nonconformities::StageName as S;
        let Self {
            external_reference,
            raised_on,
            ended_on,
            state,
            outcome,
            title,
            statement,
            objective_evidence,
            source,
            requirement,
            grade,
            owner,
            due_on,
            correction,
            consequences,
            root_causes,
            method,
            similar,
            no_action_because,
            check_on,
        } = self;
        let is_over = matches!(state, S::Rejected | S::Closed);
        let mut faults = Faults::default();
        let owner = around.people.find("/owner", owner.as_deref(), is_over, &mut faults);
        faults.refuse()?;
        let history = nonconformities::History {
            arrival: Arrival { external_reference, raised_on, ended_on, outcome, root_causes },
            state,
            title,
            statement,
            objective_evidence,
            source,
            requirement,
            grade,
            owner,
            due_on,
            correction,
            consequences,
            method,
            similar,
            no_action_because,
            check_on,
        };
        Ok(Nonconformity::migrate(history, around.terms, by, birth)?)
    }

    fn migrated(record: &Nonconformity) -> Option<&Migrated> {
        record.migrated.as_ref()
    }
}

/// An incident of another register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncidentRow {
    /// What that register calls it: the same one again is recognised by it.
    #[schema(example = "SEC-2025-04", max_length = 200)]
    pub external_reference: String,
    /// The day on which it was noticed, before go-live.
    #[serde(deserialize_with = "bounded")]
    #[schema(example = "2025-03-01")]
    pub raised_on: NaiveDate,
    /// The day on which it ended, before go-live; of `not_an_incident` and `closed` alone.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = "2025-03-04")]
    pub ended_on: Option<NaiveDate>,
    /// Where it stands: one that had not ended is `reported`, and triaged here; one that is `void` or `duplicate` is left out.
    pub state: incidents::StageName,
    /// How it ended; of `not_an_incident` and `closed` alone.
    #[serde(default)]
    #[schema(example = "Restored from the backup of the night before", max_length = 10_000)]
    pub outcome: Option<String>,
    /// One line.
    #[schema(example = "A share was encrypted", max_length = 200)]
    pub title: String,
    /// What happened.
    #[schema(example = "An attachment was opened; a share was encrypted within the hour", max_length = 10_000)]
    pub description: String,
    /// The day on which it happened, where that is known.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = "2025-02-28")]
    pub occurred_on: Option<NaiveDate>,
    /// Who said so: the e-mail address or the id of a member, an active one while it is open.
    #[serde(default)]
    #[schema(example = "member@ours.example")]
    pub reporter: Option<String>,
    /// Who answered for it, likewise; only when it had ended.
    #[serde(default)]
    #[schema(example = "manager@ours.example")]
    pub owner: Option<String>,
    /// Systems, places and information that were affected, at most 50; in a cell separated by semicolons.
    #[serde(default)]
    #[schema(example = json!(["File server"]))]
    pub assets: Vec<String>,
    /// Controls of Annex A that did not hold, likewise.
    #[serde(default)]
    #[schema(example = json!(["A.8.7"]))]
    pub controls: Vec<String>,
    /// What kind of thing happened.
    #[serde(default)]
    pub category: Option<Category>,
    /// 1 (everything stands still) to 4 (a nuisance); only when it had ended.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 4)]
    pub severity: Option<i64>,
    /// Why it could happen; only when it had ended. At most 20; in a cell separated by semicolons.
    #[serde(default)]
    #[schema(example = json!(["Macros were allowed"]))]
    pub root_causes: Vec<String>,
}

impl Row for IncidentRow {
    type Record = Incident;
    type Surroundings = ();
    const REGISTER: &'static str = "incidents";

    fn external_reference(&self) -> &str {
        &self.external_reference
    }

    fn people(&self) -> Vec<&str> {
        self.owner.as_deref().into_iter().chain(self.reporter.as_deref()).collect()
    }

    fn migrate(self, around: &Around<'_, ()>, by: &Actor, birth: Birth) -> Result<Change<Incident>, ApiError> {
        use incidents::StageName as S;
        let Self {
            external_reference,
            raised_on,
            ended_on,
            state,
            outcome,
            title,
            description,
            occurred_on,
            reporter,
            owner,
            assets,
            controls,
            category,
            severity,
            root_causes,
        } = self;
        let is_over = matches!(state, S::NotAnIncident | S::Closed);
        let mut faults = Faults::default();
        let reporter = around.people.find("/reporter", reporter.as_deref(), is_over, &mut faults);
        let owner = around.people.find("/owner", owner.as_deref(), is_over, &mut faults);
        faults.refuse()?;
        let history = incidents::History {
            arrival: Arrival { external_reference, raised_on, ended_on, outcome, root_causes },
            state,
            title,
            description,
            occurred_on,
            reporter,
            owner,
            assets,
            controls,
            category,
            severity,
        };
        Ok(Incident::migrate(history, around.terms, by, birth)?)
    }

    fn migrated(record: &Incident) -> Option<&Migrated> {
        record.migrated.as_ref()
    }
}
