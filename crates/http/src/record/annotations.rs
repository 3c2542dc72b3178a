//! What comments, tags, links and evidence share over HTTP.

use super::{HeadView, TargetView};
use crate::bounds::bounded;
use crate::parameters::listed;
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::annotations::{Annotation, Body, Stage, StageName};
use ratchet_domain::id::MemberId;
use ratchet_domain::kinds::sees_all;
use ratchet_domain::reference::{Prefix, Reference};
use ratchet_persistence::annotations::Filter;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// What every annotation's view begins with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AnnotationHead {
    #[serde(flatten)]
    pub head: HeadView,
    /// Whether it holds.
    pub state: StageName,
    /// The record it is about.
    pub record: TargetView,
    /// Why it was withdrawn.
    pub withdrawn_because: Option<String>,
}

impl<B: Body> From<&Annotation<B>> for AnnotationHead {
    fn from(annotation: &Annotation<B>) -> Self {
        let Annotation { head, target, body: _, stage } = annotation;
        let withdrawn_because = match stage {
            Stage::Attached => None,
            Stage::Withdrawn { reason, by: _, at: _ } => Some(reason.clone()),
        };
        Self { head: head.into(), state: stage.name(), record: (*target).into(), withdrawn_because }
    }
}

/// Why it does not hold any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdraw {
    /// Kept in the journal.
    #[schema(example = "Attached to the wrong record", max_length = 10_000)]
    pub reason: String,
}

/// What a list of annotations can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnnotationQuery {
    /// About the record of this reference. Who may see it sees everything about it.
    #[param(value_type = Option<String>, example = "NC-2026-0007")]
    pub record: Option<Reference>,
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "attached")]
    pub state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    pub updated_since: Option<DateTime<Utc>>,
}

impl AnnotationQuery {
    /// As the table's filter, but for the record.
    pub(crate) fn into_filter<W>(self, by: &Actor, more: W) -> Filter<W> {
        let Self { record, state, updated_since } = self;
        Filter { stage: state, target: None, hidden: hidden_kinds(record, by), updated_since, more }
    }
}

/// The kinds of records of which a list leaves out what is said about them, unless this member has said it. Who sees a
/// record sees what is said about it: that the named one is seen is checked with it.
pub(crate) fn hidden_kinds(record: Option<Reference>, by: &Actor) -> (Vec<Prefix>, Option<MemberId>) {
    let hidden = match record {
        Some(_) => Vec::new(),
        None => Prefix::VARIANTS.iter().copied().filter(|kind| !sees_all(by, *kind)).collect(),
    };
    (hidden, by.member())
}
