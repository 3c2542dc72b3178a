//! The sample organisation: every stage that the lifecycles name is there to be seen, and all of it is provable.

use super::program::Instance;
use crate::databases::each;
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn get(client: &Client, url: &str, token: &str) -> Value {
    let answer = client.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn it_shows_every_stage_and_verifies() {
    for database in each() {
        let instance = Instance::on(database);
        let program = instance.start_as("demo").await;
        let client = Client::builder().no_proxy().build().unwrap();
        let login = json!({ "email": "mara@harbour.example", "password": "harbour robotics" });
        let answer = client.post(format!("{}/v1/auth/login", program.url)).json(&login).send().await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let token = answer["access_token"].as_str().unwrap();
        let lifecycles = get(&client, &format!("{}/v1/catalogue/lifecycles", program.url), token).await;
        for table in lifecycles["items"].as_array().unwrap() {
            let resource = table["resource"].as_str().unwrap();
            // What an organisation begins with, and what nobody has had reason for yet.
            let unseen: &[&str] = match resource {
                "members" | "settings" | "api_keys" | "evidence" => continue,
                "comments" | "tags" | "links" => &["withdrawn"],
                "signals" => &["linked"],
                _ => &[],
            };
            let url = format!("{}/v1/{}?limit=200", program.url, resource.replace('_', "-"));
            let list = get(&client, &url, token).await;
            let shown: BTreeSet<&str> =
                list["items"].as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap()).collect();
            for state in table["states"].as_array().unwrap() {
                let state = state.as_str().unwrap();
                assert!(shown.contains(state) || unseen.contains(&state), "no {resource} is {state}");
            }
        }
        drop(program);
        let verified = instance.verify();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
}
