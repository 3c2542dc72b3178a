//! The custody of evidence: who collected it, when and how, and each hand through which it went since [A.5.28]. Nothing in it
//! is edited; what is written stands in the order in which it happened, and whoever hands it on is whoever had it.

use super::{Evidence, Exhibit, Verb};
use crate::access::Actor;
use crate::audits::Party;
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Entries of one piece of evidence, at most.
pub const ENTRIES: usize = 200;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custody {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: CustodyEvent,
    /// Who wrote it down; `None` for a machine.
    pub recorded_by: Option<MemberId>,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

/// What happens to evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum CustodyEvent {
    /// It was collected: the first entry, and no other.
    Collected {
        /// By whom.
        by: Party,
        /// How.
        how: String,
    },
    /// It was handed on.
    Transferred {
        /// By whom: whoever had it.
        from: Party,
        /// To whom.
        to: Party,
        /// Why.
        why: String,
    },
}

/// What `record_collection` needs; that a member exists is the caller's to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Party,
    /// How.
    pub how: String,
}

/// What `record_transfer` needs; that members exist is the caller's to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom: whoever has it.
    pub from: Party,
    /// To whom.
    pub to: Party,
    /// Why.
    pub why: String,
}

impl Evidence {
    /// Writes down who collected it, as the first entry of its custody.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of what it says.
    pub fn record_collection(self, input: Collection, by: &Actor, now: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::RecordCollection, &(), by)?;
        let Collection { at, by: collector, how } = input;
        let mut faults = Faults::default();
        faults.keep(text::moment_so_far("/at", at, None, now));
        check_party("/by", &collector, &mut faults);
        faults.keep(text::narrative("/how", &how));
        faults.refuse()?;
        Ok(self.recorded(at, CustodyEvent::Collected { by: collector, how }, by, now))
    }

    /// Writes down that whoever has it has handed it on.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of what it says.
    pub fn record_transfer(self, input: Transfer, by: &Actor, now: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::RecordTransfer, &(), by)?;
        let Transfer { at, from, to, why } = input;
        let last = self.body.custody.last();
        let mut faults = Faults::default();
        // Not before the entry above it: what was forgotten cannot be written in between.
        faults.keep(text::moment_so_far("/at", at, last.map(|last| last.at), now));
        check_party("/from", &from, &mut faults);
        check_party("/to", &to, &mut faults);
        if last.is_some_and(|last| *last.event.holder() != from) {
            faults.push(Fault::new("/from", "not_the_holder", "must be whoever has it, as the last entry says"));
        }
        if from == to {
            faults.push(Fault::new("/to", "itself", "must be somebody else than it comes from"));
        }
        faults.keep(text::narrative("/why", &why));
        faults.refuse()?;
        Ok(self.recorded(at, CustodyEvent::Transferred { from, to, why }, by, now))
    }

    fn recorded(self, at: DateTime<Utc>, event: CustodyEvent, by: &Actor, now: DateTime<Utc>) -> Change<Self> {
        let verb = match event {
            CustodyEvent::Collected { .. } => "collection_recorded",
            CustodyEvent::Transferred { .. } => "transfer_recorded",
        };
        let mut custody = self.body.custody.clone();
        custody.push(Custody { at, event, recorded_by: by.member(), recorded_at: now });
        let (target, body) = (self.target, Exhibit { custody, ..self.body.clone() });
        self.reworded(verb, (target, body), now)
    }
}

impl CustodyEvent {
    /// Who has it since.
    fn holder(&self) -> &Party {
        match self {
            Self::Collected { by, how: _ } => by,
            Self::Transferred { from: _, to, why: _ } => to,
        }
    }
}

fn check_party(pointer: &str, party: &Party, faults: &mut Faults) {
    match party {
        Party::Member { id: _ } => {}
        Party::Outside { name, firm } => {
            faults.keep(text::title(&format!("{pointer}/name"), name));
            if let Some(firm) = firm {
                faults.keep(text::title(&format!("{pointer}/firm"), firm));
            }
        }
    }
}

/// Refuses what does not follow from the entries that there are.
pub(super) fn may_follow(custody: &[Custody], verb: Verb) -> Result<(), Refusal> {
    match verb {
        Verb::RecordCollection if !custody.is_empty() => {
            Err(Refusal::state("already_collected", "who collected it is recorded: from there on it is handed on"))
        }
        Verb::RecordTransfer if custody.is_empty() => {
            Err(Refusal::state("not_collected", "who collected it is not recorded, which comes first"))
        }
        Verb::RecordTransfer if custody.len() >= ENTRIES => {
            let detail = format!("its custody has {ENTRIES} entries: no more are kept");
            Err(Refusal::state("custody_is_full", detail))
        }
        Verb::RecordCollection | Verb::RecordTransfer | Verb::Withdraw => Ok(()),
    }
}
