//! As it was at a moment, for every kind of record: a new one is covered by existing.

use super::contract::{operations, target};
use super::ways::{BY_HAND, Ways};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ratchet_domain::access::Role;
use ratchet_domain::reference::Prefix;
use reqwest::Method;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use strum::VariantArray;

/// What is found when somebody asks and is kept in no version: guards that speak of now, what other tables know, what hangs
/// on the day. Whoever adds one says so here.
const COMPUTED: &[&str] = &["discredited", "last_used_at", "tickets", "transitions", "votes", "waiting"];

/// Every kind of record: the stem of its address.
fn stems() -> Vec<String> {
    let one = |(method, path, operation): (Method, String, Value)| {
        // Directories see no records: users as they are, and no earlier ones.
        let stem =
            path.strip_prefix("/v1/")?.strip_suffix("/{id}").filter(|stem| !stem.starts_with("scim/"))?.to_owned();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let takes_moments = parameters.into_iter().any(|parameter| parameter["name"] == "as_of");
        (method == Method::GET).then(|| {
            assert!(takes_moments, "{path} cannot be read as it was");
            stem
        })
    };
    operations().into_iter().filter_map(one).collect()
}

fn members(answer: &Answer) -> Map<String, Value> {
    answer.body.as_object().unwrap().clone()
}

async fn read_at(caller: &Caller<'_>, record: &str, at: DateTime<Utc>) -> Answer {
    caller.get(&format!("{record}?as_of={}", at.to_rfc3339_opts(SecondsFormat::Micros, true))).await
}

/// The names of the members in which two answers differ.
fn differences(one: &Map<String, Value>, other: &Map<String, Value>) -> BTreeSet<String> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

/// Something that happens to a record of this kind: by which verb, to which record, by whom, with what body.
async fn happening<'a>(ways: &'a Ways, api: &'a Api, stem: &str) -> Option<(Caller<'a>, String, String, Value)> {
    let path = format!("/v1/{stem}/{{id}}/");
    for verb in ways.verbs().filter(|verb| verb.path.starts_with(&path) && !BY_HAND.contains(&verb.id.as_str())) {
        if let Some((aimed, body)) = ways.lead(api, verb).await {
            let record = aimed.record();
            return Some((aimed.caller, record, aimed.path, body));
        }
    }
    None
}

#[tokio::test]
async fn every_record_is_read_as_it_was() {
    let stems = stems();
    assert_eq!(stems.len(), Prefix::VARIANTS.len(), "a kind has no address of its own: {stems:?}");
    for database in each() {
        let api = Api::start(database).await;
        let ways = Ways::of(&api).await;
        let (mut wrong, mut moved) = (BTreeMap::new(), 0);
        for stem in &stems {
            let happens = happening(&ways, &api, stem).await;
            let record = match &happens {
                Some((_, record, ..)) => record.clone(),
                None => format!("/v1/{stem}/{}", target(&api, &format!("/v1/{stem}/{{id}}")).await),
            };
            let reader = if ["api-keys", "identity-providers", "ticket-connections", "webhook-endpoints"]
                .contains(&stem.as_str())
            {
                Role::Admin
            } else {
                Role::IsmsManager
            };
            let before = api.by(reader).await.get(&record).await.expect(200);
            let then = api.now();
            let at_once = read_at(&api.by(reader).await, &record, then).await.expect(200);
            let computed = differences(&members(&before), &members(&at_once));
            let is_left_out = |name: &str| COMPUTED.contains(&name) && at_once.body[name].is_null();
            let unknown: Vec<&String> = computed.iter().filter(|name| !is_left_out(name)).collect();
            if !unknown.is_empty() {
                wrong.insert(stem.clone(), format!("{unknown:?} are told of now alone"));
            }
            api.wait(TimeDelta::minutes(1));
            if let Some((caller, _, path, body)) = happens {
                caller.post(&path, body).await.expect(200);
                let after = api.by(reader).await.get(&record).await.expect(200);
                assert_ne!(after.body["version"], before.body["version"], "{path} has written nothing");
                moved += 1;
            }
            let caller = api.by(reader).await;
            let again = read_at(&caller, &record, then).await.expect(200);
            if members(&again) != members(&at_once) {
                let told = differences(&members(&again), &members(&at_once));
                wrong.insert(stem.clone(), format!("{told:?} are not as they were: {} {}", again.text, at_once.text));
            }
            let kept = before.header("etag").split('-').next().map(str::to_owned);
            assert_eq!(again.header("etag").split('-').next().map(str::to_owned), kept, "{record}: another version");
            let birth: DateTime<Utc> = before.body["created_at"].as_str().unwrap().parse().unwrap();
            read_at(&caller, &record, birth - TimeDelta::microseconds(1)).await.expect(404);
            let ahead = read_at(&caller, &record, api.now() + TimeDelta::seconds(1)).await.expect(400);
            assert_eq!(ahead.faults(), ["as_of out_of_range"], "{record}");
        }
        assert_eq!(wrong, BTreeMap::new());
        assert!(moved > stems.len() * 3 / 4, "{moved} of {} kinds were moved", stems.len());
    }
}
