//! Weaknesses that scanners find [A.8.8]. A scan says the same again each time: what is known is recognised by the tool and
//! its rule, and only what is different by now is written. One that was closed and is found again is another weakness, which
//! knows of the one before.

use super::{Stage, StageName, Weakness, WeaknessDraft};
use crate::access::{Actor, Permission};
use crate::change::{Birth, Change};
use crate::id::WeaknessId;
use crate::redactions::tombstone_of;
use crate::refusal::{Faults, Refusal};
use crate::text::{self, NARRATIVE, TITLE, line, without_forbidden};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Places that are kept of a weakness, at most; all are counted.
pub const PLACES: usize = 50;

/// How much it matters, as the tool says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ScanLevel))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// A small problem.
    Note,
    /// A problem.
    Warning,
    /// A grave one.
    Error,
}

/// What a scanner says of a weakness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The tool's name.
    pub tool: String,
    /// The tool's version.
    #[serde(default)]
    pub tool_version: Option<String>,
    /// The id of the rule that is broken.
    pub rule: String,
    /// How much it matters.
    pub level: Level,
    /// A score such as that of CVSS, in tenths, 0 to 100.
    #[serde(default)]
    pub severity: Option<i64>,
    /// Where more is said of the rule.
    #[serde(default)]
    pub help_uri: Option<String>,
    /// The first of the places where it was found, at most [`PLACES`].
    pub places: Vec<String>,
    /// How many there are.
    pub occurrences: i64,
    /// The weakness that was closed before it was found again.
    #[serde(default)]
    pub recurrence_of: Option<WeaknessId>,
}

/// A rule that a scanner has found broken. Texts are whatever the scanner says; they are made to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// By what it is recognised, and where it is.
    pub scan: Scan,
    /// The rule in a few words.
    pub name: Option<String>,
    /// The rule in many words.
    pub description: Option<String>,
    /// What is said of the first place.
    pub message: Option<String>,
}

/// What of several lines fits.
fn lines(text: &str) -> String {
    without_forbidden(text).chars().take(NARRATIVE).collect::<String>().trim().to_owned()
}

impl Scan {
    /// With texts that fit; what a text does not hold is not said.
    #[must_use]
    pub fn fitting(self) -> Self {
        let said = |text: Option<String>| text.map(|text| line(&text)).filter(|text| !text.is_empty());
        let places = self.places.iter().map(|place| line(place)).filter(|place| !place.is_empty()).take(PLACES);
        Self {
            tool: line(&self.tool),
            tool_version: said(self.tool_version),
            rule: line(&self.rule),
            help_uri: said(self.help_uri).filter(|uri| uri.starts_with("https://") || uri.starts_with("http://")),
            places: places.collect(),
            occurrences: self.occurrences.max(1),
            ..self
        }
    }

    /// What another part of the log says of the same rule.
    pub fn join(&mut self, other: Self) {
        self.level = self.level.max(other.level);
        self.severity = self.severity.max(other.severity);
        self.occurrences += other.occurrences;
        self.places.extend(other.places);
        self.places.sort_unstable();
        self.places.dedup();
        self.places.truncate(PLACES);
    }

    /// Without what was redacted: a scanner says it again, and it does not come back by that. Which of the places went is not
    /// known any more, so that they stay as they are.
    fn without_what_went(self, known: &Self) -> Self {
        let has_gone = |text: &String| tombstone_of(text).is_some();
        let kept =
            |said, known: &Option<String>| if known.as_ref().is_some_and(has_gone) { known.clone() } else { said };
        Self {
            tool_version: kept(self.tool_version, &known.tool_version),
            help_uri: kept(self.help_uri, &known.help_uri),
            places: if known.places.iter().any(has_gone) { known.places.clone() } else { self.places },
            recurrence_of: known.recurrence_of,
            ..self
        }
    }

    /// Where it is, in one line.
    fn place(&self) -> String {
        match (self.places.first(), self.occurrences) {
            (None, _) => self.tool.clone(),
            (Some(place), 1) => place.clone(),
            (Some(place), many) => {
                let more = format!(" and {} more", many - 1);
                let room = TITLE.saturating_sub(more.chars().count());
                format!("{}{more}", place.chars().take(room).collect::<String>())
            }
        }
    }
}

impl Found {
    fn title(&self) -> String {
        let name = self.name.as_deref().map(line).filter(|name| !name.is_empty());
        line(&format!("{}: {}", self.scan.tool, name.as_deref().unwrap_or(&self.scan.rule)))
    }

    fn description(&self) -> String {
        let said = [self.description.as_deref(), self.message.as_deref()].into_iter().flatten();
        let said: Vec<String> = said.map(lines).filter(|text| !text.is_empty()).collect();
        let rule = format!("{} of {}", self.scan.rule, self.scan.tool);
        let all = said.into_iter().chain([rule]).collect::<Vec<_>>().join("\n\n");
        lines(&all)
    }
}

impl Weakness {
    /// Reports what a scanner has found; `recurrence_of` is the weakness of the same rule that was closed before.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or the fault of a tool or rule without a name.
    pub fn found(
        found: Found,
        recurrence_of: Option<WeaknessId>,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        let scan = Scan { recurrence_of, ..found.scan.clone().fitting() };
        let mut faults = Faults::default();
        faults.keep(text::title("/tool", &scan.tool));
        faults.keep(text::title("/rule", &scan.rule));
        faults.refuse()?;
        let draft = WeaknessDraft {
            title: found.title(),
            description: found.description(),
            found_in: scan.place(),
            origin: None,
            reporter: by.member(),
        };
        Self::reported(draft, Some(scan), by, birth)
    }

    /// A scanner has found it again; nothing is to be written where it says what is known, nor where the caller is a member who
    /// may not amend it: a log is only as true as whoever sends it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn sight(self, scan: Scan, by: &Actor, at: DateTime<Utc>) -> Result<Option<Change<Self>>, Refusal> {
        if !by.may(Permission::ReportWeakness, false) {
            return Err(Refusal::Forbidden);
        }
        if by.member().is_some() && !self.is_amendable_by(by) {
            return Ok(None);
        }
        let Some(known) = self.scan.as_ref().filter(|_| self.is_watched()) else { return Ok(None) };
        let scan = scan.fitting().without_what_went(known);
        if *known == scan {
            return Ok(None);
        }
        let after = Self { scan: Some(scan), ..self.clone() };
        Ok(Some(Change::of(self, after, "sighted", at)))
    }

    /// Whether it is still to be dealt with, so that it matters where it is found.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        match self.stage.name() {
            StageName::Reported | StageName::Assessed | StageName::Treating | StageName::Accepted => true,
            StageName::Rejected | StageName::Closed | StageName::Void | StageName::Duplicate => false,
        }
    }

    /// Whether it was said to be gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.stage, Stage::Closed { .. })
    }
}
