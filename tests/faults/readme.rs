//! The tours of the README, as they are written there.

use super::program::{Instance, Program};
use crate::databases::{postgres, sqlite};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The block of shell under the heading.
fn tour(heading: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("## {heading}\n")).unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let tour = rest.split_once("```").unwrap().0;
    assert!(tour.contains("http://127.0.0.1:8080") && tour.contains("'...'"), "the test no longer knows the tour");
    tour.to_owned()
}

/// Walks a tour on an empty instance; what it printed.
fn walk(tour: &str, instance: &Instance, program: &Program) -> String {
    let script = tour.replace("http://127.0.0.1:8080", &program.url).replace("'...'", instance.password());
    // Files that it writes belong elsewhere.
    let there = |name: &str| instance.directory().join(name).to_str().unwrap().to_owned();
    let script = script.replace("export.ndjson", &there("export.ndjson")).replace("pack.zip", &there("pack.zip"));
    let ran = Command::new("bash").args(["-eo", "pipefail", "-c", &script]).current_dir(root()).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(!told.contains("/problems/"), "{told}");
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_tour_leads_where_it_says() {
    let tour = tour("Five minutes with curl");
    for database in [sqlite(), postgres()] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        let told = walk(&tour, &instance, &program);
        assert!(told.contains("\"state\":\"closed\""), "{told}");
        let verdict = told.lines().last().unwrap();
        assert!(verdict.starts_with("clean: "), "{verdict}");
    }
}

/// Requests that the program has answered below `/v1`, by its own figures.
async fn requests(program: &Program) -> u64 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let figures = client.get(format!("{}/metrics", program.url)).send().await.unwrap().text().await.unwrap();
    let counted = figures.lines().filter(|line| line.starts_with("ratchet_http_requests_total{"));
    let of_the_api = counted.filter(|line| line.contains("route=\"/v1/"));
    of_the_api.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// The result of a check in an answer.
fn result(readiness: &Value, id: &str) -> String {
    let steps = readiness["steps"].as_array().unwrap().iter();
    let mut checks = steps.flat_map(|step| step["checks"].as_array().unwrap());
    checks.find(|check| check["id"] == id).unwrap()["result"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_empty_to_readiness_in_ten_calls() {
    let tour = tour("From empty to the first readiness answer");
    for database in [sqlite(), postgres()] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        assert_eq!(requests(&program).await, 0);
        let told = walk(&tour, &instance, &program);
        let asked = requests(&program).await;
        assert_eq!(asked, 9, "the README says how many calls");
        let answers = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let answers: Vec<Value> = answers.filter(|answer| answer["steps"].is_array()).collect();
        let [first, second] = answers.as_slice() else { panic!("{told}") };
        assert_eq!(
            (result(first, "top-level-policy"), result(first, "processes-registered")),
            ("not_met".into(), "met".into())
        );
        assert_eq!(result(second, "top-level-policy"), "met");
        assert!(second["score"].as_u64() > first["score"].as_u64(), "{} after {}", second["score"], first["score"]);
    }
}
