use super::nonconformities::{context, now, organisation};
use crate::databases::{Database, each};
use ratchet_domain::access::{Actor, Identity, Role};
use ratchet_domain::audience::Audience;
use ratchet_domain::change::Record;
use ratchet_domain::courses::{Course, CourseDraft, Facts};
use ratchet_domain::id::{AccountId, MemberId, OrganisationId};
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_domain::training_assignments::TrainingAssignment;
use ratchet_persistence::accounts;
use ratchet_persistence::error::Error;
use ratchet_persistence::schedule;
use ratchet_persistence::store::Store;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Context;

fn program(organisation: OrganisationId) -> Context {
    let actor = Actor { organisation, identity: Identity::System { worker: "schedule" } };
    Context { actor, request: None, ..context(organisation) }
}

/// So many members, and a course that all of them take.
async fn prepare(store: &Store, database: &Database, members: u128) -> OrganisationId {
    let organisation = organisation(database);
    let prepared = store.write(program(organisation), move |tx| {
        let by = tx.actor().clone();
        let mut owner = None;
        for n in 0..members {
            let account = AccountId(tx.next_id());
            accounts::insert(
                account,
                organisation,
                (&format!("{n}@{organisation}.example"), ""),
                now(),
                tx.connection(),
            )?;
            let birth = tx.birth(Member::PREFIX)?;
            owner.get_or_insert(MemberId(birth.id));
            let draft = MemberDraft { account, name: format!("{n}"), unit: None, roles: vec![Role::Member] };
            tx.save(Member::enrol(draft, &by, birth)?)?;
        }
        let draft = CourseDraft {
            title: "Phishing".into(),
            description: None,
            material: Some("In the intranet".into()),
            audience: Audience::All {},
            due_in_days: 30,
            validity_months: None,
            pass_mark: None,
            requirements: Vec::new(),
            indicators: Vec::new(),
            owner,
        };
        let birth = tx.birth(Course::PREFIX)?;
        let (course, _) = tx.save(Course::define(draft, &by, birth)?)?;
        let facts = Facts { today: now().date_naive(), ..Facts::default() };
        tx.save(course.publish(now().date_naive(), &facts, &by, now())?)?;
        Ok::<_, Error>(organisation)
    });
    prepared.await.unwrap()
}

/// Two programs on one database wake the course and its people at the same time: each is assigned once.
#[tokio::test]
async fn rivals_assign_everybody_once() {
    for database in each() {
        let (one, other) = (Store::open(&database.address, 2).unwrap(), Store::open(&database.address, 2).unwrap());
        let organisation = prepare(&one, &database, 30).await;
        loop {
            let (first, second) =
                tokio::join!(schedule::catch_up(&one, now(), &program), schedule::catch_up(&other, now(), &program));
            if first.unwrap() + second.unwrap() == 0 {
                break;
            }
        }
        let walk = move |connection: &mut _| TrainingAssignment::walk(organisation, None, 100, connection);
        let assigned = one.read(walk).await.unwrap();
        let mut members: Vec<MemberId> = assigned.iter().map(|(assignment, _)| assignment.member).collect();
        members.sort_unstable();
        members.dedup();
        assert_eq!((members.len(), assigned.len()), (30, 30));
        let theirs = super::nonconformities::organisation(&database);
        let walk = move |connection: &mut _| TrainingAssignment::walk(theirs, None, 100, connection);
        assert!(one.read(walk).await.unwrap().is_empty());
    }
}
