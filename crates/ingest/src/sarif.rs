//! SARIF 2.1.0 (OASIS): what scanners of programs, containers and configurations have found.
//!
//! A scan says the same of many places, and says it again each time. What matters to a management system is the rule that is
//! broken: results of one rule of one tool are one finding, which counts its places and names the first of them.

use crate::Unreadable;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Results of a log at most, of all its runs.
pub const RESULTS: usize = 25_000;
/// Places that a finding names, at most; all are counted.
pub const PLACES: usize = 50;

/// How much a result matters, as the tool says (section 3.27.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Nothing of it is a problem.
    None,
    /// A small one.
    Note,
    /// One.
    Warning,
    /// A grave one.
    Error,
}

/// What a tool has found against one of its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The tool's name.
    pub tool: String,
    /// The tool's version.
    pub tool_version: Option<String>,
    /// The rule's id.
    pub rule: String,
    /// The rule in a few words.
    pub name: Option<String>,
    /// The rule in many words.
    pub description: Option<String>,
    /// Where more is said of the rule.
    pub help_uri: Option<String>,
    /// What the tool says of its first place.
    pub message: Option<String>,
    /// The gravest level of its results.
    pub level: Level,
    /// The gravest score that tools give as `security-severity`, in tenths: 0 to 100, as CVSS has it.
    pub severity: Option<i64>,
    /// The first places, in order.
    pub places: BTreeSet<String>,
    /// All places.
    pub occurrences: i64,
}

/// What a log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// The tools that were run, by name; one that has found nothing, too.
    pub tools: BTreeSet<String>,
    /// By tool and rule.
    pub findings: Vec<Finding>,
    /// Results in all.
    pub results: i64,
    /// Results that say that nothing is wrong, or that the tool knows to be suppressed or gone.
    pub passed_over: i64,
}

#[derive(Deserialize)]
struct Document {
    version: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    results: Option<Vec<Outcome>>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Component,
    #[serde(default)]
    extensions: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    semantic_version: Option<String>,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    short_description: Option<Text>,
    #[serde(default)]
    full_description: Option<Text>,
    #[serde(default)]
    help_uri: Option<String>,
    #[serde(default)]
    message_strings: BTreeMap<String, Text>,
    #[serde(default)]
    default_configuration: Configuration,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    level: Option<Level>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Default, Deserialize)]
struct Properties {
    #[serde(default, rename = "security-severity")]
    severity: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    rule_id: Option<String>,
    #[serde(default)]
    rule_index: Option<i64>,
    #[serde(default)]
    rule: Option<RuleReference>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    level: Option<Level>,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    locations: Vec<Location>,
    #[serde(default)]
    suppressions: Option<Vec<Suppression>>,
    #[serde(default)]
    baseline_state: Option<String>,
    #[serde(default)]
    occurrence_count: Option<i64>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleReference {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    index: Option<i64>,
    #[serde(default)]
    tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
struct ComponentReference {
    #[serde(default)]
    index: Option<i64>,
}

/// Whether something is wrong (section 3.27.9).
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Fail,
    Review,
    Open,
    Pass,
    NotApplicable,
    Informational,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(default)]
    physical_location: Option<PhysicalLocation>,
    #[serde(default)]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    #[serde(default)]
    artifact_location: Option<ArtifactLocation>,
    #[serde(default)]
    region: Option<Region>,
}

#[derive(Deserialize)]
struct ArtifactLocation {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    index: Option<i64>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    location: Option<ArtifactLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    #[serde(default)]
    start_line: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    #[serde(default)]
    fully_qualified_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Suppression {
    #[serde(default)]
    status: Option<String>,
}

/// Reads a log. Members that are of no use here are passed over, as are results of a lesser level.
///
/// # Errors
/// [`Unreadable`] when it is no log of this version, or a result names no rule, or there are more than [`RESULTS`].
pub fn log(body: &[u8], level_from: Level) -> Result<Log, Unreadable> {
    let document: Document =
        serde_json::from_slice(body).map_err(|error| Unreadable::malformed(format!("it is no SARIF: {error}")))?;
    if document.version != "2.1.0" {
        return Err(Unreadable::malformed("its version must be 2.1.0"));
    }
    let results = document.runs.iter().map(|run| run.results.as_ref().map_or(0, Vec::len)).sum::<usize>();
    if results > RESULTS {
        return Err(Unreadable::TooMuch(format!("it has more than {RESULTS} results")));
    }
    let (mut log, mut found) = (Log::default(), BTreeMap::new());
    for (index, run) in document.runs.iter().enumerate() {
        log.tools.insert(run.tool.driver.name.clone());
        for (number, result) in run.results.iter().flatten().enumerate() {
            log.results += 1;
            let told = told(run, result).ok_or_else(|| {
                Unreadable::malformed(format!("its result /runs/{index}/results/{number} names no rule"))
            })?;
            if result.is_settled() || told.level < level_from {
                log.passed_over += 1;
                continue;
            }
            let key = (told.tool.clone(), told.rule.clone());
            match found.get_mut(&key) {
                None => drop(found.insert(key, told)),
                Some(known) => known.join(told),
            }
        }
    }
    log.findings = found.into_values().collect();
    for finding in &mut log.findings {
        while finding.places.len() > PLACES {
            finding.places.pop_last();
        }
    }
    Ok(log)
}

impl Finding {
    fn join(&mut self, other: Self) {
        self.level = self.level.max(other.level);
        self.severity = self.severity.max(other.severity);
        self.occurrences += other.occurrences;
        self.places.extend(other.places);
        // No more than twice as many are held, however many there are.
        while self.places.len() > 2 * PLACES {
            self.places.pop_last();
        }
    }
}

impl Outcome {
    /// Whether the tool itself says that nothing is to be done.
    fn is_settled(&self) -> bool {
        let is_wrong = matches!(self.kind, None | Some(Kind::Fail | Kind::Review | Kind::Open));
        // Suppressed when there is one and each is accepted (section 3.27.23).
        let is_accepted = |one: &Suppression| one.status.as_deref().is_none_or(|status| status == "accepted");
        let suppressed = self.suppressions.as_ref().is_some_and(|all| !all.is_empty() && all.iter().all(is_accepted));
        !is_wrong || suppressed || self.baseline_state.as_deref() == Some("absent")
    }
}

/// What one result says; `None` where it names no rule.
fn told(run: &Run, result: &Outcome) -> Option<Finding> {
    let rule = rule_of(run, result);
    let named = result.rule_id.as_deref().or_else(|| result.rule.as_ref()?.id.as_deref());
    let id = match named {
        Some(id) => id,
        None => &rule?.id,
    };
    let driver = &run.tool.driver;
    let text = |text: &Option<Text>| text.as_ref().and_then(|text| text.text.clone());
    let level = match (result.level, result.kind) {
        (Some(level), _) => level,
        (None, None | Some(Kind::Fail)) => {
            rule.and_then(|rule| rule.default_configuration.level).unwrap_or(Level::Warning)
        }
        // Somebody has to look.
        (None, Some(Kind::Review | Kind::Open)) => Level::Warning,
        (None, Some(Kind::Pass | Kind::NotApplicable | Kind::Informational)) => Level::None,
    };
    let severity = tenths(&result.properties).or_else(|| tenths(&rule?.properties));
    Some(Finding {
        tool: driver.name.clone(),
        tool_version: driver.semantic_version.clone().or_else(|| driver.version.clone()),
        rule: id.to_owned(),
        name: rule.and_then(|rule| text(&rule.short_description).or_else(|| rule.name.clone())),
        description: rule.and_then(|rule| text(&rule.full_description)),
        help_uri: rule.and_then(|rule| rule.help_uri.clone()),
        message: result.message.as_ref().and_then(|message| message.said(rule)),
        level,
        severity,
        places: result.locations.iter().filter_map(|location| location.named(run)).collect(),
        occurrences: result.occurrence_count.unwrap_or(1).clamp(1, 1_000_000),
    })
}

/// The rule that a result is about (sections 3.27.5 to 3.27.7): by its place, by its id, or by what its id begins with.
fn rule_of<'a>(run: &'a Run, result: &Outcome) -> Option<&'a Rule> {
    let reference = result.rule.as_ref();
    let component = reference.and_then(|rule| rule.tool_component.as_ref()?.index);
    let component = match component.and_then(|index| usize::try_from(index).ok()) {
        Some(index) => run.tool.extensions.get(index)?,
        None => &run.tool.driver,
    };
    let place = result.rule_index.or_else(|| reference?.index).and_then(|index| usize::try_from(index).ok());
    if let Some(rule) = place.and_then(|place| component.rules.get(place)) {
        return Some(rule);
    }
    let id = result.rule_id.as_deref().or_else(|| reference?.id.as_deref())?;
    let by_id = |id: &str| component.rules.iter().find(|rule| rule.id == id);
    by_id(id).or_else(|| by_id(id.rsplit_once('/')?.0))
}

/// The score, in tenths.
#[expect(clippy::cast_possible_truncation, reason = "0 to 100")]
fn tenths(properties: &Properties) -> Option<i64> {
    let severity = properties.severity.as_ref()?;
    let score = match severity.as_str() {
        Some(text) => text.parse().ok()?,
        None => severity.as_f64()?,
    };
    (0.0..=10.0).contains(&score).then(|| (score * 10.0_f64).round() as i64)
}

impl Message {
    /// Its text, or the rule's with its arguments (section 3.11).
    fn said(&self, rule: Option<&Rule>) -> Option<String> {
        if self.text.is_some() {
            return self.text.clone();
        }
        let template = rule?.message_strings.get(self.id.as_deref()?)?.text.clone()?;
        let numbered = self.arguments.iter().enumerate().take(20);
        Some(numbered.fold(template, |text, (number, argument)| text.replace(&format!("{{{number}}}"), argument)))
    }
}

impl Location {
    /// File and line, or the name of what it is in.
    fn named(&self, run: &Run) -> Option<String> {
        let physical = self.physical_location.as_ref();
        let artifact = physical.and_then(|place| place.artifact_location.as_ref());
        let listed = |index: i64| run.artifacts.get(usize::try_from(index).ok()?)?.location.as_ref()?.uri.as_deref();
        let uri = artifact.and_then(|artifact| artifact.uri.as_deref().or_else(|| listed(artifact.index?)));
        let line = physical.and_then(|place| place.region.as_ref()?.start_line);
        match (uri, line) {
            (Some(uri), Some(line)) => Some(format!("{uri}:{line}")),
            (Some(uri), None) => Some(uri.to_owned()),
            (None, _) => {
                let names = self.logical_locations.iter();
                names.filter_map(|place| place.fully_qualified_name.clone().or_else(|| place.name.clone())).next()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn run(results: Value) -> Value {
        json!({ "version": "2.1.0", "runs": [{
            "tool": { "driver": { "name": "Scanner", "semanticVersion": "3.1.0", "rules": [
                {
                    "id": "S1", "name": "HardCoded", "shortDescription": { "text": "A secret in the code" },
                    "fullDescription": { "text": "Whoever reads the code knows it" },
                    "helpUri": "https://scanner.example/S1", "defaultConfiguration": { "level": "error" },
                    "messageStrings": { "default": { "text": "'{0}' looks like a {1}" } },
                    "properties": { "security-severity": "9.8" }
                },
                { "id": "S2" }
            ] } },
            "artifacts": [{ "location": { "uri": "src/listed.py" } }],
            "results": results
        }] })
    }

    fn at(uri: &str, line: i64) -> Value {
        json!([{ "physicalLocation": { "artifactLocation": { "uri": uri }, "region": { "startLine": line } } }])
    }

    fn read(results: Value) -> Log {
        log(run(results).to_string().as_bytes(), Level::Warning).unwrap()
    }

    #[test]
    fn results_of_a_rule_are_one_finding() {
        let told = read(json!([
            { "ruleId": "S1", "message": { "id": "default", "arguments": ["x", "key"] }, "locations": at("src/a.py", 3) },
            { "ruleIndex": 0, "message": { "text": "Another" }, "locations": at("src/b.py", 7), "occurrenceCount": 4 },
            { "rule": { "id": "S1/sub" }, "message": { "text": "By what it begins with" } },
        ]));
        let by_rule: Vec<(&str, i64)> = told.findings.iter().map(|one| (one.rule.as_str(), one.occurrences)).collect();
        assert_eq!(by_rule, [("S1", 5), ("S1/sub", 1)]);
        let first = &told.findings[0];
        assert_eq!(first.message.as_deref(), Some("'x' looks like a key"));
        assert_eq!(
            (first.level, first.severity, first.name.as_deref()),
            (Level::Error, Some(98), Some("A secret in the code"))
        );
        assert_eq!(first.places.iter().collect::<Vec<_>>(), ["src/a.py:3", "src/b.py:7"]);
        assert_eq!((first.tool.as_str(), first.tool_version.as_deref()), ("Scanner", Some("3.1.0")));
        assert_eq!(told.findings[1].help_uri.as_deref(), Some("https://scanner.example/S1"));
    }

    #[test]
    fn what_is_nothing_to_do_is_passed_over() {
        for (result, is_found) in [
            (json!({ "ruleId": "S2" }), true),
            (json!({ "ruleId": "S2", "kind": "review" }), true),
            (json!({ "ruleId": "S2", "kind": "pass" }), false),
            (json!({ "ruleId": "S2", "kind": "informational" }), false),
            (json!({ "ruleId": "S2", "level": "note" }), false),
            (json!({ "ruleId": "S2", "level": "none" }), false),
            (json!({ "ruleId": "S2", "suppressions": [{ "kind": "inSource" }] }), false),
            (json!({ "ruleId": "S2", "suppressions": [{ "kind": "external", "status": "underReview" }] }), true),
            (json!({ "ruleId": "S2", "suppressions": [] }), true),
            (json!({ "ruleId": "S2", "baselineState": "absent" }), false),
            (json!({ "ruleId": "S2", "baselineState": "unchanged" }), true),
        ] {
            let told = read(json!([result.clone()]));
            assert_eq!((told.findings.len(), told.passed_over), if is_found { (1, 0) } else { (0, 1) }, "{result}");
        }
    }

    #[test]
    fn places_are_named_as_far_as_they_are_known() {
        for (location, expected) in [
            (json!({ "physicalLocation": { "artifactLocation": { "index": 0 } } }), Some("src/listed.py")),
            (json!({ "physicalLocation": { "artifactLocation": { "index": 7 } } }), None),
            (json!({ "physicalLocation": { "artifactLocation": { "index": -1 } } }), None),
            (json!({ "logicalLocations": [{ "fullyQualifiedName": "a::b" }] }), Some("a::b")),
            (json!({}), None),
        ] {
            let told = read(json!([{ "ruleId": "S2", "locations": [location] }]));
            let place = told.findings[0].places.first().map(String::as_str);
            assert_eq!(place, expected);
        }
    }

    #[test]
    fn what_is_no_log_is_refused() {
        for (body, why) in [
            (json!({ "version": "2.0.0", "runs": [] }), "2.1.0"),
            (json!({ "runs": [] }), "version"),
            (json!([]), "SARIF"),
            (run(json!([{ "message": { "text": "Of what?" } }])), "/runs/0/results/0"),
            (run(json!([{ "ruleIndex": 9 }])), "/runs/0/results/0"),
        ] {
            let told = log(body.to_string().as_bytes(), Level::Note).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
        let many: Vec<Value> = (0..=RESULTS).map(|_| json!({ "ruleId": "S1" })).collect();
        assert!(matches!(log(run(json!(many)).to_string().as_bytes(), Level::Note), Err(Unreadable::TooMuch(_))));
        assert_eq!(read(Value::Null).tools, BTreeSet::from(["Scanner".to_owned()]));
    }

    #[test]
    fn few_places_are_named_and_all_counted() {
        let many: Vec<Value> =
            (0..400).map(|n| json!({ "ruleId": "S1", "locations": at(&format!("f{n:03}"), 1) })).collect();
        let told = read(json!(many));
        assert_eq!((told.findings[0].occurrences, told.findings[0].places.len()), (400, PLACES));
        assert_eq!(told.findings[0].places.first().unwrap(), "f000:1");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = log(&bytes, Level::None);
        }
    }
}
