//! Hostile bodies for every operation that takes one: refused by name, nothing changed, the same on both databases.

use super::contract::content_type;
use super::samples::{Aimed, Kind, Writing};
use super::ways::{BY_HAND, Ways};
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_http::app::Settings;
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Of which no text may hold any.
const CHARACTERS: [&str; 2] = [r#""a\u0000b""#, r#""\u202efdp.exe""#];
/// What is no number, or none that a number of this kind can be.
const NO_INTEGERS: [&str; 7] =
    ["NaN", "Infinity", "1e400", "-1e400", "1.0", "9223372036854775808", "-9223372036854775809"];
const NO_NUMBERS: [&str; 5] = ["NaN", "-Infinity", "1e400", "01", "0x1"];
const NO_DAYS: [&str; 7] =
    ["0000-01-01", "1969-12-31", "2200-01-01", "9999-12-31", "+262143-01-01", "2024-02-30", "2024-1-1"];
const NO_MOMENTS: [&str; 8] = [
    "1969-12-31T23:59:59Z",
    "9999-12-31T00:00:00Z",
    "-262143-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2025-12-31T23:59:60Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+25:00",
];
/// Which may fit or not; the two databases must agree.
const ODDITIES: [&str; 4] = ["null", "{}", "[[]]", "9007199254740993"];

async fn start(database: crate::databases::Database) -> Api {
    let many = 1_000_000;
    let settings = Settings {
        requests_per_minute: many,
        logins_per_minute: many,
        reports_per_minute: many,
        ..Settings::default()
    };
    Api::start_with(database, settings).await
}

/// What cannot stand at a place.
fn impossible(kind: Kind) -> Vec<String> {
    let quoted = |words: &[&str]| words.iter().map(|word| format!("\"{word}\"")).collect();
    match kind {
        Kind::Text => CHARACTERS.map(str::to_owned).to_vec(),
        Kind::Integer => NO_INTEGERS.map(str::to_owned).to_vec(),
        Kind::Number => NO_NUMBERS.map(str::to_owned).to_vec(),
        Kind::Day => quoted(&NO_DAYS),
        Kind::Moment => quoted(&NO_MOMENTS),
        Kind::Other => Vec::new(),
    }
}

/// What a lenient reader takes for what stands at a place: a choice by its name as a member, an object by its values.
fn disguised(sample: &Value, place: &str) -> Option<String> {
    match sample.pointer(place)? {
        Value::String(text) => Some(json!({ text: null }).to_string()),
        Value::Object(members) => Some(json!(members.values().collect::<Vec<_>>()).to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// Who may do it for a documented reason alone is told so before the body is read, and so is whoever asks for what the
/// state does not know.
fn is_out_of_turn(writing: &Writing, answer: &Answer) -> bool {
    let is_early = BY_HAND.contains(&writing.id.as_str());
    answer.status == 409 && (is_early || answer.reasons() == ["exception_reason_needed"])
}

#[track_caller]
fn assert_names(place: &str, answer: &Answer, what: &str) {
    let named = answer.faults().iter().any(|fault| {
        let pointer = fault.split(' ').next().unwrap();
        // The variants of a choice are told apart as a whole.
        place.starts_with(pointer) || pointer.starts_with(place)
    });
    assert!(answer.status == 400 || (answer.status == 422 && named), "{what}: {}", answer.text);
}

/// One line for each attempt.
async fn attempts(api: &Api) -> Vec<String> {
    let mut told = Vec::new();
    let ways = Ways::of(api).await;
    for writing in &ways.writings {
        let aimed = ways.aim(api, writing).await;
        let media_type = Some(content_type(&writing.method));
        for (place, kind) in &writing.places {
            let no_null = writing.never_null.contains(place).then_some(("null", true));
            let mut impossible = impossible(*kind);
            impossible.extend(disguised(&writing.sample, place));
            let wrong = impossible.iter().map(|raw| (raw.as_str(), true)).chain(no_null);
            for (raw, must_fail) in wrong.chain(ODDITIES.map(|raw| (raw, false))) {
                let (answer, line) = aimed.send(media_type, writing.with(place, raw)).await;
                let what = format!("{} {place} {raw}", writing.id);
                if must_fail && !is_out_of_turn(writing, &answer) {
                    assert_names(place, &answer, &what);
                }
                told.push(format!("{what}: {line}"));
            }
        }
    }
    told
}

#[tokio::test]
async fn both_databases_give_the_same_verdict_at_every_place() {
    let mut told = Vec::new();
    for database in each() {
        told.push(attempts(&start(database).await).await);
    }
    let [sqlite, postgres] = told.try_into().unwrap();
    assert!(sqlite.len() > 1_000);
    for (sqlite, postgres) in sqlite.into_iter().zip(postgres) {
        assert_eq!(sqlite, postgres);
    }
}

/// Members without end.
static WIDE: LazyLock<String> =
    LazyLock::new(|| (0..50_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));

/// What is wrong with a body as a whole, and how it is refused.
fn wholes(writing: &Writing) -> Vec<(&'static str, Vec<u8>, &'static [u16])> {
    let good = writing.sample.to_string();
    let (first, rest) = (&good[..1], &good[1..]);
    let member = writing.sample.as_object().and_then(|members| members.iter().next());
    let twice = member.map(|(name, value)| format!("{first}\"{name}\":{value},{rest}"));
    let mut wholes = vec![
        ("nothing", Vec::new(), &[400][..]),
        ("half of it", good.as_bytes()[..good.len() / 2].to_vec(), &[400]),
        ("more behind it", format!("{good}x").into_bytes(), &[400, 422]),
        ("a mark before it", [&[0xef, 0xbb, 0xbf], good.as_bytes()].concat(), &[400]),
        ("an array", format!("[{good}]").into_bytes(), &[422]),
        ("a text", b"\"x\"".to_vec(), &[422]),
        ("half a pair", format!("{first}\"nonsense\":\"\\ud800\",{rest}").into_bytes(), &[400, 422]),
        ("an overlong NUL", [b"{\"nonsense\":\"", &[0xc0, 0x80][..], b"\"}"].concat(), &[400, 422]),
        ("a bare NUL", b"{\"nonsense\":\"\0\"}".to_vec(), &[400, 422]),
        ("depth", format!("{{\"nonsense\":{}", "[".repeat(100_000)).into_bytes(), &[400, 422]),
        (
            "depth and an escape",
            format!("{{\"nonsense\":\"\\u0041\",\"n\":{}", "[".repeat(100_000)).into_bytes(),
            &[400, 422],
        ),
        ("width", format!("{{{}}}", *WIDE).into_bytes(), &[422]),
        ("width and an escape", format!("{{\"a\":\"\\u0000\",{}}}", *WIDE).into_bytes(), &[422]),
    ];
    wholes.extend(twice.map(|twice| ("a member twice", twice.into_bytes(), &[400][..])));
    wholes
}

#[tokio::test]
async fn what_is_wrong_as_a_whole_is_refused_in_no_time() {
    let mut told = Vec::new();
    for database in each() {
        let api = start(database).await;
        let mut lines = Vec::new();
        let ways = Ways::of(&api).await;
        for writing in &ways.writings {
            let aimed = ways.aim(&api, writing).await;
            for (what, body, statuses) in wholes(writing) {
                let began = Instant::now();
                let (answer, line) = aimed.send(Some(content_type(&writing.method)), body).await;
                let what = format!("{} {what}", writing.id);
                assert!(began.elapsed() < Duration::from_secs(2), "{what}: {:?}", began.elapsed());
                assert!(statuses.contains(&answer.status) || is_out_of_turn(writing, &answer), "{what}: {line}");
                lines.push(format!("{what}: {line}"));
            }
            unknown_members_are_named(&aimed).await;
        }
        told.push(lines);
    }
    assert_eq!(told[0], told[1]);
}

/// What a caller must not set is no member of any body.
async fn unknown_members_are_named(aimed: &Aimed<'_>) {
    for name in ["organisation_id", "created_by", "created_at", "version", "reference", "is_admin", "nonsense"] {
        if aimed.writing.sample.get(name).is_some() {
            continue;
        }
        let mut body = aimed.writing.sample.clone();
        body[name] = serde_json::json!("x");
        let (answer, line) = aimed.send(Some(content_type(&aimed.writing.method)), body.to_string()).await;
        if !is_out_of_turn(aimed.writing, &answer) {
            assert_eq!(answer.status, 422, "{} {name}: {line}", aimed.writing.id);
            assert!(
                answer.faults().iter().any(|fault| fault.ends_with("unknown_field")),
                "{} {name}: {line}",
                aimed.writing.id
            );
        }
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_not_read() {
    for database in each() {
        let api = start(database).await;
        let ways = Ways::of(&api).await;
        for writing in &ways.writings {
            let aimed = ways.aim(&api, writing).await;
            let other = if content_type(&writing.method) == "application/json" {
                "application/merge-patch+json"
            } else {
                "application/json"
            };
            for media_type in [
                None,
                Some("text/plain"),
                Some("application/x-www-form-urlencoded"),
                Some("multipart/form-data; boundary=x"),
                Some("application/xml"),
                Some("application/json, text/plain"),
                Some(other),
            ] {
                let (answer, line) = aimed.send(media_type, writing.sample.to_string()).await;
                let what = format!("{} {media_type:?}: {line}", writing.id);
                assert!(answer.status == 415 || is_out_of_turn(writing, &answer), "{what}");
            }
        }
    }
}
