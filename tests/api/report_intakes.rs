//! Reporting without a name: what is kept, and what is not.

use super::employee_reports::{act, tailgating, triage};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::RunQueryDsl;
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use ratchet_persistence::connection::{Address, AnyConnection};
use reqwest::Method;
use serde_json::{Value, json};

async fn settings(api: &Api, verb: &str) -> Answer {
    let admin = api.by(Role::Admin).await;
    let list = admin.get("/v1/settings").await.expect(200);
    let path = format!("/v1/settings/{}/{verb}", list.body["items"][0]["id"].as_str().unwrap());
    admin.post(&path, json!({})).await
}

/// The public link, opened.
pub async fn open(api: &Api) -> String {
    settings(api, "open-report-link").await.expect(200).body["report_link"].as_str().unwrap().to_owned()
}

async fn file(api: &Api, link: &str) -> String {
    let filed = api.anonymous().post(link, tailgating()).await.expect(202);
    filed.body["follow_up_code"].as_str().unwrap().to_owned()
}

async fn status(api: &Api, link: &str, code: &str) -> Value {
    api.anonymous().post(&format!("{link}/follow-up"), json!({ "code": code })).await.expect(200).body
}

/// The only report in the register.
async fn report(api: &Api) -> Value {
    let list = api.by(Role::IsmsManager).await.get("/v1/employee-reports?anonymous=true").await.expect(200);
    list.body["items"][0].clone()
}

#[tokio::test]
async fn a_report_without_a_name_is_answered_by_its_code() {
    for database in each() {
        let api = Api::start(database).await;
        let link = open(&api).await;
        let code = file(&api, &link).await;
        assert_eq!(status(&api, &link, &code).await["state"], "received");
        assert_eq!(report(&api).await, Value::Null, "it waits for the hour");
        let early = json!({ "code": code, "text": "More" });
        let early = api.anonymous().post(&format!("{link}/answer"), early).await.expect(409);
        assert_eq!(early.reasons(), ["nothing_asked"], "what waits is no answer");
        api.wait(TimeDelta::hours(1));
        api.take_in_reports().await;
        let filed = report(&api).await;
        let reference = filed["reference"].as_str().unwrap();
        assert_eq!((&filed["anonymous"], &filed["text"]), (&json!(true), &tailgating()["text"]));
        let question = json!({ "question": "In the morning or in the evening?" });
        act(&api, Role::IsmsManager, reference, "ask", question).await.expect(200);
        let asked = status(&api, &link, &code).await;
        assert_eq!((&asked["asked"], &asked["messages"][0]["from"]), (&json!(true), &json!("handler")));
        let answer = json!({ "code": code.to_lowercase().replace('-', " "), "text": "At eight in the morning" });
        let path = format!("{link}/answer");
        api.anonymous().post(&path, answer.clone()).await.expect(204);
        assert_eq!(status(&api, &link, &code).await["asked"], false);
        let twice = api.anonymous().post(&path, answer.clone()).await.expect(409);
        assert_eq!(twice.reasons(), ["answer_waits"]);
        triage(&api, reference).await;
        api.wait(TimeDelta::hours(1));
        api.take_in_reports().await;
        let heard = report(&api).await;
        assert_eq!(
            (&heard["messages"][1]["text"], &heard["messages"][1]["by"]),
            (&json!("At eight in the morning"), &Value::Null)
        );
        let unasked = api.anonymous().post(&path, answer).await.expect(409);
        assert_eq!(unasked.reasons(), ["nothing_asked"]);
        act(&api, Role::IsmsManager, reference, "decline", json!({ "answer": "It was the drill" })).await.expect(200);
        let told = status(&api, &link, &code).await;
        assert_eq!((&told["state"], &told["answer"]), (&json!("declined"), &json!("It was the drill")));
        assert_eq!(told["assessment"], "The gate does not close behind people");
    }
}

/// A code outlives its link; a link that is closed or replaced takes no more reports.
#[tokio::test]
async fn an_admin_opens_replaces_and_closes_the_link() {
    for database in each() {
        let api = Api::start(database).await;
        let closed = settings(&api, "close-report-link").await.expect(409);
        assert_eq!(closed.reasons(), ["wrong_state"]);
        let first = open(&api).await;
        let code = file(&api, &first).await;
        let member = api.by(Role::Member).await.get("/v1/settings").await.expect(200);
        assert_eq!(member.body["items"][0]["report_link"], json!(first), "every member finds it");
        let second = open(&api).await;
        assert_ne!(first, second);
        api.anonymous().post(&first, tailgating()).await.expect(404);
        assert_eq!(settings(&api, "close-report-link").await.expect(200).body["report_link"], Value::Null);
        api.anonymous().post(&second, tailgating()).await.expect(404);
        for link in [&first, &second] {
            assert_eq!(status(&api, link, &code).await["state"], "received");
        }
        let unknown = json!({ "code": "006H-M9SM-8575-PT3N-GA7S-SADP-RF8D-VTQQ" });
        for wrong in [unknown, json!({ "code": "nonsense" })] {
            api.anonymous().post(&format!("{first}/follow-up"), wrong).await.expect(404);
        }
        let theirs = first.replace(&first[18..50], &"0".repeat(32));
        api.anonymous().post(&format!("{theirs}/follow-up"), json!({ "code": code })).await.expect(404);
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_while_the_sender_is_there() {
    for database in each() {
        let api = Api::start(database).await;
        let link = open(&api).await;
        let blank = api.anonymous().post(&link, json!({ "kind": "event", "text": " " })).await.expect(422);
        assert_eq!(blank.faults(), ["/text blank"]);
        api.anonymous().post(&link, json!({ "kind": "event", "text": "x", "name": "Ada" })).await.expect(422);
        api.anonymous().post(&format!("{link}?dry_run=true"), tailgating()).await.expect(400);
        for path in [link.clone(), format!("{link}/follow-up"), format!("{link}/answer")] {
            let keyed = api.anonymous();
            let keyed =
                keyed.send(keyed.request(Method::POST, &path).header("idempotency-key", "k").json(&tailgating()));
            assert_eq!(keyed.await.expect(400).faults(), ["idempotency-key not_allowed"], "{path}");
        }
    }
}

#[tokio::test]
async fn an_address_is_heard_so_often_and_no_more() {
    for database in each() {
        let settings = Settings { requests_per_minute: 1_000_000, reports_per_minute: 3, ..Settings::default() };
        let api = Api::start_with(database, settings).await;
        let link = open(&api).await;
        for _ in 0..3 {
            file(&api, &link).await;
        }
        let enough = api.anonymous().post(&link, tailgating()).await.expect(429);
        assert!(!enough.header("retry-after").is_empty());
        let guess = json!({ "code": "006H-M9SM-8575-PT3N-GA7S-SADP-RF8D-VTQQ" });
        api.anonymous().post(&format!("{link}/follow-up"), guess).await.expect(429);
        api.by(Role::Member).await.get("/v1/me").await.expect(200);
    }
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    hits: i64,
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Whether a text stands anywhere in the database.
fn is_anywhere(api: &Api, needle: &str) -> bool {
    let mut connection = api.database.open();
    if let Address::Sqlite(path) = &api.database.address {
        let files = ["", "-wal"].map(|end| std::fs::read(format!("{}{end}", path.display())).unwrap_or_default());
        return files.iter().any(|file| file.windows(needle.len()).any(|window| window == needle.as_bytes()));
    }
    let tables = "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'";
    let tables: Vec<Named> = diesel::sql_query(tables).load(&mut connection).unwrap();
    tables.iter().any(|Named { name }| {
        let query = format!("SELECT count(*) AS hits FROM {name} t WHERE t::text LIKE '%{needle}%'");
        let [Counted { hits }] = &diesel::sql_query(query).load::<Counted>(&mut connection).unwrap()[..] else {
            panic!("no count")
        };
        *hits > 0
    })
}

fn hits(connection: &mut AnyConnection, query: &str) -> i64 {
    diesel::sql_query(query).load::<Counted>(connection).unwrap()[0].hits
}

/// filed by somebody who is logged in and says so, nothing of that is kept, and no time finer than the hour.
#[tokio::test]
async fn nothing_tells_who_it_was_or_when() {
    for database in each() {
        let api = Api::start(database).await;
        let link = open(&api).await;
        let mut codes = Vec::new();
        for n in 0..5 {
            api.wait(TimeDelta::minutes(3));
            let logged_in = api.by(Role::Member).await;
            let mut body = tailgating();
            body["text"] = json!(format!("Report number {n}"));
            let request = logged_in.request(Method::POST, &link).json(&body);
            let request = request.header("x-request-id", format!("request-of-{n}")).header("user-agent", "mozilla-7");
            let filed = logged_in.send(request.header("cookie", "session=abc123")).await.expect(202);
            assert!(filed.headers.keys().all(|name| name != "journal-entry" && name != "ratelimit"));
            codes.push(filed.body["follow_up_code"].as_str().unwrap().to_owned());
        }
        assert_eq!(hits(&mut api.database.open(), "SELECT count(*) AS hits FROM report_intakes"), 5);
        api.wait(TimeDelta::hours(1));
        api.take_in_reports().await;
        assert_eq!(hits(&mut api.database.open(), "SELECT count(*) AS hits FROM report_intakes"), 0);
        api.sequence().await;
        for needle in ["request-of-", "mozilla-7", "abc123", "127.0.0.1", &codes[0], &codes[0].replace('-', "")] {
            assert!(!is_anywhere(&api, needle), "{needle}");
        }
        assert!(is_anywhere(&api, "Report number 3"), "this test cannot see");
        let handler = api.by(Role::IsmsManager).await;
        let list = handler.get("/v1/employee-reports?sort=reference").await.expect(200);
        let reports = list.body["items"].as_array().unwrap();
        let hour = api.now().duration_trunc(TimeDelta::hours(1)).unwrap();
        let full = |time: &Value| time.as_str().unwrap().parse::<DateTime<Utc>>().unwrap() == hour;
        for report in reports {
            assert_eq!(version(&report["id"]), 4, "an id of version 7 carries its millisecond");
            assert_eq!((&report["created_by"], full(&report["created_at"])), (&Value::Null, true));
        }
        let entries = handler.get("/v1/journal?action=employee_report.filed").await.expect(200);
        let entries = entries.body["items"].as_array().unwrap();
        assert_eq!(entries.len(), 5);
        for entry in entries {
            assert_eq!(entry["actor"], json!({ "kind": "anonymous", "id": null, "on_behalf_of": null }));
            assert_eq!((version(&entry["id"]), full(&entry["at"]), &entry["request"]), (4, true, &Value::Null));
        }
        for (n, code) in codes.iter().enumerate() {
            assert_eq!(status(&api, &link, code).await["state"], "received", "{n}");
        }
    }
}

fn version(id: &Value) -> usize {
    uuid::Uuid::try_parse(id.as_str().unwrap()).unwrap().get_version_num()
}

/// Reports are taken in by the order of random ids, not by the order in which they came.
#[tokio::test]
async fn who_came_first_cannot_be_told() {
    for database in each() {
        let settings = Settings { reports_per_minute: 1_000, requests_per_minute: 1_000_000, ..Settings::default() };
        let api = Api::start_with(database, settings).await;
        let link = open(&api).await;
        for n in 0..30 {
            let mut body = tailgating();
            body["text"] = json!(format!("{n:02}"));
            api.anonymous().post(&link, body).await.expect(202);
        }
        api.wait(TimeDelta::hours(1));
        api.take_in_reports().await;
        let list =
            api.by(Role::IsmsManager).await.get("/v1/employee-reports?sort=reference&limit=200").await.expect(200);
        let order: Vec<&str> =
            list.body["items"].as_array().unwrap().iter().map(|report| report["text"].as_str().unwrap()).collect();
        assert_eq!(order.len(), 30);
        assert!(!order.is_sorted(), "by chance once in 30! runs");
    }
}
