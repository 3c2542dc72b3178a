//! A server per test on a database of its own, with two organisations and a member for every role in each.

mod answer;
mod contract;
mod entries;
mod outside;
mod stream;

pub use answer::{Answer, speaks_its_own};
pub use contract::{document, misfit};
pub use entries::ENTRIES;
pub use outside::{ISSUER, Outside, public, signed};
pub use stream::Stream;

use self::entries::Call;
use crate::databases::Database;
use actix_web::dev::ServerHandle;
use chrono::{DateTime, Utc};
use diesel::RunQueryDsl;
use ed25519_dalek::SigningKey;
use ratchet_domain::access::{Actor, Identity, Role};
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, OrganisationId};
use ratchet_domain::journal::leaf::{Leaf, leaf_hash};
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_domain::report_intakes::hour_of;
use ratchet_http::KeyUses;
use ratchet_http::app::{App, Keys, Settings, Source};
use ratchet_persistence::built_in;
use ratchet_persistence::connection::{Address, AnyConnection};
use ratchet_persistence::error::Error;
use ratchet_persistence::evaluation;
use ratchet_persistence::files::Files;
use ratchet_persistence::formulas;
use ratchet_persistence::journal::sequencer::{self, Signer};
use ratchet_persistence::journal::verification::{Scope, verify};
use ratchet_persistence::measurements::retention;
use ratchet_persistence::readiness;
use ratchet_persistence::report_intakes;
use ratchet_persistence::schedule;
use ratchet_persistence::search;
use ratchet_persistence::store::Store;
use ratchet_persistence::tx::Context;
use ratchet_persistence::{accounts, organisations};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use uuid::Uuid;

pub const PASSWORD: &str = "correct horse battery staple";
pub const ROLES: [Role; 6] =
    [Role::Admin, Role::IsmsManager, Role::Management, Role::Auditor, Role::Member, Role::ExternalAuditor];

/// A running server.
pub struct Api {
    pub url: String,
    pub database: Database,
    pub store: Store,
    servers: Mutex<Vec<ServerHandle>>,
    key_uses: KeyUses,
    settings: Settings,
    source: Source,
    outside: Outside,
    evidence: tempfile::TempDir,
    client: reqwest::Client,
    clock: Arc<Mutex<DateTime<Utc>>>,
    /// The two organisations; ours comes first.
    sides: Mutex<[Side; 2]>,
    tokens: Mutex<HashMap<(OrganisationId, &'static str), String>>,
    /// The journal's entries that answers have named, each with the hash of its leaf and the call.
    entries: Mutex<BTreeMap<String, (String, Option<Call>)>>,
    /// What is stored was damaged on purpose.
    is_damaged: AtomicBool,
}

/// An organisation, and how its addresses end.
#[derive(Clone, Copy)]
struct Side {
    organisation: OrganisationId,
    whose: &'static str,
}

/// Who signs the journals of these tests.
pub fn signer() -> Signer {
    Signer {
        key: SigningKey::from_bytes(&[8; 32]),
        former: None,
        retired: Vec::new(),
        origin: "ratchet.example".to_owned(),
    }
}

/// Who signs the tokens of these tests.
pub fn token_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

impl Api {
    pub async fn start(database: Database) -> Self {
        let (requests_per_minute, logins_per_minute, reports_per_minute) = (1_000_000, 1_000_000, 1_000_000);
        let often = Settings { requests_per_minute, logins_per_minute, reports_per_minute, ..Settings::default() };
        Self::start_with(database, often).await
    }

    pub async fn start_with(database: Database, settings: Settings) -> Self {
        let clock = Arc::new(Mutex::new(DateTime::from_timestamp_micros(1_780_000_000_123_456).unwrap()));
        let reading = clock.clone();
        let source = Source {
            now: Arc::new(move || *reading.lock().unwrap()),
            id: Arc::new(time_ordered),
            random: Arc::new(|| {
                let mut bytes = [0; 32];
                bytes[..16].copy_from_slice(Uuid::new_v4().as_bytes());
                bytes[16..].copy_from_slice(Uuid::new_v4().as_bytes());
                bytes
            }),
        };
        let store = Store::open(&database.address, 4).unwrap();
        let evidence = tempfile::tempdir().unwrap();
        let settings = Settings { evidence_directory: evidence.path().to_owned(), ..settings };
        let outside = Outside::default();
        let (url, server, key_uses) = serve(store.clone(), source.clone(), settings.clone(), &outside);
        let now = *clock.lock().unwrap();
        let mut sides = Vec::new();
        for (name, whose) in [("Harbour Robotics", "ours"), ("Other Ltd", "theirs")] {
            sides.push(Side { organisation: found(&store, name, whose, now).await, whose });
        }
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy();
        let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self {
            url,
            database,
            store,
            servers: Mutex::new(vec![server]),
            key_uses,
            settings,
            source,
            outside,
            evidence,
            client,
            clock,
            sides: Mutex::new([sides[0], sides[1]]),
            tokens: Mutex::default(),
            entries: Mutex::default(),
            is_damaged: AtomicBool::new(false),
        }
    }

    /// A second server on the same data; its URL. On PostgreSQL with connections of its own, as another machine would
    /// have; an SQLite file has one writer, which both use.
    pub fn replica(&self) -> String {
        let store = match &self.database.address {
            Address::Postgres(_) => Store::open(&self.database.address, 4).unwrap(),
            Address::Sqlite(_) => self.store.clone(),
        };
        let (url, server, _) = serve(store, self.source.clone(), self.settings.clone(), &self.outside);
        self.servers.lock().unwrap().push(server);
        url
    }

    /// What lies outside, as far as the server asks for it.
    pub fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The test is about to damage what is stored: from here on neither answers nor verification need be clean.
    pub fn damage(&self) {
        self.is_damaged.store(true, Ordering::Relaxed);
    }

    /// From now on the other organisation is ours.
    pub fn change_sides(&self) {
        self.sides.lock().unwrap().reverse();
    }

    /// Lets time pass.
    pub fn wait(&self, time: chrono::TimeDelta) {
        let mut clock = self.clock.lock().unwrap();
        *clock += time;
        // Sessions live by the same clock.
        self.tokens.lock().unwrap().clear();
    }

    /// Where files of evidence lie.
    pub fn evidence_directory(&self) -> PathBuf {
        self.evidence.path().to_owned()
    }

    /// Gives every entry its position.
    pub async fn sequence(&self) {
        let now = self.now();
        while self.store.work(move |c| sequencer::sequence(&signer(), now, c)).await.unwrap() > 0 {}
    }

    /// Evaluates what was measured, and what was not, and computes what follows by formulas.
    pub async fn evaluate(&self) {
        let now = self.now();
        let by = |worker| move |organisation| context(organisation, worker, now);
        loop {
            let evaluated = evaluation::catch_up(&self.store, now, true, &by("evaluation")).await.unwrap();
            let computed = formulas::catch_up(&self.store, now, &by("figures")).await.unwrap();
            if evaluated + computed == 0 {
                break;
            }
        }
    }

    /// Evaluates what was measured, and computes as much by formulas as is computed in one go.
    pub async fn compute_one_step(&self) {
        let now = self.now();
        let by = |worker| move |organisation| context(organisation, worker, now);
        while evaluation::catch_up(&self.store, now, true, &by("evaluation")).await.unwrap() > 0 {}
        formulas::catch_up(&self.store, now, &by("figures")).await.unwrap();
    }

    /// Makes what was written findable.
    pub async fn follow(&self) {
        self.sequence().await;
        while self.store.work(search::follow).await.unwrap() > 0 {}
    }

    /// Wakes records whose time has come; how many there were.
    pub async fn wake(&self) -> usize {
        let now = self.now();
        let context = |organisation| context(organisation, "schedule", now);
        schedule::catch_up(&self.store, now, &context).await.unwrap()
    }

    /// Keeps how ready each organisation is today; how many days were kept.
    pub async fn keep_readiness(&self) -> usize {
        readiness::catch_up(&self.store, self.now()).await.unwrap()
    }

    /// Measures the built-in indicators of the day; of how many organisations.
    pub async fn measure_built_in(&self) -> usize {
        let now = self.now();
        let context = |organisation| context(organisation, "figures", now);
        built_in::catch_up(&self.store, now, &context).await.unwrap()
    }

    /// Removes measurements that are not kept any longer; of how many batches.
    pub async fn remove_measurements(&self) -> usize {
        let now = self.now();
        let context = |organisation| context(organisation, "retention", now);
        retention::catch_up(&self.store, now, &context).await.unwrap()
    }

    /// Writes down when API keys were used last, as once a minute; how many were.
    pub async fn note_key_uses(&self) -> usize {
        self.key_uses.write(&self.store).await.unwrap()
    }

    /// Takes anonymous reports into the register, as when an hour is full.
    pub async fn take_in_reports(&self) {
        let hour = hour_of(self.now());
        let context = |organisation| Context {
            actor: Actor { organisation, identity: Identity::Anonymous },
            next_id: Box::new(Uuid::new_v4),
            ..context(organisation, "", hour)
        };
        report_intakes::take_in(&self.store, &context).await.unwrap();
    }

    /// Enrols so many members more, who never log in.
    pub async fn crowd(&self, count: usize) {
        let now = self.now();
        let enrolled = self.store.write(context(self.side(0).organisation, "setup", now), move |tx| {
            for n in 0..count {
                let account = AccountId(tx.next_id());
                let organisation = tx.actor().organisation;
                accounts::insert(account, organisation, (&format!("crowd{n}@ours.example"), ""), now, tx.connection())?;
                let birth = tx.birth(Member::PREFIX)?;
                let draft = MemberDraft { account, name: format!("Crowd {n}"), unit: None, roles: vec![Role::Member] };
                let change = Member::enrol(draft, &tx.actor().clone(), birth)?;
                tx.save(change)?;
            }
            Ok::<_, Error>(())
        });
        enrolled.await.unwrap();
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.clock.lock().unwrap()
    }

    fn side(&self, which: usize) -> Side {
        self.sides.lock().unwrap()[which]
    }

    /// Our organisation.
    pub fn ours(&self) -> Uuid {
        self.side(0).organisation.0
    }

    /// The other one.
    pub fn theirs(&self) -> Uuid {
        self.side(1).organisation.0
    }

    /// Somebody of our organisation.
    pub async fn by(&self, role: Role) -> Caller<'_> {
        self.caller(self.side(0), role).await
    }

    /// Somebody of the other organisation.
    pub async fn stranger(&self, role: Role) -> Caller<'_> {
        self.caller(self.side(1), role).await
    }

    /// Nobody.
    pub fn anonymous(&self) -> Caller<'_> {
        Caller { api: self, url: self.url.clone(), token: None }
    }

    /// Whoever holds this token.
    pub fn with_token(&self, token: &str) -> Caller<'_> {
        Caller { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// The access and the refresh token of a new session.
    pub async fn log_in(&self, role: Role) -> [String; 2] {
        let Side { organisation: _, whose } = self.side(0);
        let name: &'static str = role.into();
        let body = json!({ "email": format!("{name}@{whose}.example"), "password": PASSWORD });
        let answer = self.anonymous().post("/v1/auth/login", body).await.expect(200);
        ["access_token", "refresh_token"].map(|token| answer.body[token].as_str().unwrap().to_owned())
    }

    async fn caller(&self, Side { organisation, whose }: Side, role: Role) -> Caller<'_> {
        let name: &'static str = role.into();
        let known = self.tokens.lock().unwrap().get(&(organisation, name)).cloned();
        if let Some(token) = known {
            return self.with_token(&token);
        }
        let body = json!({ "email": format!("{name}@{whose}.example"), "password": PASSWORD });
        let answer = self.anonymous().post("/v1/auth/login", body).await.expect(200);
        let token = answer.body["access_token"].as_str().unwrap().to_owned();
        self.tokens.lock().unwrap().insert((organisation, name), token.clone());
        self.with_token(&token)
    }

    fn note(
        &self,
        (method, url): (&Method, &reqwest::Url),
        call: Option<Call>,
        status: u16,
        headers: &HashMap<String, String>,
    ) {
        let entry = headers.get("journal-entry");
        let what = format!("{method} {url}: {status}");
        // Whatever is sent: a fault of ours is a fault.
        assert!(status < 500 || status == 503 || self.is_damaged.load(Ordering::Relaxed), "{what}");
        let dry_run = url.query().is_some_and(|query| query.contains("dry_run=true"));
        // A partial write at a door is an answer of the 400s, as its protocol wants it.
        let is_door = url.path().starts_with("/v1/ingest/") && !url.path().ends_with("/adopt");
        // What is tried is not kept.
        let is_trial = url.path().ends_with("/try");
        if method.is_safe() || (status >= 400 && !(status == 400 && is_door)) || dry_run || is_trial {
            assert_eq!((entry, headers.get("journal-leaf")), (None, None), "{what}");
            return;
        }
        // Measurements and history that were known already are no news, nor are templates that were applied before.
        let path = url.path();
        let is_template = path.starts_with("/v1/templates/") && path.ends_with("/apply");
        // What a directory says again is so already.
        let is_directory = path.starts_with("/v1/scim/v2/") && entry.is_none();
        let may_find_nothing_new = path == "/v1/measurements" || path.starts_with("/v1/imports/") || is_template;
        if is_machinery(path) || (status == 200 && may_find_nothing_new) || (is_door && entry.is_none()) || is_directory
        {
            return;
        }
        assert!(self.keep_entry(headers, call), "{what} has no entry");
    }

    /// Whether an answer has named an entry of the journal.
    pub fn saw_entry(&self, headers: &HashMap<String, String>) -> bool {
        self.keep_entry(headers, None)
    }

    fn keep_entry(&self, headers: &HashMap<String, String>, call: Option<Call>) -> bool {
        let (entry, leaf) = (headers.get("journal-entry"), headers.get("journal-leaf"));
        let Some(entry) = entry else { return false };
        let mut entries = self.entries.lock().unwrap();
        // What is answered again was done by whoever was answered first.
        entries.entry(entry.replace('-', "")).or_insert((leaf.cloned().unwrap_or_default(), call));
        true
    }

    /// The operations that have left an entry.
    pub fn entered(&self) -> BTreeSet<&'static str> {
        let entries = self.entries.lock().unwrap();
        entries.values().filter_map(|(_, call)| call.as_ref()).map(|call| call.operation).collect()
    }

    /// A member of our organisation, by id.
    pub async fn member_id(&self, role: Role) -> String {
        self.by(role).await.get("/v1/me").await.expect(200).body["member_id"].as_str().unwrap().to_owned()
    }
}

/// Whatever a test was about: each write that succeeded has its entry in the journal, of whoever called and of what the
/// operation does, and nothing else has one but what the same request wrote beside it; the journal verifies with every record and every file; no reference dangles.
impl Drop for Api {
    fn drop(&mut self) {
        // Their connections are needed by the next test.
        for server in self.servers.lock().unwrap().drain(..) {
            drop(server.stop(false));
        }
        if std::thread::panicking() {
            return;
        }
        let mut connection = self.database.open();
        if !self.is_damaged.load(Ordering::Relaxed) {
            let files = Files::new(self.evidence.path());
            let scope = Scope { state: true, evidence: Some(files), ..Scope::default() };
            let report = verify(&scope, &signer().key.verifying_key(), &mut connection).unwrap();
            assert!(report.is_clean(), "{:?}", report.findings);
            assert_eq!(dangling(&mut connection), 0, "references to nothing");
        }
        let plain = match &connection {
            AnyConnection::Sqlite(_) => "lower(hex(id))",
            AnyConnection::Postgres(_) => "replace(id::text, '-', '')",
        };
        let query = format!("SELECT {plain} AS entry, leaf FROM journal_entries WHERE actor_id IS NOT NULL");
        let rows: Vec<StoredEntry> = diesel::sql_query(query).load(&mut connection).unwrap();
        let types: BTreeSet<&str> = ratchet_http::event_types().collect();
        let kinds = self.database.lines("SELECT DISTINCT action AS line FROM journal_entries");
        let untold: Vec<String> = kinds.into_iter().filter(|kind| !types.contains(kind.as_str())).collect();
        assert!(untold.is_empty(), "not in openapi/event-types.txt: {untold:?}");
        let calls = std::mem::take(&mut *self.entries.lock().unwrap());
        if !self.is_damaged.load(Ordering::Relaxed) {
            let fault = |row: &StoredEntry| calls.get(&row.entry)?.1.as_ref()?.fault(&Leaf::parse(&row.leaf).unwrap());
            assert_eq!(rows.iter().filter_map(fault).collect::<Vec<_>>(), Vec::<String>::new(), "see entries.csv");
        }
        let answered: BTreeMap<String, String> = calls.into_iter().map(|(entry, (leaf, _))| (entry, leaf)).collect();
        let (named, beside): (Vec<_>, Vec<_>) = rows.iter().partition(|row| answered.contains_key(&row.entry));
        let hash = |row: &StoredEntry| leaf_hash(&row.leaf).to_string();
        let stored: BTreeMap<String, String> = named.iter().map(|row| (row.entry.clone(), hash(row))).collect();
        assert_eq!(answered, stored, "what was answered, and what the journal holds of callers");
        let requests: Vec<String> = named.iter().map(|row| row.request()).collect();
        for row in beside {
            let answers = requests.iter().filter(|request| **request == row.request()).count();
            assert_eq!(answers, 1, "one answer speaks for {}", String::from_utf8_lossy(&row.leaf));
        }
    }
}

/// References to rows that are not there. PostgreSQL checks each of them at every commit.
fn dangling(connection: &mut AnyConnection) -> usize {
    match connection {
        AnyConnection::Sqlite(_) => diesel::sql_query("PRAGMA foreign_key_check").execute(connection).unwrap(),
        AnyConnection::Postgres(_) => 0,
    }
}

#[derive(diesel::QueryableByName)]
struct StoredEntry {
    #[diesel(sql_type = diesel::sql_types::Text)]
    entry: String,
    #[diesel(sql_type = diesel::sql_types::Binary)]
    leaf: Vec<u8>,
}

impl StoredEntry {
    /// The request whose work it is part of.
    fn request(&self) -> String {
        Leaf::parse(&self.leaf).unwrap().request.unwrap()
    }
}

/// Writes that are about no record: machinery without an entry. An anonymous report becomes a record by the hour, so that
/// its entry does not tell the minute.
fn is_machinery(path: &str) -> bool {
    ["/v1/auth/", "/v1/report-intakes/", "/v1/ticket-inbound/"].iter().any(|machinery| path.starts_with(machinery))
}

/// Who asks.
#[derive(Clone)]
pub struct Caller<'a> {
    api: &'a Api,
    url: String,
    token: Option<String>,
}

impl Caller<'_> {
    /// The same caller, asking another server.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// With the version that was read.
    pub async fn patch(&self, path: &str, etag: &str, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).header("if-match", etag);
        self.send(request.header("content-type", "application/merge-patch+json").body(body.to_string())).await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.api.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Listens to events from behind this position, or from now on.
    pub async fn listen(&self, path: &str, last_event_id: Option<u64>) -> Stream {
        let mut request = self.request(Method::GET, path);
        if let Some(last) = last_event_id {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let mut stream = Stream::new(response);
        stream.beginning().await;
        stream
    }

    /// Every answer to a write is held against the journal: see [`Api::drop`].
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, url) = (request.method().clone(), request.url().clone());
        let call = Call::of(&request);
        let response = self.api.client.execute(request).await.unwrap();
        let status = response.status().as_u16();
        let headers: HashMap<String, String> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        self.api.note((&method, &url), call, status, &headers);
        // A stream goes on until somebody has had enough of it.
        let is_endless =
            method == Method::GET && headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = match is_endless {
            true => Stream::new(response).beginning().await,
            false => response.bytes().await.unwrap().to_vec(),
        };
        let answer = Answer::new(status, headers, bytes);
        answer.is_as_the_house_answers(&method, url.path());
        if !self.api.is_damaged.load(Ordering::Relaxed)
            && let Some(fault) = contract::fault(&method, url.path(), &answer)
        {
            panic!("{method} {url}: {} {fault}: {}", answer.status, answer.text);
        }
        answer
    }
}

/// Ids in the order in which they are asked for, whatever the fixed clock says.
pub fn time_ordered() -> Uuid {
    static NEXT: OnceLock<Mutex<u64>> = OnceLock::new();
    let mut next = NEXT.get_or_init(Mutex::default).lock().unwrap();
    *next += 1;
    let [_, _, _, _, _, _, _, _, tail @ ..] = *Uuid::new_v4().as_bytes();
    uuid::Builder::from_unix_timestamp_millis(1_780_000_000_000 + *next, &{
        let mut random = [0; 10];
        random[..8].copy_from_slice(&tail);
        random
    })
    .into_uuid()
}

fn serve(store: Store, source: Source, settings: Settings, outside: &Outside) -> (String, ServerHandle, KeyUses) {
    let keys = Keys { token: token_key(), former_token: None, journal: signer().key.verifying_key(), secret: [9; 32] };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Arc::new(App::new(store, source, settings, &keys).unwrap().asking(outside.fetch()));
    let key_uses = app.key_uses();
    let (started, handle) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let system = actix_web::rt::System::new();
        let serving = async {
            let server = ratchet_http::serve(app, listener, 2).unwrap();
            started.send(server.handle()).unwrap();
            server.await
        };
        system.block_on(serving).unwrap();
    });
    (url, handle.recv().unwrap(), key_uses)
}

pub fn context(organisation: OrganisationId, worker: &'static str, now: DateTime<Utc>) -> Context {
    Context {
        actor: Actor { organisation, identity: Identity::System { worker } },
        now: Box::new(move || now),
        request: None,
        dry_run: false,
        next_id: Box::new(time_ordered),
        next_salt: Box::new(|| *Uuid::new_v4().as_bytes()),
    }
}

async fn found(store: &Store, name: &'static str, whose: &'static str, now: DateTime<Utc>) -> OrganisationId {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| ratchet_http::hash_password(PASSWORD).unwrap()).clone();
    let organisation = OrganisationId(Uuid::new_v4());
    let founded = store.write(context(organisation, "setup", now), move |tx| {
        organisations::found(name, tx)?;
        for role in ROLES {
            let role_name: &'static str = role.into();
            let account = AccountId(tx.next_id());
            let email = format!("{role_name}@{whose}.example");
            accounts::insert(account, organisation, (&email, &hash), now, tx.connection())?;
            let birth = tx.birth(Member::PREFIX)?;
            let draft = MemberDraft { account, name: format!("{role_name} of {whose}"), unit: None, roles: vec![role] };
            let change = Member::enrol(draft, &tx.actor().clone(), birth)?;
            tx.save(change)?;
        }
        Ok::<_, Error>(organisation)
    });
    founded.await.unwrap()
}
