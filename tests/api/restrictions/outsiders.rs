//! Every operation of the contract, tried by whoever is not to know: a new one is covered by existing.

use super::{Scene, WORD, outsiders, scene};
use crate::api::contract::{needed, operations};
use crate::api::tenancy::{assert_bodies_name_nothing, assert_parameters_find_nothing, assert_told_as_none};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller};
use chrono::TimeDelta;
use ratchet_domain::packs::PackKind;
use reqwest::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use strum::VariantArray;

/// Every address that the contract lets one read, as far as this caller can get to it: lists, each item of them, what is
/// read below an item, whatever there is to be said of a reference.
async fn everything(caller: &Caller<'_>) -> Vec<(String, Answer)> {
    let readings: Vec<(String, Value)> = operations()
        .into_iter()
        .filter(|(method, path, _)| *method == Method::GET && path.starts_with("/v1/"))
        .map(|(_, path, operation)| (path, operation))
        .collect();
    let (mut read, mut ids, mut references, mut entries) = (Vec::new(), BTreeMap::new(), BTreeSet::new(), Vec::new());
    for (path, operation) in readings.iter().filter(|(path, _)| !path.contains('{')) {
        let takes = |name: &str| {
            operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == name)
        };
        let mut addresses = vec![format!("{path}{}", needed(operation))];
        if takes("q") {
            addresses.push(format!("{path}?q={WORD}"));
        }
        if takes("count") {
            addresses.push(format!("{path}?count=true&limit=200"));
        }
        if ["/v1/journal", "/v1/events"].contains(&path.as_str()) {
            addresses.extend([200, 400].map(|after| format!("{path}?after={after}")));
        }
        for address in addresses {
            let answer = caller.get(&address).await;
            let items = answer.body["items"].as_array().cloned().unwrap_or_default();
            let names = items.iter().filter_map(|item| Some((item["id"].as_str()?.to_owned(), item)));
            for (id, item) in names {
                if path == "/v1/journal" {
                    entries.push(id);
                    continue;
                }
                references.extend(item["reference"].as_str().map(str::to_owned));
                ids.entry(path.clone()).or_insert_with(BTreeSet::new).insert(id);
            }
            read.push((address, answer));
        }
    }
    for (path, operation) in readings.iter().filter(|(path, _)| path.contains('{')) {
        let (stem, place) = (path.split("/{").next().unwrap(), path.split(['{', '}']).nth(1).unwrap());
        let names: Vec<String> = match place {
            "id" => ids.get(stem).into_iter().flatten().cloned().collect(),
            "reference" => references.iter().cloned().collect(),
            "entry" => entries.clone(),
            "kind" => PackKind::VARIANTS.iter().map(|kind| <&str>::from(*kind).to_owned()).collect(),
            _ => Vec::new(),
        };
        for name in names {
            let address = format!("{}{}", path.replace(&format!("{{{place}}}"), &name), needed(operation));
            read.push((address.clone(), caller.get(&address).await));
        }
    }
    read
}

fn is_kept_whole(address: &str) -> bool {
    // What is verified is whole: leaves, which hold ids and nothing else of a record.
    address == "/v1/journal/export" || address.ends_with("/proof")
}

#[tokio::test]
async fn no_answer_names_it() {
    for database in each() {
        let api = Api::start(database).await;
        let scene = scene(&api).await;
        api.follow().await;
        api.keep_readiness().await;
        api.measure_built_in().await;
        let mut callers = outsiders(&api).await;
        callers.push(("keeper".to_owned(), scene.keeper.caller(&api).await));
        for (who, caller) in callers {
            let names: Vec<String> = scene.all();
            let read = everything(&caller).await;
            let sees = |text: &str| names.iter().chain([&WORD.to_owned()]).any(|name| text.contains(name));
            if who == "keeper" {
                let telling: BTreeSet<&str> = read
                    .iter()
                    .filter(|(_, answer)| sees(&answer.text))
                    .map(|(address, _)| address.split(['?', '/']).nth(2).unwrap())
                    .collect();
                assert!(telling.len() > 15, "this test has little to look for: {telling:?}");
                continue;
            }
            assert!(read.len() > 60, "{who} got to {} addresses", read.len());
            for (address, answer) in &read {
                let told = names
                    .iter()
                    .find(|name| answer.text.contains(*name) && !(is_kept_whole(address) && name.len() == 36));
                assert_eq!(told, None, "{who} {address}: {}", answer.text);
                assert!(!answer.text.contains(WORD), "{who} {address}: {}", answer.text);
                let headers = format!("{:?}", answer.told().1);
                assert!(!sees(&headers), "{who} {address}: {headers}");
            }
        }
        // What leads to it is there, and leads nowhere.
        let auditor = api.by(ratchet_domain::access::Role::Auditor).await;
        for beside in &scene.beside {
            auditor.get(&format!("/v1/records/{beside}")).await.expect(200);
        }
        let signal = scene.beside.iter().find(|reference| reference.starts_with("SIG")).unwrap();
        let shown = auditor.get(&format!("/v1/signals/{signal}")).await.expect(200);
        assert_eq!(shown.body["case_id"], Value::Null);
        let twin = &scene.beside[1];
        let shown = auditor.get(&format!("/v1/nonconformities/{twin}")).await.expect(200);
        assert_eq!((&shown.body["state"], &shown.body["duplicate_of"]), (&Value::from("duplicate"), &Value::Null));
    }
}

/// Made in another year: no reference of it is another's by chance.
async fn scene_of_another_year(api: &Api) -> Scene {
    api.wait(TimeDelta::days(400));
    let scene = scene(api).await;
    api.sequence().await;
    api.wait(TimeDelta::days(-400));
    scene
}

/// Every operation that a path leads to, every role and the strongest machine: it is answered like none.
#[tokio::test]
async fn no_address_leads_to_it() {
    for database in each() {
        let api = Api::start(database).await;
        let scene = scene_of_another_year(&api).await;
        let callers: Vec<Caller<'_>> = outsiders(&api).await.into_iter().map(|(_, caller)| caller).collect();
        let before = api.database.rows();
        let mut tried = 0;
        for operation in operations() {
            let Some(place) = ["{id}", "{reference}"].into_iter().find(|place| operation.1.contains(place)) else {
                continue;
            };
            let stem = operation.1.split('/').nth(2).unwrap();
            let names = if place == "{id}" { scene.names.get(stem).cloned() } else { Some(scene.all()) };
            let Some(names) = names else { continue };
            assert_told_as_none(&callers, &operation, place, &names).await;
            tried += 1;
        }
        assert!(tried > 60, "the contract has lost its addresses: {tried}");
        assert_eq!(api.database.rows(), before);
    }
}

#[tokio::test]
async fn no_body_that_names_it_is_taken() {
    for database in each() {
        let api = Api::start(database).await;
        let scene = scene_of_another_year(&api).await;
        let tried = assert_bodies_name_nothing(&api, &scene.all()).await;
        assert!(tried.len() >= 14, "{tried:?}");
    }
}

#[tokio::test]
async fn no_parameter_finds_it() {
    for database in each() {
        let api = Api::start(database).await;
        let scene = scene_of_another_year(&api).await;
        let tried = assert_parameters_find_nothing(&api, &scene.all()).await;
        assert!(tried.iter().any(|tried| tried == "GET /v1/actions parent"), "{tried:?}");
    }
}
