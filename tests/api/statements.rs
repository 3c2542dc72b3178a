//! What a page costs: as many statements for one record as for fifty, and few of them.

use super::contract::{operations, target};
use super::samples::allowed;
use crate::databases::migrated_postgres;
use crate::harness::{Api, Caller};
use chrono::TimeDelta;
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation};
use ratchet_domain::access::Role;
use ratchet_persistence::connection::Address;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex};

/// A page costs at most so many.
const MOST: usize = 6;

/// What was asked of each database that is listened to, by its address.
static ASKED: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);

/// One connection's ear.
#[derive(Default)]
struct Ear {
    url: String,
}

impl Instrumentation for Ear {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = event {
            // Without what every connection is told beside its address.
            url.split('?').next().unwrap_or(url).clone_into(&mut self.url);
        } else if let InstrumentationEvent::StartQuery { query, .. } = event
            && let Some(asked) = ASKED.lock().unwrap().get_mut(&self.url)
        {
            let statement = query.to_string();
            if !["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| statement.starts_with(word)) {
                asked.push(statement);
            }
        }
    }
}

/// A list of the contract: whatever answers pages and takes sort keys.
struct List {
    path: String,
    operation: String,
    /// Everything that it can write out.
    expand: Vec<String>,
}

fn lists() -> Vec<List> {
    let list = |(method, path, operation): (Method, String, Value)| {
        let parameter = |name: &str| {
            let all = operation["parameters"].as_array().into_iter().flatten();
            all.into_iter().find(|parameter| parameter["name"] == name)
        };
        parameter("cursor").and(parameter("sort")).filter(|_| method == Method::GET)?;
        let words = parameter("expand").and_then(|expand| expand["schema"]["items"]["enum"].as_array());
        let expand = words.into_iter().flatten().map(|word| word.as_str().unwrap().to_owned()).collect();
        Some(List { path, operation: operation["operationId"].as_str().unwrap().to_owned(), expand })
    };
    operations().into_iter().filter_map(list).collect()
}

/// Makes fifty of the newest record of a table, which is stored as it lies: no rule is asked, and none is to be unique.
fn multiply(table: &str, api: &Api) {
    let ours = format!("organisation_id = '{}'", api.ours());
    let columns = api.database.lines(&format!(
        "SELECT column_name::text AS line FROM information_schema.columns WHERE table_name = '{table}' \
         ORDER BY ordinal_position"
    ));
    let value = |column: &String| match column.as_str() {
        "id" => "gen_random_uuid()".to_owned(),
        "reference" => "regexp_replace(reference, '[0-9]+$', (5000 + n)::text)".to_owned(),
        column => format!("\"{column}\""),
    };
    let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let values: Vec<String> = columns.iter().map(value).collect();
    let copies = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table}, generate_series(1, 60) AS n WHERE {ours} AND id = \
         (SELECT id FROM {table} WHERE {ours} ORDER BY created_at DESC, id DESC LIMIT 1)",
        names.join(", "),
        values.join(", ")
    );
    api.database.open().batch_execute(&copies).unwrap_or_else(|error| panic!("{table}: {error}"));
}

/// Nothing but keys is unique any more.
const NOTHING_IS_UNIQUE: &str = "DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE contype = 'u' AND connamespace = 'public'::regnamespace
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.place, one.conname); END LOOP;
    FOR one IN SELECT indexrelid::regclass AS place FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indisunique AND NOT indisprimary AND relnamespace = 'public'::regnamespace
    LOOP EXECUTE format('DROP INDEX %s', one.place); END LOOP;
END $$";

/// A server whose database is listened to, and the address of that.
async fn listened_to() -> (Api, String) {
    set_default_instrumentation(|| Some(Box::new(Ear::default()))).unwrap();
    let database = migrated_postgres();
    let Address::Postgres(url) = database.address.clone() else { panic!("{:?}", database.address) };
    (Api::start(database).await, url)
}

/// What was asked of the database meanwhile.
async fn asked<T>(url: &str, meanwhile: impl Future<Output = T>) -> (Vec<String>, T) {
    ASKED.lock().unwrap().insert(url.to_owned(), Vec::new());
    let done = meanwhile.await;
    (ASKED.lock().unwrap().remove(url).unwrap(), done)
}

/// What one page asks of the database; how many records it has.
async fn page(caller: &Caller<'_>, url: &str, question: &str) -> (Vec<String>, usize) {
    let mut least: Option<(Vec<String>, usize)> = None;
    // Who asks is looked up now and then, too.
    for _ in 0..3 {
        let (asked, answer) = asked(url, caller.get(question)).await;
        let items = answer.expect(200).body["items"].as_array().unwrap().len();
        if least.as_ref().is_none_or(|(fewest, _)| asked.len() < fewest.len()) {
            least = Some((asked, items));
        }
    }
    least.unwrap()
}

/// A new list is covered by existing. The statements are the same on either database; only here can rows be multiplied.
#[tokio::test]
async fn a_page_of_fifty_costs_what_one_record_costs() {
    let (api, url) = listened_to().await;
    let lists = lists();
    assert!(lists.len() > 30, "{}", lists.len());
    assert!(lists.iter().filter(|list| !list.expand.is_empty()).count() > 20, "what is written out is not seen");
    for List { path, .. } in &lists {
        target(&api, &format!("{path}/{{id}}")).await;
    }
    // From here on nothing is as the journal says.
    api.damage();
    api.database.open().batch_execute(NOTHING_IS_UNIQUE).unwrap();
    let mut wrong = BTreeMap::new();
    for List { path, operation, expand } in lists {
        multiply(&path.trim_start_matches("/v1/").replace('-', "_"), &api);
        let caller = api.by(allowed(&operation)).await;
        let expand = if expand.is_empty() { String::new() } else { format!("&expand={}", expand.join(",")) };
        let ask = |limit: usize| format!("{path}?count=true&limit={limit}{expand}");
        let (for_one, one) = page(&caller, &url, &ask(1)).await;
        let (for_fifty, fifty) = page(&caller, &url, &ask(50)).await;
        assert_eq!((one, fifty), (1, 50), "{path}");
        assert!(for_one.len() >= 2, "{path}: a page and a count were asked for: {for_one:?}");
        if for_one.len() != for_fifty.len() || for_fifty.len() > MOST {
            wrong.insert(path, (for_one.len(), for_fifty.len(), for_fifty));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What came again is looked up for a page as a whole.
#[tokio::test]
async fn verdicts_that_do_not_hold_cost_a_page_two_statements() {
    let (api, url) = listened_to().await;
    let case = super::built_in::verified(&api).await;
    super::recurrences::again(&api, Role::IsmsManager, &case).await;
    api.damage();
    api.database.open().batch_execute(NOTHING_IS_UNIQUE).unwrap();
    multiply("nonconformities", &api);
    let caller = api.by(Role::Auditor).await;
    let ask = |limit| format!("/v1/nonconformities?count=true&expand=owner&sort=reference&limit={limit}");
    let (for_one, _) = page(&caller, &url, &ask(1)).await;
    let (for_fifty, fifty) = page(&caller, &url, &ask(50)).await;
    assert_eq!(fifty, 50);
    assert!(for_one.len() == for_fifty.len() && for_fifty.len() <= MOST, "{for_one:#?} {for_fifty:#?}");
}

#[tokio::test]
async fn what_is_similar_costs_the_same_however_much_is() {
    let (api, url) = listened_to().await;
    let case = target(&api, "/v1/nonconformities/{id}").await;
    target(&api, "/v1/nonconformities/{id}").await;
    api.follow().await;
    let question = format!("/v1/nonconformities/{case}/similar?limit=50");
    let caller = api.by(allowed("get_similar_nonconformities")).await;
    let (few, one) = page(&caller, &url, &question).await;
    api.damage();
    api.database.open().batch_execute(NOTHING_IS_UNIQUE).unwrap();
    multiply("nonconformities", &api);
    let (many, fifty) = page(&caller, &url, &question).await;
    assert_eq!((one, fifty), (1, 50));
    assert!(few.len() == many.len() && many.len() <= MOST + 2, "{few:#?} {many:#?}");
}

/// The built-in indicators: as many statements for a day, however many records there are.
#[tokio::test]
async fn a_day_is_measured_as_cheaply_whatever_there_is() {
    let (api, url) = listened_to().await;
    let stems = ["nonconformities", "actions", "incidents", "improvements", "training-assignments", "employee-reports"];
    for stem in stems.into_iter().chain(["acknowledgements", "audits", "members"]) {
        target(&api, &format!("/v1/{stem}/{{id}}")).await;
    }
    api.measure_built_in().await;
    api.wait(TimeDelta::days(1));
    let (few, days) = asked(&url, api.measure_built_in()).await;
    assert!(days == 2 && few.len() > 20, "{days} days: {few:?}");
    api.damage();
    api.database.open().batch_execute(NOTHING_IS_UNIQUE).unwrap();
    for stem in stems.into_iter().chain(["acknowledgements", "audits", "members"]) {
        multiply(&stem.replace('-', "_"), &api);
    }
    api.wait(TimeDelta::days(1));
    let (many, _) = asked(&url, api.measure_built_in()).await;
    assert_eq!(few.len(), many.len());
}

/// What is left of an indicator is judged anew in as many statements, however many series it has.
#[tokio::test]
async fn a_measurement_is_withdrawn_as_cheaply_whatever_else_is_measured() {
    let (api, url) = listened_to().await;
    let mut spent = Vec::new();
    for sites in [2, 40] {
        let indicator = super::indicators::active(&api).await;
        let site = |n: i32| {
            let dimensions = json!({ "site": format!("site-{n}") });
            json!({ "indicator": indicator, "observed_at": api.now(), "value": n, "dimensions": dimensions })
        };
        let sent = super::measurements::send(&api, (0..sites).map(site).collect()).await.expect(201);
        api.evaluate().await;
        let caller = api.by(Role::IsmsManager).await;
        let batch = sent.body["batch_reference"].as_str().unwrap();
        let path = format!("/v1/measurement-batches/{batch}/withdraw-measurement");
        let why = json!({ "row": 0, "reason": "The sensor was wet" });
        let (asked, answer) = asked(&url, caller.post(&path, why)).await;
        answer.expect(200);
        let told = caller.get(&format!("/v1/indicators/{indicator}/evaluation")).await.expect(200).body;
        assert_eq!(told["series"].as_array().map(Vec::len), usize::try_from(sites - 1).ok());
        spent.push(asked);
    }
    assert!(spent[0].len() > 5, "this test cannot count");
    assert_eq!(spent[0].len(), spent[1].len(), "{spent:#?}");
}
