//! How an indicator is charted, and which patterns raise a signal.

use super::Frequency;
use crate::analysis::control::rules::Rule;
use crate::analysis::control::season::{CYCLES, Season};
use crate::id::MemberId;
use crate::refusal::Fault;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Limits rest on so many measurements at least: fewer say little of what is usual.
pub const BASELINE_LEAST: u16 = 12;
/// Limits rest on so many measurements at most.
pub const BASELINE_MOST: u16 = 1_000;
/// On how many they rest where nobody says otherwise (Montgomery: 20 to 25 preliminary samples).
const BASELINE: u16 = 25;
/// The same of what is measured each hour or more often: two weeks of hours, so that a day's rhythm lies within.
const BASELINE_HOURLY: u16 = 336;
/// At most so many phases are declared.
pub const PHASES: usize = 100;

/// Which control chart.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ControlChart {
    /// A p-chart for ratios that are counted parts of a whole (whole numbers, as far as limits rest on them); individuals for
    /// all else, also with a rhythm.
    #[default]
    Automatic,
    /// Individuals and moving ranges.
    Individuals,
    /// None: no limits, and no signal of theirs.
    None,
}

/// How an indicator is charted. Like target and thresholds it is revised with a reason while the indicator is active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndicatorControl))]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Which control chart.
    #[serde(default)]
    pub chart: ControlChart,
    /// Nelson's rules that are looked for, each once; 1, 2, 3 and 5 where none are named.
    #[serde(default = "usual")]
    #[cfg_attr(feature = "openapi", schema(example = json!(["beyond_limits", "nine_on_one_side"])))]
    pub rules: Vec<Rule>,
    /// On how many measurements, the first of a phase, limits rest: 12 to 1,000. Without it 25, 336 of what is measured
    /// hourly; with a rhythm five cycles of it by the frequency (35 days of a week's, 60 months of a year's), and 1,000 of what
    /// is measured hourly.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 25, minimum = 12, maximum = 1_000))]
    pub baseline: Option<u16>,
    /// The rhythm that is taken out before limits are drawn. It must have been seen four times within the baseline; where it
    /// was seen less often, as on a day on which something was missed, there are no limits.
    #[serde(default)]
    pub season: Option<Season>,
    /// Whether a trend away from the goal raises a signal. Without it yes, but of what is measured hourly: there a rhythm
    /// within the day looks like a trend.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = true))]
    pub trend: Option<bool>,
}

/// How often something is measured while a rhythm is seen once.
fn per_cycle(season: Season, frequency: Frequency) -> u16 {
    let (cycle, period) = (season.cycle().num_hours(), frequency.period().num_hours().max(1));
    u16::try_from((cycle + period - 1) / period).unwrap_or(u16::MAX)
}

fn usual() -> Vec<Rule> {
    Rule::USUAL.to_vec()
}

impl Default for Control {
    fn default() -> Self {
        Self { chart: ControlChart::default(), rules: usual(), baseline: None, season: None, trend: None }
    }
}

impl Control {
    /// On how many measurements limits rest.
    #[must_use]
    pub fn baseline(&self, frequency: Option<Frequency>) -> u16 {
        let usual = match (self.season, frequency) {
            // Hourly means more often, too; then a day has more values than hours.
            (Some(_), None | Some(Frequency::Hourly)) => BASELINE_MOST,
            (Some(season), Some(frequency)) => {
                // One cycle more than must be, so that a gap does no harm.
                let wanted = per_cycle(season, frequency).saturating_mul(CYCLES + 1);
                wanted.clamp(BASELINE, BASELINE_MOST)
            }
            (None, Some(Frequency::Hourly)) => BASELINE_HOURLY,
            (
                None,
                None
                | Some(
                    Frequency::Daily
                    | Frequency::Weekly
                    | Frequency::Monthly
                    | Frequency::Quarterly
                    | Frequency::Yearly,
                ),
            ) => BASELINE,
        };
        self.baseline.unwrap_or(usual)
    }

    /// Whether a trend away from the goal raises a signal.
    #[must_use]
    pub fn watches_trend(&self, frequency: Option<Frequency>) -> bool {
        self.trend.unwrap_or(frequency != Some(Frequency::Hourly))
    }

    /// A baseline out of range, a rule that is named twice.
    pub(super) fn faults(&self, pointer: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.baseline.is_some_and(|baseline| !(BASELINE_LEAST..=BASELINE_MOST).contains(&baseline)) {
            let detail = format!("must lie between {BASELINE_LEAST} and {BASELINE_MOST}");
            faults.push(Fault::new(format!("{pointer}/baseline"), "out_of_range", detail));
        }
        let mut named = BTreeSet::new();
        let again = self.rules.iter().enumerate().filter(|(_, rule)| !named.insert(**rule));
        let again = again.map(|(n, _)| Fault::new(format!("{pointer}/rules/{n}"), "duplicate", "is named already"));
        faults.extend(again);
        faults
    }
}

/// A phase of the chart that somebody has declared: from then on the figures tell another story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredPhase {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// Why the figures from then on cannot be held against those before.
    pub reason: String,
    /// When it was declared.
    pub declared_at: DateTime<Utc>,
    /// By whom.
    #[serde(default)]
    pub declared_by: Option<MemberId>,
}
