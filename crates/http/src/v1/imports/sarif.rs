//! What scanners have found, as SARIF: each rule that is broken becomes a weakness, or is recognised as one [A.8.8].

use super::whole::{Form, Whole};
use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters};
use actix_web::http::StatusCode;
use actix_web::{post, web};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::WeaknessId;
use ratchet_domain::reference::Prefix;
use ratchet_domain::text::line;
use ratchet_domain::weaknesses::Weakness;
use ratchet_domain::weaknesses::scan::{Found, Level, Scan};
use ratchet_ingest::sarif::{self, Finding, Log, RULES};
use ratchet_persistence::journal::Receipt;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::weaknesses;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What a log of a scanner is taken for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SarifParameters {
    /// Run the same job and keep nothing.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// Pass over what the tool says matters less; `warning` without it.
    #[serde(default)]
    #[param(required = false, inline)]
    level_from: Option<Level>,
}

/// A rule that is broken, and its weakness.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FoundRule {
    /// The tool's name.
    #[schema(example = "Bandit")]
    pub tool: String,
    /// The rule's id.
    #[schema(example = "B105")]
    pub rule: String,
    /// In how many places.
    #[schema(example = 14)]
    pub occurrences: i64,
    /// What became of it.
    pub outcome: FindingOutcome,
    /// The weakness; `null` of one that the caller may not read.
    pub weakness: Option<FoundWeakness>,
}

/// What became of a rule that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FindingOutcome {
    /// A weakness was made of it.
    Reported,
    /// Its weakness was there and says now what the scanner says now.
    Sighted,
    /// Its weakness was there, and there is nothing new, or nothing more to be done about it.
    Known,
}

/// A weakness.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct FoundWeakness {
    /// Its id.
    pub id: Uuid,
    /// Its reference.
    #[schema(example = "WKN-2026-0007")]
    pub reference: String,
    /// One line.
    #[schema(example = "Bandit: Hard-coded password")]
    pub title: String,
}

impl From<&Weakness> for FoundWeakness {
    fn from(weakness: &Weakness) -> Self {
        let Head { id, reference, .. } = weakness.head;
        Self { id, reference: reference.to_string(), title: weakness.title.clone() }
    }
}

/// How many of each.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct SarifCounts {
    /// Results in the log.
    pub results: i64,
    /// Results of which there is nothing to do: of a lesser level, passed, suppressed or gone, as the tool says.
    pub passed_over: i64,
    /// Weaknesses that were made.
    pub reported: i64,
    /// Weaknesses that say something else by now.
    pub sighted: i64,
    /// Rules whose weaknesses are as they were.
    pub known: i64,
}

/// What became of a log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SarifReceipt {
    /// How many of each.
    pub counts: SarifCounts,
    /// By tool and rule.
    pub rules: Vec<FoundRule>,
    /// Weaknesses that these tools had found, that are to be dealt with still, and that are not in this log, the first 1,000: they
    /// may be gone, or another part was scanned. Nothing is changed about them.
    pub not_seen: Vec<FoundWeakness>,
}

/// Logs of scanners.
pub(crate) struct Scanned;

impl Form for Scanned {
    /// OASIS, section 3.2.
    const TYPE: &'static str = "application/sarif+json";
    const REFUSAL: &'static str = "Content-Type must be application/sarif+json.";
    const BYTES: usize = 16 << 20;
}

/// Report what scanners have found, as SARIF 2.1.0: each rule that is broken is a weakness.
///
/// At most 16 MiB after decompression, 25,000 results, 100,000 rules and artifacts described, 100 runs, and 1,000 rules that are
/// broken. A rule is recognised by its tool and
/// its id: one whose weakness is there is not reported again; one whose weakness was closed is, as its recurrence. What the
/// tool says was suppressed, passed or gone is passed over, as is what matters less than `level_from`. Sent again, a log
/// changes nothing.
#[utoipa::path(
    tag = "weaknesses",
    params(SarifParameters),
    request_body(content((String = "application/sarif+json"))),
    responses(
        (status = 201, description = "Weaknesses were made or say something else", body = SarifReceipt),
        (status = 200, description = "Everything was known, or a dry run", body = SarifReceipt),
    )
)]
#[post("/imports/sarif")]
pub(crate) async fn import_sarif(
    call: Call,
    Query(SarifParameters { dry_run, level_from }): Query<SarifParameters>,
    Whole { bytes, digest, .. }: Whole<Scanned>,
) -> Result<Answer, ApiError> {
    Weakness::may_make(&call.actor)?;
    let level = level_from.unwrap_or(Level::Warning);
    let log = match bytes {
        Ok(bytes) => web::block(move || sarif::log(&bytes, read_from(level))).await.map_err(|_| ApiError::Busy)?,
        Err(error) => return Err(error),
    };
    let log = log?;
    let by = call.actor.clone();
    call.write(&WriteParameters { dry_run }, &digest, move |tx| {
        let (receipt, last) = land(log, &by, tx)?;
        let status = if last.is_some() && !dry_run { StatusCode::CREATED } else { StatusCode::OK };
        let answer = Answer::json(status, &receipt)?;
        Ok(last.filter(|_| !dry_run).into_iter().fold(answer, Answer::with_receipt))
    })
    .await
}

fn read_from(level: Level) -> sarif::Level {
    match level {
        Level::Note => sarif::Level::Note,
        Level::Warning => sarif::Level::Warning,
        Level::Error => sarif::Level::Error,
    }
}

fn found(finding: Finding) -> Found {
    let Finding {
        tool,
        tool_version,
        rule,
        name,
        description,
        help_uri,
        message,
        level,
        severity,
        places,
        occurrences,
    } = finding;
    let level = match level {
        sarif::Level::None | sarif::Level::Note => Level::Note,
        sarif::Level::Warning => Level::Warning,
        sarif::Level::Error => Level::Error,
    };
    let places = places.into_iter().collect();
    let scan = Scan { tool, tool_version, rule, level, severity, help_uri, places, occurrences, recurrence_of: None };
    Found { scan: scan.fitting(), name, description, message }
}

fn land(log: Log, by: &Actor, tx: &mut Tx<'_>) -> Result<(SarifReceipt, Option<Receipt>), ApiError> {
    // The same log sent twice at once is not reported twice.
    tx.enter(by.organisation.0)?;
    let Log { tools, findings, results, passed_over, passed } = log;
    // What differs only in what is not kept of it is the same: else it would be made anew each time.
    let mut distinct: BTreeMap<(String, String), Found> = BTreeMap::new();
    for one in findings.into_iter().map(found) {
        match distinct.entry((one.scan.tool.clone(), one.scan.rule.clone())) {
            Entry::Vacant(place) => drop(place.insert(one)),
            Entry::Occupied(mut known) => known.get_mut().scan.join(one.scan),
        }
    }
    let tools: BTreeSet<String> = tools.iter().map(|tool| line(tool)).collect();
    let mut known: HashMap<(String, String), Weakness> = HashMap::new();
    for weakness in weaknesses::of_scanners(by.organisation, &tools, tx.connection())? {
        if let Some(scan) = &weakness.scan {
            // The newest one is meant.
            known.insert((scan.tool.clone(), scan.rule.clone()), weakness);
        }
    }
    let mut landing = Landing { counts: SarifCounts { results, passed_over, ..SarifCounts::default() }, last: None };
    let mut rules = Vec::new();
    for (key, one) in distinct {
        rules.push(landing.take(one, known.remove(&key), by, tx)?);
    }
    for (tool, rule) in passed {
        known.remove(&(line(&tool), line(&rule)));
    }
    let is_open = |weakness: &&Weakness| weakness.is_watched() && weakness.is_visible(by);
    let mut not_seen: Vec<&Weakness> = known.values().filter(is_open).collect();
    not_seen.sort_by_key(|weakness| weakness.head.reference);
    let not_seen = not_seen.into_iter().take(RULES).map(Into::into).collect();
    Ok((SarifReceipt { counts: landing.counts, rules, not_seen }, landing.last))
}

/// Findings on their way to become records.
struct Landing {
    counts: SarifCounts,
    last: Option<Receipt>,
}

impl Landing {
    fn take(
        &mut self,
        found: Found,
        before: Option<Weakness>,
        by: &Actor,
        tx: &mut Tx<'_>,
    ) -> Result<FoundRule, ApiError> {
        let Scan { tool, rule, occurrences, .. } = found.scan.clone();
        let (outcome, weakness) = match before {
            Some(before) if !before.is_gone() => self.sight(found.scan, before, by, tx)?,
            gone => {
                let recurs = gone.map(|before| WeaknessId(before.head.id));
                let birth = tx.birth(Prefix::Weakness)?;
                let (made, receipt) = tx.save(Weakness::found(found, recurs, by, birth)?)?;
                self.last = Some(receipt);
                self.counts.reported += 1;
                (FindingOutcome::Reported, made)
            }
        };
        let is_told = outcome == FindingOutcome::Reported || weakness.is_visible(by);
        let weakness = is_told.then(|| (&weakness).into());
        Ok(FoundRule { tool, rule, occurrences, outcome, weakness })
    }

    fn sight(
        &mut self,
        scan: Scan,
        before: Weakness,
        by: &Actor,
        tx: &mut Tx<'_>,
    ) -> Result<(FindingOutcome, Weakness), ApiError> {
        // What is restricted to others is not written by whoever may not know of it.
        let change = if before.is_withheld(by) { None } else { before.clone().sight(scan, by, tx.now())? };
        let Some(change) = change else {
            self.counts.known += 1;
            return Ok((FindingOutcome::Known, before));
        };
        let (after, receipt) = tx.save(change)?;
        self.last = Some(receipt);
        self.counts.sighted += 1;
        Ok((FindingOutcome::Sighted, after))
    }
}
