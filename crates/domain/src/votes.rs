//! Votes: that a member speaks for an improvement. One per member and improvement; withdrawn, never deleted.

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::id::{ImprovementId, RecordId};
use crate::improvements::Improvement;
use crate::reference::{Prefix, Target};
use crate::refusal::{Reason, Refusal};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It counts.
    Cast,
    /// It does not count any more.
    Withdrawn {
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = VoteState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Cast,
    Withdrawn,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Cast => StageName::Cast,
            Self::Withdrawn { .. } => StageName::Withdrawn,
        }
    }
}

/// What can be done to a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// Think better of it.
    Withdraw,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::Withdraw, StageName::Cast) => &[StageName::Withdrawn],
        (Verb::Withdraw, StageName::Withdrawn) => &[],
    }
}

/// A vote. Whose it is stands in its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Identity and version.
    pub head: Head,
    /// What it speaks for.
    pub improvement: ImprovementId,
    /// Where it stands.
    pub stage: Stage,
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether the improvement is still in the suggestion box: what was counted in a decision stays as it was.
    pub is_open: bool,
}

impl Record for Vote {
    const PREFIX: Prefix = Prefix::Vote;
    const MAKING: Permission = Permission::Vote;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn concerns(&self) -> Vec<Target> {
        vec![Target { kind: Prefix::Improvement, id: RecordId(self.improvement.0) }]
    }
}

impl Lifecycle for Vote {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    /// Nobody votes for somebody else, whatever the role.
    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::Vote, self.is_own(by)) || !self.is_own(by) {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            return Err(Refusal::State(vec![Reason::wrong_state("a vote", self.stage.name(), verb)]));
        }
        if facts.is_open { Ok(()) } else { Err(decided()) }
    }
}

fn decided() -> Refusal {
    Refusal::state("decided", "the improvement is decided: its votes stay as they were counted")
}

impl Vote {
    /// Speaks for an improvement. That the member has no other vote for it is the store's to hold.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`]; a machine votes, or the improvement is decided.
    pub fn cast(improvement: &Improvement, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        if by.member().is_none() {
            return Err(Refusal::state("person_needed", "people vote, machines do not"));
        }
        if !improvement.is_open_to_all() {
            return Err(decided());
        }
        let vote = Self { head: Head::born(by, birth), improvement: improvement.id(), stage: Stage::Cast };
        Ok(Change::born(vote, "cast"))
    }

    /// The improvement repeats another, which is still in the suggestion box: the vote speaks for that one from now on.
    #[must_use]
    pub fn moved(self, to: ImprovementId, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { improvement: to, ..self.clone() };
        Change::of(self, after, "moved", at)
    }

    /// The member speaks for the other improvement already: one vote is kept.
    #[must_use]
    pub fn superfluous(self, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { stage: Stage::Withdrawn { at }, ..self.clone() };
        Change::of(self, after, "withdrawn", at)
    }

    /// Takes it back, while the improvement is not decided.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn withdraw(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Withdraw, facts, by)?;
        let after = Self { stage: Stage::Withdrawn { at }, ..self.clone() };
        Ok(Change::of(self, after, "withdrawn", at))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::access::{Identity, Role};
    use crate::fixtures::refusals::Refusals;
    use crate::fixtures::{at, birth, machine, person};
    use crate::improvements::tests::{declined, proposed};

    const OPEN: Facts = Facts { is_open: true };

    fn cast() -> Vote {
        Vote::cast(&proposed(), &person(4, &[Role::Member]), birth(Prefix::Vote)).unwrap().into_after()
    }

    fn code(refusal: Refusal) -> String {
        match refusal {
            Refusal::State(reasons) => reasons[0].code.clone(),
            Refusal::Forbidden => "forbidden".into(),
            Refusal::Invalid(_) => "invalid".into(),
        }
    }

    #[test]
    fn people_vote_for_what_is_not_decided() {
        let member = person(4, &[Role::Member]);
        assert_eq!(code(Vote::cast(&declined(), &member, birth(Prefix::Vote)).unwrap_err()), "decided");
        for role in [Role::Admin, Role::ExternalAuditor] {
            let vote = Vote::cast(&proposed(), &person(4, &[role]), birth(Prefix::Vote));
            assert_eq!(vote.unwrap_err(), Refusal::Forbidden);
        }
        let system = Actor { identity: Identity::System { worker: "schedule" }, ..member };
        assert_eq!(code(Vote::cast(&proposed(), &system, birth(Prefix::Vote)).unwrap_err()), "person_needed");
    }

    #[test]
    fn withdrawn_by_who_cast_it_while_it_is_not_decided() {
        let (voter, closed) = (person(4, &[Role::Member]), Facts { is_open: false });
        assert_eq!(code(cast().withdraw(&closed, &voter, at()).unwrap_err()), "decided");
        for role in Role::VARIANTS {
            assert_eq!(cast().withdraw(&OPEN, &person(5, &[*role]), at()).unwrap_err(), Refusal::Forbidden);
        }
        let withdrawn = cast().withdraw(&OPEN, &voter, at()).unwrap().into_after();
        assert_eq!(withdrawn.stage.name(), StageName::Withdrawn);
        assert_eq!(code(withdrawn.withdraw(&OPEN, &voter, at()).unwrap_err()), "wrong_state");
    }

    fn apply(vote: Vote, verb: Verb) -> Result<Vote, Refusal> {
        match verb {
            Verb::Withdraw => vote.withdraw(&OPEN, &person(4, &[Role::Member]), at()).map(Change::into_after),
        }
    }

    fn at_stage(stage: StageName) -> Vote {
        match stage {
            StageName::Cast => cast(),
            StageName::Withdrawn => apply(cast(), Verb::Withdraw).unwrap(),
        }
    }

    /// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
    #[test]
    fn stage_by_verb() {
        let mut table = String::new();
        for stage in StageName::VARIANTS {
            for verb in Verb::VARIANTS {
                let ends: Vec<_> = apply(at_stage(*stage), *verb).iter().map(|vote| vote.stage.name()).collect();
                assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
                table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
            }
        }
        insta::assert_snapshot!(table);
    }

    /// Why it is refused, whether its improvement is decided or not.
    pub(crate) fn refusals() -> Refusals {
        let all = [Permission::Vote];
        Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[OPEN, Facts { is_open: false }])
            .and("cast", Vote::cast(&declined(), &person(4, &[Role::Member]), birth(Prefix::Vote)))
            .and("cast", Vote::cast(&proposed(), &machine(&all), birth(Prefix::Vote)))
    }
}
