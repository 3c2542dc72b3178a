//! The table stage x verb of webhook endpoints.

use super::{REPLAYED, Stage, WebhookEndpoint};
use crate::access::{Actor, administers};
use crate::change::Lifecycle;
use crate::refusal::{Reason, Refusal};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookEndpointState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Active,
    Paused,
    Disabled,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Active => StageName::Active,
            Self::Paused { .. } => StageName::Paused,
            Self::Disabled { .. } => StageName::Disabled,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to a webhook endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Pause,
    Resume,
    RotateSecret,
    Test,
    Resend,
    Replay,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Pause, S::Active) => &[S::Paused],
        (Verb::Resume, S::Paused | S::Disabled) => &[S::Active],
        (Verb::RotateSecret | Verb::Test | Verb::Resend | Verb::Replay, S::Active) => &[S::Active],
        (Verb::RotateSecret | Verb::Test, S::Paused) => &[S::Paused],
        (Verb::RotateSecret | Verb::Test, S::Disabled) => &[S::Disabled],
        (Verb::Retire, S::Active | S::Paused | S::Disabled) => &[S::Retired],
        (Verb::Pause, S::Paused | S::Disabled | S::Retired)
        | (Verb::Resume, S::Active | S::Retired)
        | (Verb::Resend | Verb::Replay, S::Paused | S::Disabled | S::Retired)
        | (Verb::RotateSecret | Verb::Test | Verb::Retire, S::Retired) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// How many of its deliveries wait.
    pub waiting: i64,
}

impl Lifecycle for WebhookEndpoint {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        administers(by)?;
        if !self.knows(verb) {
            return Err(Refusal::State(vec![Reason::wrong_state("a webhook endpoint", self.stage.name(), verb)]));
        }
        match verb {
            Verb::Test | Verb::Replay if facts.waiting >= REPLAYED => {
                let detail = format!("{REPLAYED} deliveries wait already: wait until these are through");
                Err(Refusal::state("too_many_waiting", detail))
            }
            Verb::Test
            | Verb::Replay
            | Verb::Pause
            | Verb::Resume
            | Verb::RotateSecret
            | Verb::Resend
            | Verb::Retire => Ok(()),
        }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        administers(by)?;
        match self.stage.name() {
            StageName::Active | StageName::Paused | StageName::Disabled => Ok(()),
            StageName::Retired => {
                Err(Refusal::state("wrong_state", "a webhook endpoint that is retired cannot be amended"))
            }
        }
    }
}
