use crate::databases::{Database, each};
use crate::storage::nonconformities::{context, now, organisation};
use chrono::Duration;
use ratchet_domain::access::{Identity, Role, Standing};
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, MemberId, OrganisationId, SessionId};
use ratchet_domain::members::{Facts, Member, MemberDraft};
use ratchet_persistence::accounts;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::sessions::{self, Refreshed};
use ratchet_persistence::store::Store;
use ratchet_persistence::tx::Context;
use uuid::Uuid;

fn admin(organisation: OrganisationId) -> Context {
    let mut context = context(organisation);
    context.actor.identity = Identity::System { worker: "set-up" };
    context
}

async fn member(database: &Database, organisation: OrganisationId) -> Member {
    let account = AccountId(Uuid::new_v4());
    let email = format!("{account}@example.org");
    accounts::insert(account, organisation, (&email, "hash"), now(), &mut database.open()).unwrap();
    let store = Store::open(&database.address, 1).unwrap();
    let enrolled = store.write(admin(organisation), move |tx| {
        let birth = tx.birth(Member::PREFIX)?;
        let draft = MemberDraft { account, name: "Ada".into(), unit: None, roles: vec![Role::Auditor, Role::Admin] };
        let change = Member::enrol(draft, &tx.actor().clone(), birth)?;
        tx.save(change)
    });
    enrolled.await.unwrap().0
}

async fn session(database: &Database) -> (SessionId, Member) {
    let organisation = organisation(database);
    let member = member(database, organisation).await;
    let (id, until) = (SessionId(Uuid::new_v4()), now() + Duration::days(14));
    let who = MemberId(member.head().id);
    sessions::open(id, organisation, who, [0; 32], (now(), until), &mut database.open()).unwrap();
    (id, member)
}

fn refresh(n: u8, after: i64, connection: &mut AnyConnection) -> Refreshed {
    sessions::refresh([n; 32], [n + 1; 32], now() + Duration::seconds(after), connection).unwrap()
}

#[tokio::test]
async fn a_reused_token_ends_the_whole_session() {
    for database in each() {
        let (id, _) = session(&database).await;
        let connection = &mut database.open();
        assert!(matches!(refresh(0, 1, connection), Refreshed::Renewed(_)));
        assert!(matches!(refresh(0, 5, connection), Refreshed::Renewed(_)), "a lost answer, asked again");
        assert!(matches!(refresh(1, 6, connection), Refreshed::Renewed(_)));
        assert!(matches!(refresh(0, 7, connection), Refreshed::Reused(_)), "its successor has been used");
        assert_eq!(refresh(0, 7, connection), Refreshed::Unknown, "it is told once");
        assert_eq!(refresh(2, 8, connection), Refreshed::Unknown);
        assert!(sessions::find(id, now(), connection).unwrap().is_none());
    }
}

#[tokio::test]
async fn the_grace_is_short() {
    for database in each() {
        session(&database).await;
        let connection = &mut database.open();
        assert!(matches!(refresh(0, 1, connection), Refreshed::Renewed(_)));
        assert!(matches!(refresh(0, 12, connection), Refreshed::Reused(_)));
    }
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_its_member() {
    for database in each() {
        let (id, member) = session(&database).await;
        let found = sessions::find(id, now(), &mut database.open()).unwrap().unwrap();
        let Identity::Member { roles, standing, .. } = found.actor.identity else { panic!("not a member's session") };
        assert_eq!((roles, standing), (vec![Role::Admin, Role::Auditor], Standing::default()));
        assert!(sessions::find(id, now() + Duration::days(15), &mut database.open()).unwrap().is_none());
        let store = Store::open(&database.address, 1).unwrap();
        let deactivated = store.write(admin(member.head().organisation), move |tx| {
            let change = member.deactivate(
                "left".into(),
                &Facts { admins: 2, ..Facts::default() },
                &tx.actor().clone(),
                tx.now(),
            )?;
            tx.save(change)
        });
        deactivated.await.unwrap();
        assert!(sessions::find(id, now(), &mut database.open()).unwrap().is_none());
    }
}

#[test]
fn an_address_has_one_account_in_each_organisation() {
    for database in each() {
        let (ours, theirs) = (organisation(&database), organisation(&database));
        let insert = |organisation| {
            let id = AccountId(Uuid::new_v4());
            accounts::insert(id, organisation, ("ada@example.org", "hash"), now(), &mut database.open())
        };
        insert(ours).unwrap();
        insert(theirs).unwrap();
        assert!(matches!(insert(ours), Err(Error::Taken("email"))));
    }
}
