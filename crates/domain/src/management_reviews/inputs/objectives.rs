//! Objectives as an input: whether they were reached, and whether those in force will be.

use super::{Compared, LISTED, Spans, count, left_out};
use crate::objectives::{Measured, Objective, Outlook, Stage, StageName};
use crate::reference::Reference;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// One objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedObjective))]
pub struct ObjectiveLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub state: StageName,
    /// The last day on which it is reached in time.
    pub due_on: Option<NaiveDate>,
    /// When it was achieved, missed or given up.
    pub ended_at: Option<DateTime<Utc>>,
    /// What its indicator says; none, as all that follows from it, of one that is judged or whose indicator says nothing.
    pub value: Option<f64>,
    /// The value that is to be reached.
    pub target: Option<f64>,
    /// Of both.
    pub unit: Option<String>,
    /// The share of the way from baseline to target: 0 at the one, 1 at the other; beyond and below are possible.
    pub share: Option<f64>,
    /// Whether it will be reached in time.
    pub outlook: Option<Outlook>,
}

impl ObjectiveLine {
    fn of(objective: &Objective, measured: Option<&Measured>) -> Self {
        Self {
            reference: objective.head.reference,
            title: objective.title.clone(),
            state: objective.stage.name(),
            due_on: objective.terms.due_on,
            ended_at: ended_at(objective),
            value: measured.map(|measured| measured.value),
            target: measured.map(|measured| measured.path.target),
            unit: measured.and_then(|measured| measured.unit.clone()),
            share: measured.map(|measured| measured.progress.share),
            outlook: measured.map(|measured| measured.progress.outlook),
        }
    }

    fn is_in_force(&self) -> bool {
        match self.state {
            StageName::Active | StageName::Revising => true,
            StageName::Draft | StageName::Achieved | StageName::Missed | StageName::Abandoned => false,
        }
    }

    /// What calls for attention comes first; then what is in force, and what is over last.
    fn rank(&self) -> u8 {
        match (self.is_in_force(), self.outlook) {
            (true, Some(Outlook::OffTrack)) => 0,
            (true, Some(Outlook::AtRisk)) => 1,
            (true, None) => 2,
            (true, Some(Outlook::OnTrack)) => 3,
            (false, _) => 4,
        }
    }
}

/// Input d 4: fulfilment of objectives.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fulfilment {
    /// Reached.
    pub achieved: Compared,
    /// Not reached by their due dates.
    pub missed: Compared,
    /// Given up.
    pub abandoned: Compared,
    /// In force, on or before the straight way, and led to the target in time by the trend.
    pub on_track: i64,
    /// In force, and one of both speaks against it.
    pub at_risk: i64,
    /// In force, and both do, or the due date has passed.
    pub off_track: i64,
    /// In force, and judged, or its indicator says nothing.
    pub not_measured: i64,
    /// Those in force and those that ended in the period, what is off its way first; at most 200.
    pub items: Vec<ObjectiveLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl Fulfilment {
    /// Sums up objectives, each with how far it has come: those in force, and those that ended in either period.
    #[must_use]
    pub fn of(objectives: &[(Objective, Option<Measured>)], spans: &Spans) -> Self {
        let lines = objectives.iter().map(|(objective, measured)| ObjectiveLine::of(objective, measured.as_ref()));
        let lines: Vec<ObjectiveLine> = lines.collect();
        let ended = |state| {
            let ended = lines.iter().filter(move |line| line.state == state);
            Compared::count(spans, ended.filter_map(|line| line.ended_at))
        };
        let standing = |outlook| count(lines.iter().filter(|line| line.is_in_force() && line.outlook == outlook));
        let fulfilment = Self {
            achieved: ended(StageName::Achieved),
            missed: ended(StageName::Missed),
            abandoned: ended(StageName::Abandoned),
            on_track: standing(Some(Outlook::OnTrack)),
            at_risk: standing(Some(Outlook::AtRisk)),
            off_track: standing(Some(Outlook::OffTrack)),
            not_measured: standing(None),
            items: Vec::new(),
            left_out: 0,
        };
        let is_told =
            |line: &ObjectiveLine| line.is_in_force() || line.ended_at.is_some_and(|at| spans.now.contains(at));
        let mut items: Vec<ObjectiveLine> = lines.into_iter().filter(is_told).collect();
        items.sort_by_key(|line| (line.rank(), line.due_on, line.reference));
        let left_out = left_out(items.len());
        items.truncate(LISTED);
        Self { items, left_out, ..fulfilment }
    }
}

fn ended_at(objective: &Objective) -> Option<DateTime<Utc>> {
    match &objective.stage {
        Stage::Achieved { verdict, .. } | Stage::Missed { verdict, .. } => Some(verdict.at),
        Stage::Abandoned { at, .. } => Some(*at),
        Stage::Draft | Stage::Active { .. } | Stage::Revising { .. } => None,
    }
}
