//! Restrictions over HTTP: a record that concerns few is kept from all others.

use crate::bounds::bounded;
use crate::parameters::listed;
use crate::record::{HeadView, Resource, TargetView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::{self, Reference};
use ratchet_domain::restrictions::{Restriction, Stage, StageName};
use ratchet_persistence::restrictions::Filter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// That a record is kept from all but its readers: those named, whoever restricted it, its owner, its assignee.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RestrictionView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// The record.
    pub record: TargetView,
    /// The record's reference.
    #[schema(example = "INC-2026-0003")]
    pub record_reference: String,
    /// Who is named as a reader.
    pub reader_ids: Vec<MemberId>,
    /// Why it is restricted.
    #[schema(example = "It names a colleague")]
    pub reason: String,
    /// Why it is not any more.
    pub lifted_because: Option<String>,
    /// Since when.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Who lifted it.
    pub lifted_by: Option<MemberId>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of restrictions can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RestrictionQuery {
    /// Of the record of this reference.
    #[param(value_type = Option<String>, example = "NC-2026-0007")]
    record: Option<Reference>,
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "in_force")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Restriction {
    type View = RestrictionView;
    type Query = RestrictionQuery;
    const PATH: &'static str = "restrictions";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("created_by_member", "created_by")];

    fn view(&self, transitions: Option<Vec<Transition>>) -> RestrictionView {
        let Self { head, target, target_reference, readers, why, stage } = self;
        let lifted = match stage {
            Stage::InForce => None,
            Stage::Lifted { reason, at, by } => Some((reason.clone(), *at, *by)),
        };
        RestrictionView {
            head: head.into(),
            state: stage.name(),
            record: (*target).into(),
            record_reference: target_reference.to_string(),
            reader_ids: readers.clone(),
            reason: why.clone(),
            lifted_because: lifted.as_ref().map(|(reason, ..)| reason.clone()),
            lifted_at: lifted.as_ref().map(|(_, at, _)| *at),
            lifted_by: lifted.as_ref().map(|(.., by)| *by),
            transitions,
        }
    }

    fn target(&self) -> Option<reference::Target> {
        Some(self.target)
    }

    fn about(query: &RestrictionQuery) -> Option<Reference> {
        query.record
    }

    fn narrow(filter: &mut Filter, target: Uuid) {
        filter.target = Some(target);
    }

    fn filter(query: RestrictionQuery, _: &Actor, _: NaiveDate) -> Filter {
        let RestrictionQuery { record: _, state, updated_since } = query;
        Filter { stage: state, target: None, updated_since }
    }
}
