//! What the organisation says of each control, in its table: at most 93 rows each.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::applicabilities;
use crate::table::{Guarded, Listed, Order, Own, Scope};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::applicabilities::{Applicability, Stage, StageName, Status};
use ratchet_domain::catalogue::CONTROLS;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId};

record_table!(Applicability, applicabilities {
    control: String,
    place: String,
    owner_id: Option<KeyValue>,
    status: Option<String>,
    stage: String,
    description: String,
});

/// The control's place in Annex A: as text, A.5.10 would stand before A.5.2.
fn place(control: &str) -> String {
    let place = CONTROLS.iter().position(|known| known.number == control).unwrap_or(CONTROLS.len());
    format!("{place:03}")
}

impl Columns {
    fn of(record: &Applicability) -> Result<Self, Error> {
        let status = match &record.stage {
            Stage::Applicable { status, implementation: _ } => Some(word(*status)),
            Stage::Excluded => None,
        };
        Ok(Self {
            control: record.control.clone(),
            place: place(&record.control),
            owner_id: record.owner.map(|member| KeyValue(member.0)),
            status,
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Applicability, String> {
        with_head(head, &self.description)
    }
}

/// What a list of applicabilities can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// So far put into practice.
    pub status: Option<Vec<Status>>,
    /// Of one of these controls.
    pub control: Option<Vec<String>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Applicability, applicabilities, Filter, narrowed, own, {
    "created_at": instant = applicabilities::created_at => |declared| declared.head.created_at;
    "updated_at": instant = applicabilities::updated_at => |declared| declared.head.updated_at;
    "reference": text = applicabilities::reference => |declared| declared.head.reference.to_string();
    "control": text = applicabilities::place => |declared| place(&declared.control);
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, status, control, owner, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(applicabilities::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(statuses) = status {
        query = query.filter(applicabilities::status.eq_any(statuses.iter().map(|status| <&str>::from(*status))));
    }
    if let Some(controls) = control {
        query = query.filter(applicabilities::control.eq_any(controls));
    }
    if let Some(owner) = owner {
        query = query.filter(applicabilities::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(at) = updated_since {
        query = query.filter(applicabilities::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// The statement of applicability: what was said of each control, the newest first.
pub(crate) fn statement(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<Applicability>, Error> {
    let all = Scope::whole(organisation, Filter::default());
    let limit = i64::try_from(CONTROLS.len()).unwrap_or(i64::MAX);
    Applicability::page(&all, &Order::default(), limit, connection)
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<applicabilities::table> {
    Box::new(applicabilities::owner_id.eq(KeyValue(member.0)))
}

impl Guarded for Applicability {
    const ONCE_BY: &'static str = "control";

    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }

    fn twin(&self, connection: &mut AnyConnection) -> Result<Option<String>, Error> {
        let found = applicabilities::table
            .filter(applicabilities::organisation_id.eq(KeyValue(self.head.organisation.0)))
            .filter(applicabilities::control.eq(&self.control))
            .select(applicabilities::reference)
            .get_result(connection)
            .optional()?;
        Ok(found)
    }
}
