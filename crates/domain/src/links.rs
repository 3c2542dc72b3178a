//! Links: typed edges between records, drawn by hand. Those that the lifecycle draws itself stand in the records: the
//! case of a signal, the parent of an action.

use crate::access::{Actor, Permission};
use crate::annotations::{Annotation, Body, Verb};
use crate::change::{Birth, Change};
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A link from a record, its target, to another.
pub type Link = Annotation<Edge>;

/// What one record is to another.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Relation {
    /// It gave rise to the other.
    Raised,
    /// It is meant to settle the other.
    Addresses,
    /// The other is why it came about.
    CausedBy,
    /// It is the other once more.
    RecurrenceOf,
    /// It shows that the other is so.
    EvidenceFor,
    /// The other shows that it worked.
    VerifiedBy,
    /// It takes the other's place.
    Supersedes,
    /// It says the same as the other.
    Duplicates,
    /// They have to do with each other.
    RelatesTo,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// What the target is to the other.
    pub relation: Relation,
    /// The other.
    pub to: Target,
    /// Why.
    pub note: Option<String>,
}

impl Body for Edge {
    const PREFIX: Prefix = Prefix::Link;
    const MAKING: Permission = Permission::Annotate;
    type Verb = Verb;

    fn check(&self, _: DateTime<Utc>, faults: &mut Faults) {
        if let Some(note) = &self.note {
            faults.keep(text::narrative("/note", note));
        }
    }

    fn leads_to(&self) -> Option<Target> {
        Some(self.to)
    }

    fn edge(&self, _: Target, target: Target) -> Option<TraceEdge> {
        Some(TraceEdge::new(target, self.relation, self.to))
    }
}

/// Draws a link between two records that the actor has seen.
///
/// # Errors
/// [`Refusal::Forbidden`], a faulty note, or an edge from a record to itself.
pub fn link(from: Target, edge: Edge, by: &Actor, birth: Birth) -> Result<Change<Link>, Refusal> {
    if from == edge.to {
        return Err(Refusal::invalid("/to", "itself", "must be another record"));
    }
    Link::attach(from, edge, by, birth)
}

/// A link of a record that was found to repeat another leads to that other, or comes from it. `None` where that would be
/// a link from a record to itself.
#[must_use]
pub fn moved(link: &Link, (from, to): (Target, Target), at: DateTime<Utc>) -> Option<Change<Link>> {
    let instead = |end: Target| if end == from { to } else { end };
    let body = Edge { to: instead(link.body.to), ..link.body.clone() };
    let target = instead(link.target);
    (target != body.to).then(|| link.clone().reworded("moved", (target, body), at))
}
