//! Built-in indicators: figures of the records themselves, from the first day on and once a day.

use super::{
    actions, audit_programmes, audits, employee_reports, improvements, incidents, management_reviews, nonconformities,
    policy_versions, training_assignments,
};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use ratchet_domain::indicators::BuiltIn;
use serde_json::{Value, json};
use strum::VariantArray;

const MANAGER: Role = Role::IsmsManager;

async fn act(api: &Api, role: Role, record: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{record}/{verb}"), body).await
}

/// The built-in indicator of that key.
async fn indicator(api: &Api, which: BuiltIn) -> Value {
    let key: &str = which.into();
    let found = api.by(Role::Auditor).await.get(&format!("/v1/indicators?built_in={key}")).await.expect(200);
    let [one] = found.body["items"].as_array().unwrap().as_slice() else { panic!("{}", found.text) };
    assert_eq!(one["built_in"], key);
    one.clone()
}

async fn measurements(api: &Api, which: BuiltIn) -> Vec<Value> {
    let reference = indicator(api, which).await["reference"].as_str().unwrap().to_owned();
    let path = format!("/v1/indicators/{reference}/measurements");
    api.by(Role::Auditor).await.get(&path).await.expect(200).body["items"].as_array().unwrap().clone()
}

/// What was measured of the day that lasts.
pub async fn today(api: &Api, which: BuiltIn) -> Option<Value> {
    let midnight = api.now().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let at = |item: &Value| item["observed_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    measurements(api, which).await.into_iter().find(|item| at(item) == midnight)
}

/// Raised, treated without actions and verified by now.
pub async fn verified(api: &Api) -> String {
    let case = actions::case(api).await;
    let record = format!("nonconformities/{case}");
    let contain = json!({ "correction": "Patched by hand", "consequences": "Logs were searched" });
    act(api, MANAGER, &record, "contain", contain).await.expect(200);
    let analysis = json!({ "method": "five_whys", "root_causes": ["No agent in the image"], "similar": "None" });
    act(api, MANAGER, &record, "analyse", analysis).await.expect(200);
    let day = api.now().date_naive();
    let plan = json!({ "response": "no_action", "justification": "The image is retired", "check_on": day });
    act(api, MANAGER, &record, "plan", plan).await.expect(200);
    let verdict = json!({ "effective": true, "criterion": "Share of laptops", "evidence": "97 %" });
    act(api, Role::Auditor, &record, "verify", verdict).await.expect(200);
    case
}

pub async fn close(api: &Api, case: &str) {
    let body = json!({ "isms_change": "None needed", "lessons": "An image has an owner" });
    act(api, MANAGER, &format!("nonconformities/{case}"), "close", body).await.expect(200);
}

/// An open case with three actions: one verified, one whose completion is rejected, and one that is due today. The second
/// falls due in two weeks.
async fn worked_on(api: &Api) -> String {
    let case = actions::case(api).await;
    let record = format!("nonconformities/{case}");
    let analysis = json!({ "method": "five_whys", "root_causes": ["No agent in the image"], "similar": "None" });
    act(api, MANAGER, &record, "analyse", analysis).await.expect(200);
    act(api, MANAGER, &record, "plan", json!({ "response": "actions" })).await.expect(200);
    actions::done(api, &case).await;
    let rejected = format!("actions/{}", actions::plan(api, &case).await.expect(201).reference());
    act(api, Role::Member, &rejected, "complete", json!({ "summary": "Image 42" })).await.expect(200);
    act(api, Role::Auditor, &rejected, "reject-completion", json!({ "reason": "It is not" })).await.expect(200);
    let late = json!({
        "parent": case, "title": "Tell the vendor", "kind": "corrective",
        "assignee_id": api.member_id(Role::Member).await, "due_on": api.now().date_naive(),
    });
    api.by(MANAGER).await.post("/v1/actions", late).await.expect(201);
    case
}

/// Accepted, put in place and judged within a moment.
async fn realised(api: &Api) {
    let record = format!("improvements/{}", improvements::propose(api, MANAGER).await);
    let (day, owner) = (api.now().date_naive(), api.member_id(Role::Member).await);
    act(api, Role::Management, &record, "accept", json!({ "owner_id": owner, "reason": "Cheap" })).await.expect(200);
    act(api, Role::Member, &record, "plan", json!({ "approach": "A replica", "due_on": day })).await.expect(200);
    act(api, Role::Member, &record, "start", json!({})).await.expect(200);
    let in_place = json!({ "summary": "It serves", "judge_on": day });
    act(api, Role::Member, &record, "measure", in_place).await.expect(200);
    let verdict = json!({ "realised": true, "evidence": "Ten reports at noon", "lessons": "None" });
    act(api, Role::Auditor, &record, "conclude", verdict).await.expect(200);
}

/// The audit that the programme plans for today.
async fn audited(api: &Api) {
    let programme = audit_programmes::approved(api).await;
    let audit = audits::declared(api, json!({ "programme": programme, "plan_key": "1" })).await;
    audits::ask(api, &audit).await;
    audits::verb(api, Role::Auditor, &audit, "start", json!({})).await.expect(200);
    audits::look_at_everything(api, &audit).await;
    let report = audits::report(api, Role::Management).await;
    audits::verb(api, Role::Auditor, &audit, "report", report).await.expect(200);
}

/// What happens on the first day, within two hours; when the minutes of the review were approved.
async fn a_day(api: &Api) -> DateTime<Utc> {
    let case = verified(api).await;
    worked_on(api).await;
    let report = employee_reports::file(api, Role::Member).await;
    employee_reports::triage(api, &report).await;
    let incident = incidents::triaged(api).await;
    realised(api).await;
    audited(api).await;
    let (_, version) = policy_versions::published(api, json!({})).await;
    api.by(MANAGER).await.post("/v1/acknowledgements", json!({ "version": version })).await.expect(201);
    let course = training_assignments::quiet(api, json!({})).await;
    let assigned = training_assignments::assign(api, &course, Role::Member).await.expect(201).reference().to_owned();
    training_assignments::assign(api, &course, Role::Auditor).await.expect(201);
    act(api, Role::Member, &format!("training-assignments/{assigned}"), "complete", json!({})).await.expect(200);
    management_reviews::approved(api).await;
    let reviewed = api.now();
    api.wait(TimeDelta::hours(2));
    close(api, &case).await;
    let answer = json!({ "answer": "The gate is open on purpose" });
    employee_reports::act(api, MANAGER, &report, "decline", answer).await.expect(200);
    let contained = json!({ "measures": "Unplugged", "contained_at": reviewed });
    act(api, Role::Member, &format!("incidents/{incident}"), "contain", contained).await.expect(200);
    reviewed
}

#[tokio::test]
async fn they_follow_what_people_do() {
    for database in each() {
        let api = Api::start(database).await;
        assert_eq!(api.measure_built_in().await, 2, "of both organisations");
        for which in BuiltIn::VARIANTS {
            let first = today(&api, *which).await.map(|measured| measured["value"].clone());
            let expected = match which {
                BuiltIn::OpenNonconformities
                | BuiltIn::OverdueActions
                | BuiltIn::EmployeeReportRate
                | BuiltIn::ImprovementsRealised => Some(json!(0.0)),
                BuiltIn::DaysToCloseNonconformity
                | BuiltIn::ActionsVerifiedEffective
                | BuiltIn::RecurrenceRate
                | BuiltIn::AuditProgrammeCompletion
                | BuiltIn::AcknowledgementCoverage
                | BuiltIn::TrainingCompletion
                | BuiltIn::HoursToAnswerReport
                | BuiltIn::HoursToContainIncident
                | BuiltIn::DaysSinceManagementReview => None,
            };
            assert_eq!(first, expected, "{which:?}");
        }
        let reviewed = a_day(&api).await;
        api.wait(TimeDelta::days(1));
        api.wake().await;
        assert_eq!(api.measure_built_in().await, 2);
        let midnight = api.now().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let since = (midnight - reviewed).num_seconds() as f64 / 86_400.0;
        for (which, expected) in [
            (BuiltIn::OpenNonconformities, 1.0),
            (BuiltIn::DaysToCloseNonconformity, 2.0 / 24.0),
            (BuiltIn::OverdueActions, 1.0),
            (BuiltIn::ActionsVerifiedEffective, 1.0 / 2.0),
            (BuiltIn::RecurrenceRate, 0.0),
            (BuiltIn::AuditProgrammeCompletion, 1.0),
            (BuiltIn::TrainingCompletion, 1.0 / 2.0),
            // Of six members one has reported something.
            (BuiltIn::EmployeeReportRate, 100.0 / 6.0),
            (BuiltIn::HoursToAnswerReport, 2.0),
            (BuiltIn::ImprovementsRealised, 1.0),
            // It was noticed an hour before it was reported.
            (BuiltIn::HoursToContainIncident, 1.0),
            (BuiltIn::DaysSinceManagementReview, since),
        ] {
            let value =
                today(&api, which).await.unwrap_or_else(|| panic!("{which:?} is not measured"))["value"].clone();
            assert!((value.as_f64().unwrap() - expected).abs() < 1e-9, "{which:?}: {value}, not {expected}");
        }
        let audits = today(&api, BuiltIn::AuditProgrammeCompletion).await.unwrap();
        assert_eq!((&audits["numerator"], &audits["denominator"]), (&json!(1.0), &json!(1.0)), "the other is not due");
        let acknowledged = today(&api, BuiltIn::AcknowledgementCoverage).await.unwrap();
        let coverage = api.by(Role::Auditor).await.get("/v1/policies/POL-2026-0001/coverage").await.expect(200).body;
        assert_eq!(acknowledged["numerator"], 1.0);
        assert_eq!(acknowledged["denominator"], json!(coverage["asked"].as_f64().unwrap()));
    }
}

#[tokio::test]
async fn what_comes_again_and_what_is_long_past() {
    for database in each() {
        let api = Api::start(database).await;
        let cases = [verified(&api).await, verified(&api).await, verified(&api).await];
        for case in &cases {
            close(&api, case).await;
        }
        let again = json!({ "recurred": true, "reason": "79 % again" });
        act(&api, MANAGER, &format!("nonconformities/{}", cases[0]), "reopen", again).await.expect(200);
        let another = nonconformities::raise(&api).await;
        let link = json!({ "record": another, "relation": "recurrence_of", "to": cases[1] });
        api.by(MANAGER).await.post("/v1/links", link).await.expect(201);
        api.wait(TimeDelta::days(1));
        api.measure_built_in().await;
        let share = today(&api, BuiltIn::RecurrenceRate).await.unwrap();
        assert_eq!((&share["numerator"], &share["denominator"]), (&json!(2.0), &json!(3.0)));
        assert_eq!(today(&api, BuiltIn::OpenNonconformities).await.unwrap()["value"], 2.0);
        assert_eq!(today(&api, BuiltIn::DaysToCloseNonconformity).await.unwrap()["value"], 0.0);
        // A quarter later nothing was closed any more in it, within the year all the same.
        api.wait(TimeDelta::days(91));
        api.measure_built_in().await;
        assert_eq!(today(&api, BuiltIn::DaysToCloseNonconformity).await, None);
        assert_eq!(today(&api, BuiltIn::RecurrenceRate).await.unwrap()["denominator"], 3.0);
        api.wait(TimeDelta::days(275));
        api.measure_built_in().await;
        assert_eq!(today(&api, BuiltIn::RecurrenceRate).await, None);
    }
}

#[tokio::test]
async fn a_day_is_measured_once() {
    for database in each() {
        let api = Api::start(database).await;
        let (a, b) = tokio::join!(api.measure_built_in(), api.measure_built_in());
        assert_eq!(a + b, 2, "two organisations, each once");
        assert_eq!(api.measure_built_in().await, 0, "nor after a restart");
        let auditor = api.by(Role::Auditor).await;
        let listed = auditor.get("/v1/indicators?computed=true&count=true&limit=200").await.expect(200);
        assert_eq!(listed.body["total"], BuiltIn::VARIANTS.len());
        for item in listed.body["items"].as_array().unwrap() {
            assert_eq!((&item["state"], &item["frequency"]), (&json!("draft"), &json!("daily")));
            assert!(item["method"].is_string() && item["goal"].is_object() && item["information_need"].is_string());
            assert_eq!((&item["collector_id"], &item["analyst_id"]), (&Value::Null, &Value::Null));
        }
        assert_eq!(auditor.get("/v1/indicators?computed=false&count=true").await.expect(200).body["total"], 0);
        let batches =
            || async { api.by(Role::Auditor).await.get("/v1/measurement-batches?count=true").await.expect(200) };
        let first = batches().await;
        assert_eq!(
            (&first.body["total"], &first.body["items"][0]["source"]),
            (&json!(1), &json!("computed from the records"))
        );
        let batch = first.body["items"][0]["reference"].as_str().unwrap().to_owned();
        let history = auditor.get(&format!("/v1/records/{batch}/history")).await.expect(200);
        assert_eq!(history.body["items"][0]["action"], "measurement_batch.recorded");
        // While the program is away, nothing is measured; what was is not made up for.
        api.wait(TimeDelta::days(3));
        assert_eq!(api.measure_built_in().await, 2);
        assert_eq!(measurements(&api, BuiltIn::OpenNonconformities).await.len(), 2);
        // What is withdrawn is not measured again.
        let why = json!({ "reason": "The clock was wrong" });
        act(&api, MANAGER, &format!("measurement-batches/{batch}"), "withdraw", why).await.expect(200);
        assert_eq!(api.measure_built_in().await, 0);
        assert_eq!(measurements(&api, BuiltIn::OpenNonconformities).await.len(), 1);
        assert_eq!(batches().await.body["total"], 2);
    }
}

/// The day begins at home: at 23:30 UTC it is tomorrow there.
#[tokio::test]
async fn a_day_begins_at_home() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let settings = admin.get("/v1/settings").await.expect(200).body["items"][0]["id"].as_str().unwrap().to_owned();
        let zone = json!({ "utc_offset_minutes": 120 });
        admin.post(&format!("/v1/settings/{settings}/set-time-zone"), zone).await.expect(200);
        assert_eq!(api.measure_built_in().await, 2);
        api.wait(TimeDelta::hours(2));
        assert_eq!(api.measure_built_in().await, 1, "it is 00:26 there, and 22:26 for the others");
        let seen = measurements(&api, BuiltIn::OverdueActions).await;
        let at: Vec<&str> = seen.iter().map(|item| item["observed_at"].as_str().unwrap()).collect();
        assert!(at[0].starts_with("2026-05-27T22:00:00") && at[1].starts_with("2026-05-28T22:00:00"), "{at:?}");
    }
}

#[tokio::test]
async fn nobody_measures_them_by_hand_or_says_how() {
    for database in each() {
        let api = Api::start(database).await;
        api.measure_built_in().await;
        let own = indicator(&api, BuiltIn::OverdueActions).await["reference"].as_str().unwrap().to_owned();
        let hand_fed = super::measurements::series(&api, &own, &[0.0]);
        let refused = super::measurements::send(&api, hand_fed).await.expect(422);
        assert_eq!(refused.faults(), ["/0/indicator built_in"]);
        let (path, manager) = (format!("/v1/indicators/{own}"), api.by(MANAGER).await);
        for (field, value) in [
            ("method", json!("By feeling")),
            ("collector_id", json!(api.member_id(Role::Member).await)),
            ("frequency", json!("weekly")),
            ("value_kind", json!("ratio")),
        ] {
            let refused = manager.patch(&path, "*", json!({ field: value })).await.expect(422);
            let field = field.trim_end_matches("_id");
            assert_eq!(refused.faults(), [format!("/{field} built_in")]);
        }
        let mut body = super::indicators::definition(&api.member_id(MANAGER).await);
        body["built_in"] = json!("overdue_actions");
        let refused = manager.post("/v1/indicators", body).await.expect(422);
        assert_eq!(refused.faults(), ["/built_in unknown_field"]);
        let unknown = manager.get("/v1/indicators?built_in=happiness").await.expect(400);
        assert_eq!(unknown.faults(), ["built_in malformed"]);
        let renamed = manager.patch(&path, "*", json!({ "name": "Promises not kept" })).await.expect(200);
        assert_eq!(
            (&renamed.body["name"], &renamed.body["built_in"]),
            (&json!("Promises not kept"), &json!("overdue_actions"))
        );
    }
}

/// The state of the signals of one indicator, by kind.
async fn signals(api: &Api) -> Vec<String> {
    let found = api.by(Role::Auditor).await.get("/v1/signals").await.expect(200);
    found.body["items"].as_array().unwrap().iter().map(|signal| signal["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_draft_is_measured_and_what_is_active_raises_signals() {
    for database in each() {
        let api = Api::start(database).await;
        api.measure_built_in().await;
        let ready = json!({ "analyst_id": api.member_id(MANAGER).await });
        let open = indicator(&api, BuiltIn::OpenNonconformities).await["reference"].as_str().unwrap().to_owned();
        let path = format!("/v1/indicators/{open}");
        let early = api.by(MANAGER).await.post(&format!("{path}/activate"), json!({})).await.expect(409);
        assert_eq!(early.reasons(), ["no_analyst"], "all other answers of 9.1 are given");
        let mut body = ready.clone();
        body["goal"] = json!({ "direction": "lower_is_better", "target": 0.0, "warning": 0.0, "critical": 0.0 });
        api.by(MANAGER).await.patch(&path, "*", body).await.expect(200);
        nonconformities::raise(&api).await;
        api.wait(TimeDelta::days(1));
        api.measure_built_in().await;
        api.evaluate().await;
        let evaluation = api.by(MANAGER).await.get(&format!("{path}/evaluation")).await.expect(200);
        assert_eq!(
            (&evaluation.body["status"], &evaluation.body["series"][0]["value"]),
            (&json!("critical"), &json!(1.0))
        );
        assert!(signals(&api).await.is_empty(), "nobody has said yet that one case is one too many");
        api.by(MANAGER).await.post(&format!("{path}/activate"), json!({})).await.expect(200);
        let contain = indicator(&api, BuiltIn::HoursToContainIncident).await["reference"].as_str().unwrap().to_owned();
        let idle = format!("/v1/indicators/{contain}");
        api.by(MANAGER).await.patch(&idle, "*", ready).await.expect(200);
        api.by(MANAGER).await.post(&format!("{idle}/activate"), json!({})).await.expect(200);
        api.wait(TimeDelta::days(3));
        api.measure_built_in().await;
        api.evaluate().await;
        assert_eq!(signals(&api).await, ["critical"], "that there is nothing to measure is no signal");
        let retired = json!({ "reason": "We count something else" });
        api.by(MANAGER).await.post(&format!("{path}/retire"), retired).await.expect(200);
        api.wait(TimeDelta::days(1));
        api.measure_built_in().await;
        assert_eq!(measurements(&api, BuiltIn::OpenNonconformities).await.len(), 3, "and no more");
        let listed = api.by(MANAGER).await.get("/v1/indicators?computed=true&count=true").await.expect(200);
        assert_eq!(listed.body["total"], BuiltIn::VARIANTS.len(), "nor is it defined anew");
    }
}

/// What the program offers is nothing that anybody has left undone.
#[tokio::test]
async fn an_offer_is_no_omission() {
    for database in each() {
        let api = Api::start(database).await;
        let told = || async {
            let auditor = api.by(Role::Auditor).await;
            let readiness = auditor.get("/v1/readiness").await.expect(200).body;
            let checks =
                readiness["steps"].as_array().unwrap().iter().flat_map(|step| step["checks"].as_array().unwrap());
            let in_use =
                checks.into_iter().find(|check| check["id"] == "indicators-in-use").unwrap()["offending"].clone();
            (in_use, auditor.get("/v1/catalogue/orphans").await.expect(200).body)
        };
        let before = told().await;
        api.measure_built_in().await;
        assert_eq!(told().await, before);
    }
}

/// What is written of them is what they are.
#[test]
fn their_words_are_those_of_the_documentation() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/built-in-indicators.md");
    let written = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = written.lines().filter(|line| line.starts_with("| `")).skip(1).collect();
    assert_eq!(lines.len(), BuiltIn::VARIANTS.len());
    for (which, line) in BuiltIn::VARIANTS.iter().zip(lines) {
        let (key, draft): (&str, _) = (which.into(), which.text().draft(None));
        let start = format!("| `{key}` | {}: {}. | {}, ", draft.name, draft.method.unwrap(), draft.unit.unwrap());
        assert!(line.starts_with(&start), "{line}\nis not\n{start}");
    }
}
