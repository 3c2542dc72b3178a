//! Names beside ids: a page of 50 costs one statement more, not 50 calls.

use super::Resource;
use crate::error::ApiError;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::members;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// A member's name beside its id.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MemberName {
    /// The member's id.
    pub id: MemberId,
    /// `MEM-2026-0003`.
    #[schema(example = "MEM-2026-0003")]
    pub reference: String,
    /// How the member is called.
    pub name: String,
}

/// What of [`Resource::EXPANDS`] is asked for: the name, and the field that holds the id.
pub(crate) fn wanted<T: Resource>(expand: Option<&str>) -> Result<Vec<(&'static str, &'static str)>, ApiError> {
    let known = |name: &str| {
        T::EXPANDS.iter().find(|(expandable, _)| *expandable == name).copied().ok_or_else(|| {
            let names: Vec<&str> = T::EXPANDS.iter().map(|(name, _)| *name).collect();
            ApiError::parameter("expand", "unknown_value", format!("must name some of: {}", names.join(", ")))
        })
    };
    expand.into_iter().flat_map(|names| names.split(',')).map(known).collect()
}

/// Views with names beside their ids.
pub(crate) fn many<V: Serialize>(
    views: Vec<V>,
    wanted: &[(&'static str, &'static str)],
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<Value>, ApiError> {
    let views = views.into_iter().map(serde_json::to_value);
    let mut views: Vec<Value> =
        views.collect::<Result<_, _>>().map_err(|error| ApiError::Internal(error.to_string()))?;
    fill(&mut views, wanted, organisation, connection)?;
    Ok(views)
}

/// Writes the names into views.
pub(crate) fn fill(
    views: &mut [Value],
    wanted: &[(&'static str, &'static str)],
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<(), ApiError> {
    let id_of = |view: &Value, field: &str| view.get(field)?.as_str()?.parse::<Uuid>().ok().map(MemberId);
    let mut ids: Vec<MemberId> =
        views.iter().flat_map(|view| wanted.iter().filter_map(move |(_, field)| id_of(view, field))).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: HashMap<MemberId, MemberName> = members::names(organisation, &ids, connection)?
        .into_iter()
        .map(|(id, reference, name)| (id, MemberName { id, reference, name }))
        .collect();
    for view in views {
        for (name, field) in wanted {
            let found = id_of(view, field).and_then(|id| names.get(&id));
            let found = serde_json::to_value(found).map_err(|error| ApiError::Internal(error.to_string()))?;
            if let Value::Object(members) = view {
                members.insert((*name).to_owned(), found);
            }
        }
    }
    Ok(())
}
