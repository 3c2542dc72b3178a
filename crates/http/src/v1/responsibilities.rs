//! What members who have left were named for, and handing it over.

use crate::answer::Answer;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::{Told, existing_member};
use crate::routing::Routes;
use crate::v1::members::MemberView;
use crate::v1::records::{self, RecordView};
use actix_web::http::StatusCode;
use actix_web::{get, post};
use ratchet_domain::access::{Actor, Permission};
use ratchet_domain::audience::some_once;
use ratchet_domain::id::MemberId;
use ratchet_domain::members::{Member, Verb};
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::refusal::{Faults, Reason, Refusal};
use ratchet_domain::responsibilities::{Part, RECORDS, Responsibility};
use ratchet_persistence::responsibilities::{self, Filter};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use strum::VariantArray;
use uuid::Uuid;

/// Records per page, unless asked otherwise.
const DEFAULT: i64 = 50;
/// Records per page at most.
const LIMIT: i64 = 200;

/// What the list is narrowed to.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnassignedQuery {
    /// Only what this member has left behind.
    member_id: Option<MemberId>,
    /// Only records of this kind.
    kind: Option<Prefix>,
    /// Behind the record of this id: `next_after` of the page before.
    after: Option<Uuid>,
    /// Records per page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// Somebody who has left is named for something.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NamedView {
    /// Who.
    pub member_id: MemberId,
    /// As what.
    pub part: Part,
}

impl From<&Responsibility> for NamedView {
    fn from(responsibility: &Responsibility) -> Self {
        let Responsibility { part, member } = *responsibility;
        Self { member_id: member, part }
    }
}

/// A record that is not over and on which somebody is named who has left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UnassignedRecord {
    #[serde(flatten)]
    pub record: RecordView,
    /// Who has left, and was named as what.
    pub named: Vec<NamedView>,
}

/// A page of what is to be handed over.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UnassignedPage {
    /// The oldest record first. Records that the caller may not see are left out, so that a page may be short.
    pub items: Vec<UnassignedRecord>,
    /// Send it as `after` to go on; `null` when that is all.
    pub next_after: Option<Uuid>,
}

/// To whom what a member has left goes, and what of it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReassignWork {
    /// Who takes it over: an active member whose roles let records be worked.
    to_id: MemberId,
    /// Kept in the journal of every record that is handed over.
    #[schema(example = "Left the company", max_length = 10_000)]
    reason: String,
    /// Only records of these kinds; all without it.
    #[serde(default)]
    #[schema(min_items = 1)]
    kinds: Option<Vec<Prefix>>,
    /// Only these records, at most 100, by their references; all without it.
    #[serde(default)]
    #[schema(example = json!(["ACT-2026-0003"]), min_items = 1, max_items = 100)]
    records: Option<Vec<String>>,
}

/// A record that stays where it was.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct KeptRecord {
    #[serde(flatten)]
    pub record: RecordView,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// A member who has left, and what became of what the member was named for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReassignedMember {
    #[serde(flatten)]
    pub member: MemberView,
    /// What was handed over, as it is now.
    pub handed_over: Vec<RecordView>,
    /// What its own rules keep where it is: hand it to somebody else, or move it by its own verbs.
    pub kept: Vec<KeptRecord>,
    /// Whether there is more than the 100 records that one call looks at. Ask again; where the rest is kept, name kinds or
    /// records.
    pub more: bool,
}

/// List the records that are not over and on which members are named who have left: what they own, do, measure, analyse,
/// write, chair or audit. What waits for a role, and what a course or a policy asks of people, is not among them.
#[utoipa::path(tag = "members", params(UnassignedQuery), responses((status = 200, body = UnassignedPage)))]
#[get("/unassigned")]
pub(crate) async fn list_unassigned(call: Call, query: Query<UnassignedQuery>) -> Result<Answer, ApiError> {
    if !call.actor.may(Permission::ReassignWork, false) {
        return Err(Refusal::Forbidden.into());
    }
    let UnassignedQuery { member_id, kind, after, limit } = query.0;
    let limit = limit.unwrap_or(DEFAULT);
    if !(1..=LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}")));
    }
    let (by, kinds) = (call.actor.clone(), kind.map(|kind| vec![kind]));
    let filter = Filter { member: member_id, kinds, records: None, after };
    let read = move |connection: &mut _| -> Result<UnassignedPage, ApiError> {
        let found = responsibilities::of_departed(&by, &filter, limit, connection)?;
        let full = i64::try_from(found.len()) == Ok(limit);
        let next_after = found.last().filter(|_| full).map(|(_, id)| *id);
        let ids: Vec<Uuid> = found.iter().map(|(_, id)| *id).collect();
        let mut named = responsibilities::departed_on(by.organisation, &ids, connection)?;
        let seen = records::seen_of(&found, &by, connection)?;
        let items = seen.into_iter().map(|record| {
            let named = named.remove(&record.id).unwrap_or_default();
            UnassignedRecord { record, named: named.iter().map(Into::into).collect() }
        });
        Ok(UnassignedPage { items: items.collect(), next_after })
    };
    let page = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &page)
}

/// Hand over what a member who has left was named for: in one transaction, each record by its own rules and with an entry of
/// its own. A record that must not go to that member, because the member has judged it or its rules ask for more, stays and
/// is answered with the reasons. At most 100 records at once.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body = ReassignWork,
    responses((status = 200, body = ReassignedMember))
)]
#[post("/members/{id}/reassign")]
pub(crate) async fn reassign_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<ReassignWork>,
) -> Result<Answer, ApiError> {
    call.verb_telling(target, Verb::Reassign, parameters, body, |member: Member, input: ReassignWork, facts, by, tx| {
        let ReassignWork { to_id, reason, kinds, records } = input;
        existing_member("/to_id", to_id, tx)?;
        let to: Member = tx.load(Locator::Id(to_id.0))?;
        let asked = asked(MemberId(member.head.id), kinds, records, by, tx)?;
        let (change, hand) = member.reassign(&to, reason, facts, by, tx.now())?;
        let limit = i64::try_from(RECORDS).unwrap_or(i64::MAX);
        let mut found = responsibilities::of_departed(by, &asked, limit.saturating_add(1), tx.connection())?;
        if found.is_empty() {
            let detail = "the member is not named on any of them, or on none that is not over";
            return Err(Refusal::state("nothing_to_hand_over", detail).into());
        }
        let more = found.len() > RECORDS;
        found.truncate(RECORDS);
        let stay = responsibilities::hand_over(&hand, &found, tx)?;
        Ok((change, told(&found, stay, more, by, tx)?))
    })
    .await
}

/// Which of the records are meant; those that the body names are there.
fn asked(
    from: MemberId,
    kinds: Option<Vec<Prefix>>,
    named: Option<Vec<String>>,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Filter, ApiError> {
    let mut faults = Faults::default();
    if let Some(kinds) = &kinds {
        some_once("/kinds", kinds, Prefix::VARIANTS.len(), &mut faults);
    }
    if let Some(named) = &named {
        some_once("/records", named, RECORDS, &mut faults);
    }
    faults.refuse()?;
    let find = |(index, reference): (usize, &String)| {
        records::named(&format!("/records/{index}"), reference, by, tx.connection()).map(|target| target.id.0)
    };
    let records = named.map(|named| named.iter().enumerate().map(find).collect::<Result<_, _>>()).transpose()?;
    Ok(Filter { member: Some(from), kinds, records, after: None })
}

/// What is answered beside the member.
fn told(
    found: &[(Prefix, Uuid)],
    stay: Vec<(Prefix, Uuid, Vec<Reason>)>,
    more: bool,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Told, ApiError> {
    let seen = records::seen_of(found, by, tx.connection())?;
    let kept: BTreeSet<Uuid> = stay.iter().map(|(_, id, _)| *id).collect();
    let (stayed, handed_over): (Vec<_>, Vec<_>) = seen.into_iter().partition(|view| kept.contains(&view.id));
    let mut why: HashMap<Uuid, Vec<Reason>> = stay.into_iter().map(|(_, id, reasons)| (id, reasons)).collect();
    let kept = stayed.into_iter().map(|record| {
        let reasons = why.remove(&record.id).unwrap_or_default();
        KeptRecord { record, reasons }
    });
    let value = |value: Result<serde_json::Value, serde_json::Error>| {
        value.map_err(|error| ApiError::Internal(error.to_string()))
    };
    Ok(vec![
        ("handed_over", value(serde_json::to_value(handed_over))?),
        ("kept", value(serde_json::to_value(kept.collect::<Vec<_>>()))?),
        ("more", more.into()),
    ])
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_unassigned).service(reassign_member);
}
