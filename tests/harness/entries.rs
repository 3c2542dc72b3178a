//! Every entry that an answer names is held against the call: whoever called is its actor, and it says what the operation
//! does.

use super::contract;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ratchet_domain::journal::leaf::Leaf;
use reqwest::Request;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use uuid::Uuid;

/// What each operation leaves in the journal, reviewed by people: `kind.verb`, several where its body decides; `*` where
/// it makes whatever was asked for.
pub static ENTRIES: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let table = include_str!("../api/entries.csv");
    let lines = table.lines().skip(1).map(|line| line.split_once(',').unwrap());
    lines.map(|(operation, entries)| (operation, entries.split('|').collect())).collect()
});

/// Who asked for what.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub operation: &'static str,
    kind: &'static str,
    id: Uuid,
    on_behalf_of: Option<Uuid>,
}

impl Call {
    /// As the request tells it; none of what is no operation, or comes without credentials.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let operation = contract::operation_id(request.method(), request.url().path())?;
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let token = header("authorization")?.strip_prefix("Bearer ")?;
        let (kind, id) = match token.strip_prefix("rk_") {
            Some(key) => ("api_key", key.split('_').next()?.parse().ok()?),
            None => ("member", member(token)?),
        };
        let on_behalf_of = header("on-behalf-of").and_then(|named| named.parse().ok());
        Some(Self { operation, kind, id, on_behalf_of })
    }

    /// How its entry is not of this call, if it is not.
    pub(super) fn fault(&self, leaf: &Leaf) -> Option<String> {
        let actor = &leaf.actor;
        let is_by =
            (actor.kind.as_str(), actor.id, actor.on_behalf_of) == (self.kind, Some(self.id), self.on_behalf_of);
        let said = ENTRIES.get(self.operation).map_or(&[][..], Vec::as_slice);
        let is_said = said.contains(&leaf.action.as_str()) || said == ["*"];
        (!is_by || !is_said).then(|| format!("{self:?} has left {} by {actor:?}", leaf.action))
    }
}

/// Whose access token it is.
fn member(token: &str) -> Option<Uuid> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&claims).ok()?["sub"].as_str()?.parse().ok()
}
