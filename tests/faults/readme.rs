//! The tour of the README, as it is written there.

use super::program::Instance;
use crate::databases::{postgres, sqlite};
use std::path::Path;
use std::process::Command;

/// The block of shell under the heading.
fn tour(readme: &str) -> &str {
    let (_, rest) = readme.split_once("## Five minutes with curl").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_tour_leads_where_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let tour = tour(&readme);
    assert!(tour.contains("http://127.0.0.1:8080") && tour.contains("'...'"), "the test no longer knows the tour");
    for database in [sqlite(), postgres()] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        let script = tour.replace("http://127.0.0.1:8080", &program.url).replace("'...'", instance.password());
        // Files that it writes belong elsewhere.
        let script = script.replace("export.ndjson", instance.directory().join("export.ndjson").to_str().unwrap());
        let ran = Command::new("bash").args(["-eo", "pipefail", "-c", &script]).current_dir(&root).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
        assert!(!told.contains("/problems/"), "{told}");
        assert!(told.contains("\"state\":\"closed\""), "{told}");
        let verdict = told.lines().last().unwrap();
        assert!(verdict.starts_with("clean: "), "{verdict}");
    }
}
