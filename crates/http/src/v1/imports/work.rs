//! Rows of actions: each serves a record that is here, or was brought in before.

use super::row::{Around, Row};
use crate::bounds::bounded;
use crate::error::ApiError;
use crate::rows::Read;
use crate::v1::records;
use chrono::NaiveDate;
use ratchet_domain::access::Actor;
use ratchet_domain::actions::{self, Action, Kind, Priority};
use ratchet_domain::change::{Birth, Change, Record};
use ratchet_domain::id::RecordId;
use ratchet_domain::imports::{Arrival, Migrated};
use ratchet_domain::of_kind;
use ratchet_domain::reference::{Locator, Prefix, Target};
use ratchet_domain::refusal::{Fault, Faults, Refusal};
use ratchet_persistence::imports;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use strum::VariantArray;

/// What an action of another register can serve there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParentKind {
    Nonconformity,
    Incident,
    Improvement,
    Risk,
}

impl ParentKind {
    fn prefix(self) -> Prefix {
        match self {
            Self::Nonconformity => Prefix::Nonconformity,
            Self::Incident => Prefix::Incident,
            Self::Improvement => Prefix::Improvement,
            Self::Risk => Prefix::Risk,
        }
    }
}

/// An action of another register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionRow {
    /// What that register calls it: the same one again is recognised by it.
    #[schema(example = "CAPA-17-a", max_length = 200)]
    pub external_reference: String,
    /// The day on which it was planned, before go-live.
    #[serde(deserialize_with = "bounded")]
    #[schema(example = "2025-03-02")]
    pub raised_on: NaiveDate,
    /// The day on which it ended, before go-live; of `verified` and `cancelled` alone.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = "2025-03-20")]
    pub ended_on: Option<NaiveDate>,
    /// Where it stands: what is `done` waits for somebody else to look at it here, what is `verified` was settled there.
    pub state: actions::StageName,
    /// How it ended; of `done` what was done, of `blocked` what is in the way.
    #[serde(default)]
    #[schema(example = "Agent is in image 42", max_length = 10_000)]
    pub outcome: Option<String>,
    /// The record here that it serves, such as `NC-2026-0007`. Without it the one that was brought in as
    /// `parent_external_reference`.
    #[serde(default)]
    pub parent: Option<String>,
    /// What the other register calls the one that it serves: brought in before, by a call of its own.
    #[serde(default)]
    #[schema(example = "CAPA-17", max_length = 200)]
    pub parent_external_reference: Option<String>,
    /// Of which kind that one is; a nonconformity without it.
    #[serde(default)]
    pub parent_kind: Option<ParentKind>,
    /// One line.
    #[schema(example = "Put the update agent into the laptop image", max_length = 200)]
    pub title: String,
    /// What was to be done.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// What it is for.
    pub kind: Kind,
    /// Who does it, or did: the e-mail address or the id of a member, an active one unless it had ended.
    #[schema(example = "member@ours.example")]
    pub assignee: String,
    /// The day by which it is to be done; `ended_on` without it, where that is said.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = "2025-03-20")]
    pub due_on: Option<NaiveDate>,
    /// How soon it matters; `medium` without it.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// How one can tell that it is done.
    #[serde(default)]
    #[schema(max_length = 10_000)]
    pub done_criteria: Option<String>,
}

/// How a row names what it serves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Served {
    Here(String),
    There(ParentKind, String),
}

impl ActionRow {
    fn served(&self) -> Result<Served, Fault> {
        match (&self.parent, &self.parent_external_reference) {
            (Some(parent), None) => Ok(Served::Here(parent.clone())),
            (None, Some(reference)) => {
                Ok(Served::There(self.parent_kind.unwrap_or(ParentKind::Nonconformity), reference.clone()))
            }
            (None, None) => Err(Fault::new("/parent", "required", "must say what it serves")),
            (Some(_), Some(_)) => {
                let detail = "must be left out where parent is said";
                Err(Fault::new("/parent_external_reference", "exclusive", detail))
            }
        }
    }
}

/// The records that are served, and which attempt of each takes actions now; or why there is none.
type Parents = HashMap<Served, Result<(Target, Option<i64>), Fault>>;

/// Each of them once, however many rows name it, and locked: a case does not move on while actions of it come in.
fn parents(named: Vec<Served>, by: &Actor, tx: &mut Tx<'_>) -> Result<Parents, ApiError> {
    let mut there = HashMap::new();
    for kind in ParentKind::VARIANTS {
        let of_kind = |served: &Served| match served {
            Served::There(of, reference) if of == kind => Some(reference.clone()),
            Served::There(..) | Served::Here(_) => None,
        };
        let references: BTreeSet<String> = named.iter().filter_map(of_kind).collect();
        for (reference, known) in imports::known(by.organisation, kind.prefix(), &references, tx.connection())? {
            there.insert((*kind, reference), Target { kind: kind.prefix(), id: RecordId(known.record) });
        }
    }
    let mut parents = Parents::new();
    for served in named {
        if parents.contains_key(&served) {
            continue;
        }
        let found = match &served {
            Served::Here(named) => match records::named("/parent", named, by, tx.connection()) {
                Ok(target) => Ok(target),
                Err(ApiError::Refused(Refusal::Invalid(mut faults))) if !faults.is_empty() => {
                    Err(faults.swap_remove(0))
                }
                Err(error) => return Err(error),
            },
            Served::There(kind, reference) => there.get(&(*kind, reference.clone())).copied().ok_or_else(|| {
                let detail = "names nothing that was brought in before: send what is served first";
                Fault::new("/parent_external_reference", "unknown_record", detail)
            }),
        };
        let found = match found {
            Ok(target) => Ok((target, attempt_of(target, tx)?)),
            Err(fault) => Err(fault),
        };
        parents.insert(served, found);
    }
    Ok(parents)
}

fn attempt_of(target: Target, tx: &mut Tx<'_>) -> Result<Option<i64>, ApiError> {
    tx.enter(target.id.0)?;
    of_kind!(target.kind, T => {
        let record: T = tx.load(Locator::Id(target.id.0))?;
        Ok(record.takes_actions())
    })
}

impl Row for ActionRow {
    type Record = Action;
    type Surroundings = Parents;
    const REGISTER: &'static str = "actions";

    fn external_reference(&self) -> &str {
        &self.external_reference
    }

    fn people(&self) -> Vec<&str> {
        vec![&self.assignee]
    }

    fn surroundings(rows: &[Read<Self>], by: &Actor, tx: &mut Tx<'_>) -> Result<Parents, ApiError> {
        parents(rows.iter().flatten().filter_map(|row| row.served().ok()).collect(), by, tx)
    }

    fn migrate(self, around: &Around<'_, Parents>, by: &Actor, birth: Birth) -> Result<Change<Action>, ApiError> {
        use actions::StageName as S;
        let served = self.served();
        let Self {
            external_reference,
            raised_on,
            ended_on,
            state,
            outcome,
            parent: _,
            parent_external_reference: _,
            parent_kind: _,
            title,
            description,
            kind,
            assignee,
            due_on,
            priority,
            done_criteria,
        } = self;
        let is_over = matches!(state, S::Verified | S::Cancelled);
        let mut faults = Faults::default();
        let assignee = around.people.find("/assignee", Some(&assignee), is_over, &mut faults);
        let unknown = || Fault::new("/parent", "unknown_record", "names nothing");
        let parent =
            served.and_then(|served| around.surroundings.get(&served).cloned().unwrap_or_else(|| Err(unknown())));
        let parent = faults.keep(parent);
        let (Some(assignee), Some((parent, attempt))) = (assignee, parent) else {
            return Err(faults.refuse().err().unwrap_or(Refusal::Invalid(vec![unknown()])).into());
        };
        let history = actions::History {
            arrival: Arrival { external_reference, raised_on, ended_on, outcome, root_causes: Vec::new() },
            state,
            title,
            description,
            kind,
            parent,
            attempt,
            assignee,
            due_on,
            priority: priority.unwrap_or(Priority::Medium),
            done_criteria,
        };
        Ok(Action::migrate(history, around.terms, by, birth)?)
    }

    fn migrated(record: &Action) -> Option<&Migrated> {
        record.migrated.as_ref()
    }
}
