//! What became of a plan, item by item.

use ratchet_domain::change::Record;
use serde::Serialize;
use uuid::Uuid;

/// What became of an item, or of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartOutcome {
    /// A record was made of it.
    Made,
    /// Its record is here already, and stays as it is.
    Known,
    /// There is nothing to do: it is over there, or what it serves takes no actions here.
    PassedOver,
}

/// The record of an item or task.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PartRecord {
    /// Its id.
    pub id: Uuid,
    /// Its reference.
    #[schema(example = "NC-2026-0007")]
    pub reference: String,
}

impl PartRecord {
    pub(super) fn of<T: Record>(record: &T) -> Self {
        Self { id: record.head().id, reference: record.head().reference.to_string() }
    }
}

/// A task, and its action.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PlanTask {
    /// Its id in the plan.
    pub uuid: Uuid,
    /// Where it is in the document: a JSON pointer.
    #[schema(example = "/plan-of-action-and-milestones/risks/0/remediations/0/tasks/0")]
    pub pointer: String,
    /// What became of it.
    pub outcome: PartOutcome,
    /// The action; `null` of one that was passed over, or that the caller may not read.
    pub action: Option<PartRecord>,
}

/// An item, and its nonconformity.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PlanItem {
    /// Its id in the plan.
    pub uuid: Uuid,
    /// Where it is in the document: a JSON pointer.
    #[schema(example = "/plan-of-action-and-milestones/poam-items/0")]
    pub pointer: String,
    /// What became of it.
    pub outcome: PartOutcome,
    /// The nonconformity; `null` of an item that was passed over, or that the caller may not read.
    pub nonconformity: Option<PartRecord>,
    /// What is to be done about it.
    pub tasks: Vec<PlanTask>,
}

/// How many of each.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct PlanCounts {
    /// Nonconformities that were made.
    pub nonconformities: usize,
    /// Actions that were planned.
    pub actions: usize,
    /// Items and tasks whose records were here.
    pub known: usize,
    /// Items and tasks of which there is nothing to do.
    pub passed_over: usize,
}

/// What became of a plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PlanReceipt {
    /// How many of each.
    pub counts: PlanCounts,
    /// Item by item.
    pub items: Vec<PlanItem>,
}

impl PlanReceipt {
    pub(super) fn of(items: Vec<PlanItem>) -> Self {
        let tasks = || items.iter().flat_map(|item| &item.tasks).map(|task| task.outcome);
        let of_items = || items.iter().map(|item| item.outcome);
        let made = |outcome: &PartOutcome| *outcome == PartOutcome::Made;
        let both = |wanted| of_items().chain(tasks()).filter(|outcome| *outcome == wanted).count();
        let counts = PlanCounts {
            nonconformities: of_items().filter(made).count(),
            actions: tasks().filter(made).count(),
            known: both(PartOutcome::Known),
            passed_over: both(PartOutcome::PassedOver),
        };
        Self { counts, items }
    }
}
