//! What is looked at of a plan of action, as OSCAL 1.1 spells it.

use crate::bounds::bounded;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(rename = "plan-of-action-and-milestones")]
    pub plan: Plan,
}

#[derive(Deserialize)]
pub(super) struct Plan {
    pub metadata: Metadata,
    #[serde(default)]
    pub observations: Vec<Observation>,
    #[serde(default)]
    pub risks: Vec<Risk>,
    #[serde(rename = "poam-items")]
    pub items: Vec<Item>,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "oscal-version")]
    pub oscal_version: String,
    #[serde(default)]
    pub parties: Vec<Party>,
}

#[derive(Deserialize)]
pub(super) struct Party {
    pub uuid: Uuid,
    #[serde(default, rename = "email-addresses")]
    pub addresses: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Observation {
    pub uuid: Uuid,
    pub description: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct Property {
    pub name: String,
    #[serde(default, rename = "ns")]
    pub namespace: Option<String>,
    pub value: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct Link {
    pub href: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct RelatedObservation {
    #[serde(rename = "observation-uuid")]
    pub observation: Uuid,
}

#[derive(Clone, Deserialize)]
pub(super) struct RelatedRisk {
    #[serde(rename = "risk-uuid")]
    pub risk: Uuid,
}

#[derive(Deserialize)]
pub(super) struct Item {
    /// OSCAL lets it be left out.
    #[serde(default)]
    pub uuid: Option<Uuid>,
    pub title: String,
    pub description: String,
    #[serde(default, rename = "props")]
    pub properties: Vec<Property>,
    #[serde(default)]
    pub links: Vec<Link>,
    #[serde(default, rename = "related-observations")]
    pub related_observations: Vec<RelatedObservation>,
    #[serde(default, rename = "related-risks")]
    pub related_risks: Vec<RelatedRisk>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Risk {
    pub uuid: Uuid,
    pub description: String,
    pub status: String,
    #[serde(default, rename = "props")]
    pub properties: Vec<Property>,
    #[serde(default)]
    pub origins: Vec<Origin>,
    #[serde(default, deserialize_with = "bounded")]
    pub deadline: Option<DateTime<Utc>>,
    #[serde(default, rename = "related-observations")]
    pub related_observations: Vec<RelatedObservation>,
    #[serde(default)]
    pub remediations: Vec<Remediation>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Origin {
    pub actors: Vec<Actor>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Actor {
    #[serde(rename = "actor-uuid")]
    pub uuid: Uuid,
}

/// How far a remediation is; other words of a tool's own are as good as planned.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Lifecycle {
    Recommendation,
    Completed,
    #[serde(other)]
    Planned,
}

#[derive(Clone, Deserialize)]
pub(super) struct Remediation {
    pub uuid: Uuid,
    pub lifecycle: Lifecycle,
    pub title: String,
    pub description: String,
    #[serde(default)]
    pub tasks: Vec<Task>,
    #[serde(default)]
    pub remarks: Option<String>,
}

impl Remediation {
    /// Whether it is over and nothing of it is left to be done or judged: what was done at once.
    pub(super) fn is_correction(&self) -> bool {
        self.lifecycle == Lifecycle::Completed && self.tasks.is_empty()
    }
}

#[derive(Clone, Deserialize)]
pub(super) struct Task {
    pub uuid: Uuid,
    pub title: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default, rename = "props")]
    pub properties: Vec<Property>,
    #[serde(default)]
    pub links: Vec<Link>,
    #[serde(default)]
    pub timing: Option<Timing>,
    #[serde(default, rename = "responsible-roles")]
    pub roles: Vec<ResponsibleRole>,
    #[serde(default)]
    pub remarks: Option<String>,
    #[serde(default)]
    pub tasks: Vec<Task>,
}

#[derive(Clone, Deserialize)]
pub(super) struct ResponsibleRole {
    #[serde(default, rename = "party-uuids")]
    pub parties: Vec<Uuid>,
}

/// When a task is to be done; of what is done again and again no day is said.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Timing {
    #[serde(default)]
    on_date: Option<OnDate>,
    #[serde(default)]
    within_date_range: Option<Range>,
}

#[derive(Clone, Deserialize)]
struct OnDate {
    #[serde(deserialize_with = "bounded")]
    date: DateTime<Utc>,
}

#[derive(Clone, Deserialize)]
struct Range {
    #[serde(deserialize_with = "bounded")]
    end: DateTime<Utc>,
}

impl Timing {
    /// The moment by which it is to be done.
    pub(super) fn end(&self) -> Option<DateTime<Utc>> {
        let on = self.on_date.as_ref().map(|on| on.date);
        on.or(self.within_date_range.as_ref().map(|range| range.end))
    }
}
