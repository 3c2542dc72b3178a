//! The parts of a log that are of use here, as SARIF writes them, and how much of them is borne.

use super::Level;
use crate::Unreadable;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Results of a log at most, of all its runs.
pub const RESULTS: usize = 25_000;
/// Runs of a log and extensions of a tool, at most; arguments of a message, too.
pub const RUNS: usize = 100;
/// Rules, and artifacts, that a log describes at most, in all its runs.
pub const DESCRIBED: usize = 100_000;
/// Locations of one result that are looked at; one is the rule (section 3.27.12).
const LOCATIONS: usize = 10;

/// Reads the form of a log, once its size is known to be borne.
pub(super) fn read(body: &[u8]) -> Result<Document, Unreadable> {
    // Some tools on Windows begin with it.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let wrong = |error: serde_json::Error| Unreadable::malformed(format!("it is no SARIF: {error}"));
    if std::str::from_utf8(body).is_err() {
        return Err(Unreadable::malformed("it is no SARIF: it must be UTF-8"));
    }
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Unreadable::malformed("it is no SARIF: it must be an object"));
    }
    serde_json::from_slice::<Size>(body).map_err(wrong)?.check()?;
    serde_json::from_slice(body).map_err(wrong)
}

/// How much a log holds. A few bytes of it can become many in memory, so that they are counted before anything is kept.
#[derive(Deserialize)]
struct Size {
    #[serde(default, deserialize_with = "few::<RUNS, _, _>")]
    runs: Vec<RunSize>,
}

#[derive(Deserialize)]
struct RunSize {
    #[serde(default)]
    tool: ToolSize,
    #[serde(default)]
    results: Count,
    #[serde(default)]
    artifacts: Count,
}

#[derive(Default, Deserialize)]
struct ToolSize {
    #[serde(default)]
    driver: ComponentSize,
    #[serde(default, deserialize_with = "few::<RUNS, _, _>")]
    extensions: Vec<ComponentSize>,
}

#[derive(Default, Deserialize)]
struct ComponentSize {
    #[serde(default)]
    rules: Count,
}

impl Size {
    fn check(&self) -> Result<(), Unreadable> {
        let sum = |of: fn(&RunSize) -> usize| self.runs.iter().map(of).sum::<usize>();
        let rules = |run: &RunSize| {
            run.tool.driver.rules.0 + run.tool.extensions.iter().map(|extension| extension.rules.0).sum::<usize>()
        };
        for (count, limit, what) in [
            (sum(|run| run.results.0), RESULTS, "results"),
            (sum(rules), DESCRIBED, "rules"),
            (sum(|run| run.artifacts.0), DESCRIBED, "artifacts"),
        ] {
            if count > limit {
                return Err(Unreadable::TooMuch(format!("it has more than {limit} {what}")));
            }
        }
        Ok(())
    }
}

/// How many elements there are, without one of them; `null` has none.
#[derive(Default)]
struct Count(usize);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = Elements { keep: 0, refuse_more: false, kept: PhantomData::<IgnoredAny> };
        deserializer.deserialize_any(count).map(|(_, count)| Self(count))
    }
}

/// A sequence of at most so many elements; `null` has none.
fn few<'de, const MOST: usize, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(Elements { keep: MOST, refuse_more: true, kept: PhantomData }).map(|(kept, _)| kept)
}

/// The first elements of a sequence, the others being of no use; `null` has none.
fn first<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let elements = Elements { keep: LOCATIONS, refuse_more: false, kept: PhantomData };
    deserializer.deserialize_any(elements).map(|(kept, _)| kept)
}

struct Elements<T> {
    keep: usize,
    refuse_more: bool,
    kept: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
    /// Those that were kept, and how many there were.
    type Value = (Vec<T>, usize);

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.refuse_more {
            write!(to, "an array of at most {} elements", self.keep)
        } else {
            to.write_str("an array")
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((Vec::new(), 0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let (mut kept, mut count) = (Vec::new(), 0);
        loop {
            if count < self.keep {
                match elements.next_element()? {
                    Some(element) => kept.push(element),
                    None => return Ok((kept, count)),
                }
            } else if elements.next_element::<IgnoredAny>()?.is_none() {
                return Ok((kept, count));
            } else if self.refuse_more {
                return Err(A::Error::invalid_length(count + 1, &self));
            }
            count += 1;
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Document {
    pub version: String,
    #[serde(deserialize_with = "few::<RUNS, _, _>")]
    pub runs: Vec<Run>,
}

#[derive(Deserialize)]
pub(super) struct Run {
    pub tool: Tool,
    #[serde(default)]
    pub results: Option<Vec<Outcome>>,
    #[serde(default, deserialize_with = "few::<DESCRIBED, _, _>")]
    pub artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
pub(super) struct Tool {
    pub driver: Component,
    #[serde(default, deserialize_with = "few::<RUNS, _, _>")]
    pub extensions: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub name: String,
    #[serde(default)]
    pub guid: Option<String>,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub semantic_version: Option<String>,
    #[serde(default, deserialize_with = "few::<DESCRIBED, _, _>")]
    pub rules: Vec<Rule>,
    #[serde(default)]
    pub global_message_strings: BTreeMap<String, Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub id: String,
    #[serde(default)]
    pub guid: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub short_description: Option<Text>,
    #[serde(default)]
    pub full_description: Option<Text>,
    #[serde(default)]
    pub help_uri: Option<String>,
    #[serde(default)]
    pub message_strings: BTreeMap<String, Text>,
    #[serde(default)]
    pub default_configuration: Configuration,
    #[serde(default)]
    pub properties: Properties,
}

#[derive(Default, Deserialize)]
pub(super) struct Configuration {
    #[serde(default)]
    pub level: Option<Level>,
}

#[derive(Deserialize)]
pub(super) struct Text {
    #[serde(default)]
    pub text: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Properties {
    #[serde(default, rename = "security-severity")]
    pub severity: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    #[serde(default)]
    pub rule_id: Option<String>,
    #[serde(default)]
    pub rule_index: Option<i64>,
    #[serde(default)]
    pub rule: Option<RuleReference>,
    #[serde(default)]
    pub kind: Option<Kind>,
    #[serde(default)]
    pub level: Option<Level>,
    #[serde(default)]
    pub message: Option<Message>,
    #[serde(default, deserialize_with = "first")]
    pub locations: Vec<Location>,
    #[serde(default)]
    pub suppressions: Option<Vec<Suppression>>,
    #[serde(default)]
    pub baseline_state: Option<String>,
    #[serde(default)]
    pub occurrence_count: Option<i64>,
    #[serde(default)]
    pub properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleReference {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub guid: Option<String>,
    #[serde(default)]
    pub index: Option<i64>,
    #[serde(default)]
    pub tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
pub(super) struct ComponentReference {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub guid: Option<String>,
    #[serde(default)]
    pub index: Option<i64>,
}

/// Whether something is wrong (section 3.27.9).
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    Fail,
    Review,
    Open,
    Pass,
    NotApplicable,
    Informational,
}

#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub markdown: Option<String>,
    #[serde(default, deserialize_with = "few::<RUNS, _, _>")]
    pub arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(default)]
    pub physical_location: Option<PhysicalLocation>,
    #[serde(default, deserialize_with = "first")]
    pub logical_locations: Vec<LogicalLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    #[serde(default)]
    pub artifact_location: Option<ArtifactLocation>,
    #[serde(default)]
    pub region: Option<Region>,
}

#[derive(Deserialize)]
pub(super) struct ArtifactLocation {
    #[serde(default)]
    pub uri: Option<String>,
    #[serde(default)]
    pub index: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Artifact {
    #[serde(default)]
    pub location: Option<ArtifactLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    #[serde(default)]
    pub start_line: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocation {
    #[serde(default)]
    pub fully_qualified_name: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Suppression {
    #[serde(default)]
    pub status: Option<String>,
}
