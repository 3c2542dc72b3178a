//! The five scenes of the sample organisation, walked over HTTP: every figure is read from an answer, every refusal is tried.

mod cycles;
mod gate;
mod leavers;
mod patches;
mod review;

use super::program::{Instance, Program, client, now};
use crate::databases::each;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A server that tells of Harbour Robotics, and those of its people who are logged in.
struct Walk {
    program: Program,
    client: Client,
    tokens: HashMap<String, String>,
}

/// What was answered.
struct Answer {
    status: u16,
    text: String,
    body: Value,
}

impl Answer {
    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The codes of the reasons why not.
    fn reasons(&self) -> Vec<&str> {
        let reasons = self.body["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
        reasons.iter().map(|reason| reason["code"].as_str().unwrap()).collect()
    }
}

impl Walk {
    async fn on(instance: &Instance) -> Self {
        let mut walk = Self { program: instance.start_as("demo").await, client: client(), tokens: HashMap::new() };
        for email in [
            "mara@harbour.example",
            "tomas@harbour.example",
            "ines@harbour.example",
            "adeyemi@harbour.example",
            "sofia@harbour.example",
            "jonas@harbour.example",
            "lena@harbour.example",
            "greta@certifier.example",
        ] {
            let login = json!({ "email": email, "password": "harbour robotics" });
            let answer = walk.send(walk.request(Method::POST, "/v1/auth/login").json(&login)).await.expect(200);
            let name = email.split('@').next().unwrap().to_owned();
            walk.tokens.insert(name, answer.body["access_token"].as_str().unwrap().to_owned());
        }
        walk
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.program.url))
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status, text, body }
    }

    async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).bearer_auth(&self.tokens[who])).await.expect(200)
    }

    async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).bearer_auth(&self.tokens[who]).json(&body)).await
    }

    async fn patch(&self, who: &str, path: &str, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).bearer_auth(&self.tokens[who]).header("if-match", "*");
        self.send(request.header("content-type", "application/merge-patch+json").body(body.to_string())).await
    }

    /// Every record of a list.
    async fn all(&self, who: &str, list: &str) -> Vec<Value> {
        let (mut records, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let with = if list.contains('?') { '&' } else { '?' };
            let from = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(who, &format!("/v1/{list}{with}limit=200{from}")).await.body;
            records.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return records,
            }
        }
    }

    /// The one record of a list that says this of itself.
    async fn one(&self, list: &str, field: &str, value: &str) -> Value {
        let mut found = self.all("mara", list).await;
        found.retain(|record| record[field] == value);
        assert_eq!(found.len(), 1, "{list}: {value}");
        let path = list.split('?').next().unwrap();
        self.get("mara", &format!("/v1/{path}/{}", found[0]["reference"].as_str().unwrap())).await.body
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// A share in per cent, to a tenth.
fn percent(value: &Value) -> f64 {
    (number(value) * 1000.0).round() / 10.0
}

fn moment(value: &Value) -> chrono::DateTime<chrono::Utc> {
    text(value).parse().unwrap()
}

#[tokio::test]
async fn the_five_scenes() {
    for database in each() {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        let walk = Walk::on(&instance).await;
        people(&walk).await;
        // What the turns came to, before the walk itself adds to them.
        cycles::compared(&walk).await;
        patches::walk(&walk).await;
        leavers::walk(&walk).await;
        gate::walk(&walk).await;
        review::walk(&walk).await;
        cycles::exported(&walk).await;
        drop(walk);
        let verified = instance.verify();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
}

/// 42 people, two years, and marked as what it is.
async fn people(walk: &Walk) {
    let members = walk.all("mara", "members?active=true").await;
    let ours: Vec<_> = members.iter().filter(|member| member["roles"] != json!(["external_auditor"])).collect();
    assert_eq!(ours.len(), 42);
    let units: std::collections::BTreeSet<_> = ours.iter().map(|member| text(&member["unit"])).collect();
    assert!(units.len() > 8, "{units:?}");
    let founded = members.iter().map(|member| moment(&member["created_at"])).min().unwrap();
    assert_eq!((now() - founded).num_days(), 732);
    let settings = walk.get("tomas", "/v1/settings").await.body["items"][0]["reference"].clone();
    let tags = walk.all("mara", &format!("tags?record={}", text(&settings))).await;
    assert_eq!(tags[0]["label"], "sample");
}
