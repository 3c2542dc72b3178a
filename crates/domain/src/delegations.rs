//! Delegation: for some days another member may do what is one's own, in one's place and with both names in the journal. It
//! never gives a decision, and wherever duties are kept apart both count as one.

use crate::access::{Actor, Cell, Permission, Role, cell};
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::members::{Facts, Member, Verb};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Days that one delegation lasts, at most.
pub const DAYS: u64 = 366;
/// Delegations of one member that are not over, at most.
pub const OPEN: usize = 20;

/// That somebody stands in for a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Who stands in.
    pub to: MemberId,
    /// The first day, in the organisation's time zone.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// Why.
    pub reason: String,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// The day on which it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<NaiveDate>,
}

/// The same, as it is looked up by who stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StandIn {
    /// Who stands in.
    pub to: MemberId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day on which it could be used.
    pub until: NaiveDate,
    /// Whether it was ended before its time.
    pub is_ended: bool,
}

/// What `delegate` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// Why.
    pub reason: String,
}

impl Delegation {
    /// Whether it will not be used any more.
    #[must_use]
    pub fn is_over(&self, today: NaiveDate) -> bool {
        self.ended_on.is_some() || self.until < today
    }

    pub(crate) fn stand_in(&self) -> StandIn {
        let until = self.ended_on.map_or(self.until, |ended| ended.min(self.until));
        StandIn { to: self.to, from: self.from, until, is_ended: self.ended_on.is_some() }
    }
}

impl StandIn {
    /// Whether it is in force on this day.
    #[must_use]
    pub fn holds_on(&self, today: NaiveDate) -> bool {
        !self.is_ended && self.from <= today && today <= self.until
    }

    /// Whether it is in force, or was within a year: so long both count as one where duties are kept apart.
    #[must_use]
    pub fn unites_on(&self, today: NaiveDate) -> bool {
        self.from <= today && self.from <= self.until && self.until >= forgotten(today)
    }
}

/// Whether records of this kind are for the member alone: what somebody learns, has reported, or has acknowledged.
#[must_use]
pub fn is_personal(kind: Prefix) -> bool {
    matches!(kind, Prefix::TrainingAssignment | Prefix::EmployeeReport | Prefix::Acknowledgement)
}

/// Whether somebody with these roles works records at all: whoever does not stands in for nobody, and takes nothing over.
#[must_use]
pub fn works(roles: &[Role]) -> bool {
    roles.iter().any(|role| cell(*role, Permission::WorkAction) != Cell::No)
}

/// What ended before this day counts no more.
fn forgotten(today: NaiveDate) -> NaiveDate {
    today.checked_sub_months(Months::new(12)).unwrap_or(today)
}

impl Member {
    /// Lets another member do what is one's own.
    ///
    /// # Errors
    /// The guard's refusal, every fault of the input, or too many delegations are open.
    pub fn delegate(
        self,
        to: &Self,
        input: Delegate,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Delegate, facts, by)?;
        let Delegate { from, until, reason } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &reason));
        faults.keep(text::day_to_come("/from", from, facts.today));
        let longest = from.checked_add_days(Days::new(DAYS)).unwrap_or(from);
        if until < from || until > longest {
            let detail = format!("must not lie before the first day, nor more than {DAYS} days behind it");
            faults.push(Fault::new("/until", "out_of_range", detail));
        }
        if to.head.id == self.head.id {
            faults.push(Fault::new("/to_id", "own", "must be somebody else"));
        } else if !works(&to.asked_on(facts.today)) {
            faults.push(Fault::new("/to_id", "cannot_work", "must be a member whose roles let records be worked"));
        }
        faults.refuse()?;
        if self.delegations.iter().filter(|one| !one.is_over(facts.today)).count() >= OPEN {
            let detail = format!("at most {OPEN} are open at a time: end some first");
            return Err(Refusal::state("too_many_delegations", detail));
        }
        let to = MemberId(to.head.id);
        let mut after = self.clone();
        after.delegations.retain(|one| one.stand_in().until >= forgotten(facts.today));
        after.delegations.push(Delegation { to, from, until, reason: reason.clone(), at, ended_on: None });
        Ok(Change::of(self, after, "delegated", at).because(reason))
    }

    /// Ends every delegation that is not over.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn end_delegation(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::EndDelegation, facts, by)?;
        let mut after = self.clone();
        for open in after.delegations.iter_mut().filter(|one| !one.is_over(facts.today)) {
            open.ended_on = Some(facts.today);
        }
        Ok(Change::of(self, after, "delegation_ended", at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Identity, Principal};
    use crate::change::Record;
    use crate::fixtures::{at, birth, member, person};
    use crate::id::{AccountId, AuditId};
    use crate::members::MemberDraft;
    use crate::reference::Prefix;
    use chrono::TimeDelta;
    use strum::VariantArray;
    use uuid::Uuid;

    fn day(ahead: i64) -> NaiveDate {
        at().date_naive() + TimeDelta::days(ahead)
    }

    fn facts(ahead: i64) -> Facts {
        Facts { admins: 1, today: day(ahead) }
    }

    fn somebody(n: u128, role: Role) -> Member {
        let draft = MemberDraft { account: AccountId(Uuid::nil()), name: "Ada".into(), unit: None, roles: vec![role] };
        let mut made = Member::enrol(draft, &person(1, &[Role::Admin]), birth(Prefix::Member)).unwrap().into_after();
        made.head.id = Uuid::from_u128(n);
        made
    }

    fn days(from: i64, until: i64) -> Delegate {
        Delegate { from: day(from), until: day(until), reason: "On leave".into() }
    }

    fn codes<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Vec<String> {
        match outcome.unwrap_err() {
            Refusal::Invalid(faults) => {
                faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
            }
            Refusal::State(reasons) => reasons.into_iter().map(|reason| reason.code).collect(),
            Refusal::Forbidden => vec!["forbidden".to_owned()],
        }
    }

    #[test]
    fn it_holds_from_its_first_to_its_last_day_and_unites_for_a_year() {
        let (ada, ben, me) = (somebody(3, Role::Member), somebody(4, Role::Member), person(3, &[Role::Member]));
        let lent = ada.delegate(&ben, days(2, 5), &facts(0), &me, at()).unwrap();
        assert_eq!((lent.verb(), lent.reason()), ("delegated", Some("On leave")));
        let after = lent.into_after();
        let [stand_in] = after.stand_ins()[..] else { panic!("one stands in") };
        assert_eq!(stand_in.to, member(4));
        for (ahead, holds, unites) in [
            (1, false, false),
            (2, true, true),
            (5, true, true),
            (6, false, true),
            (370, false, true),
            (371, false, false),
        ] {
            let told = (stand_in.holds_on(day(ahead)), stand_in.unites_on(day(ahead)));
            assert_eq!(told, (holds, unites), "day {ahead}");
        }
        let ended = after.clone().end_delegation(&facts(3), &me, at()).unwrap().into_after();
        let [stand_in] = ended.stand_ins()[..] else { panic!("it is kept") };
        assert_eq!((stand_in.holds_on(day(3)), stand_in.unites_on(day(3)), stand_in.until), (false, true, day(3)));
        // What was ended before it began never made one of two.
        let unused = after.end_delegation(&facts(0), &me, at()).unwrap().into_after();
        assert!(!unused.stand_ins()[0].unites_on(day(3)));
        assert_eq!(codes(ended.end_delegation(&facts(3), &me, at())), ["no_delegation"]);
    }

    #[test]
    fn one_lends_only_what_is_one_s_own_and_not_for_ever() {
        let (ada, ben, me) = (somebody(3, Role::Member), somebody(4, Role::Member), person(3, &[Role::Member]));
        let lend = |to: &Member, input, by: &Actor| ada.clone().delegate(to, input, &facts(0), by, at());
        for stranger in [person(4, &[Role::Member]), person(1, &[Role::Admin, Role::IsmsManager])] {
            assert_eq!(codes(lend(&ben, days(0, 1), &stranger)), ["forbidden"]);
        }
        let outside = somebody(5, Role::ExternalAuditor);
        let silent = Delegate { reason: " ".into(), ..days(0, 1) };
        for (to, input, expected) in [
            (&ben, silent, "/reason blank"),
            (&ben, days(-1, 1), "/from out_of_range"),
            (&ben, days(2, 1), "/until out_of_range"),
            (&ben, days(0, 367), "/until out_of_range"),
            (&ada, days(0, 1), "/to_id own"),
            (&outside, days(0, 1), "/to_id cannot_work"),
        ] {
            assert_eq!(codes(lend(to, input, &me)), [expected]);
        }
        let mut full = ada.clone();
        for _ in 0..OPEN {
            full = full.delegate(&ben, days(0, 1), &facts(0), &me, at()).unwrap().into_after();
        }
        assert_eq!(codes(full.clone().delegate(&ben, days(0, 1), &facts(0), &me, at())), ["too_many_delegations"]);
        // An admin ends it, nobody else; what is a year old is forgotten.
        assert_eq!(codes(full.clone().end_delegation(&facts(0), &person(4, &[Role::Member]), at())), ["forbidden"]);
        let ended = full.end_delegation(&facts(0), &person(1, &[Role::Admin]), at()).unwrap().into_after();
        let later = ended.delegate(&ben, days(400, 401), &facts(400), &me, at()).unwrap().into_after();
        assert_eq!(later.delegations.len(), 1);
    }

    #[test]
    fn whoever_stands_in_does_what_is_the_other_s_own_and_decides_nothing() {
        let mut actor = person(4, &[Role::Auditor]);
        let Identity::Member { standing, .. } = &mut actor.identity else { panic!("a person") };
        standing.principals = vec![Principal { member: member(3), roles: vec![Role::IsmsManager], audits: None }];
        standing.counts_as = vec![member(3)];
        assert_eq!(actor.acting_for(member(9)), None);
        let acting = actor.acting_for(member(3)).unwrap();
        assert_eq!(
            (acting.member(), acting.principal(), acting.on_behalf_of()),
            (Some(member(4)), Some(member(3)), Some(member(3)))
        );
        for (permission, expected) in [
            (Permission::WorkAction, Cell::Own),
            (Permission::SteerNonconformity, Cell::Own),
            (Permission::ReadRecords, Cell::Own),
            // Of the principal's role, and of the caller's own.
            (Permission::DecideNonconformity, Cell::No),
            (Permission::VerifyEffectiveness, Cell::No),
            (Permission::AcknowledgePolicy, Cell::No),
            (Permission::RecordTraining, Cell::No),
            (Permission::ReadReports, Cell::No),
        ] {
            assert_eq!(acting.cell(permission), expected, "{permission:?}");
        }
        assert_eq!(actor.cell(Permission::VerifyEffectiveness), Cell::Yes, "for oneself one's roles give what they do");
        assert_eq!(actor.persons().collect::<Vec<_>>(), [member(4), member(3)]);
        assert_eq!(acting.stands_in_for().count(), 0, "nobody stands in for two at once");
        let ada = somebody(3, Role::IsmsManager);
        assert!(!ada.is_own(&acting) && !somebody(4, Role::Auditor).is_own(&acting), "nobody is another");
        assert_eq!(
            codes(ada.delegate(&somebody(5, Role::Member), days(0, 1), &facts(0), &acting, at())),
            ["forbidden"]
        );
    }

    #[test]
    fn it_reaches_no_further_than_the_other_s_own_roles() {
        let named = AuditId(Uuid::from_u128(8));
        let mut actor = person(4, &[Role::Auditor]);
        let Identity::Member { standing, .. } = &mut actor.identity else { panic!("a person") };
        standing.audits = Some(vec![AuditId(Uuid::from_u128(9))]);
        let principal = |roles: &[Role], audits| Principal { member: member(3), roles: roles.to_vec(), audits };
        standing.principals = vec![principal(&[Role::Auditor], Some(vec![named]))];
        let acting = actor.acting_for(member(3)).unwrap();
        assert_eq!(acting.engaged_for(), Some(&[named][..]), "the other's engagement, not one's own");
        assert!(acting.reaches(Prefix::Finding) && !acting.reaches(Prefix::Nonconformity));
        for (permission, expected) in [
            (Permission::ReadRecords, Cell::Own),
            (Permission::SteerRisk, Cell::No),
            (Permission::ConductAudit, Cell::No),
        ] {
            assert_eq!(acting.cell(permission), expected, "{permission:?}");
        }
        let Identity::Member { standing, .. } = &mut actor.identity else { panic!("a person") };
        standing.principals = vec![principal(&[Role::Member], None)];
        let acting = actor.acting_for(member(3)).unwrap();
        assert_eq!((acting.engaged_for(), acting.cell(Permission::SteerRisk)), (None, Cell::Own));
        assert!(
            acting.reaches(Prefix::Nonconformity) && !actor.reaches(Prefix::Nonconformity),
            "one's own reach is less"
        );
        // Of whoever has no role any more nothing can be lent.
        let Identity::Member { standing, .. } = &mut actor.identity else { panic!("a person") };
        standing.principals = vec![principal(&[], None)];
        let acting = actor.acting_for(member(3)).unwrap();
        assert!(Permission::VARIANTS.iter().all(|permission| acting.cell(*permission) == Cell::No));
    }
}
