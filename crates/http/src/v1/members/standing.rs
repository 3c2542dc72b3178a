//! What a member's roles give, until when and for what, and who stands in for the member.

use super::MemberView;
use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::existing_member;
use actix_web::post;
use chrono::NaiveDate;
use ratchet_domain::access::Role;
use ratchet_domain::audits::Audit;
use ratchet_domain::delegations::{Delegate, Delegation};
use ratchet_domain::id::{AuditId, MemberId};
use ratchet_domain::members::{AUDITS, Engagement, Member, Term, Verb};
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::{Fault, Refusal};
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use uuid::Uuid;

/// Until when a role gives anything, and how far it reaches.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TermView {
    /// Which role.
    pub role: Role,
    /// The last day on which it gives anything, in the organisation's time zone; `null` without an end.
    pub until: Option<NaiveDate>,
    /// Of an outsourced auditor: for whom the auditor works.
    #[schema(example = "Northlight Assurance")]
    pub firm: Option<String>,
    /// The audits for which an outsourced auditor is engaged: beside them the role gives nothing.
    pub audit_ids: Vec<AuditId>,
}

impl From<&Term> for TermView {
    fn from(term: &Term) -> Self {
        let Term { role, until, engagement } = term.clone();
        let (firm, audit_ids) = match engagement {
            Some(Engagement { firm, audits }) => (Some(firm), audits),
            None => (None, Vec::new()),
        };
        Self { role, until, firm, audit_ids }
    }
}

/// That somebody stands in for the member.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DelegationView {
    /// Who stands in.
    pub to_id: MemberId,
    /// The first day, in the organisation's time zone.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// The day on which it was ended before its time.
    pub ended_on: Option<NaiveDate>,
}

impl From<&Delegation> for DelegationView {
    fn from(delegation: &Delegation) -> Self {
        let Delegation { to, from, until, reason: _, at: _, ended_on } = delegation.clone();
        Self { to_id: to, from, until, ended_on }
    }
}

/// The roles to hold from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignRoles {
    /// At least one, each once.
    roles: Vec<Role>,
    /// Until when some of them give anything, and how far they reach; without it all last and reach everywhere.
    #[serde(default)]
    terms: Vec<AssignTerm>,
}

/// Until when a role gives anything, and how far it reaches: one of the two is said.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignTerm {
    /// One of the roles, each once.
    role: Role,
    /// The last day on which it gives anything, in the organisation's time zone: today at the earliest, in ten years at
    /// the latest. What only this role gives ends with that day.
    #[serde(default, deserialize_with = "bounded")]
    until: Option<NaiveDate>,
    /// Of an outsourced `auditor`: for whom the auditor works. The role then gives what `audit_ids` name, and nothing beside.
    #[serde(default)]
    #[schema(example = "Northlight Assurance", max_length = 200)]
    firm: Option<String>,
    /// The audits for which an outsourced `auditor` is engaged, 1 to 50: these are read and worked, with their findings.
    /// Whoever holds no role beside it sees nothing else, and is asked neither to acknowledge nor to learn anything.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 50)]
    audit_ids: Option<Vec<AuditId>>,
}

/// Who stands in, and when.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelegateWork {
    /// Who stands in: another active member whose roles let records be worked.
    to_id: MemberId,
    /// The first day, in the organisation's time zone; today at the earliest.
    #[serde(deserialize_with = "bounded")]
    from: NaiveDate,
    /// The last day, at most 366 days later.
    #[serde(deserialize_with = "bounded")]
    until: NaiveDate,
    /// Kept in the journal.
    #[schema(example = "On leave", max_length = 10_000)]
    reason: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndDelegation {}

/// Replace a member's roles; say until when some of them give anything, and of an outsourced auditor for which audits.
///
/// A role whose time is over gives nothing from the next day on, in the organisation's time zone; an event `roles_lapsed`
/// tells that it is over.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body = AssignRoles,
    responses((status = 200, body = MemberView))
)]
#[post("/members/{id}/assign-roles")]
pub(crate) async fn assign_roles_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AssignRoles>,
) -> Result<Answer, ApiError> {
    let app = call.app.clone();
    let answer = call.verb(target, Verb::AssignRoles, parameters, body, |member: Member, input, facts, by, tx| {
        let AssignRoles { roles, terms } = input;
        if terms.len() > Role::VARIANTS.len() {
            return Err(Refusal::invalid("/terms", "length", "must name each role once at most").into());
        }
        let terms =
            terms.into_iter().enumerate().map(|(index, term)| term.read(index, tx)).collect::<Result<_, _>>()?;
        Ok(member.assign_roles(&roles, terms, facts, by, tx.now())?)
    });
    let answer = answer.await?;
    app.callers.forget_all();
    Ok(answer)
}

impl AssignTerm {
    /// The term; firm and audits belong together, and the audits are there.
    fn read(self, index: usize, tx: &mut Tx<'_>) -> Result<Term, ApiError> {
        let Self { role, until, firm, audit_ids } = self;
        let missing = |member: &str| {
            let detail = "an outsourced auditor has a firm and the audits it is for";
            ApiError::from(Refusal::invalid(format!("/terms/{index}/{member}"), "required", detail))
        };
        let engagement = match (firm, audit_ids) {
            (Some(firm), Some(audits)) => Some(Engagement { firm, audits }),
            (None, None) => None,
            (Some(_), None) => return Err(missing("audit_ids")),
            (None, Some(_)) => return Err(missing("firm")),
        };
        let audits = engagement.as_ref().map(|engagement| engagement.audits.as_slice()).unwrap_or_default();
        let organisation = tx.actor().organisation;
        let ids: Vec<Uuid> = audits.iter().take(AUDITS).map(|audit| audit.0).collect();
        let known: Vec<AuditId> = Audit::many(organisation, &ids, tx.connection())?.iter().map(Audit::id).collect();
        let unknown = audits.iter().take(AUDITS).enumerate().filter(|(_, audit)| !known.contains(audit));
        let faults: Vec<Fault> = unknown
            .map(|(place, _)| {
                let pointer = format!("/terms/{index}/audit_ids/{place}");
                Fault::new(pointer, "unknown_record", "must be the id of an audit")
            })
            .collect();
        if faults.is_empty() { Ok(Term { role, until, engagement }) } else { Err(Refusal::Invalid(faults).into()) }
    }
}

/// Let another member do what is one's own for some days: work what is assigned to or owned by the member, and read it. The
/// other names the member in the header `On-Behalf-Of`, and sees what waits in `/v1/me/work`.
///
/// It gives no decision, nothing of a role, and nothing personal (acknowledging, training, one's own reports). Wherever
/// duties are kept apart both count as one, during that time and for a year after it: neither judges what the other did.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body = DelegateWork,
    responses((status = 200, body = MemberView))
)]
#[post("/members/{id}/delegate")]
pub(crate) async fn delegate_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<DelegateWork>,
) -> Result<Answer, ApiError> {
    let app = call.app.clone();
    let answer =
        call.verb(target, Verb::Delegate, parameters, body, |member: Member, input: DelegateWork, facts, by, tx| {
            let DelegateWork { to_id, from, until, reason } = input;
            existing_member("/to_id", to_id, tx)?;
            let to: Member = tx.load(Locator::Id(to_id.0))?;
            Ok(member.delegate(&to, Delegate { from, until, reason }, facts, by, tx.now())?)
        });
    let answer = answer.await?;
    app.callers.forget_all();
    Ok(answer)
}

/// End at once every delegation of a member that is not over; one's own, or as an admin anybody's.
#[utoipa::path(
    tag = "members",
    params(("id" = String, Path), WriteParameters),
    request_body = EndDelegation,
    responses((status = 200, body = MemberView))
)]
#[post("/members/{id}/end-delegation")]
pub(crate) async fn end_delegation_member(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<EndDelegation>,
) -> Result<Answer, ApiError> {
    let app = call.app.clone();
    let answer =
        call.verb(target, Verb::EndDelegation, parameters, body, |member: Member, EndDelegation {}, facts, by, tx| {
            Ok(member.end_delegation(facts, by, tx.now())?)
        });
    let answer = answer.await?;
    app.callers.forget_all();
    Ok(answer)
}
