//! SARIF 2.1.0 (OASIS): what scanners of programs, containers and configurations have found.
//!
//! A scan says the same of many places, and says it again each time. What matters to a management system is the rule that is
//! broken: results of one rule of one tool are one finding, which counts its places and names the first of them.

mod document;

use crate::Unreadable;
use document::{
    Component, ComponentReference, Document, Kind, Location, Message, Outcome, Properties, Rule, Run, Text,
};
pub use document::{DESCRIBED, RESULTS, RUNS};
use serde::Deserialize;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rules that a log finds broken, at most.
pub const RULES: usize = 1_000;
/// Places that a finding names, at most; all are counted.
pub const PLACES: usize = 50;
/// Characters of a name, an address or a place that are looked at; more than what is kept of them.
const LINE: usize = 400;
/// Characters of a text that are looked at.
const LINES: usize = 12_000;

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
    /// Tool and rule of each result that was passed over and is still there.
    pub passed: BTreeSet<(String, String)>,
}

/// Reads a log. Members that are of no use here are passed over, as are results of a lesser level.
///
/// # Errors
/// [`Unreadable`] when it is no log of this version, a result names no rule, or there is more of it than [`RUNS`],
/// [`RESULTS`], [`DESCRIBED`] or [`RULES`] allow.
pub fn log(body: &[u8], level_from: Level) -> Result<Log, Unreadable> {
    let document = document::read(body)?;
    if document.version != "2.1.0" {
        return Err(Unreadable::malformed("its version must be 2.1.0"));
    }
    let mut log = Log::default();
    let mut found: BTreeMap<(&str, &str), Finding> = BTreeMap::new();
    let Document { runs, .. } = &document;
    for (index, run) in runs.iter().enumerate() {
        let known = Known::of(run);
        let tool = cut(&run.tool.driver.name, LINE);
        log.tools.insert(tool.to_owned());
        for (number, result) in run.results.iter().flatten().enumerate() {
            log.results += 1;
            let (rule, id) = known.rule(result).ok_or_else(|| {
                Unreadable::malformed(format!("its result /runs/{index}/results/{number} names no rule"))
            })?;
            let (id, level) = (cut(id, LINE), result.level(rule));
            if result.is_settled() || level < level_from {
                log.passed_over += 1;
                if !result.is_absent() {
                    log.passed.insert((tool.to_owned(), id.to_owned()));
                }
                continue;
            }
            let is_full = found.len() == RULES;
            let finding = match found.entry((tool, id)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(_) if is_full => {
                    return Err(Unreadable::TooMuch(format!("it finds more than {RULES} rules broken")));
                }
                Entry::Vacant(place) => place.insert(Finding::of(run, rule, id, known.said(result, rule))),
            };
            finding.join(run, result, rule, level);
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

/// The first characters of a text.
fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

fn text(text: Option<&Text>) -> Option<&str> {
    text?.text.as_deref()
}

impl Finding {
    /// What a rule says of itself; it has no places yet.
    fn of(run: &Run, rule: Option<&Rule>, id: &str, message: Option<String>) -> Self {
        let driver = &run.tool.driver;
        let own = |text: &str, most| cut(text, most).to_owned();
        let name = rule.and_then(|rule| text(rule.short_description.as_ref()).or(rule.name.as_deref()));
        let description = rule.and_then(|rule| text(rule.full_description.as_ref()));
        Self {
            tool: own(&driver.name, LINE),
            tool_version: driver.semantic_version.as_ref().or(driver.version.as_ref()).map(|text| own(text, LINE)),
            rule: id.to_owned(),
            name: name.map(|text| own(text, LINE)),
            description: description.map(|text| own(text, LINES)),
            help_uri: rule.and_then(|rule| rule.help_uri.as_deref()).map(|text| own(text, LINE)),
            message,
            level: Level::None,
            severity: None,
            places: BTreeSet::new(),
            occurrences: 0,
        }
    }

    /// Another result of its rule.
    fn join(&mut self, run: &Run, result: &Outcome, rule: Option<&Rule>, level: Level) {
        let severity = tenths(&result.properties).or_else(|| tenths(&rule?.properties));
        self.level = self.level.max(level);
        self.severity = self.severity.max(severity);
        self.occurrences += result.occurrence_count.unwrap_or(1).clamp(1, 1_000_000);
        self.places.extend(result.locations.iter().filter_map(|location| location.named(run)));
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
        let is_accepted = |one: &document::Suppression| one.status.as_deref().is_none_or(|status| status == "accepted");
        let suppressed = self.suppressions.as_ref().is_some_and(|all| !all.is_empty() && all.iter().all(is_accepted));
        !is_wrong || suppressed || self.is_absent()
    }

    /// Whether the tool says that it is gone.
    fn is_absent(&self) -> bool {
        self.baseline_state.as_deref() == Some("absent")
    }

    /// How much it matters (section 3.27.10).
    fn level(&self, rule: Option<&Rule>) -> Level {
        match (self.level, self.kind) {
            // Somebody has to look; that its level is `none` says only that nobody has.
            (None | Some(Level::None), Some(Kind::Review | Kind::Open)) => Level::Warning,
            (Some(level), _) => level,
            (None, None | Some(Kind::Fail)) => {
                rule.and_then(|rule| rule.default_configuration.level).unwrap_or(Level::Warning)
            }
            (None, Some(Kind::Pass | Kind::NotApplicable | Kind::Informational)) => Level::None,
        }
    }
}

/// The rules of a run's tool, by what results call them.
struct Known<'a> {
    driver: Rules<'a>,
    extensions: Vec<Rules<'a>>,
}

struct Rules<'a> {
    of: &'a Component,
    by_id: HashMap<&'a str, &'a Rule>,
    by_guid: HashMap<&'a str, &'a Rule>,
}

impl<'a> Rules<'a> {
    fn of(component: &'a Component) -> Self {
        let (mut by_id, mut by_guid) = (HashMap::new(), HashMap::new());
        for rule in &component.rules {
            by_id.entry(rule.id.as_str()).or_insert(rule);
            if let Some(guid) = &rule.guid {
                by_guid.entry(guid.as_str()).or_insert(rule);
            }
        }
        Self { of: component, by_id, by_guid }
    }
}

impl<'a> Known<'a> {
    fn of(run: &'a Run) -> Self {
        let extensions = run.tool.extensions.iter().map(Rules::of).collect();
        Self { driver: Rules::of(&run.tool.driver), extensions }
    }

    /// The component meant; the driver where none is named (section 3.54).
    fn component(&self, reference: Option<&ComponentReference>) -> Option<&Rules<'a>> {
        let Some(ComponentReference { name, guid, index }) = reference else { return Some(&self.driver) };
        if let Some(index) = index.and_then(|index| usize::try_from(index).ok()) {
            return self.extensions.get(index);
        }
        let mut all = std::iter::once(&self.driver).chain(&self.extensions);
        match (guid, name) {
            (Some(guid), _) => all.find(|one| one.of.guid.as_ref() == Some(guid)),
            (None, Some(name)) => all.find(|one| one.of.name == *name),
            (None, None) => Some(&self.driver),
        }
    }

    /// The rule that a result is about, and its id (sections 3.27.5 to 3.27.7): by its place, by its id or GUID, or by what
    /// its id begins with. `None` where it names none.
    fn rule<'b>(&self, result: &'b Outcome) -> Option<(Option<&'a Rule>, &'b str)>
    where
        'a: 'b,
    {
        let reference = result.rule.as_ref();
        let id = result.rule_id.as_deref().or_else(|| reference?.id.as_deref());
        let component = self.component(reference.and_then(|rule| rule.tool_component.as_ref()));
        let rule = component.and_then(|rules| {
            let place = result.rule_index.or_else(|| reference?.index).and_then(|index| usize::try_from(index).ok());
            let by_place = place.and_then(|place| rules.of.rules.get(place));
            let by_guid = || rules.by_guid.get(reference?.guid.as_deref()?).copied();
            let by_id = || rules.by_id.get(id?).or_else(|| rules.by_id.get(id?.rsplit_once('/')?.0)).copied();
            by_place.or_else(by_guid).or_else(by_id)
        });
        Some((rule, id.or_else(|| Some(rule?.id.as_str()))?))
    }

    /// What a result says: its own text, or that of its rule or tool under the id that it gives (section 3.11).
    fn said(&self, result: &Outcome, rule: Option<&Rule>) -> Option<String> {
        let message = result.message.as_ref()?;
        let Message { id, arguments, .. } = message;
        let by_id = || {
            let id = id.as_deref()?;
            text(rule.and_then(|rule| rule.message_strings.get(id)))
                .or_else(|| text(self.driver.of.global_message_strings.get(id)))
        };
        let template = message.text.as_deref().or_else(by_id).or(message.markdown.as_deref())?;
        // Tools that give no arguments write braces as they are.
        let is_plain = arguments.is_empty() && message.text.is_some();
        Some(if is_plain { cut(template, LINES).to_owned() } else { filled(template, arguments) })
    }
}

/// The template with its arguments, read once from left to right and cut where it is long enough: what an argument holds is
/// not read again (section 3.11.5).
fn filled(template: &str, arguments: &[String]) -> String {
    let (mut text, mut room, mut rest) = (String::new(), LINES, template);
    while let Some(next) = rest.chars().next() {
        let placeholder = || {
            let (number, after) = rest.strip_prefix('{')?.split_once('}')?;
            Some((arguments.get(number.parse::<usize>().ok()?)?.as_str(), after))
        };
        let doubled = || ["{{", "}}"].iter().find_map(|two| Some((&two[..1], rest.strip_prefix(two)?)));
        let (piece, after) = doubled().or_else(placeholder).unwrap_or_else(|| rest.split_at(next.len_utf8()));
        let piece = cut(piece, room);
        text.push_str(piece);
        room -= piece.chars().count();
        if room == 0 {
            break;
        }
        rest = after;
    }
    text
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

impl Location {
    /// File and line, or the name of what it is in.
    fn named(&self, run: &Run) -> Option<String> {
        let physical = self.physical_location.as_ref();
        let artifact = physical.and_then(|place| place.artifact_location.as_ref());
        let listed = |index: i64| run.artifacts.get(usize::try_from(index).ok()?)?.location.as_ref()?.uri.as_deref();
        let uri = artifact.and_then(|artifact| artifact.uri.as_deref().or_else(|| listed(artifact.index?)));
        // Lines are counted from 1 (section 3.30.5).
        let line = physical.and_then(|place| place.region.as_ref()?.start_line).filter(|line| *line > 0);
        match (uri, line) {
            (Some(uri), Some(line)) => Some(format!("{}:{line}", cut(uri, LINE))),
            (Some(uri), None) => Some(cut(uri, LINE).to_owned()),
            (None, _) => {
                let mut names = self.logical_locations.iter();
                let name = names.find_map(|place| place.fully_qualified_name.as_ref().or(place.name.as_ref()))?;
                Some(cut(name, LINE).to_owned())
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
            (json!({ "ruleId": "S2", "kind": "review", "level": "none" }), true),
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
    fn what_is_passed_over_is_still_there() {
        let told = read(json!([
            { "ruleId": "S1", "suppressions": [{ "kind": "inSource" }] },
            { "ruleId": "S2", "baselineState": "absent" },
        ]));
        assert_eq!(told.passed, BTreeSet::from([("Scanner".to_owned(), "S1".to_owned())]));
    }

    #[test]
    fn templates_are_filled_once_and_end() {
        for (template, arguments, expected) in [
            ("'{0}' is {1}", vec!["{1}", "b"], "'{1}' is b"),
            ("{{0}} is {0}", vec!["a"], "{0} is a"),
            ("{7} {x} { ü", vec!["a"], "{7} {x} { ü"),
        ] {
            let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
            assert_eq!(filled(template, &arguments), expected);
        }
        let long = "x".repeat(1 << 20);
        assert_eq!(filled(&"{0}".repeat(1 << 18), &[long]).len(), LINES);
    }

    #[test]
    fn rules_of_extensions_are_found_by_what_they_are_called() {
        let results = json!([
            { "rule": { "index": 0, "toolComponent": { "name": "pack" } } },
            { "rule": { "guid": "11", "toolComponent": { "index": 0 } } },
            { "rule": { "id": "P1", "toolComponent": { "guid": "00" } } },
            { "ruleId": "Q9", "rule": { "index": 0, "toolComponent": { "name": "elsewhere" } } },
        ]);
        let mut whole = run(results);
        whole["runs"][0]["tool"]["extensions"] =
            json!([{ "name": "pack", "guid": "00", "rules": [{ "id": "P1", "guid": "11", "name": "OfPack" }] }]);
        let told = log(whole.to_string().as_bytes(), Level::Warning).unwrap();
        let said: Vec<_> =
            told.findings.iter().map(|one| (one.rule.as_str(), one.name.as_deref(), one.occurrences)).collect();
        assert_eq!(said, [("P1", Some("OfPack"), 3), ("Q9", None, 1)]);
    }

    #[test]
    fn what_grows_in_memory_is_refused_before_it_is_kept() {
        let one =
            |inner: String| format!(r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"x"}}}},{inner}}}]}}"#);
        for body in [
            one(format!(r#""results":[{}{{}}]"#, "{},".repeat(RESULTS))),
            one(format!(r#""artifacts":[{}{{}}]"#, "{},".repeat(DESCRIBED))),
            format!(r#"{{"version":"2.1.0","runs":[{}]}}"#, vec!["{}"; RUNS + 1].join(",")),
        ] {
            assert!(log(body.as_bytes(), Level::Note).is_err());
        }
        let rules: Vec<Value> = (0..=RULES).map(|n| json!({ "ruleId": n.to_string() })).collect();
        assert!(matches!(log(run(json!(rules)).to_string().as_bytes(), Level::Note), Err(Unreadable::TooMuch(_))));
        // Nothing is copied for each result.
        let id = "r".repeat(1 << 20);
        let same: Vec<Value> = (0..1_000).map(|_| json!({ "ruleIndex": 0 })).collect();
        let mut whole = run(json!(same));
        whole["runs"][0]["tool"]["driver"]["rules"][0]["id"] = json!(id);
        assert_eq!(log(whole.to_string().as_bytes(), Level::Note).unwrap().findings[0].rule.len(), LINE);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_it_and_nothing_is_nothing() {
        let mut marked = b"\xef\xbb\xbf".to_vec();
        marked.extend(
            run(json!([{ "ruleId": "S1", "locations": null, "message": { "markdown": "*So*" } }])).to_string().bytes(),
        );
        let told = log(&marked, Level::Note).unwrap();
        assert_eq!(told.findings[0].message.as_deref(), Some("*So*"));
        assert!(log(br#"["2.1.0",[]]"#, Level::Note).is_err());
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
