use super::nonconformities::context;
use crate::databases::{Database, each};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::{Actor, Identity, Role};
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, MemberId, OrganisationId};
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_persistence::digests::{self, Due, Outcome};
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use ratchet_persistence::tx::Context;
use ratchet_persistence::{accounts, organisations};
use uuid::Uuid;

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// An organisation with its settings and two members, of whom one does not want to hear of it.
async fn organisation(store: &Store, n: u128) -> (OrganisationId, MemberId) {
    let organisation = OrganisationId(Uuid::from_u128(n));
    let actor = Actor { organisation, identity: Identity::System { worker: "setup" } };
    let founded = store.write(Context { actor, ..context(organisation) }, move |tx| {
        organisations::found("Harbour Robotics", tx)?;
        let mut ids = Vec::new();
        for name in ["ada", "quiet"] {
            let (account, now) = (AccountId(tx.next_id()), tx.now());
            let email = format!("{name}{n}@example.org");
            accounts::insert(account, tx.actor().organisation, (&email, ""), now, tx.connection())?;
            let birth = tx.birth(Member::PREFIX)?;
            let draft = MemberDraft { account, name: name.to_owned(), unit: None, roles: vec![Role::Member] };
            let member = tx.save(Member::enrol(draft, &tx.actor().clone(), birth)?)?.0;
            ids.push(MemberId(member.head.id));
        }
        Ok::<_, Error>(ids)
    });
    let ids = founded.await.unwrap();
    (organisation, ids[0])
}

async fn due(store: &Store, now: DateTime<Utc>) -> Vec<Due> {
    store.read(move |connection| digests::due(now, connection)).await.unwrap()
}

async fn claim(store: &Store, due: Due, now: DateTime<Utc>) -> bool {
    let claim = move |connection: &mut _| digests::claim(due, Outcome::Claimed, now, connection);
    store.work::<_, Error, _>(claim).await.unwrap()
}

fn quieten(database: &Database) {
    let quiet = "UPDATE members SET digest = (1 = 0) WHERE name = 'quiet'";
    diesel::connection::SimpleConnection::batch_execute(&mut database.open(), quiet).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_claimed_once_a_day() {
    for database in each() {
        let store = Store::open(&database.address, 4).unwrap();
        let (first, ada) = organisation(&store, 1).await;
        let (_, other) = organisation(&store, 2).await;
        quieten(&database);
        let (early, morning) = (at("2026-03-10T06:59:59Z"), at("2026-03-10T07:00:00Z"));
        assert!(due(&store, early).await.is_empty());
        let waiting = due(&store, morning).await;
        let day = "2026-03-10".parse().unwrap();
        assert_eq!(waiting.iter().map(|due| (due.member, due.day)).collect::<Vec<_>>(), [(ada, day), (other, day)]);
        let mine = waiting[0];
        // Of many at the same time one has it.
        let mut rivals = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            rivals.spawn(async move { claim(&store, mine, morning).await });
        }
        assert_eq!(rivals.join_all().await.into_iter().filter(|claimed| *claimed).count(), 1);
        assert_eq!(due(&store, at("2026-03-10T23:00:00Z")).await, [waiting[1]]);
        // Put off, it is due again; concluded, it is not.
        store.work(move |connection| digests::release(mine, connection)).await.unwrap();
        assert_eq!(due(&store, morning).await, waiting);
        assert!(claim(&store, mine, morning).await);
        store.work(move |connection| digests::conclude(mine, Outcome::Sent, connection)).await.unwrap();
        store.work(move |connection| digests::release(mine, connection)).await.unwrap();
        assert_eq!(due(&store, morning).await, [waiting[1]], "what was sent is not let go");

        let content = async |one: Due, now| {
            store.read(move |connection| digests::content(one, 10, now, connection)).await.unwrap().unwrap()
        };
        let tomorrow = morning + TimeDelta::days(1);
        let next = due(&store, tomorrow).await[0];
        let told = content(next, tomorrow).await;
        assert_eq!((told.address.as_str(), told.name.as_str()), ("ada1@example.org", "ada"));
        assert_eq!((told.since, told.organisation.as_str()), (morning, "Harbour Robotics"));
        assert_eq!(content(waiting[1], morning).await.since, morning - TimeDelta::hours(24), "the first of all");
        let elsewhere = Due { organisation: first, ..waiting[1] };
        let found = store.read(move |connection| digests::content(elsewhere, 10, morning, connection)).await;
        assert_eq!(found.unwrap(), None, "members of other organisations are not found");
        // What is long past is forgotten.
        let later = Due { day: mine.day + chrono::Days::new(31), ..mine };
        assert!(claim(&store, later, morning + TimeDelta::days(31)).await);
        assert_eq!(database.lines("SELECT day AS line FROM digests"), ["2026-04-10"]);
    }
}
