//! Separation of duties: nobody judges their own work. An organisation too small for one of the rules may document
//! exceptions from it: management names a compensating control and a last day, and each exception states its reason.

use crate::id::MemberId;
use crate::refusal::{Faults, Reason};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Two duties that are kept apart.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SeparationRule))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// Who owns or owned a case or worked its actions does not judge whether it worked [10.2 d].
    CaseVerifier,
    /// Who was assigned an action or completed it does not verify it [10.2 d].
    ActionVerifier,
    /// Who owns, or owned within twelve months, what an item of an audit is about does not check it [9.2.2].
    AuditItemChecker,
    /// Who owns a course does not judge whether it worked [7.2 c].
    TrainingEvaluator,
    /// Who requested a change, or wrote a change template, does not approve it [8.1, A.8.32].
    ChangeApprover,
    /// Who implemented a change does not review it [8.1].
    ChangeReviewer,
    /// Who wrote a version of a policy does not approve it [5.2, 7.5.2 c].
    PolicyApprover,
    /// Who proposed an improvement does not decide it [10.1].
    ImprovementDecider,
    /// The owner of an objective does not approve it [6.2].
    ObjectiveApprover,
    /// What cannot be measured is not judged by the owner of the objective [6.2 l].
    ObjectiveJudge,
}

/// A rule from which exceptions are documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relaxation {
    /// Which one.
    pub rule: Rule,
    /// What makes up for it.
    pub compensating_control: String,
    /// The last day on which an exception passes, in the organisation's time zone.
    pub until: NaiveDate,
    /// Who of the management decided it.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

/// The rules of one organisation. What is not relaxed is enforced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Separation(Vec<Relaxation>);

/// A duty that was not kept apart, on the record it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeparationException {
    /// The rule it is an exception from.
    pub rule: Rule,
    /// Why.
    pub reason: String,
    /// What made up for it.
    pub compensating_control: String,
    /// Who did both.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A rule as it stands against one caller.
pub(crate) struct Duty {
    pub rule: Rule,
    /// How the caller would break it; `None` for one who is free.
    pub breach: Option<&'static str>,
}

impl Separation {
    /// The relaxations, in force or expired.
    #[must_use]
    pub fn relaxations(&self) -> &[Relaxation] {
        &self.0
    }

    /// How exceptions from `rule` are documented; `None` while it is enforced.
    #[must_use]
    pub fn relaxation(&self, rule: Rule) -> Option<&Relaxation> {
        self.0.iter().find(|relaxation| relaxation.rule == rule)
    }

    pub(crate) fn relaxed(mut self, relaxation: Relaxation) -> Self {
        self = self.enforced(relaxation.rule);
        self.0.push(relaxation);
        self
    }

    pub(crate) fn enforced(mut self, rule: Rule) -> Self {
        self.0.retain(|relaxation| relaxation.rule != rule);
        self
    }

    /// What speaks against the caller. A blank reason is none.
    pub(crate) fn objection(&self, duty: &Duty, reason: Option<&str>, today: NaiveDate) -> Option<Reason> {
        let breach = duty.breach?;
        match self.relaxation(duty.rule) {
            None => Some(Reason::new("separation_of_duties", breach)),
            Some(relaxation) if today > relaxation.until => {
                let until = relaxation.until;
                let detail = format!("{breach}; exceptions could be documented until {until}");
                Some(Reason::new("separation_exception_expired", detail))
            }
            Some(_) if reason.is_none_or(|reason| reason.trim().is_empty()) => {
                let detail = format!("{breach}; an exception can be documented: give exception_reason");
                Some(Reason::new("exception_reason_needed", detail))
            }
            Some(_) => None,
        }
    }

    /// What is kept on the record, after [`Self::objection`] let the caller pass.
    pub(crate) fn exception(
        &self,
        duty: &Duty,
        reason: Option<String>,
        (by, at): (MemberId, DateTime<Utc>),
        faults: &mut Faults,
    ) -> Option<SeparationException> {
        duty.breach?;
        let (relaxation, reason) = (self.relaxation(duty.rule)?, reason?);
        let reason = faults.keep(text::narrative("/exception_reason", &reason))?;
        let compensating_control = relaxation.compensating_control.clone();
        Some(SeparationException { rule: duty.rule, reason, compensating_control, by, at })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Exceptions from `rule` pass for a year.
    pub(crate) fn relaxed(rule: Rule) -> Separation {
        let at = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        Separation::default().relaxed(Relaxation {
            rule,
            compensating_control: "the board reads every verdict".into(),
            until: at.date_naive() + chrono::Days::new(300),
            by: MemberId(uuid::Uuid::from_u128(8)),
            at,
        })
    }

    #[test]
    fn a_relaxation_concerns_its_own_rule_and_its_last_day_counts() {
        let separation = relaxed(Rule::CaseVerifier);
        let until = separation.relaxations()[0].until;
        let code = |rule, breach, today| {
            separation.objection(&Duty { rule, breach }, Some("only two of us"), today).map(|reason| reason.code)
        };
        assert_eq!(code(Rule::CaseVerifier, Some("own work"), until), None);
        assert_eq!(
            code(Rule::CaseVerifier, Some("own work"), until.succ_opt().unwrap()).as_deref(),
            Some("separation_exception_expired")
        );
        assert_eq!(code(Rule::ActionVerifier, Some("own work"), until).as_deref(), Some("separation_of_duties"));
        assert_eq!(code(Rule::ActionVerifier, None, until), None);
    }

    #[test]
    fn a_rule_is_relaxed_once() {
        let again = relaxed(Rule::CaseVerifier).relaxed(relaxed(Rule::CaseVerifier).0.remove(0));
        assert_eq!(again.relaxations().len(), 1);
        assert_eq!(again.enforced(Rule::CaseVerifier), Separation::default());
    }
}
