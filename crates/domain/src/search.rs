//! Words by which records are found: the same on every database, whatever the script or the accents.

use crate::redactions::tombstone_of;
use crate::refusal::Fault;
use serde_json::Value;
use std::collections::{BTreeMap, btree_map::Entry};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word is kept to so many characters.
const LENGTH: usize = 40;
/// So many different words of one record are kept; those of its title come first.
const WORDS: usize = 1_000;
/// So many words may be asked for at once.
const ASKED: usize = 8;

/// How much a word says about a record: more when it stands in the line by which people know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Somewhere in the record.
    Text = 1,
    /// In its title or name.
    Title = 2,
}

/// The words of a text: letters and digits, in lower case, without accents (Unicode NFKD without combining marks).
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let words: Vec<String> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LENGTH).collect())
        .collect();
    words.into_iter()
}

/// The words of a record's stored projection with their weights. What is no writing of people is left out: ids,
/// moments, hashes, tombstones and the head, but for the reference.
#[must_use]
pub fn words_of(state: &Value) -> BTreeMap<String, Weight> {
    let mut found = BTreeMap::new();
    let title = ["title", "name", "label"].iter().find_map(|member| state[member].as_str());
    let reference = state["head"]["reference"].as_str();
    for text in title.into_iter().filter(|title| tombstone_of(title).is_none()).chain(reference) {
        add(text, Weight::Title, &mut found);
    }
    if let Value::Object(members) = state {
        members.iter().filter(|(name, _)| name.as_str() != "head").for_each(|(_, value)| walk(value, &mut found));
    }
    found
}

fn walk(value: &Value, found: &mut BTreeMap<String, Weight>) {
    match value {
        Value::String(text) if is_writing(text) => add(text, Weight::Text, found),
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Object(members) => members.values().for_each(|member| walk(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn add(text: &str, weight: Weight, found: &mut BTreeMap<String, Weight>) {
    for word in words(text) {
        let room = found.len() < WORDS;
        match found.entry(word) {
            Entry::Occupied(mut known) => {
                let heavier = weight.max(*known.get());
                known.insert(heavier);
            }
            Entry::Vacant(free) if room => {
                free.insert(weight);
            }
            Entry::Vacant(_) => {}
        }
    }
}

fn is_writing(text: &str) -> bool {
    let is_id = uuid::Uuid::try_parse(text).is_ok();
    let is_moment = text.len() >= 20 && chrono::DateTime::parse_from_rfc3339(text).is_ok();
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    !(is_id || is_moment || is_hash || tombstone_of(text).is_some())
}

/// The beginnings of words that a caller asks for: 1 to 8.
///
/// # Errors
/// The fault of the parameter `q`.
pub fn asked(q: &str) -> Result<Vec<String>, Fault> {
    let mut wanted: Vec<String> = words(q).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Err(Fault::new("q", "blank", "must hold a word: letters or digits"));
    }
    if wanted.len() > ASKED {
        return Err(Fault::new("q", "length", format!("must hold at most {ASKED} different words")));
    }
    Ok(wanted)
}

/// The first text that does not begin with `word` and sorts behind all that do: what a range scan ends at.
#[must_use]
pub fn behind(word: &str) -> String {
    format!("{word}{}", char::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn list(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn accents_case_and_signs_do_not_matter() {
        assert_eq!(list("Prüfung der Zugänge (A.5.18)"), ["prufung", "der", "zugange", "a", "5", "18"]);
        assert_eq!(list("ＦＵＬＬ ﬁle"), ["full", "file"]);
        assert_eq!(list("проверка — 監査"), ["проверка", "監査"]);
        assert_eq!(list(" -- "), Vec::<String>::new());
    }

    #[test]
    fn a_record_is_found_by_what_people_wrote() {
        let state = json!({
            "head": { "id": "0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d", "reference": "NC-2026-0007", "created_at": "2026-01-01T00:00:00Z" },
            "title": "Patches late",
            "statement": "Laptops are late",
            "owner": "0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d",
            "stage": { "name": "analysed", "at": "2026-01-01T00:00:00.000001Z", "causes": ["Image without agent"] },
            "hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "count": 7,
        });
        let found = words_of(&state);
        assert_eq!(found["late"], Weight::Title);
        assert_eq!(found["laptops"], Weight::Text);
        assert_eq!(found["0007"], Weight::Title);
        assert!(found.contains_key("image"));
        assert!(!found.keys().any(|word| word.starts_with("0197") || word.starts_with("e3b0") || word == "000001z"));
    }

    #[test]
    fn nothing_is_found_by_what_stands_where_something_went() {
        let gone = json!({ "title": "[redacted: RED-2026-0001]", "notes": ["[redacted: RED-2026-0002]", "Late"] });
        assert_eq!(words_of(&gone).into_keys().collect::<Vec<_>>(), ["late"]);
        assert!(words_of(&json!({ "title": "[redacted: by us]" })).contains_key("redacted"));
    }

    #[test]
    fn a_question_is_bounded() {
        assert_eq!(asked("Late late LAPTOP").unwrap(), ["laptop", "late"]);
        assert_eq!(asked(" . ").unwrap_err().code, "blank");
        assert_eq!(asked("a b c d e f g h i").unwrap_err().code, "length");
    }

    proptest! {
        #[test]
        fn what_is_kept_is_found_by_any_beginning(text in "\\PC{0,60}", cut in 1..10usize) {
            for word in words(&text) {
                let beginning: String = word.chars().take(cut).collect();
                prop_assert!(word >= beginning && word < behind(&beginning), "{} {}", word, beginning);
                prop_assert_eq!(list(&word).concat(), word);
            }
        }
    }
}
