//! `demo`: serve with a sample organisation.

use super::serve::{First, serve_with};
use crate::demo::{PASSWORD, PEOPLE, follow_up_code, tell};
use crate::settings::{Fault, Settings};
use crate::source::source;
use ratchet_persistence::accounts;
use ratchet_persistence::files::Files;
use ratchet_persistence::store::Store;
use std::process::ExitCode;

pub(crate) fn demo(settings: &Settings) -> Result<ExitCode, Fault> {
    if settings.has_own_data() {
        return serve_with(settings, First::Sample);
    }
    // Told anew each time, so that the story ends today; removed when the server ends.
    let directory = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let settings = Settings { data_dir: directory.path().to_owned(), ..settings.clone() };
    serve_with(&settings, First::Sample)
}

/// Makes the sample organisation and says who can log in.
pub(super) async fn welcome(store: &Store, files: Files, url: &str) -> Result<(), Fault> {
    tell(store, files, &source()).await?;
    println!("Harbour Robotics is a sample organisation: 42 people and two years of their work, ending today.");
    say_who_can_log_in(url);
    Ok(())
}

/// Says who can log in to the sample that is there already; of data that hold none, that nothing was added.
pub(super) async fn welcome_back(store: &Store, url: &str) -> Result<(), Fault> {
    let found = store.read(|connection| accounts::find(PEOPLE[0].email, connection));
    if found.await.map_err(|error| error.to_string())?.is_empty() {
        println!("These data hold an organisation already, and it is not the sample: nothing was added.");
        return Ok(());
    }
    println!(
        "Harbour Robotics is here already, and ends on the day on which it was made; passwords may have been changed since."
    );
    say_who_can_log_in(url);
    Ok(())
}

fn say_who_can_log_in(url: &str) {
    println!();
    for person in &PEOPLE {
        let roles: Vec<&str> = person.roles.iter().map(|role| (*role).into()).collect();
        println!("  {:<25} {:<17} {}", person.email, roles.join(", "), person.name);
    }
    println!();
    println!("  password of everybody   {PASSWORD}");
    println!("  the anonymous reporter  {}", follow_up_code());
    println!("  documentation           {url}/docs");
    println!("  log in                  curl -s {url}/v1/auth/login -H 'Content-Type: application/json' \\");
    println!("                            -d '{{\"email\":\"{}\",\"password\":\"{PASSWORD}\"}}'", PEOPLE[0].email);
    println!();
}
