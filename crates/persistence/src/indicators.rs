//! Indicators in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::indicators;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{formulas, schedule, settings};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::indicators::{BuiltIn, Facts, Indicator, StageName};

record_table!(Indicator, indicators {
    name: String,
    owner_id: Option<KeyValue>,
    stage: String,
    description: String,
    built_in: Option<String>,
    expression: Option<String>,
    retention_days: Option<i64>,
});

impl Columns {
    fn of(record: &Indicator) -> Result<Self, Error> {
        Ok(Self {
            name: record.name.clone(),
            owner_id: record.owner.map(|member| KeyValue(member.0)),
            stage: word(record.stage.name()),
            description: body_of(record)?,
            built_in: record.built_in.map(word),
            retention_days: record.retention_days.map(i64::from),
            expression: record.formula.as_ref().map(|formula| formula.expression.as_str().to_owned()),
        })
    }

    fn into_record(self, head: Head) -> Result<Indicator, String> {
        with_head(head, &self.description)
    }
}

/// What a list of indicators can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// One of these built-in ones.
    pub built_in: Option<Vec<BuiltIn>>,
    /// Whether the program measures it: it is built in, or has a formula.
    pub computed: Option<bool>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Indicator, indicators, Filter, narrowed, own, {
    "created_at": instant = indicators::created_at => |indicator| indicator.head.created_at;
    "updated_at": instant = indicators::updated_at => |indicator| indicator.head.updated_at;
    "reference": text = indicators::reference => |indicator| indicator.head.reference.to_string();
    "name": text = indicators::name => |indicator| indicator.name.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, owner, built_in, computed, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(indicators::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(owner) = owner {
        query = query.filter(indicators::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(built_in) = built_in {
        query = query.filter(indicators::built_in.eq_any(built_in.iter().map(|which| <&str>::from(*which))));
    }
    match computed {
        Some(true) => query = query.filter(indicators::built_in.is_not_null().or(indicators::expression.is_not_null())),
        Some(false) => query = query.filter(indicators::built_in.is_null().and(indicators::expression.is_null())),
        None => {}
    }
    if let Some(at) = updated_since {
        query = query.filter(indicators::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What is owned or was defined. Who collects or analyses one sees it by its address, not in lists.
fn own(&Own { member, .. }: &Own) -> NullableCondition<indicators::table> {
    let me = KeyValue(member.0);
    Box::new(indicators::owner_id.eq(me).or(indicators::created_by.eq(me)))
}

impl Guarded for Indicator {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let organisation = self.head.organisation;
        Ok(Facts {
            today: settings::rules(organisation, connection)?.today(now),
            formulas: formulas::count_upon(organisation, self.id(), connection)?,
        })
    }

    /// The day of its analysis has passed.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

/// The indicators that are measured, by their age.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn active(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Indicator>, Error> {
    let active = of(organisation).filter(indicators::stage.eq(<&str>::from(StageName::Active)));
    records(active.order(indicators::id), connection)
}

/// Those that the program measures, whatever their stage: one of each key at most.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn built_in(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Indicator>, Error> {
    records(of(organisation).filter(indicators::built_in.is_not_null()), connection)
}

/// Those that are computed of others, and not retired.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn with_formulas(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<Indicator>, Error> {
    let computed = of(organisation)
        .filter(indicators::expression.is_not_null())
        .filter(indicators::stage.ne(<&str>::from(StageName::Retired)));
    records(computed, connection)
}

/// Those that do not keep their measurements for ever, of all organisations, and of whatever stage.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn retaining(connection: &mut AnyConnection) -> Result<Vec<Indicator>, Error> {
    records(indicators::table.filter(indicators::retention_days.is_not_null()).into_boxed(), connection)
}

fn of<'a>(organisation: OrganisationId) -> Boxed<'a> {
    indicators::table.filter(indicators::organisation_id.eq(KeyValue(organisation.0))).into_boxed()
}

fn records(query: Boxed<'_>, connection: &mut AnyConnection) -> Result<Vec<Indicator>, Error> {
    let rows: Vec<Row> = query.select(Row::as_select()).load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(indicator, _)| indicator)).collect()
}
