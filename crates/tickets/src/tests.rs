use super::*;
use chrono::TimeDelta;
use ratchet_domain::ticket_connections::{RequestMethod, Status};
use ratchet_domain::tickets::{Category, OnDone, Winner};
use serde_json::json;
use std::sync::Mutex;

/// Whoever answers what is asked in turn, and keeps what that was.
struct Told {
    answers: Mutex<Vec<(u16, Value)>>,
    asked: Mutex<Vec<Request>>,
}

impl Told {
    fn with(answers: &[(u16, Value)]) -> Self {
        Self { answers: Mutex::new(answers.iter().rev().cloned().collect()), asked: Mutex::default() }
    }

    /// Method, address and body of each.
    fn asked(&self) -> Vec<(RequestMethod, String, Value)> {
        let asked = self.asked.lock().unwrap();
        let body = |one: &Request| one.body.as_ref().map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        asked.iter().map(|one| (one.method, one.url.clone(), body(one))).collect()
    }

    fn header(&self, at: usize, name: &str) -> Option<String> {
        let asked = self.asked.lock().unwrap();
        asked[at].headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

impl Dial for Told {
    fn dial<'a>(&'a self, request: Request) -> Doing<'a, Result<Response, Failure>> {
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answers.lock().unwrap().pop().expect("asked more than was expected");
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        Box::pin(async move { Ok(Response { status, headers: Vec::new(), body }) })
    }
}

fn terms(kind: Kind, project: &str) -> Terms {
    let status = |status: &str, category| Status { status: status.into(), category };
    Terms {
        description: "The desk".into(),
        kind,
        base_url: "https://desk.example.org/".into(),
        project: Some(project.into()),
        issue_type: None,
        statuses: vec![status("open", Category::ToDo), status("completed", Category::Done)],
        people: Vec::new(),
        wins: Winner::Ours,
        on_done: OnDone::Propose,
        poll_seconds: 300,
        generic: None,
    }
}

fn wanted() -> Wanted {
    Wanted {
        title: Some("Agent".into()),
        text: Some("In image 41\n\nand 42".into()),
        due_on: "2027-01-15".parse().ok(),
        assignee: Some("mara".into()),
        status: Some("completed".into()),
    }
}

fn credentials(user: Option<&str>) -> Credentials {
    Credentials { user: user.map(str::to_owned), secret: "token".into() }
}

#[tokio::test]
async fn github_marks_in_the_text_and_passes_over_pull_requests() {
    let marked = json!({ "number": 7, "body": "x\n\n<!-- ratchet-ACT-2026-0001-ab -->" });
    let pull = json!({ "number": 8, "body": "<!-- ratchet-ACT-2026-0001-ab -->", "pull_request": {} });
    let seen = json!({
        "number": 7, "state": "closed", "state_reason": "not_planned", "title": "Agent",
        "body": "In image 41\n\n<!-- ratchet-ACT-2026-0001-ab -->", "assignee": null, "html_url": "https://github.com/o/r/issues/7",
        "updated_at": "2026-11-26T20:00:00Z",
    });
    let told = Told::with(&[
        (201, json!({ "number": 7 })),
        (200, json!([pull, marked])),
        (200, seen.clone()),
        (200, seen),
        (200, json!({})),
        (200, json!([{ "number": 9, "pull_request": {} }, { "number": 7 }])),
    ]);
    let (terms, credentials) = (terms(Kind::Github, "o/r"), credentials(None));
    let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
    let github = connector(Kind::Github);
    assert_eq!(github.create(&setup, "ratchet-ACT-2026-0001-ab", &wanted()).await, Ok("7".into()));
    assert_eq!(github.find(&setup, "ratchet-ACT-2026-0001-ab").await, Ok(Some("7".into())));
    let issue = github.fetch(&setup, "7").await.unwrap();
    assert_eq!((issue.status.as_str(), issue.text.as_deref()), ("not_planned", Some("In image 41")));
    assert_eq!((issue.due_on, &issue.assignee), (None, &Some(None)));
    let change = Wanted { text: Some("Other".into()), status: Some("open".into()), ..Wanted::default() };
    github.update(&setup, &issue, &change).await.unwrap();
    assert_eq!(github.changed_since(&setup, DateTime::UNIX_EPOCH).await, Ok(vec!["7".into()]));
    let asked = told.asked();
    let (method, url, body) = &asked[0];
    assert_eq!((*method, url.as_str()), (RequestMethod::Post, "https://desk.example.org/repos/o/r/issues"));
    let text = "In image 41\n\nand 42\n\n<!-- ratchet-ACT-2026-0001-ab -->";
    assert_eq!(*body, json!({ "title": "Agent", "body": text, "assignees": ["mara"] }));
    let body = "Other\n\n<!-- ratchet-ACT-2026-0001-ab -->";
    assert_eq!(asked[4], (RequestMethod::Patch, format!("{url}/7"), json!({ "body": body, "state": "open" })));
    assert!(asked[5].1.contains("state=all") && asked[5].1.contains("since=1970-01-01T00:00:00Z"), "{}", asked[5].1);
    assert_eq!(told.header(0, "authorization").as_deref(), Some("Bearer token"));
}

#[tokio::test]
async fn jira_moves_by_a_transition_and_writes_documents_in_the_cloud_alone() {
    let transitions = json!({ "transitions": [
        { "id": "21", "to": { "name": "In Progress" } }, { "id": "31", "to": { "name": "Completed" } },
    ] });
    for (kind, version, user) in [(Kind::JiraCloud, 3, Some("a@example.org")), (Kind::JiraDataCenter, 2, None)] {
        let seen = json!({ "key": "SEC-1", "fields": { "summary": "Agent", "status": { "name": "Open" },
            "updated": "2026-11-26T20:00:00.000+0100", "duedate": null, "assignee": null,
            "description": if version == 3 { json!({ "type": "doc", "content": [
                { "type": "paragraph", "content": [{ "type": "text", "text": "In " }, { "type": "text", "text": "41" }] },
                { "type": "paragraph" }] }) } else { json!("In 41\n") } } });
        let told = Told::with(&[
            (201, json!({ "id": "1", "key": "SEC-1" })),
            (200, json!({ "issues": [{ "key": "SEC-9", "fields": { "labels": [] } }] })),
            (200, seen),
            (204, Value::Null),
            (200, transitions.clone()),
            (204, Value::Null),
            (200, transitions.clone()),
        ]);
        let (terms, credentials) = (terms(kind, "SEC"), credentials(user));
        let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
        let jira = connector(kind);
        assert_eq!(jira.create(&setup, "ratchet-x", &wanted()).await, Ok("SEC-1".into()));
        assert_eq!(jira.find(&setup, "ratchet-x").await, Ok(None), "what is listed is looked at");
        let issue = jira.fetch(&setup, "SEC-1").await.unwrap();
        assert_eq!(issue.text.as_deref(), Some("In 41\n"));
        assert_eq!(issue.updated_at.unwrap().to_rfc3339(), "2026-11-26T19:00:00+00:00");
        jira.update(&setup, &issue, &wanted()).await.unwrap();
        let nowhere = Wanted { status: Some("Sealed".into()), ..Wanted::default() };
        assert!(matches!(jira.update(&setup, &issue, &nowhere).await, Err(Failure::Refused(_))));
        let asked = told.asked();
        assert_eq!(asked[0].1, format!("https://desk.example.org/rest/api/{version}/issue"));
        let fields = &asked[0].2["fields"];
        assert_eq!((&fields["issuetype"]["name"], &fields["labels"]), (&json!("Task"), &json!(["ratchet-x"])));
        let is_document = fields["description"]["type"] == "doc";
        assert_eq!(is_document, version == 3);
        let by = if version == 3 { "accountId" } else { "name" };
        assert_eq!(fields["assignee"], json!({ by: "mara" }));
        assert_eq!(asked[5].2, json!({ "transition": { "id": "31" } }));
        let scheme = told.header(0, "authorization").unwrap();
        assert!(scheme.starts_with(if user.is_some() { "Basic " } else { "Bearer " }), "{scheme}");
    }
}

#[tokio::test]
async fn redmine_looks_statuses_up_and_lists_what_is_closed_too() {
    let statuses = json!({ "issue_statuses": [{ "id": 1, "name": "Open" }, { "id": 5, "name": "Completed" }] });
    let told = Told::with(&[
        (200, statuses.clone()),
        (201, json!({ "issue": { "id": 3 } })),
        (200, json!({ "issues": [{ "id": 4, "subject": "Agent" }, { "id": 3, "subject": "Agent [ratchet-x]" }] })),
        (200, statuses),
    ]);
    let (terms, credentials) = (terms(Kind::Redmine, "isms"), credentials(None));
    let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
    let redmine = connector(Kind::Redmine);
    let wanted = Wanted { assignee: Some("12".into()), ..wanted() };
    assert_eq!(redmine.create(&setup, "ratchet-x", &wanted).await, Ok("3".into()));
    assert_eq!(redmine.find(&setup, "ratchet-x").await, Ok(Some("3".into())));
    let nobody = Wanted { assignee: Some("mara".into()), status: Some("Sealed".into()), ..Wanted::default() };
    assert!(matches!(redmine.create(&setup, "ratchet-x", &nobody).await, Err(Failure::Refused(_))));
    let asked = told.asked();
    let issue = &asked[1].2["issue"];
    assert_eq!((&issue["status_id"], &issue["subject"]), (&json!(5), &json!("Agent [ratchet-x]")));
    assert!(asked[2].1.contains("status_id=*"), "{}", asked[2].1);
    assert_eq!(told.header(1, "x-redmine-api-key").as_deref(), Some("token"));
}

/// What is refused says why; what is about the whole connection is told from what is about one ticket.
#[tokio::test]
async fn failures_are_told_apart() {
    let (terms, credentials) = (terms(Kind::Github, "o/r"), credentials(None));
    let said = json!({ "message": "Validation\nFailed" });
    for (status, is_of_connection, words) in [
        (401, true, "the credentials are not accepted: {\"message\":\"Validation\\nFailed\"}"),
        (404, false, "it is not there"),
        (422, false, "the ticketing system refuses it: {\"message\":\"Validation\\nFailed\"}"),
        (429, true, "the ticketing system asks to wait"),
        (502, true, "the ticketing system answered 502"),
    ] {
        let told = Told::with(&[(status, said.clone())]);
        let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
        let failure = connector(Kind::Github).fetch(&setup, "7").await.unwrap_err();
        assert_eq!((failure.is_of_connection(), failure.words().as_str()), (is_of_connection, words));
    }
    let other = Terms { project: Some("../x".into()), ..terms };
    let told = Told::with(&[]);
    let setup = Setup { terms: &other, credentials: None, dial: &told };
    assert!(matches!(connector(Kind::Github).fetch(&setup, "7").await, Err(Failure::Refused(_))));
}

/// A key cannot lead an address elsewhere.
#[tokio::test]
async fn what_goes_into_an_address_is_escaped() {
    let told = Told::with(&[(404, Value::Null)]);
    let (terms, credentials) = (terms(Kind::Redmine, "isms"), credentials(None));
    let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
    assert_eq!(connector(Kind::Redmine).fetch(&setup, "../users/1?a=#").await, Err(Failure::Gone));
    assert_eq!(told.asked()[0].1, "https://desk.example.org/issues/..%2Fusers%2F1%3Fa%3D%23.json");
}

#[test]
fn a_signature_is_of_the_body_under_the_secret() {
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    // RFC 4231, test case 2.
    let (secret, body) = ("Jefe", "what do ya want for nothing?");
    let mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    for (kind, name) in [(Kind::Github, "x-hub-signature-256"), (Kind::JiraCloud, "x-hub-signature")] {
        let terms = terms(kind, "SEC");
        let signed = |header: &str, value: &str, body: &str| {
            let (named, value) = (header.to_owned(), value.to_owned());
            let header = move |wanted: &str| (wanted == named).then(|| value.clone());
            is_authentic(&terms, secret, &Arrived { header: &header, body: body.as_bytes(), at })
        };
        assert!(signed(name, &format!("sha256={mac}"), body));
        assert!(!signed(name, &format!("sha256={mac}"), "what do ya want for something?"));
        assert!(!signed(name, &format!("sha256={}", mac.replace('5', "6")), body));
        assert!(!signed("x-other", &format!("sha256={mac}"), body) && !signed(name, "", body));
    }
}
