use super::actions::{case, plan};
use super::policies::history;
use super::policy_versions::published;
use crate::databases::each;
use crate::harness::{Answer, Api};
use crate::python::python;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

/// What another program reads in a calendar: each event's properties by name, unfolded and without escapes.
const READER: &str = r#"
import json, sys
from icalendar import Calendar
text = sys.stdin.buffer.read()
calendar = Calendar.from_ical(text)
faults = [f"line of {len(line)} octets" for line in text.split(b"\r\n") if len(line) > 75]
faults += ["a bare line feed"] * (b"\n" in text.replace(b"\r\n", b""))
events = []
for event in calendar.walk("VEVENT"):
    faults += [str(error) for error in event.errors]
    events.append({
        "uid": str(event["UID"]), "summary": str(event["SUMMARY"]), "description": str(event["DESCRIPTION"]),
        "url": str(event["URL"]), "from": event.decoded("DTSTART").isoformat(), "to": event.decoded("DTEND").isoformat(),
        "stamp": event.decoded("DTSTAMP").isoformat(), "busy": str(event["TRANSP"]),
    })
json.dump({"name": str(calendar["X-WR-CALNAME"]), "faults": faults + calendar.errors, "events": events}, sys.stdout)
"#;

fn read(text: &str) -> Value {
    let mut reader = python().args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    reader.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "not a calendar: {text}");
    let calendar: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(calendar["faults"], json!([]), "{text}");
    calendar
}

/// Makes the link of whoever has the role; what a calendar program is given.
async fn link(api: &Api, role: Role) -> String {
    let path = format!("/v1/members/{}/open-calendar-link", api.member_id(role).await);
    let opened = api.by(role).await.post(&path, json!({})).await.expect(200);
    let url = opened.body["calendar_url"].as_str().unwrap();
    // The address under which clients see the server is another one in these tests.
    url.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned()
}

async fn fetch(api: &Api, link: &str) -> Answer {
    api.anonymous().get(link).await
}

fn summaries(calendar: &Value) -> Vec<&str> {
    calendar["events"].as_array().unwrap().iter().map(|event| event["summary"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_calendar_program_reads_what_is_due() {
    for database in each() {
        let api = Api::start(database).await;
        let case = case(&api).await;
        let action = plan(&api, &case).await.expect(201);
        let (_, version) = published(&api, json!({ "title": "Use of laptops; phones, tablets" })).await;
        let link = link(&api, Role::Member).await;
        let answer = fetch(&api, &link).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/calendar; charset=utf-8");
        let calendar = read(&answer.text);
        assert_eq!(calendar["name"], "Ratchet: Harbour Robotics");
        let due_on = (api.now() + TimeDelta::days(14)).date_naive();
        let known = format!("Use of laptops; phones, tablets ({version})");
        let planned = format!("Put the update agent into the laptop image ({})", action.reference());
        let mut due = summaries(&calendar);
        due.sort_unstable();
        assert_eq!(due, [planned.as_str(), known.as_str()], "both on the fourteenth day");
        let events = calendar["events"].as_array().unwrap();
        let event = events.iter().find(|event| event["summary"] == planned).unwrap();
        let id = action.body["id"].as_str().unwrap();
        assert_eq!(event["uid"], format!("{id}-0@127.0.0.1:8080"));
        assert_eq!(event["url"], format!("http://127.0.0.1:8080/v1/actions/{id}"));
        assert_eq!(event["from"], due_on.to_string());
        assert_eq!(event["to"], due_on.succ_opt().unwrap().to_string());
        assert_eq!(event["description"], format!("Waits for you: action {}, open", action.reference()));
        assert_eq!(event["busy"], "TRANSPARENT");
        // The same bytes as long as nothing is different, and the same event when its day moves.
        let etag = answer.header("etag").to_owned();
        let request = |etag: &str| api.anonymous().request(reqwest::Method::GET, &link).header("if-none-match", etag);
        api.wait(TimeDelta::hours(5));
        assert_eq!(api.anonymous().send(request(&etag)).await.expect(304).text, "");
        let moved = (api.now() + TimeDelta::days(30)).date_naive();
        let move_due = json!({ "due_on": moved, "reason": "The vendor is late" });
        let path = format!("/v1/actions/{}/move-due", action.reference());
        api.by(Role::IsmsManager).await.post(&path, move_due).await.expect(200);
        let after = read(&api.anonymous().send(request(&etag)).await.expect(200).text);
        let later = after["events"].as_array().unwrap().iter().find(|later| later["uid"] == event["uid"]).unwrap();
        assert_eq!(later["from"], moved.to_string());
        assert!(later["stamp"].as_str() > event["stamp"].as_str(), "{later}");
        let done = json!({ "summary": "Done" });
        let member = api.by(Role::Member).await;
        member.post(&format!("/v1/actions/{}/complete", action.reference()), done).await.expect(200);
        assert_eq!(summaries(&read(&fetch(&api, &link).await.expect(200).text)), [known.as_str()]);
    }
}

/// What waits for a role is in the calendar of whoever holds it now.
#[tokio::test]
async fn a_calendar_follows_the_roles_held() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let owner = api.member_id(Role::IsmsManager).await;
        let due = (api.now() + TimeDelta::days(9)).date_naive();
        let entry = json!({
            "kind": "internal_issue", "title": "Two sites", "description": "Since spring", "review_due_on": due,
        });
        manager.post("/v1/context-entries", entry).await.expect(201);
        let entry = json!({
            "kind": "internal_issue", "title": "Shift work", "description": "Nights", "review_due_on": due,
            "owner_id": owner,
        });
        manager.post("/v1/context-entries", entry).await.expect(201);
        let link = link(&api, Role::Management).await;
        let reference = |calendar: &Value| summaries(calendar).join(" ");
        let calendar = read(&fetch(&api, &link).await.expect(200).text);
        let told = reference(&calendar);
        assert!(told.starts_with("Two sites (") && !told.contains("Shift"), "{told}");
        assert!(calendar["events"][0]["description"].as_str().unwrap().starts_with("Waits for whoever may: "));
        let path = format!("/v1/members/{}/assign-roles", api.member_id(Role::Management).await);
        api.by(Role::Admin).await.post(&path, json!({ "roles": ["member"] })).await.expect(200);
        assert_eq!(reference(&read(&fetch(&api, &link).await.expect(200).text)), "");
    }
}

#[tokio::test]
async fn a_link_is_one_s_own_shown_once_and_ends() {
    for database in each() {
        let api = Api::start(database).await;
        let (member, admin) = (api.by(Role::Member).await, api.by(Role::Admin).await);
        let id = api.member_id(Role::Member).await;
        let path = |verb: &str| format!("/v1/members/{id}/{verb}");
        for caller in [&admin, &api.by(Role::IsmsManager).await] {
            caller.post(&path("open-calendar-link"), json!({})).await.expect(403);
        }
        let request = member.request(reqwest::Method::POST, &path("open-calendar-link")).header("idempotency-key", "k");
        member.send(request.json(&json!({}))).await.expect(400);
        let dry = member.post(&format!("{}?dry_run=true", path("open-calendar-link")), json!({})).await.expect(200);
        assert_eq!((&dry.body["calendar_link"], dry.body.get("calendar_url")), (&json!(true), None));
        assert_eq!(
            member.post(&path("close-calendar-link"), json!({})).await.expect(409).reasons(),
            ["no_calendar_link"]
        );

        let first = link(&api, Role::Member).await;
        let secret = first.rsplit('_').next().unwrap();
        assert_eq!(secret.len(), 64);
        let shown = admin.get(&format!("/v1/members/{id}")).await.expect(200);
        assert_eq!(shown.body["calendar_link"], true);
        assert!(!shown.text.contains(secret) && !shown.text.contains("hash"), "{}", shown.text);
        fetch(&api, &first).await.expect(200);
        let second = link(&api, Role::Member).await;
        let dead = fetch(&api, &first).await.expect(404);
        let never = fetch(&api, &second.replace(&id.replace('-', ""), &"0".repeat(32))).await.expect(404);
        let wrong = fetch(&api, &format!("{}0", &second[..second.len() - 1])).await;
        let other = second.replace(&id.replace('-', ""), &api.member_id(Role::Auditor).await.replace('-', ""));
        let other = fetch(&api, &other).await.expect(404);
        for answer in [&dead, &never, &other] {
            let mut body = answer.body.clone();
            body["instance"] = Value::Null;
            let mut same = dead.body.clone();
            same["instance"] = Value::Null;
            assert_eq!(body, same);
        }
        assert!(wrong.status == 404 || second.ends_with('0'));
        // Neither does a login open it, nor does it open anything else.
        fetch(&api, &format!("/v1/calendar.ics?token={}", member.token())).await.expect(404);
        api.with_token(second.rsplit('=').next().unwrap()).get("/v1/me").await.expect(401);
        fetch(&api, "/v1/calendar.ics").await.expect(400);

        fetch(&api, &second).await.expect(200);
        let closed = admin.post(&path("close-calendar-link"), json!({})).await.expect(200);
        assert_eq!(closed.body["calendar_link"], false);
        fetch(&api, &second).await.expect(404);
        let third = link(&api, Role::Member).await;
        fetch(&api, &third).await.expect(200);
        admin.post(&path("deactivate"), json!({ "reason": "Left" })).await.expect(200);
        fetch(&api, &third).await.expect(404);
        let reference = shown.reference();
        let happened = history(&api, reference).await;
        let opened = "member.calendar_link_opened";
        let expected = ["member.enrolled", opened, opened, "member.calendar_link_closed", opened, "member.deactivated"];
        assert_eq!(happened, expected);
    }
}

#[tokio::test]
async fn who_guesses_is_slowed_down() {
    for database in each() {
        let settings = Settings { calendars_per_minute: 4, ..Settings::default() };
        let api = Api::start_with(database, settings).await;
        let link = link(&api, Role::Member).await;
        for _ in 0..3 {
            fetch(&api, "/v1/calendar.ics?token=rcal_0_0").await.expect(404);
        }
        fetch(&api, &link).await.expect(200);
        let refused = fetch(&api, &link).await.expect(429);
        assert!(!refused.header("retry-after").is_empty());
        // Whoever logs in is not.
        api.by(Role::Auditor).await.get("/v1/me").await.expect(200);
    }
}
