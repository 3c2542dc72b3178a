//! Who stands in for whom: kept when a member is saved, and looked up by who stands in, at every call.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::{parse, parse_list};
use crate::schema::{delegations, members};
use crate::{restrictions, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::{Actor, Identity, Principal, Role, Standing};
use ratchet_domain::change::{Change, Record};
use ratchet_domain::delegations::{StandIn, works};
use ratchet_domain::id::{AuditId, MemberId, OrganisationId};
use ratchet_domain::members::{Term, asked_on, engagement_of, held_on};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = delegations)]
struct Row {
    organisation_id: KeyValue,
    member_id: KeyValue,
    number: i64,
    delegate_id: KeyValue,
    begins_on: String,
    ends_on: String,
    is_ended: bool,
}

impl Row {
    fn of<T: Record>(record: &T, number: i64, stand_in: StandIn) -> Self {
        let (head, StandIn { to, from, until, is_ended }) = (record.head(), stand_in);
        Self {
            organisation_id: KeyValue(head.organisation.0),
            member_id: KeyValue(head.id),
            number,
            delegate_id: KeyValue(to.0),
            begins_on: from.to_string(),
            ends_on: until.to_string(),
            is_ended,
        }
    }

    fn into_stand_in(self) -> Result<(Uuid, StandIn), Error> {
        let Self { organisation_id: _, member_id, number: _, delegate_id, begins_on, ends_on, is_ended } = self;
        let corrupt = |fault| Error::Corrupt { table: "delegations", row: member_id.0, fault };
        let (from, until) = (parse(&begins_on).map_err(corrupt)?, parse(&ends_on).map_err(corrupt)?);
        Ok((member_id.0, StandIn { to: MemberId(delegate_id.0), from, until, is_ended }))
    }
}

/// Keeps who stands in now; no statement where that is as it was.
pub(crate) fn keep<T: Record>(change: &Change<T>, connection: &mut AnyConnection) -> Result<(), Error> {
    let (before, after) = (change.before().map(Record::stand_ins).unwrap_or_default(), change.after().stand_ins());
    if before == after {
        return Ok(());
    }
    let head = change.after().head();
    let old = delegations::table
        .filter(delegations::organisation_id.eq(KeyValue(head.organisation.0)))
        .filter(delegations::member_id.eq(KeyValue(head.id)));
    diesel::delete(old).execute(connection)?;
    for (number, stand_in) in (0..).zip(after) {
        let row = Row::of(change.after(), number, stand_in);
        diesel::insert_into(delegations::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// What is kept for each of these members, in order: for whoever holds it against the members themselves.
pub(crate) fn kept(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, Vec<StandIn>>, Error> {
    let rows: Vec<Row> = delegations::table
        .filter(delegations::organisation_id.eq(KeyValue(organisation.0)))
        .filter(delegations::member_id.eq_any(records.iter().copied().map(KeyValue)))
        .order((delegations::member_id, delegations::number))
        .select(Row::as_select())
        .load(connection)?;
    let mut kept = BTreeMap::<Uuid, Vec<StandIn>>::new();
    for row in rows {
        let (member, stand_in) = row.into_stand_in()?;
        kept.entry(member).or_default().push(stand_in);
    }
    Ok(kept)
}

/// Roles and terms as a member's row holds them.
pub(crate) fn held(member: KeyValue, roles: &str, terms: &str) -> Result<(Vec<Role>, Vec<Term>), Error> {
    let corrupt = |fault| Error::Corrupt { table: "members", row: member.0, fault };
    let terms = serde_json::from_str(terms).map_err(|error| corrupt(error.to_string()))?;
    Ok((parse_list(roles).map_err(corrupt)?, terms))
}

/// A member as the caller whom the roles make today, all for whom the member stands, and what is kept from the member.
/// Little more is asked of the database for whoever holds roles without an end, was delegated nothing and delegates nothing,
/// where nothing is restricted.
pub(crate) fn actor_of(
    organisation: OrganisationId,
    me: MemberId,
    (roles, terms): (Vec<Role>, Vec<Term>),
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Actor, Error> {
    let (roles, mut standing) = standing_of(organisation, me, (roles, terms), now, connection)?;
    standing.withheld = restrictions::withheld(organisation, Some(me), connection)?;
    Ok(Actor { organisation, identity: Identity::Member { id: me, roles, standing } })
}

fn standing_of(
    organisation: OrganisationId,
    me: MemberId,
    (roles, terms): (Vec<Role>, Vec<Term>),
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(Vec<Role>, Standing), Error> {
    let mine = KeyValue(me.0);
    let found: Vec<(Row, bool, String, String)> = delegations::table
        .inner_join(members::table.on(members::id.eq(delegations::member_id)))
        .filter(delegations::organisation_id.eq(KeyValue(organisation.0)))
        .filter(delegations::delegate_id.eq(mine).or(delegations::member_id.eq(mine)))
        .order((delegations::member_id, delegations::number))
        .select((Row::as_select(), members::active, members::roles, members::terms))
        .load(connection)?;
    if terms.is_empty() && found.is_empty() {
        return Ok((roles, Standing::default()));
    }
    let today = settings::rules(organisation, connection)?.today(now);
    let can_stand_in = works(&asked_on(&roles, &terms, today));
    let (roles, audits) = reach(&roles, &terms, today);
    let mut standing = Standing { audits, ..Standing::default() };
    for (row, is_active, their_roles, their_terms) in found {
        let theirs = held(row.member_id, &their_roles, &their_terms)?;
        let (lender, stand_in) = row.into_stand_in()?;
        let lender = MemberId(lender);
        // What is done in one's name is one's own doing, too: neither judges what the other did.
        let other = if lender == me { stand_in.to } else { lender };
        if stand_in.unites_on(today) && !standing.counts_as.contains(&other) {
            standing.counts_as.push(other);
        }
        let is_new = lender != me && standing.principals.iter().all(|principal| principal.member != lender);
        if can_stand_in && is_active && is_new && stand_in.holds_on(today) {
            let (roles, audits) = reach(&theirs.0, &theirs.1, today);
            standing.principals.push(Principal { member: lender, roles, audits });
        }
    }
    Ok((roles, standing))
}

/// Which roles give anything on this day, and the audits to which the role `auditor` is limited.
fn reach(roles: &[Role], terms: &[Term], today: NaiveDate) -> (Vec<Role>, Option<Vec<AuditId>>) {
    let roles = held_on(roles, terms, today);
    let audits = if roles.contains(&Role::Auditor) { engagement_of(terms) } else { None };
    (roles, audits)
}
