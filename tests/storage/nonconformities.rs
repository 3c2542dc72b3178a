use crate::databases::{Database, each};
use chrono::{DateTime, Utc};
use ratchet_domain::access::{Actor, Identity, Role, Standing};
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::nonconformities::{Confirm, Facts, Grade, Nonconformity, NonconformityDraft, Source};
use ratchet_domain::reference::Locator;
use ratchet_persistence::error::Error;
use ratchet_persistence::organisations;
use ratchet_persistence::store::Store;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Context;
use uuid::Uuid;

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_780_000_000_123_456).unwrap()
}

pub fn organisation(database: &Database) -> OrganisationId {
    let id = OrganisationId(Uuid::new_v4());
    organisations::insert(id, "Harbour Robotics", now(), &mut database.open()).unwrap();
    id
}

pub fn context(organisation: OrganisationId) -> Context {
    let identity = Identity::Member {
        id: MemberId(Uuid::from_u128(1)),
        roles: vec![Role::IsmsManager],
        standing: Standing::default(),
    };
    Context {
        actor: Actor { organisation, identity },
        now: Box::new(now),
        request: Some("test".into()),
        dry_run: false,
        next_id: Box::new(Uuid::new_v4),
        next_salt: Box::new(|| *Uuid::new_v4().as_bytes()),
    }
}

pub fn draft() -> NonconformityDraft {
    NonconformityDraft {
        title: "Patches late on laptops".into(),
        statement: "Critical patches are not installed within 14 days".into(),
        objective_evidence: "79 % in week 12".into(),
        source: Source::Indicator,
        origin: None,
        requirement: Some("A.8.8".into()),
        indicators: Vec::new(),
        due_on: None,
    }
}

pub async fn raise(store: &Store, organisation: OrganisationId) -> Nonconformity {
    let raised = store.write(context(organisation), |tx| {
        let birth = tx.birth(Nonconformity::PREFIX)?;
        let change = Nonconformity::raise(draft(), &tx.actor().clone(), birth)?;
        tx.save(change)
    });
    raised.await.unwrap().0
}

pub fn confirmed(case: Nonconformity, by: &Actor) -> Change<Nonconformity> {
    let input = Confirm { grade: Grade::Major, owner: MemberId(Uuid::from_u128(9)) };
    case.confirm(input, &Facts { today: now().date_naive(), ..Facts::default() }, by, now()).unwrap()
}

#[tokio::test]
async fn a_record_is_read_back_as_it_was_stored() {
    for database in each() {
        let organisation = organisation(&database);
        let store = Store::open(&database.address, 2).unwrap();
        let case = raise(&store, organisation).await;
        let context = context(organisation);
        let change = confirmed(case, &context.actor);
        let (stored, _) = store.write(context, move |tx| tx.save(change)).await.unwrap();
        let id = stored.head().id;
        let read =
            store.read(move |connection| Nonconformity::find(organisation, Locator::Id(id), connection)).await.unwrap();
        assert_eq!(read.unwrap().0, stored);
    }
}

#[tokio::test]
async fn another_organisation_sees_nothing() {
    for database in each() {
        let (ours, theirs) = (organisation(&database), organisation(&database));
        let store = Store::open(&database.address, 2).unwrap();
        let id = raise(&store, ours).await.head().id;
        let seen =
            store.read(move |connection| Nonconformity::find(theirs, Locator::Id(id), connection)).await.unwrap();
        assert!(seen.is_none());
        let got = store.write(context(theirs), move |tx| tx.get::<Nonconformity>(Locator::Id(id))).await;
        assert!(matches!(got, Err(Error::NotFound)));
    }
}
