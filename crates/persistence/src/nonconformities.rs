//! Nonconformities in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::{StoredHead, parse};
use crate::schema::nonconformities::{self, dsl};
use crate::tx::Table;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::nonconformities::{Attempt, Containment, Nonconformity, Stage};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = nonconformities, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: KeyValue,
    organisation_id: KeyValue,
    reference: String,
    version: i64,
    created_at: InstantValue,
    created_by: Option<KeyValue>,
    updated_at: InstantValue,
    state_salt: Vec<u8>,
    title: String,
    statement: String,
    objective_evidence: String,
    source: String,
    requirement: Option<String>,
    grade: Option<String>,
    owner_id: Option<KeyValue>,
    due_on: Option<String>,
    recurrences: i64,
    stage: String,
    stage_facts: String,
}

/// What no query asks for, in one column.
#[derive(Serialize, Deserialize)]
struct StageFacts {
    stage: Stage,
    containment: Option<Containment>,
    attempts: Vec<Attempt>,
}

impl Row {
    fn of(record: &Nonconformity, salt: [u8; 16]) -> Result<Self, Error> {
        let Nonconformity {
            head,
            title,
            statement,
            objective_evidence,
            source,
            requirement,
            grade,
            owner,
            due_on,
            containment,
            attempts,
            recurrences,
            stage,
        } = record.clone();
        let stage_name: &'static str = stage.name().into();
        let source: &'static str = source.into();
        let facts = StageFacts { stage, containment, attempts };
        let StoredHead { id, organisation_id, reference, version, created_at, created_by, updated_at } =
            StoredHead::of(&head);
        Ok(Self {
            id,
            organisation_id,
            reference,
            version,
            created_at,
            created_by,
            updated_at,
            state_salt: salt.to_vec(),
            title,
            statement,
            objective_evidence,
            source: source.to_owned(),
            requirement,
            grade: grade.map(|grade| <&'static str>::from(grade).to_owned()),
            owner_id: owner.map(|member| KeyValue(member.0)),
            due_on: due_on.map(|day| day.to_string()),
            recurrences,
            stage: stage_name.to_owned(),
            stage_facts: serde_json::to_string(&facts).map_err(|error| Error::Unwritable(error.to_string()))?,
        })
    }

    fn into_record(self) -> Result<(Nonconformity, [u8; 16]), Error> {
        let row = self.id.0;
        let corrupt = move |fault: String| Error::Corrupt { table: "nonconformities", row, fault };
        let StageFacts { stage, containment, attempts } =
            serde_json::from_str(&self.stage_facts).map_err(|error| corrupt(error.to_string()))?;
        if <&'static str>::from(stage.name()) != self.stage {
            return Err(corrupt(format!("the column says {}, its facts say {:?}", self.stage, stage.name())));
        }
        let Self { id, organisation_id, reference, version, created_at, created_by, updated_at, .. } = self;
        let head = StoredHead { id, organisation_id, reference, version, created_at, created_by, updated_at };
        let salt = self.state_salt.try_into().map_err(|_| corrupt("the salt has not 16 bytes".to_owned()))?;
        let record = Nonconformity {
            head: head.into_head().map_err(corrupt)?,
            title: self.title,
            statement: self.statement,
            objective_evidence: self.objective_evidence,
            source: parse(&self.source).map_err(corrupt)?,
            requirement: self.requirement,
            grade: self.grade.as_deref().map(parse).transpose().map_err(corrupt)?,
            owner: self.owner_id.map(|member| MemberId(member.0)),
            due_on: self.due_on.as_deref().map(parse).transpose().map_err(corrupt)?,
            containment,
            attempts,
            recurrences: self.recurrences,
            stage,
        };
        Ok((record, salt))
    }
}

impl Table for Nonconformity {
    fn insert(&self, salt: [u8; 16], connection: &mut AnyConnection) -> Result<(), Error> {
        diesel::insert_into(dsl::nonconformities).values(Row::of(self, salt)?).execute(connection)?;
        Ok(())
    }

    fn update(&self, expected: i64, salt: [u8; 16], connection: &mut AnyConnection) -> Result<usize, Error> {
        let (id, organisation) = (KeyValue(self.head().id), KeyValue(self.head().organisation.0));
        let target = dsl::nonconformities.filter(dsl::id.eq(id)).filter(dsl::organisation_id.eq(organisation));
        Ok(diesel::update(target.filter(dsl::version.eq(expected))).set(Row::of(self, salt)?).execute(connection)?)
    }

    fn find(
        organisation: OrganisationId,
        id: Uuid,
        connection: &mut AnyConnection,
    ) -> Result<Option<(Self, [u8; 16])>, Error> {
        dsl::nonconformities
            .filter(dsl::organisation_id.eq(KeyValue(organisation.0)))
            .filter(dsl::id.eq(KeyValue(id)))
            .select(Row::as_select())
            .get_result(connection)
            .optional()?
            .map(Row::into_record)
            .transpose()
    }
}
