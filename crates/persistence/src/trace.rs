//! The chain of a record: what it came from and what came of it. Every edge is one that a record says of itself; those
//! drawn by hand are links, which are records, too.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::record_edges;
use ratchet_domain::access::Actor;
use ratchet_domain::reference::{Prefix, Target};
use ratchet_domain::trace::TraceEdge;
use std::collections::BTreeSet;

/// Records in a trace, at most; what lies farther away is left out.
pub const NODES: usize = 500;
/// Edges that one step can find.
const EDGES: i64 = 1_000;

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
/// an indicator has said is another story. What is kept from the actor is not walked through either: that two records have
/// to do with it is not told.
///
/// # Errors
/// The database's.
pub fn trace(by: &Actor, start: Target, connection: &mut AnyConnection) -> Result<Trace, Error> {
    let mut trace = Trace { nodes: BTreeSet::from([start]), edges: BTreeSet::new(), is_complete: true };
    let mut frontier = vec![start];
    while !frontier.is_empty() {
        let found = record_edges::touching(by.organisation, &frontier, EDGES, connection)?;
        frontier.clear();
        for edge in found {
            if by.is_kept_from(edge.from.id.0) || by.is_kept_from(edge.to.id.0) {
                continue;
            }
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
