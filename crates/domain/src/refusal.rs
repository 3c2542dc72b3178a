//! Why a command is refused. The HTTP layer turns each variant into one kind of problem, in one exhaustive match.

use serde::Serialize;

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// Where: a JSON Pointer (RFC 6901) into the body, `/title`; for a parameter its name.
    pub pointer: String,
    /// What is wrong, stable and machine-readable.
    pub code: String,
    /// What is wrong and what would be right, for people.
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() }
    }
}

/// One reason why a verb may not be used now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// Stable and machine-readable.
    pub code: String,
    /// For people: what is missing, or who else must act.
    pub detail: String,
}

impl Reason {
    /// A reason with its stable code.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }

    /// The stage does not know the verb: `a nonconformity that is closed does not know confirm`.
    pub fn wrong_state(record: &str, stage: impl Into<&'static str>, verb: impl Into<&'static str>) -> Self {
        Self::new("wrong_state", format!("{record} that is {} does not know {}", stage.into(), verb.into()))
    }
}

/// A rule's "no".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The role does not allow it.
    #[error("this caller may not do that")]
    Forbidden,
    /// The stage, a guard or separation of duties forbids it; all reasons at once.
    #[error("the record's state does not allow that")]
    State(Vec<Reason>),
    /// The input is well-formed and wrong; all faults at once.
    #[error("the input is not acceptable")]
    Invalid(Vec<Fault>),
}

impl Refusal {
    /// A single fault.
    pub fn invalid(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, detail)])
    }

    /// The same, where the input is a member of a larger one: `/case`.
    #[must_use]
    pub fn below(self, pointer: &str) -> Self {
        match self {
            Self::Invalid(faults) => {
                let moved = |fault: Fault| Fault { pointer: format!("{pointer}{}", fault.pointer), ..fault };
                Self::Invalid(faults.into_iter().map(moved).collect())
            }
            Self::Forbidden | Self::State(_) => self,
        }
    }

    /// A single reason.
    pub fn state(code: &'static str, detail: impl Into<String>) -> Self {
        Self::State(vec![Reason::new(code, detail)])
    }
}

/// Collects every fault of an input before it is refused.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

/// So many faults are told at most: whoever mends those asks again.
pub const TOLD: usize = 100;

impl Faults {
    /// Notes a fault, unless [`TOLD`] are noted already.
    pub fn push(&mut self, fault: Fault) {
        if self.0.len() < TOLD {
            self.0.push(fault);
        }
    }

    /// Keeps a good value, notes the fault of a bad one.
    pub fn keep<T>(&mut self, checked: Result<T, Fault>) -> Option<T> {
        checked.map_err(|fault| self.push(fault)).ok()
    }

    /// Notes the faults of something that is read from members of other names.
    pub(crate) fn take(&mut self, found: Self, names: &[(&str, &str)]) {
        let renamed = |fault: Fault| match names.iter().find(|(name, _)| fault.pointer == *name) {
            Some((_, name)) => Fault { pointer: (*name).to_owned(), ..fault },
            None => fault,
        };
        found.0.into_iter().map(renamed).for_each(|fault| self.push(fault));
    }

    /// Refuses when anything was noted.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with every fault.
    pub fn refuse(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.0)) }
    }
}
