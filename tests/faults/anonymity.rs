//! A-13 against the program itself: whatever is logged, and at whatever level, it says nothing of an anonymous report.

use super::program::{Instance, client};
use crate::databases::each;
use serde_json::{Value, json};

async fn text(request: reqwest::RequestBuilder, status: u16) -> String {
    let answer = request.send().await.unwrap();
    let (got, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(got, status, "{text}");
    text
}

#[tokio::test]
async fn an_anonymous_report_leaves_no_line_in_the_log() {
    for database in each() {
        let instance = Instance::on(database).logging("trace");
        let program = instance.start().await;
        let token = instance.token(&program).await;
        let client = client();
        let settings = client.get(format!("{}/v1/settings", program.url)).bearer_auth(&token);
        let settings: Value = serde_json::from_str(&text(settings, 200).await).unwrap();
        let id = settings["items"][0]["id"].as_str().unwrap();
        let open = client.post(format!("{}/v1/settings/{id}/open-report-link", program.url)).bearer_auth(&token);
        let opened: Value = serde_json::from_str(&text(open.json(&json!({})), 200).await).unwrap();
        let link = format!("{}{}", program.url, opened["report_link"].as_str().unwrap());
        let metrics = async || text(client.get(format!("{}/metrics", program.url)), 200).await;
        let before = metrics().await;
        let body = json!({ "kind": "event", "text": "the-secret-text" });
        let filed = client.post(&link).bearer_auth(&token).header("user-agent", "mozilla-7").json(&body);
        let filed = text(filed.header("x-request-id", "request-of-mine"), 202).await;
        let filed: Value = serde_json::from_str(&filed).unwrap();
        let code = filed["follow_up_code"].as_str().unwrap();
        let status = text(client.post(format!("{link}/follow-up")).json(&json!({ "code": code })), 200).await;
        assert!(status.contains("received"));
        let after = metrics().await;
        assert!(!after.contains("report-intakes"), "{after}");
        let counted = |text: &str| text.matches("http_requests").count();
        assert!(counted(&after) <= counted(&before) + 1, "but for the figures' own request");
        let log = instance.log();
        assert!(log.contains("/v1/settings"), "this test cannot see: {log}");
        for needle in ["the-secret-text", "mozilla-7", "request-of-mine", code, "report-intakes"] {
            assert!(!log.contains(needle), "{needle}");
        }
    }
}
