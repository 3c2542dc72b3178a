//! What records are to each other, as their own fields say: the chain from a signal to a verified effect.

use crate::links::Relation;
use crate::reference::Target;

/// One record is something to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TraceEdge {
    /// The one.
    pub from: Target,
    /// What `from` is to `to`.
    pub relation: Relation,
    /// The other.
    pub to: Target,
}

impl TraceEdge {
    /// `from` is `relation` to `to`.
    #[must_use]
    pub fn new(from: Target, relation: Relation, to: Target) -> Self {
        Self { from, relation, to }
    }
}
