//! Checking an item: who has looked, what was seen, and what it came to.

use super::team::not_of_the_team;
use super::{Audit, Facts, Party, Verb};
use crate::access::Actor;
use crate::change::Change;
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What an item came to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChecklistResult))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// Nobody has looked, or could.
    NotChecked,
    /// There is nothing that it could be asked of.
    NotApplicable,
    /// It is done as required.
    Conforms,
    /// It is done better than required.
    Strength,
    /// It is done as required and may not be for long.
    Observation,
    /// It could be done better.
    Opportunity,
    /// A requirement is not met; the system's effect is not in doubt.
    Minor,
    /// A requirement is not met, and the system's effect is in doubt.
    Major,
}

impl Outcome {
    /// Whether somebody has looked and judged: then there is evidence. Of the others it is said why not.
    #[must_use]
    pub fn is_judged(self) -> bool {
        match self {
            Self::NotChecked | Self::NotApplicable => false,
            Self::Conforms | Self::Strength | Self::Observation | Self::Opportunity | Self::Minor | Self::Major => true,
        }
    }

    /// Whether a requirement is not met.
    #[must_use]
    pub fn is_nonconforming(self) -> bool {
        match self {
            Self::Minor | Self::Major => true,
            Self::NotChecked
            | Self::NotApplicable
            | Self::Conforms
            | Self::Strength
            | Self::Observation
            | Self::Opportunity => false,
        }
    }
}

/// That somebody has looked, or why nobody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What it came to.
    pub outcome: Outcome,
    /// What was seen.
    #[serde(default)]
    pub evidence: Option<String>,
    /// Why it was not checked, or does not apply.
    #[serde(default)]
    pub reason: Option<String>,
    /// What else is worth knowing.
    #[serde(default)]
    pub notes: Option<String>,
    /// Who looked.
    pub auditor: Party,
    /// Who wrote it down.
    pub recorded_by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What `check-item` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckItem {
    /// Which item.
    pub item: i64,
    /// What it came to.
    pub outcome: Outcome,
    /// What was seen; needed where something was judged.
    pub evidence: Option<String>,
    /// Why it was not checked or does not apply; needed then.
    pub reason: Option<String>,
    /// What else is worth knowing.
    pub notes: Option<String>,
    /// The outsider of the team who looked; `None` for the caller.
    pub auditor: Option<String>,
    /// Why somebody checks their own, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

impl CheckItem {
    fn note_faults(&self, faults: &mut Faults) {
        let judged = self.outcome.is_judged();
        let outcome: &str = self.outcome.into();
        let given = [
            ("/evidence", &self.evidence, judged, !judged),
            ("/reason", &self.reason, !judged, judged),
            ("/notes", &self.notes, false, false),
        ];
        for (pointer, text, needed, unwanted) in given {
            match text {
                Some(_) if unwanted => {
                    let detail = format!("does not go with a result of {outcome}");
                    faults.push(Fault::new(pointer, "not_with_this_result", detail));
                }
                Some(text) => drop(faults.keep(text::narrative(pointer, text))),
                None if needed => {
                    faults.push(Fault::new(pointer, "required", format!("goes with a result of {outcome}")));
                }
                None => {}
            }
        }
    }
}

impl Audit {
    /// Somebody of the team has looked, or says why nobody has. Said again, it replaces what was said before.
    ///
    /// # Errors
    /// The guard's refusal; somebody who is not of the team, or who owns or owned what it is about [9.2.2]; or every
    /// fault of the input.
    pub fn check_item(
        self,
        input: CheckItem,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        let exception_reason = input.exception_reason.clone();
        self.may_excepted(Verb::CheckItem, facts, by, exception_reason.as_deref())?;
        let Some(me) = by.member() else { return Err(Refusal::Forbidden) };
        let item = self.known_item(input.item)?;
        let party = match self.meant(input.auditor.as_deref(), me) {
            Some(auditor) => auditor.party.clone(),
            None if input.auditor.is_some() => {
                let detail = "must be an outsider of the team, by name";
                return Err(Refusal::invalid("/auditor", "unknown_auditor", detail));
            }
            None if self.kind.is_own() => return Err(Refusal::State(vec![not_of_the_team()])),
            None => Party::Member { id: me },
        };
        let reasons = self.unless_impartial(item, &party, by, facts, exception_reason.as_deref());
        if !reasons.is_empty() {
            return Err(Refusal::State(reasons));
        }
        let mut faults = Faults::default();
        input.note_faults(&mut faults);
        let exception = self.exception(item, facts, (me, by, at), exception_reason, &mut faults);
        faults.refuse()?;
        let CheckItem { item: number, outcome, evidence, reason, notes, auditor: _, exception_reason: _ } = input;
        let check = Check { outcome, evidence, reason, notes, auditor: party, recorded_by: me, at };
        let mut after = self.clone();
        if let Some(item) = after.items.iter_mut().find(|item| item.number == number) {
            item.check = Some(check);
        }
        let because = exception.as_ref().map(|exception| exception.reason.clone());
        after.exceptions.extend(exception);
        Ok(Change::of(self, after, "item_checked", at).because_of(because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_minor_and_major_are_nonconforming() {
        let nonconforming = Outcome::VARIANTS.iter().filter(|outcome| outcome.is_nonconforming());
        assert_eq!(nonconforming.collect::<Vec<_>>(), [&Outcome::Minor, &Outcome::Major]);
    }

    #[test]
    fn judgements_have_evidence_and_the_rest_has_reasons() {
        for outcome in Outcome::VARIANTS {
            let input = CheckItem {
                item: 1,
                outcome: *outcome,
                evidence: None,
                reason: None,
                notes: None,
                auditor: None,
                exception_reason: None,
            };
            let pointers = |input: &CheckItem| {
                let mut faults = Faults::default();
                input.note_faults(&mut faults);
                let Err(Refusal::Invalid(faults)) = faults.refuse() else { return Vec::new() };
                faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
            };
            let both = CheckItem { evidence: Some("x".into()), reason: Some("x".into()), ..input.clone() };
            let (missing, unwanted) = match outcome.is_judged() {
                true => ("/evidence required", "/reason not_with_this_result"),
                false => ("/reason required", "/evidence not_with_this_result"),
            };
            assert_eq!((pointers(&input), pointers(&both)), (vec![missing.to_owned()], vec![unwanted.to_owned()]));
        }
    }
}
