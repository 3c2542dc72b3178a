//! The sample organisation: every stage that the lifecycles name is there to be seen, and all of it is provable.

use super::program::Instance;
use crate::databases::{each, sqlite};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

async fn get(client: &Client, url: &str, token: &str) -> Value {
    let answer = client.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// Every record of a list.
async fn all(client: &Client, url: &str, token: &str) -> Vec<Value> {
    let mut page = get(client, &format!("{url}?limit=200"), token).await;
    let mut items = page["items"].as_array().unwrap().clone();
    while let Some(cursor) = page["next_cursor"].as_str() {
        page = get(client, &format!("{url}?limit=200&cursor={cursor}"), token).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
    }
    items
}

pub async fn log_in(client: &Client, url: &str, email: &str) -> String {
    let login = json!({ "email": email, "password": "harbour robotics" });
    let answer = client.post(format!("{url}/v1/auth/login")).json(&login).send().await.unwrap();
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

/// Nobody is told by a list of work, by a calendar or by an e-mail, which are made of the same, of what is not for them.
#[tokio::test]
async fn whoever_is_waited_for_may_read_why() {
    for database in each() {
        let instance = Instance::on(database);
        let program = instance.start_as("demo").await;
        let client = Client::builder().no_proxy().build().unwrap();
        let mut kinds = BTreeSet::new();
        for name in ["mara", "tomas", "ines", "adeyemi", "yuki", "pavel", "sofia", "jonas", "lena"] {
            let token = &log_in(&client, &program.url, &format!("{name}@harbour.example")).await;
            for item in all(&client, &format!("{}/v1/me/work", program.url), token).await {
                let record = get(&client, &format!("{}{}", program.url, item["href"].as_str().unwrap()), token).await;
                assert_eq!(record["reference"], item["reference"], "{name}");
                kinds.insert(item["kind"].as_str().unwrap().to_owned());
            }
        }
        assert!(kinds.len() > 5, "{kinds:?}");
    }
}

#[tokio::test]
async fn it_shows_every_stage_and_verifies() {
    for database in each() {
        let instance = Instance::on(database);
        let program = instance.start_as("demo").await;
        let client = Client::builder().no_proxy().build().unwrap();
        let token = &log_in(&client, &program.url, "mara@harbour.example").await;
        let admin = &log_in(&client, &program.url, "tomas@harbour.example").await;
        let lifecycles = get(&client, &format!("{}/v1/catalogue/lifecycles", program.url), token).await;
        for table in lifecycles["items"].as_array().unwrap() {
            let resource = table["resource"].as_str().unwrap();
            // What an organisation begins with, and what nobody has had reason for yet.
            let unseen: &[&str] = match resource {
                "members" | "settings" | "api_keys" | "evidence" => continue,
                // From the sample nothing is sent to anybody.
                "webhook_endpoints" | "ticket_connections" => continue,
                // It was tried, and put off.
                "identity_providers" => &["active", "retired"],
                "comments" | "tags" | "links" => &["withdrawn"],
                "signals" => &["linked"],
                _ => &[],
            };
            let url = format!("{}/v1/{}", program.url, resource.replace('_', "-"));
            let states: BTreeSet<&str> = table["states"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let began = Instant::now();
            loop {
                let reader = if resource == "identity_providers" { admin } else { token };
                let list = all(&client, &url, reader).await;
                let shown: BTreeSet<&str> = list.iter().map(|item| item["state"].as_str().unwrap()).collect();
                let missing: Vec<_> = states.iter().filter(|state| !shown.contains(*state)).collect();
                if missing.iter().all(|state| unseen.contains(state)) {
                    break;
                }
                // What happens by itself happens a moment after the start.
                assert!(began.elapsed() < Duration::from_secs(30), "no {resource} is any of {missing:?}");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        let readiness = async |query: &str| {
            let url = format!("{}/v1/readiness{query}", program.url);
            get(&client, &url, token).await
        };
        let year_ago = super::program::now().date_naive() - chrono::TimeDelta::days(500);
        let (now, then) = (readiness("").await, readiness(&format!("?as_of={year_ago}")).await);
        assert!(now["history"].as_array().unwrap().len() > 10, "{}", now["history"]);
        assert!(then["score"].as_u64().unwrap() < now["score"].as_u64().unwrap(), "it got better in two years");
        drop(program);
        let verified = instance.verify();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
        let again = instance.start_as("demo").await;
        let told = again.printed.concat();
        assert!(told.contains("mara@harbour.example") && told.contains("harbour robotics"), "{told}");
        log_in(&client, &again.url, "mara@harbour.example").await;
    }
}

/// Nobody is told that they can log in where they cannot.
#[tokio::test]
async fn on_data_that_are_no_sample_it_adds_nothing() {
    let _turn = super::turn().await;
    let instance = Instance::on(sqlite());
    drop(instance.start().await);
    let program = instance.start_as("demo").await;
    let told = program.printed.concat();
    assert!(told.contains("not the sample") && !told.contains("harbour.example"), "{told}");
    instance.token(&program).await;
}
