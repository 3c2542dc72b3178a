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
    /// Of every answer but the last.
    headers: Vec<(String, String)>,
}

impl Told {
    fn with(answers: &[(u16, Value)]) -> Self {
        let answers = Mutex::new(answers.iter().rev().cloned().collect());
        Self { answers, asked: Mutex::default(), headers: Vec::new() }
    }

    fn with_headers(answers: &[(u16, Value)], headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { headers: headers.collect(), ..Self::with(answers) }
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
        let mut answers = self.answers.lock().unwrap();
        let (status, body) = answers.pop().expect("asked more than was expected");
        let headers = if answers.is_empty() { Vec::new() } else { self.headers.clone() };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        Box::pin(async move { Ok(Response { status, headers, body }) })
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
        close_code: None,
        statuses: vec![status("open", Category::ToDo), status("completed", Category::Done)],
        people: Vec::new(),
        rules: Vec::new(),
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

/// What has changed, where that is all.
fn all(keys: &[&str]) -> Changed {
    Changed { keys: keys.iter().map(|key| (*key).to_owned()).collect(), is_whole: true }
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
    assert_eq!(github.changed_since(&setup, DateTime::UNIX_EPOCH).await, Ok(all(&["7"])));
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

#[tokio::test]
async fn gitlab_turns_pages_as_it_is_told_and_moves_by_events() {
    let issue =
        |iid: i64, state: &str| json!({ "iid": iid, "state": state, "description": "In 41\n\n<!-- ratchet-x -->" });
    let mara = json!([{ "id": 11, "username": "mara" }]);
    let told = Told::with_headers(
        &[
            (200, json!([issue(3, "opened")])),
            (200, issue(4, "closed")),
            (200, issue(4, "closed")),
            (200, mara),
            (200, json!({})),
            (200, issue(4, "closed")),
        ],
        &[("x-next-page", "2")],
    );
    let (terms, credentials) = (terms(Kind::Gitlab, "isms/laptops"), credentials(None));
    let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
    let gitlab = connector(Kind::Gitlab);
    assert_eq!(gitlab.find(&setup, "ratchet-x").await, Ok(Some("3".into())), "the first page has it");
    let seen = gitlab.fetch(&setup, "4").await.unwrap();
    assert_eq!((seen.text.as_deref(), &seen.assignee, seen.due_on), (Some("In 41"), &Some(None), Some(None)));
    let wanted = Wanted { status: Some("opened".into()), ..wanted() };
    gitlab.update(&setup, &seen, &wanted).await.unwrap();
    // Where it stands already is no event, and without any member nothing is asked.
    gitlab.update(&setup, &seen, &Wanted { status: Some("closed".into()), ..Wanted::default() }).await.unwrap();
    let asked = told.asked();
    assert!(asked[0].1.starts_with("https://desk.example.org/api/v4/projects/isms%2Flaptops/issues?scope=all"));
    let members = json!({
        "title": "Agent", "description": "In image 41\n\nand 42\n\n<!-- ratchet-x -->", "due_date": "2027-01-15",
        "assignee_ids": [11], "state_event": "reopen",
    });
    assert_eq!((asked[4].0, &asked[4].2), (RequestMethod::Put, &members));
    assert_eq!(told.header(0, "authorization").as_deref(), Some("Bearer token"));

    let pages: Vec<(u16, Value)> = (1..=3).map(|iid| (200, json!([issue(iid, "opened")]))).collect();
    let told = Told::with_headers(&pages, &[("x-next-page", "2")]);
    let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
    let changed = gitlab.changed_since(&setup, DateTime::UNIX_EPOCH).await;
    assert_eq!(changed, Ok(all(&["1", "2", "3"])), "until no page follows");
    assert!(told.asked()[2].1.contains("page=3") && told.asked()[2].1.contains("updated_after=1970-01-01T00:00:00Z"));
    let hook = |body: Value| gitlab.key_of(&terms, &body);
    assert_eq!(hook(json!({ "object_kind": "issue", "object_attributes": { "id": 300, "iid": 4 } })), Some("4".into()));
    assert_eq!(
        hook(json!({ "object_kind": "note", "object_attributes": { "id": 9 }, "issue": { "iid": 4 } })),
        Some("4".into())
    );
    assert_eq!(hook(json!({ "object_kind": "push" })), None);
}

#[tokio::test]
async fn servicenow_looks_at_what_it_is_listed() {
    let (id, row) = ("0".repeat(31) + "1", |number: &str, at: &str| json!({ "number": number, "sys_updated_on": at }));
    let whole = json!({
        "sys_id": id, "number": "INC0010001", "short_description": "Agent", "description": "In 41", "state": "6",
        "due_date": "2027-01-15 22:30:00", "assigned_to": "a", "assigned_to.user_name": "mara",
        "sys_updated_on": "2026-11-26 20:00:00",
    });
    // A query that is not understood lists everything.
    let other = json!({ "sys_id": "0".repeat(32), "number": "INC0010000", "correlation_id": "" });
    let result = |rows: Vec<Value>| (200, json!({ "result": rows }));
    let told = Told::with(&[
        result(vec![other.clone(), json!({ "number": "INC0010001", "correlation_id": "ratchet-x" })]),
        result(vec![other.clone()]),
        result(vec![other.clone(), whole.clone()]),
        result(vec![whole.clone()]),
        result(vec![json!({ "sys_id": id, "user_name": "mara" })]),
        (200, json!({ "result": {} })),
        result(vec![row("INC0010001", "2026-11-26 20:00:00"), row("INC0010000", "2026-11-26 19:59:59")]),
        (403, json!({ "error": { "message": "Operation Failed" } })),
        (404, json!({ "error": { "message": "No Record found" } })),
        result(vec![other]),
    ]);
    let mut terms = terms(Kind::ServiceNow, "incident");
    terms.statuses[1].status = "6".into();
    let credentials = credentials(Some("ratchet"));
    let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
    let servicenow = connector(Kind::ServiceNow);
    assert_eq!(servicenow.find(&setup, "ratchet-x").await, Ok(Some("INC0010001".into())));
    assert_eq!(servicenow.find(&setup, "ratchet-x").await, Ok(None), "nobody's ticket is taken");
    let seen = servicenow.fetch(&setup, "INC0010001").await.unwrap();
    assert_eq!((seen.status.as_str(), seen.due_on), ("6", Some("2027-01-15".parse().ok())));
    assert_eq!((&seen.assignee, seen.text.as_deref()), (&Some(Some("mara".into())), Some("In 41")));
    assert_eq!(seen.updated_at.unwrap().to_rfc3339(), "2026-11-26T20:00:00+00:00");
    servicenow.update(&setup, &seen, &Wanted { status: Some("6".into()), ..wanted() }).await.unwrap();
    let asked = told.asked();
    assert!(
        asked[5].1.starts_with(&format!("https://desk.example.org/api/now/table/incident/{id}?")),
        "{}",
        asked[5].1
    );
    assert_eq!((asked[5].0, &asked[5].2["due_date"]), (RequestMethod::Patch, &json!("2027-01-15 12:00:00")));
    assert_eq!((&asked[5].2["assigned_to"], &asked[5].2["close_code"]), (&json!(id), &json!("Solution provided")));
    assert!(asked[5].2["close_notes"].is_string(), "asked for beside the code");
    let since = DateTime::parse_from_rfc3339("2026-11-26T20:00:00Z").unwrap().to_utc();
    assert_eq!(servicenow.changed_since(&setup, since).await, Ok(all(&["INC0010001"])));
    // With 403 one row is refused, and not whoever asks.
    let refused = servicenow.fetch(&setup, "INC0010001").await.unwrap_err();
    assert!(!refused.is_of_connection(), "{refused:?}");
    assert_eq!(servicenow.fetch(&setup, "INC0010001").await, Err(Failure::Gone));
    assert_eq!(servicenow.fetch(&setup, "INC0010001").await, Err(Failure::Gone), "another's row is not taken");
    // Nothing that is asked for says more than itself.
    for key in ["INC1^ORnumber=INC2", "javascript:gs.getUserID()", ""] {
        assert!(matches!(servicenow.fetch(&setup, key).await, Err(Failure::Refused(_))), "{key}");
    }
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

/// GitLab signs with the secret, or shows it: as whoever has entered it there.
#[test]
fn what_gitlab_sends_is_signed_or_shows_the_token() {
    let (terms, at) = (terms(Kind::Gitlab, "4"), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = "{}";
    let arrived = |headers: &[(&str, &str)]| {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let header =
            move |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        is_authentic(&terms, secret, &Arrived { header: &header, body: body.as_bytes(), at })
    };
    // Made apart from this program, of the same secret and moment.
    let at = at.timestamp().to_string();
    let signed = |signature: &str| {
        arrived(&[("webhook-id", "msg_1"), ("webhook-timestamp", &at), ("webhook-signature", signature)])
    };
    assert!(signed("v1,aqGMLEoqOVp/D/xhzYiTXCG2rz93H67v4zo0t4cwZi0="));
    assert!(!signed("v1,AAAA"));
    assert!(arrived(&[("x-gitlab-token", secret)]));
    assert!(!arrived(&[("x-gitlab-token", "whsec_")]) && !arrived(&[("x-hub-signature-256", secret)]) && !arrived(&[]));
}

/// A page that is full, or an answer that says that it goes on, is not all.
#[tokio::test]
async fn what_is_listed_in_part_says_so() {
    let issue = |number: usize| json!({ "number": number });
    let full: Vec<(u16, Value)> =
        (0..10).map(|page| (200, (0..100).map(|at| issue(page * 100 + at)).collect())).collect();
    let told = Told::with(&full);
    let (terms, credentials) = (terms(Kind::Github, "o/r"), credentials(None));
    let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
    let changed = connector(Kind::Github).changed_since(&setup, DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!((changed.keys.len(), changed.is_whole), (CHANGED, false));

    let described = json!({
        "auth": "bearer", "create": { "method": "POST", "path": "/issues" }, "fetch": { "method": "GET", "path": "/{key}" },
        "update": { "method": "PUT", "path": "/{key}" }, "changed": { "method": "GET", "path": "/issues?since={since}" },
        "reading": { "key": "/id", "status": "/status" },
    });
    let two = || (200, json!([{ "id": 1 }, { "id": 2 }]));
    for (page_size, link, is_whole) in [
        (None, None, true),
        (Some(3), None, true),
        (Some(2), None, false),
        (None, Some("<https://desk.example.org/issues?page=1>; rel=\"prev\""), true),
        (None, Some("<https://desk.example.org/issues?page=2>; rel=\"next\""), false),
    ] {
        let mut terms =
            Terms { kind: Kind::Generic, generic: serde_json::from_value(described.clone()).unwrap(), ..terms.clone() };
        terms.generic.as_mut().unwrap().page_size = page_size;
        // The last answer has no headers: one more than is asked for.
        let told =
            Told::with_headers(&[two(), two()], &link.map(|link| ("link", link)).into_iter().collect::<Vec<_>>());
        let setup = Setup { terms: &terms, credentials: Some(&credentials), dial: &told };
        let changed = connector(Kind::Generic).changed_since(&setup, DateTime::UNIX_EPOCH).await.unwrap();
        assert_eq!((changed.keys.len(), changed.is_whole), (2, is_whole), "{page_size:?} {link:?}");
    }
}
