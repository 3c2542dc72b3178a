//! Names beside ids: a page of 50 costs one statement more for all members, and one for each kind of record, not 50 calls.

use super::Resource;
use crate::error::ApiError;
use crate::v1::records::{self, RecordView};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::members;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
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

/// What can be written out: by which name, and which field holds its id. A record is written out as far as the caller may
/// see it, a member for whoever sees the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expansion {
    pub name: &'static str,
    pub field: &'static str,
    /// The kind of the record; `None` for a member.
    pub kind: Option<Prefix>,
}

/// Whoever made it: of every record.
const MAKER: (&str, &str) = ("created_by_member", "created_by");

/// Everything that a resource can write out.
pub(crate) fn of<T: Resource>() -> Vec<Expansion> {
    let member = |(name, field): (&'static str, &'static str)| Expansion { name, field, kind: None };
    let members = T::EXPANDS.iter().copied().chain([MAKER]).map(member);
    let record =
        |(name, field, kind): (&'static str, &'static str, Prefix)| Expansion { name, field, kind: Some(kind) };
    members.chain(T::EXPANDS_RECORDS.iter().copied().map(record)).collect()
}

/// What of it is asked for.
pub(crate) fn wanted<T: Resource>(expand: Option<&str>) -> Result<Vec<Expansion>, ApiError> {
    let all = of::<T>();
    let known = |name: &str| {
        all.iter().find(|expansion| expansion.name == name).copied().ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|expansion| expansion.name).collect();
            ApiError::parameter("expand", "unknown_value", format!("must name some of: {}", names.join(", ")))
        })
    };
    expand.into_iter().flat_map(|names| names.split(',')).map(known).collect()
}

/// Views with names beside their ids.
pub(crate) fn many<V: Serialize>(
    views: Vec<V>,
    wanted: &[Expansion],
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<Vec<Value>, ApiError> {
    let views = views.into_iter().map(serde_json::to_value);
    let mut views: Vec<Value> = views.collect::<Result<_, _>>().map_err(internal)?;
    fill(&mut views, wanted, by, connection)?;
    Ok(views)
}

/// Writes the names into views.
pub(crate) fn fill(
    views: &mut [Value],
    wanted: &[Expansion],
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<(), ApiError> {
    let members: Vec<MemberId> = ids(views, wanted, |kind| kind.is_none()).into_iter().map(MemberId).collect();
    let names: HashMap<Uuid, MemberName> = members::names(by.organisation, &members, connection)?
        .into_iter()
        .map(|(id, reference, name)| (id.0, MemberName { id, reference, name }))
        .collect();
    let kinds: BTreeSet<&str> = wanted.iter().filter_map(|expansion| Some(expansion.kind?.kind())).collect();
    let mut named: Vec<(Prefix, Uuid)> = Vec::new();
    for kind in kinds.into_iter().filter_map(Prefix::of_kind) {
        named.extend(ids(views, wanted, |of| of == Some(kind)).into_iter().map(|id| (kind, id)));
    }
    let seen = records::seen_of(&named, by, connection)?;
    let records: HashMap<Uuid, RecordView> = seen.into_iter().map(|view| (view.id, view)).collect();
    for view in views {
        for expansion in wanted {
            let id = id_of(view, expansion.field);
            let found = match expansion.kind {
                None => serde_json::to_value(id.and_then(|id| names.get(&id))),
                Some(_) => serde_json::to_value(id.and_then(|id| records.get(&id))),
            };
            if let Value::Object(members) = view {
                members.insert(expansion.name.to_owned(), found.map_err(internal)?);
            }
        }
    }
    Ok(())
}

fn internal(error: serde_json::Error) -> ApiError {
    ApiError::Internal(error.to_string())
}

fn id_of(view: &Value, field: &str) -> Option<Uuid> {
    view.get(field)?.as_str()?.parse().ok()
}

/// The ids that views hold of what is to be written out, each once.
fn ids(views: &[Value], wanted: &[Expansion], is_meant: impl Fn(Option<Prefix>) -> bool) -> BTreeSet<Uuid> {
    let fields: Vec<&str> = wanted.iter().filter(|one| is_meant(one.kind)).map(|one| one.field).collect();
    views.iter().flat_map(|view| fields.iter().filter_map(move |field| id_of(view, field))).collect()
}
