//! What is late becomes an event, once however often the worker looks, and again when its date was moved.

use super::audits::access;
use super::policies::history;
use super::policy_versions::published;
use super::{communication_plans, competences, context_entries, courses, improvements, indicators, nonconformities};
use crate::databases::each;
use crate::harness::Api;
use chrono::{Days, Months, NaiveDate, TimeDelta};
use diesel::connection::SimpleConnection;
use ratchet_domain::access::Role;
use ratchet_persistence::connection::Address;
use serde_json::{Value, json};

/// So many days from now.
fn ahead(api: &Api, days: u64) -> NaiveDate {
    api.now().date_naive() + Days::new(days)
}

async fn settle(api: &Api) {
    while api.wake().await > 0 {}
}

async fn count(api: &Api, reference: &str, event: &str) -> usize {
    history(api, reference).await.iter().filter(|action| *action == event).count()
}

/// On its day nothing happens. On the day after the event is there, one more than before, and stays one; whoever is to act
/// sees that it is overdue.
async fn falls_due(api: &Api, reference: &str, (day, event): (NaiveDate, &str), doer: Role) {
    let before = count(api, reference, event).await;
    api.wait(day - api.now().date_naive());
    settle(api).await;
    assert_eq!(count(api, reference, event).await, before, "{event}: there is still time");
    for _ in 0..3 {
        api.wait(TimeDelta::days(1));
        settle(api).await;
        assert_eq!(count(api, reference, event).await, before + 1, "{event} of {reference}");
    }
    let work = api.by(doer).await.get("/v1/me/work").await.expect(200);
    let is_late = |item: &Value| item["reference"] == reference && item["overdue"] == true;
    assert!(work.body["items"].as_array().unwrap().iter().any(is_late), "{event}: {}", work.body);
}

async fn act(api: &Api, role: Role, path: &str, body: Value) {
    api.by(role).await.post(&format!("/v1/{path}"), body).await.expect(200);
}

async fn amend(api: &Api, path: &str, body: Value) {
    api.by(Role::IsmsManager).await.patch(&format!("/v1/{path}"), "*", body).await.expect(200);
}

#[tokio::test]
async fn nonconformities_and_their_verdicts() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = nonconformities::report();
        body["due_on"] = json!(ahead(&api, 10));
        let case =
            api.by(Role::Member).await.post("/v1/nonconformities", body).await.expect(201).reference().to_owned();
        let path = format!("nonconformities/{case}");
        let event = "nonconformity.fell_due";
        falls_due(&api, &case, (ahead(&api, 10), event), Role::IsmsManager).await;
        amend(&api, &path, json!({ "due_on": ahead(&api, 5) })).await;
        falls_due(&api, &case, (ahead(&api, 5), event), Role::IsmsManager).await;
        let owner = api.member_id(Role::IsmsManager).await;
        let manager = Role::IsmsManager;
        act(&api, manager, &format!("{path}/confirm"), json!({ "grade": "major", "owner_id": owner })).await;
        let analysis = json!({ "method": "five_whys", "root_causes": ["No agent"], "similar": "None" });
        act(&api, manager, &format!("{path}/analyse"), analysis).await;
        let check_on = ahead(&api, 30);
        let body = json!({ "response": "no_action", "justification": "The image is retired", "check_on": check_on });
        act(&api, manager, &format!("{path}/plan"), body).await;
        // Both on one day: each is noted.
        amend(&api, &path, json!({ "due_on": check_on })).await;
        falls_due(&api, &case, (check_on, "nonconformity.verification_fell_due"), Role::Auditor).await;
        assert_eq!(count(&api, &case, event).await, 3);
        let verdict = json!({ "effective": true, "criterion": "Share of laptops", "evidence": "97 %" });
        act(&api, Role::Auditor, &format!("{path}/verify"), verdict).await;
        let body = json!({ "isms_change": "None", "lessons": "None", "no_correction_because": "Nothing to correct" });
        act(&api, manager, &format!("{path}/close"), body).await;
        let known = history(&api, &case).await.len();
        api.wait(TimeDelta::days(100));
        settle(&api).await;
        assert_eq!(history(&api, &case).await.len(), known, "what is over is not late");
    }
}

#[tokio::test]
async fn improvements_and_their_judgements() {
    for database in each() {
        let api = Api::start(database).await;
        let idea = improvements::propose(&api, Role::Member).await;
        let path = format!("improvements/{idea}");
        let body = json!({ "owner_id": api.member_id(Role::Member).await, "reason": "Cheap" });
        act(&api, Role::Management, &format!("{path}/accept"), body).await;
        let plan = json!({ "approach": "A replica", "due_on": ahead(&api, 7) });
        act(&api, Role::Member, &format!("{path}/plan"), plan).await;
        falls_due(&api, &idea, (ahead(&api, 7), "improvement.fell_due"), Role::Member).await;
        act(&api, Role::Member, &format!("{path}/start"), json!({})).await;
        settle(&api).await;
        assert_eq!(count(&api, &idea, "improvement.fell_due").await, 1, "beginning it moves no date");
        let body = json!({ "summary": "It serves", "judge_on": ahead(&api, 14) });
        act(&api, Role::Member, &format!("{path}/measure"), body).await;
        falls_due(&api, &idea, (ahead(&api, 14), "improvement.judgement_fell_due"), Role::Auditor).await;
    }
}

#[tokio::test]
async fn reviews_of_the_context() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = context_entries::party();
        body["owner_id"] = json!(api.member_id(Role::Member).await);
        body["review_due_on"] = json!(ahead(&api, 20));
        let entry = context_entries::record(&api, body).await.expect(201).reference().to_owned();
        let event = "context_entry.review_fell_due";
        falls_due(&api, &entry, (ahead(&api, 20), event), Role::Member).await;
        let review = json!({ "conclusion": "It holds", "review_due_on": ahead(&api, 30) });
        act(&api, Role::Member, &format!("context-entries/{entry}/review"), review).await;
        falls_due(&api, &entry, (ahead(&api, 30), event), Role::Member).await;
    }
}

#[tokio::test]
async fn what_was_to_be_communicated() {
    for database in each() {
        let api = Api::start(database).await;
        let plan = communication_plans::plan(&api, Role::Member).await;
        let event = "communication_plan.fell_due";
        falls_due(&api, &plan, (ahead(&api, 7), event), Role::Member).await;
        amend(&api, &format!("communication-plans/{plan}"), json!({ "next_on": ahead(&api, 3) })).await;
        falls_due(&api, &plan, (ahead(&api, 3), event), Role::Member).await;
    }
}

#[tokio::test]
async fn gaps_of_competence_each_for_itself() {
    for database in each() {
        let api = Api::start(database).await;
        let competence = competences::define(&api).await;
        let gap = async |holder: Role, days: u64| {
            let (missing, measure) = ("Has not audited yet", "Joins in May");
            let standing =
                json!({ "kind": "gap", "missing": missing, "measure": measure, "due_on": ahead(&api, days) });
            let body = json!({ "member_id": api.member_id(holder).await, "standing": standing });
            act(&api, Role::Management, &format!("competences/{competence}/assess"), body).await;
        };
        let event = "competence.gap_fell_due";
        gap(Role::Auditor, 10).await;
        gap(Role::Member, 30).await;
        let second = ahead(&api, 30);
        falls_due(&api, &competence, (ahead(&api, 10), event), Role::IsmsManager).await;
        falls_due(&api, &competence, (second, event), Role::IsmsManager).await;
        gap(Role::Auditor, 5).await;
        falls_due(&api, &competence, (ahead(&api, 5), event), Role::IsmsManager).await;
    }
}

#[tokio::test]
async fn judgements_of_courses_whose_audience_is_followed_meanwhile() {
    for database in each() {
        let api = Api::start(database).await;
        let member = api.member_id(Role::Member).await;
        let audience = json!({ "kind": "members", "members": [member] });
        let course = courses::published(&api, audience, json!({})).await;
        let (path, event) = (format!("courses/{course}"), "course.evaluation_fell_due");
        let day = ahead(&api, 60);
        settle(&api).await;
        // The clock of the tests stands still, and an audience is known by since when it is that.
        api.wait(TimeDelta::minutes(1));
        amend(&api, &path, json!({ "audience": { "kind": "all" } })).await;
        settle(&api).await;
        let list = async || {
            let list = api.by(Role::IsmsManager).await.get("/v1/training-assignments?count=true&limit=1").await;
            list.expect(200).body["total"].as_i64().unwrap()
        };
        let assigned = list().await;
        assert!(assigned > 1, "everybody is assigned");
        falls_due(&api, &course, (day, event), Role::Auditor).await;
        let verdict = json!({
            "effective": true, "criterion": "Clicks", "evidence": "4 %", "again_on": ahead(&api, 20),
        });
        let again = ahead(&api, 20);
        act(&api, Role::Auditor, &format!("{path}/evaluate"), verdict).await;
        falls_due(&api, &course, (again, event), Role::Auditor).await;
        assert_eq!(list().await, assigned);
    }
}

#[tokio::test]
async fn audits_that_do_not_begin() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = access(&api).await;
        (body["starts_on"], body["ends_on"]) = (json!(ahead(&api, 5)), json!(ahead(&api, 6)));
        let audit = api.by(Role::Auditor).await.post("/v1/audits", body).await.expect(201).reference().to_owned();
        falls_due(&api, &audit, (ahead(&api, 5), "audit.fell_due"), Role::Auditor).await;
        let (first, last) = (ahead(&api, 4), ahead(&api, 9));
        let body = json!({ "starts_on": first, "ends_on": last, "reason": "The lead is ill" });
        act(&api, Role::Auditor, &format!("audits/{audit}/postpone"), body).await;
        falls_due(&api, &audit, (first, "audit.fell_due"), Role::Auditor).await;
    }
}

#[tokio::test]
async fn analyses_of_indicators() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = indicators::definition(&api.member_id(Role::IsmsManager).await);
        body["analyst_id"] = json!(api.member_id(Role::Member).await);
        let defined = api.by(Role::IsmsManager).await.post("/v1/indicators", body).await.expect(201);
        let (indicator, event) = (defined.reference().to_owned(), "indicator.analysis_fell_due");
        let path = format!("indicators/{indicator}");
        act(&api, Role::IsmsManager, &format!("{path}/activate"), json!({})).await;
        falls_due(&api, &indicator, (ahead(&api, 7), event), Role::Member).await;
        let verdict = json!({ "verdict": "watch", "conclusion": "It creeps up" });
        let analysed = api.by(Role::Member).await.post(&format!("/v1/{path}/analyse"), verdict).await.expect(200);
        assert_eq!(analysed.body["analysis"]["by"], json!(api.member_id(Role::Member).await));
        assert_eq!(analysed.body["analysis_due_on"], json!(ahead(&api, 7)));
        falls_due(&api, &indicator, (ahead(&api, 7), event), Role::Member).await;
        // Another interval is another day.
        amend(&api, &path, json!({ "analysis_interval": "monthly" })).await;
        let day = ahead(&api, 0) - Days::new(10) + Months::new(1);
        falls_due(&api, &indicator, (day, event), Role::Member).await;
    }
}

/// Its review and the end of the time to acknowledge it share a day.
#[tokio::test]
async fn two_dates_of_a_policy_on_one_day() {
    for database in each() {
        let api = Api::start(database).await;
        let review_on = api.now().date_naive() + Months::new(1);
        let within = (review_on - api.now().date_naive()).num_days() - 1;
        let terms = json!({ "review_months": 1, "acknowledge_within_days": within });
        let (policy, _) = published(&api, terms).await;
        api.wait(review_on - api.now().date_naive());
        settle(&api).await;
        let happened = history(&api, &policy).await;
        assert_eq!(happened[2..], ["policy.review_fell_due", "policy.acknowledgements_fell_due"]);
    }
}

/// Records that were there before their dates became events are woken, too, each in its time.
#[tokio::test]
async fn what_was_stored_before() {
    for database in each() {
        let api = Api::start(database).await;
        let plan = communication_plans::plan(&api, Role::Member).await;
        let mut connection = api.database.open();
        connection.batch_execute("DELETE FROM wake_ups").unwrap();
        let migration = match api.database.address {
            Address::Sqlite(_) => include_str!("../../migrations/sqlite/0121_deadlines/up.sql"),
            Address::Postgres(_) => include_str!("../../migrations/postgres/0121_deadlines/up.sql"),
        };
        connection.batch_execute(migration).unwrap();
        settle(&api).await;
        falls_due(&api, &plan, (ahead(&api, 7), "communication_plan.fell_due"), Role::Member).await;
    }
}
