//! The chain of a record: what it came from and what came of it. Edges that the lifecycle draws stand in the records
//! themselves; those drawn by hand are links.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::links;
use crate::schema::{actions, evidence, signals};
use diesel::prelude::*;
use ratchet_domain::annotations::StageName;
use ratchet_domain::id::{OrganisationId, RecordId};
use ratchet_domain::links::Relation;
use ratchet_domain::reference::{Prefix, Target};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Records in a trace, at most; what lies farther away is left out.
pub const NODES: usize = 500;
/// Edges that one step can find.
const EDGES: i64 = 1_000;

/// One record is something to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TraceEdge {
    /// The one.
    pub from: Target,
    /// The other.
    pub to: Target,
    /// What `from` is to `to`.
    pub relation: Relation,
}

impl TraceEdge {
    fn new(from: Target, relation: Relation, to: Target) -> Self {
        Self { from, to, relation }
    }
}

/// A record's chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Every record that was reached, the one asked for among them.
    pub nodes: BTreeSet<Target>,
    /// The edges between them.
    pub edges: BTreeSet<TraceEdge>,
    /// Whether nothing was left out.
    pub is_complete: bool,
}

/// Walks from a record along every edge, step by step. It ends at indicators, unless the walk began there: what else
/// an indicator has said is another story.
///
/// # Errors
/// The database's.
pub fn trace(organisation: OrganisationId, start: Target, connection: &mut AnyConnection) -> Result<Trace, Error> {
    let mut trace = Trace { nodes: BTreeSet::from([start]), edges: BTreeSet::new(), is_complete: true };
    let mut frontier = vec![start];
    while !frontier.is_empty() {
        let found = step(organisation, &frontier, connection)?;
        frontier.clear();
        for edge in found {
            for end in [edge.from, edge.to] {
                if trace.nodes.contains(&end) {
                    continue;
                }
                if trace.nodes.len() >= NODES {
                    trace.is_complete = false;
                    continue;
                }
                trace.nodes.insert(end);
                if end.kind != Prefix::Indicator {
                    frontier.push(end);
                }
            }
            if trace.nodes.contains(&edge.from) && trace.nodes.contains(&edge.to) {
                trace.edges.insert(edge);
            }
        }
    }
    Ok(trace)
}

fn of(kind: Prefix, id: KeyValue) -> Target {
    Target { kind, id: RecordId(id.0) }
}

/// Every edge that begins or ends at one of these records: a few statements, however many there are.
fn step(
    organisation: OrganisationId,
    records: &[Target],
    connection: &mut AnyConnection,
) -> Result<Vec<TraceEdge>, Error> {
    let tenant = KeyValue(organisation.0);
    let ids = || records.iter().map(|record| KeyValue(record.id.0));
    let mut edges = Vec::new();
    let found: Vec<(KeyValue, KeyValue, Option<KeyValue>)> = signals::table
        .filter(signals::organisation_id.eq(tenant))
        .filter(
            signals::id
                .eq_any(ids())
                .or(signals::indicator_id.eq_any(ids()))
                .or(signals::case_id.eq_any(ids().map(Some)).assume_not_null()),
        )
        .limit(EDGES)
        .select((signals::id, signals::indicator_id, signals::case_id))
        .load(connection)?;
    for (signal, indicator, case) in found {
        let signal = of(Prefix::Signal, signal);
        edges.push(TraceEdge::new(of(Prefix::Indicator, indicator), Relation::Raised, signal));
        edges.extend(case.map(|case| TraceEdge::new(signal, Relation::Raised, of(Prefix::Nonconformity, case))));
    }
    let found: Vec<(KeyValue, KeyValue, String)> = actions::table
        .filter(actions::organisation_id.eq(tenant))
        .filter(actions::id.eq_any(ids()).or(actions::parent_id.eq_any(ids())))
        .limit(EDGES)
        .select((actions::id, actions::parent_id, actions::parent_kind))
        .load(connection)?;
    for (action, parent, kind) in found {
        let Some(kind) = Prefix::of_kind(&kind) else { continue };
        edges.push(TraceEdge::new(of(Prefix::Action, action), Relation::Addresses, of(kind, parent)));
    }
    let found: Vec<(KeyValue, KeyValue, String)> = evidence::table
        .filter(evidence::organisation_id.eq(tenant))
        .filter(evidence::stage.eq(<&str>::from(StageName::Attached)))
        .filter(evidence::id.eq_any(ids()).or(evidence::target_id.eq_any(ids())))
        .limit(EDGES)
        .select((evidence::id, evidence::target_id, evidence::target_kind))
        .load(connection)?;
    for (piece, target, kind) in found {
        let Some(kind) = Prefix::of_kind(&kind) else { continue };
        edges.push(TraceEdge::new(of(Prefix::Evidence, piece), Relation::EvidenceFor, of(kind, target)));
    }
    let ids: Vec<Uuid> = records.iter().map(|record| record.id.0).collect();
    for link in links::touching(organisation, &ids, EDGES, connection)? {
        edges.push(TraceEdge::new(link.target, link.body.relation, link.body.to));
    }
    Ok(edges)
}
