//! Turns from one approved management review to the next, each against the one before.

use super::audits::{look_at_everything, report as audit_report, started, verb as audit_verb};
use super::management_reviews::approved;
use super::nonconformities::raise;
use super::{
    actions, changes, employee_reports, improvements, incidents, indicators, measurements, objectives, weaknesses,
};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

async fn read(api: &Api, query: &str) -> Answer {
    api.by(Role::ExternalAuditor).await.get(&format!("/v1/cycles{query}")).await
}

async fn treat(api: &Api, role: Role, case: &str, verb: &str, body: Value) {
    api.by(role).await.post(&format!("/v1/nonconformities/{case}/{verb}"), body).await.expect(200);
}

/// Confirms a case and closes it within so many days.
async fn close(api: &Api, case: &str, days: i64) {
    let (manager, owner) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    let state =
        api.by(manager).await.get(&format!("/v1/nonconformities/{case}")).await.expect(200).body["state"].clone();
    if state == "reported" {
        treat(api, manager, case, "confirm", json!({ "grade": "minor", "owner_id": owner })).await;
    }
    treat(api, manager, case, "contain", json!({ "correction": "Patched", "consequences": "None" })).await;
    let causes = json!({ "method": "five_whys", "root_causes": ["No agent"], "similar": "None" });
    treat(api, manager, case, "analyse", causes).await;
    let check_on = (api.now() + TimeDelta::days(days)).date_naive();
    let plan = json!({ "response": "no_action", "justification": "It is retired", "check_on": check_on });
    treat(api, manager, case, "plan", plan).await;
    api.wait(TimeDelta::days(days));
    let verdict = json!({ "effective": true, "criterion": "Share of laptops", "evidence": "97 %" });
    treat(api, Role::Auditor, case, "verify", verdict).await;
    treat(api, manager, case, "close", json!({ "isms_change": "None needed", "lessons": "None" })).await;
}

/// The names of the figures of a turn that are not nought, and what they are.
fn figures(of: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let mut note = |name: String, value: &Value| {
        if *value != json!(0) && !value.is_null() {
            told.push(format!("{name}: {value}"));
        }
    };
    for (name, value) in of.as_object().unwrap() {
        match value.as_object() {
            Some(matters) => matters.iter().for_each(|(matter, count)| note(format!("{name} {matter}"), count)),
            None => note(name.clone(), value),
        }
    }
    told.sort();
    told
}

/// What happens in a year: a bit of everything.
async fn a_year(api: &Api) {
    for days in [10, 61, 90] {
        let case = raise(api).await;
        close(api, &case, days).await;
    }
    incidents::reported(api, Role::Member).await;
    weaknesses::reported(api, Role::Member).await;
    improvements::propose(api, Role::Member).await;
    let report = employee_reports::file(api, Role::Member).await;
    employee_reports::triage(api, &report).await;
    let told = json!({ "answer": "The door was open for the painters" });
    employee_reports::act(api, Role::IsmsManager, &report, "decline", told).await.expect(200);
    changes::harmful(api).await;
    let case = actions::case(api).await;
    let action = actions::plan(api, &case).await.expect(201).reference().to_owned();
    let reason = json!({ "reason": "Not needed any more" });
    api.by(Role::IsmsManager).await.post(&format!("/v1/actions/{action}/cancel"), reason).await.expect(200);
    let audit = started(api).await;
    look_at_everything(api, &audit).await;
    audit_verb(api, Role::Auditor, &audit, "report", audit_report(api, Role::Management).await).await.expect(200);
}

#[tokio::test]
async fn a_turn_is_told_in_figures_against_the_one_before() {
    for database in each() {
        let api = Api::start(database).await;
        let founded = api.now();
        let empty = read(&api, "").await.expect(200);
        let lasting = &empty.body["items"][0];
        assert_eq!(
            (&lasting["review"], &lasting["from"], &lasting["to"]),
            (&Value::Null, &json!(founded), &json!(founded))
        );
        assert_eq!((&lasting["figures_before"], &lasting["indicators"]), (&Value::Null, &Value::Null));
        assert_eq!(figures(&lasting["figures"]), Vec::<String>::new());
        let (objective, indicator) = objectives::pursued(&api).await;
        let first = raise(&api).await;
        close(&api, &first, 34).await;
        api.wait(TimeDelta::days(1));
        let first_review = approved(&api).await;
        let turned = api.now();
        api.wait(TimeDelta::days(1));
        a_year(&api).await;
        let again = json!({ "recurred": true, "reason": "Seen on the new image" });
        treat(&api, Role::IsmsManager, &first, "reopen", again).await;
        let values = measurements::series(&api, &indicator, &[60.0, 55.0, 58.0]);
        measurements::send(&api, values).await.expect(201);
        api.evaluate().await;
        let verdict = json!({ "evidence": "Read off the chart" });
        objectives::act(&api, Role::IsmsManager, &objective, "achieve", verdict).await.expect(200);
        api.wait(TimeDelta::days(1));
        let second_review = approved(&api).await;
        let ended = api.now();
        api.wait(TimeDelta::days(1));
        raise(&api).await;

        let read_all = read(&api, "").await.expect(200);
        let items = read_all.body["items"].as_array().unwrap();
        let reviews: Vec<&Value> = items.iter().map(|turn| &turn["review"]["reference"]).collect();
        assert_eq!(reviews, [&Value::Null, &json!(second_review), &json!(first_review)], "the newest first");
        let [lasting, second, first] = items.as_slice() else { panic!("{}", read_all.text) };
        assert_eq!((&first["from"], &first["to"]), (&json!(founded), &json!(turned)));
        assert_eq!((&second["from"], &second["to"]), (&json!(turned), &json!(ended)));
        assert_eq!((&lasting["from"], &lasting["to"]), (&json!(ended), &json!(api.now())));
        assert_eq!(figures(&lasting["figures"]), ["entered nonconformities: 1"]);
        let year = figures(&second["figures"]);
        for told in [
            "audits_reported: 1",
            "changes_harmful: 1",
            "closed actions: 1",
            "closed employee_reports: 1",
            "closed nonconformities: 3",
            "entered actions: 1",
            "entered changes: 1",
            "entered employee_reports: 1",
            "entered improvements: 1",
            "entered incidents: 1",
            "entered nonconformities: 4",
            "entered weaknesses: 1",
            "median_days_to_close: 61.0",
            "objectives_achieved: 1",
            "recurred: 1",
            "verdicts_effective: 3",
        ] {
            assert!(year.contains(&told.to_owned()), "{told}: {year:?}");
        }
        assert_eq!(second["figures_before"], first["figures"], "against the turn before");
        assert_eq!(first["figures"]["median_days_to_close"], json!(34.0));
        assert_eq!(lasting["figures_before"], second["figures"]);
        let moved = &second["indicators"];
        assert_eq!((&moved["before"]["from"], &moved["after"]["to"]), (&json!(founded), &json!(ended)), "{moved}");
        let measured = moved["series"].as_array().unwrap().iter().find(|one| one["before"]["count"] == json!(1));
        let measured = measured.unwrap_or_else(|| panic!("{moved}"));
        let medians = (&measured["before"]["median"], &measured["after"]["median"]);
        assert_eq!(medians, (&json!(100.0), &json!(58.0)), "{moved}");
    }
}

#[tokio::test]
async fn what_happens_later_does_not_move_a_turn_that_is_over() {
    for database in each() {
        let api = Api::start(database).await;
        let case = raise(&api).await;
        close(&api, &case, 20).await;
        let by_mistake = json!({ "recurred": false, "reason": "The wrong case" });
        treat(&api, Role::IsmsManager, &case, "reopen", by_mistake).await;
        close(&api, &case, 1).await;
        api.wait(TimeDelta::days(1));
        approved(&api).await;
        api.wait(TimeDelta::days(1));
        let over = read(&api, "").await.expect(200).body["items"][1]["figures"].clone();
        assert_eq!((&over["recurred"], &over["closed"]["nonconformities"]), (&json!(0), &json!(2)));
        let again = json!({ "recurred": true, "reason": "It came again" });
        treat(&api, Role::IsmsManager, &case, "reopen", again).await;
        let later = read(&api, "").await.expect(200);
        assert_eq!(later.body["items"][1]["figures"], over);
        assert_eq!(later.body["items"][0]["figures"]["recurred"], json!(1));
    }
}

#[tokio::test]
async fn as_many_turns_as_are_asked_for_and_nobody_else_s() {
    for database in each() {
        let api = Api::start(database).await;
        raise(&api).await;
        for _ in 0..3 {
            approved(&api).await;
            api.wait(TimeDelta::days(1));
        }
        for (query, count) in [("", 4), ("?limit=1", 1), ("?limit=2", 2), ("?limit=6", 4)] {
            let turns = read(&api, query).await.expect(200);
            assert_eq!(turns.body["items"].as_array().unwrap().len(), count, "{query}");
            assert_ne!(turns.body["items"][0]["figures_before"], Value::Null, "{query}");
        }
        for wrong in ["?limit=0", "?limit=7", "?limit=x", "?turns=2"] {
            read(&api, wrong).await.expect(400);
        }
        api.by(Role::Member).await.get("/v1/cycles").await.expect(403);
        let theirs = api.stranger(Role::Auditor).await.get("/v1/cycles").await.expect(200);
        let [turn] = theirs.body["items"].as_array().unwrap().as_slice() else { panic!("{}", theirs.text) };
        assert_eq!(figures(&turn["figures"]), Vec::<String>::new());
        indicators::active(&api).await;
        read(&api, "").await.expect(200);
    }
}

#[tokio::test]
async fn what_is_linked_as_a_recurrence_came_again() {
    for database in each() {
        let api = Api::start(database).await;
        let mut earlier = Vec::new();
        for _ in 0..3 {
            let case = raise(&api).await;
            close(&api, &case, 10).await;
            earlier.push(case);
        }
        let link = async |case: &str| {
            let newer = raise(&api).await;
            let body = json!({ "record": newer, "relation": "recurrence_of", "to": case });
            let made = api.by(Role::IsmsManager).await.post("/v1/links", body).await.expect(201);
            made.reference().to_owned()
        };
        let withdraw = async |link: &str| {
            let reason = json!({ "reason": "Another matter" });
            api.by(Role::IsmsManager).await.post(&format!("/v1/links/{link}/withdraw"), reason).await.expect(200);
        };
        link(&earlier[0]).await;
        link(&earlier[0]).await;
        let kept = link(&earlier[1]).await;
        let mistaken = link(&earlier[2]).await;
        withdraw(&mistaken).await;
        // Reopened as well, it is one nonconformity that came again.
        let again = json!({ "recurred": true, "reason": "Seen on the new image" });
        treat(&api, Role::IsmsManager, &earlier[1], "reopen", again).await;
        api.wait(TimeDelta::days(1));
        let recurred =
            async |turn: usize| read(&api, "").await.expect(200).body["items"][turn]["figures"]["recurred"].clone();
        assert_eq!(recurred(0).await, json!(2));
        approved(&api).await;
        api.wait(TimeDelta::days(1));
        withdraw(&kept).await;
        assert_eq!((recurred(1).await, recurred(0).await), (json!(2), json!(0)), "what is over does not move");
    }
}
