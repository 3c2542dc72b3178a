//! What came once more: a later nonconformity that is said to be the same discredits that what was done had worked [10.2 d].
//! Nothing is written for that: what was judged then stays as it was judged, and is shown with what came after it.

use super::{Nonconformity, StageName};

impl Nonconformity {
    /// Whether another, which is linked with this one as its recurrence, discredits that this one was judged effective: it was
    /// raised after that, and is neither rejected nor taken back.
    #[must_use]
    pub fn is_discredited_by(&self, later: &Self) -> bool {
        let judged = self.verdict().filter(|verdict| verdict.effective);
        // What was brought in happened before go-live, and was judged here after that.
        let came_after = later.migrated.is_none() && judged.is_some_and(|verdict| verdict.at <= later.head.created_at);
        came_after && later.head.id != self.head.id && later.stage.name().stands()
    }
}

impl StageName {
    /// Whether it says that something is not as required.
    #[must_use]
    pub fn stands(self) -> bool {
        match self {
            Self::Reported
            | Self::Confirmed
            | Self::Analysed
            | Self::Planned
            | Self::Verifying
            | Self::Verified
            | Self::Closed => true,
            Self::Rejected | Self::Void | Self::Duplicate => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reported;
    use super::super::{Analysis, Method, Response, Stage, Verdict};
    use super::*;
    use crate::fixtures::{at, member};
    use crate::imports::Migrated;
    use crate::mistakes::{Duplicate, Voided};
    use crate::reference::Target;
    use chrono::{DateTime, Days, Utc};
    use uuid::Uuid;

    fn analysis() -> Analysis {
        let root_causes = vec!["No agent".to_owned()];
        Analysis { method: Method::Other, root_causes, similar: "None".into(), considered: vec![], at: at(), by: None }
    }

    fn judged(effective: bool) -> Nonconformity {
        let verdict = Verdict {
            effective,
            criterion: "Share".into(),
            evidence: "97 %".into(),
            effect: None,
            at: at(),
            by: member(2),
        };
        Nonconformity {
            stage: Stage::Verified { analysis: analysis(), response: Response::Actions, verdict },
            ..reported()
        }
    }

    fn later(made: DateTime<Utc>, stage: Stage) -> Nonconformity {
        let mut later = Nonconformity { stage, ..reported() };
        (later.head.id, later.head.created_at) = (Uuid::from_u128(5), made);
        later
    }

    #[test]
    fn what_came_after_the_verdict_and_stands_discredits_it() {
        let earlier = judged(true);
        let before = at().checked_sub_days(Days::new(1)).unwrap();
        let voided = Voided { reason: "A slip".into(), at: at(), by: None };
        let of = Target::of(&earlier);
        for (stage, discredits) in [
            (Stage::Reported, true),
            (Stage::Confirmed, true),
            (Stage::Analysed { analysis: analysis() }, true),
            (judged(true).stage, true),
            (Stage::EndedBefore, true),
            (Stage::Rejected { reason: "None".into(), at: at() }, false),
            (Stage::Void { voided }, false),
            (Stage::Duplicate { duplicate: Duplicate { of, at: at(), by: None } }, false),
        ] {
            assert_eq!(earlier.is_discredited_by(&later(at(), stage.clone())), discredits, "{stage:?}");
            assert!(!earlier.is_discredited_by(&later(before, stage)), "it was known when it was judged");
        }
        let mut brought_in = later(at(), Stage::Confirmed);
        brought_in.migrated = Some(Migrated {
            external_reference: "CAPA-1".into(),
            raised_on: before.date_naive(),
            ended_on: None,
            outcome: None,
            root_causes: Vec::new(),
        });
        assert!(!earlier.is_discredited_by(&brought_in));
        assert!(!judged(false).is_discredited_by(&later(at(), Stage::Reported)), "nobody said that it had worked");
        assert!(!reported().is_discredited_by(&later(at(), Stage::Reported)));
        assert!(!earlier.is_discredited_by(&earlier));
    }
}
